"""A ZIP of catalogue pictures through HTTP: previewed, taken in portions, hostile ones refused."""

import hashlib
import io
import struct
import zipfile

import pytest

from tests.fakes.people_hub import PeopleHub
from tests.fakes.small_shop import demo_gtin, small_pictures
from trainer.hub import photo_archive_api
from trainer.store.api_tokens import Role

OPERATOR = Role.OPERATOR
PICTURE = small_pictures()["milk.jpg"]


def archive_of(*entries: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return out.getvalue()


def upload(hub: PeopleHub, data: bytes, part: int = 1_000) -> str:
    """Upload in parts; its digest."""
    sha256 = hashlib.sha256(data).hexdigest()
    for offset in range(0, len(data), part):
        headers = {"Authorization": f"Bearer {hub.tokens[OPERATOR]}"}
        headers |= {"Upload-Offset": str(offset), "Upload-Length": str(len(data))}
        url = f"/api/v1/photo-archives/{sha256}"
        assert hub.client.put(url, content=data[offset : offset + part], headers=headers).is_success
    return sha256


def shop(hub: PeopleHub) -> None:
    hub.ok(
        OPERATOR, "POST", "/skus", {"sku_id": "milk", "gtin": demo_gtin(1), "names": {"en": "M"}}
    )
    hub.ok(OPERATOR, "POST", "/skus", {"sku_id": "tea", "names": {"en": "T"}})


def test_photos_are_previewed_then_taken_once(centre: PeopleHub) -> None:
    shop(centre)
    data = archive_of(
        (f"../../{demo_gtin(1)[1:]}.jpg", PICTURE), ("tea.png", b"no picture"), ("x.jpg", PICTURE),
        ("readme.txt", b"hello"),
    )  # fmt: skip
    url = f"/photo-archives/{upload(centre, data)}/import"
    seen = centre.ok(OPERATOR, "POST", url)
    assert (seen["is_preview"], seen["taken"], seen["unknown"]) == (True, ["milk"], ["x"])
    assert [r["name"] for r in seen["refused"]] == ["tea"]
    assert centre.ok(OPERATOR, "GET", "/skus/milk")["has_picture"] is False
    assert centre.ok(OPERATOR, "POST", f"{url}?preview=false")["taken"] == ["milk"]
    again = centre.ok(OPERATOR, "POST", f"{url}?preview=false")
    assert (again["taken"], again["has_one"]) == ([], ["milk"])
    assert centre.ok(OPERATOR, "GET", "/skus/milk")["has_picture"] is True


def test_a_large_archive_is_taken_in_portions(
    centre: PeopleHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(centre)
    monkeypatch.setattr(photo_archive_api, "PORTION", 2)
    names = ("a.jpg", "b.jpg", "milk.jpg", "c.jpg", "tea.jpg")
    data = archive_of(*((name, PICTURE) for name in names))
    url = f"/photo-archives/{upload(centre, data)}/import?preview=false&start="
    told = [centre.ok(OPERATOR, "POST", f"{url}{start}") for start in (0, 2, 4)]
    assert [t["next"] for t in told] == [2, 4, None]
    assert [t["taken"] for t in told] == [[], ["milk"], ["tea"]]


def forged_size(data: bytes, size: int) -> bytes:
    """The same archive whose directory says that its one entry has another size."""
    at = data.rindex(b"PK\x01\x02")
    return data[: at + 24] + struct.pack("<I", size) + data[at + 28 :]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"PK\x03\x04 no archive", id="no ZIP"),
        pytest.param(archive_of(("milk.jpg", bytes(40_000_000))), id="bomb"),
        pytest.param(forged_size(archive_of(("milk.jpg", PICTURE)), 2**31), id="forged size"),
    ],
)
def test_a_hostile_archive_is_refused_by_name(centre: PeopleHub, data: bytes) -> None:
    shop(centre)
    url = f"/photo-archives/{upload(centre, data, part=4_000_000)}/import"
    reply = centre.call(OPERATOR, "POST", url)
    assert (reply.status_code, reply.json()["code"]) == (422, "archive.refused")


def test_what_a_box_sent_is_no_archive(centre: PeopleHub) -> None:
    for name in ("x" * 64, "ab" * 32):
        reply = centre.call(OPERATOR, "POST", f"/photo-archives/{name}/import")
        assert reply.json()["code"] == "archive.refused"
