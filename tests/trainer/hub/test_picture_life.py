"""Pictures go when they are asked away or too old, with their files; nothing else goes too."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, update

from tests.fakes.case_sender import BOX_A, CaseSender
from tests.fakes.people_hub import PeopleHub
from trainer.hub.picture_clock import expire_all
from trainer.store.api_tokens import Role
from trainer.store.artifact_tables import ARTIFACTS
from trainer.store.blobs import FolderBlobs
from trainer.store.database import reading, writing
from trainer.store.picture_life import PictureDays
from trainer.store.schema import BLOBS, BOXES, CASES, RECEIVED

NOW = datetime.now(UTC)
ITEM = (BOX_A, (("jam", 600),))


@pytest.fixture
def sender(any_centre: PeopleHub) -> CaseSender:
    return CaseSender(any_centre)


def files(hub: PeopleHub) -> set[str]:
    return {
        p.name for p in hub.services.blobs._root.rglob("*") if p.is_file() and len(p.name) == 64
    }


def rows(hub: PeopleHub) -> set[str]:
    with reading(hub.services.engine) as connection:
        return set(connection.execute(select(BLOBS.c.sha256)).scalars())


def forget(hub: PeopleHub, basket_id: str) -> int:
    headers = {"Authorization": f"Bearer {hub.tokens[Role.ADMIN]}"}
    reply = hub.client.delete(f"/api/v1/baskets/{basket_id}/pictures", headers=headers)
    assert reply.status_code == 200, reply.text
    return int(reply.json()["num_blobs"])


def test_forgetting_a_basket_leaves_neither_row_nor_file_of_its_pictures(
    sender: CaseSender,
) -> None:
    sender.send("case-aaaa-1", ITEM, basket_id="basket-1")
    sender.send("case-bbbb-2", ITEM, basket_id="basket-2", texture=1)
    assert forget(sender.hub, "basket-1") == 1
    left = {sender.sent["case-bbbb-2"]}
    assert files(sender.hub) == rows(sender.hub) == left
    with reading(sender.hub.services.engine) as connection:
        told = connection.execute(select(CASES.c.status).order_by(CASES.c.case_id)).scalars()
        assert list(told) == ["forgotten", "new"]
        assert connection.execute(select(func.count()).select_from(RECEIVED)).scalar() == 2
    assert forget(sender.hub, "basket-1") == 0


def test_a_picture_that_another_basket_names_too_stays_until_that_one_is_forgotten(
    sender: CaseSender,
) -> None:
    sender.send("case-aaaa-1", ITEM, basket_id="basket-1")
    blob = sender.sent["case-aaaa-1"]
    body = {"case_id": "case-bbbb-2", "basket_id": "basket-2", "reason": "random",
            "pictures": [{"blob": blob}]}  # fmt: skip
    sender.send_row("case", body, blob)
    assert (forget(sender.hub, "basket-1"), files(sender.hub)) == (0, {blob})
    assert (forget(sender.hub, "basket-2"), files(sender.hub)) == (1, set())


def test_a_box_cannot_have_the_blobs_of_others_erased(sender: CaseSender) -> None:
    """A hostile row may name anything: another box's picture, an artefact, a published file."""
    other = CaseSender(sender.hub, "box-2")
    other.send("case-oooo-9", ITEM, basket_id="basket-9")
    theirs = other.sent["case-oooo-9"]
    artefact = sender.hub.services.blobs.put(b"a model")
    with writing(sender.hub.services.engine) as connection:
        connection.execute(
            insert(ARTIFACTS).values(sha256=artefact, size=7, created_by="w", created_at=NOW)
        )
        connection.execute(
            insert(BLOBS).values(
                sha256=artefact, size=7, box_id="box-1", is_complete=True, created_at=NOW
            )
        )
    body = {"case_id": "case-evil-1", "basket_id": "basket-1", "reason": "random",
            "pictures": [{"blob": theirs}, {"blob": artefact}, "nonsense"]}  # fmt: skip
    sender.send_row("case", body, theirs, artefact)
    assert forget(sender.hub, "basket-1") == 0
    assert files(sender.hub) == {theirs, artefact}


def test_what_was_published_flat_is_never_deleted_as_a_blob(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    (tmp_path / ("ab" * 32)).write_bytes(b"a detector")
    blobs.forget("ab" * 32)
    assert blobs.has("ab" * 32)


def age(hub: PeopleHub, days: int) -> None:
    with writing(hub.services.engine) as connection:
        long_ago = NOW - timedelta(days=days)
        connection.execute(update(RECEIVED).values(created_at=long_ago))
        connection.execute(update(BLOBS).values(created_at=long_ago))


def expire(hub: PeopleHub) -> int:
    return expire_all(hub.services.engine, hub.services.blobs, PictureDays(case=90), now=NOW)


def test_each_class_of_pictures_has_an_age(sender: CaseSender) -> None:
    sender.send("case-aaaa-1", ITEM, basket_id="basket-1")
    blob = sender.sent["case-aaaa-1"]
    age(sender.hub, 89)
    assert (expire(sender.hub), files(sender.hub)) == (0, {blob})
    age(sender.hub, 91)
    assert (expire(sender.hub), files(sender.hub)) == (1, set())
    with reading(sender.hub.services.engine) as connection:
        assert connection.execute(select(CASES.c.status)).scalar() == "expired"


def test_a_last_picture_lives_as_long_as_it_is_the_last(sender: CaseSender) -> None:
    blobs = [sender.hub.services.blobs.put(name) for name in (b"old", b"newest")]
    with writing(sender.hub.services.engine) as connection:
        for blob in blobs:
            connection.execute(
                insert(BLOBS).values(
                    sha256=blob, size=3, box_id="box-1", is_complete=True, created_at=NOW
                )
            )
        told = {"last_picture": {"lane-1/top": blobs[1]}}
        connection.execute(update(BOXES).values(check_in=told))
    assert expire(sender.hub) == 0
    age(sender.hub, 3)
    assert (expire(sender.hub), files(sender.hub)) == (1, {blobs[1]})
