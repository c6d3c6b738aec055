"""A new SKU through HTTP: photos, advice, a signed segment that a box takes, within the time."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from sync.bundle import open_bundle
from sync.catalogue_feed import segments_for
from sync.gallery import load_gallery
from tests.fakes.people_hub import PeopleHub
from tests.fakes.product_photos import TABLE, jpeg, photo_of
from tests.fakes.signing_hub import make_repository, open_repository, published_index, signing_hub
from trainer.onboarding.enrolment_views import ROWS_PER_SKU
from trainer.store.api_tokens import Role

OPERATOR, TRAINER, VIEWER = Role.OPERATOR, Role.TRAINER, Role.VIEWER
FACTORY = Path(__file__).parents[3] / "edge" / "bundles" / "factory"
SIDES = ("front", "back", "left", "right")
MAX_SECONDS = 5.0  # DESIGN section 8: last photo -> signed segment


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PeopleHub, Path]]:
    """A hub whose ring `main` runs the factory bundle."""
    folder = tmp_path_factory.mktemp("hub")
    make_repository(folder)
    signing = open_repository(folder)
    bundle_id = signing.add_bundle(open_bundle(FACTORY))
    signing.publish()
    signing = open_repository(folder)
    signing.assign_ring("main", bundle_id, channel="s1")
    signing.publish()
    with signing_hub(folder) as hub:
        yield hub, folder


def begin(hub: PeopleHub, sku_id: str) -> str:
    hub.ok(OPERATOR, "POST", "/skus", {"sku_id": sku_id, "names": {"en": sku_id}})
    return str(hub.ok(TRAINER, "POST", "/onboarding", {"sku_id": sku_id})["onboarding_id"])


def send(hub: PeopleHub, onboarding_id: str, side: str, photo: np.ndarray) -> dict[str, Any]:
    path = f"/onboarding/{onboarding_id}/photos?side={side}"
    reply = hub.call(TRAINER, "POST", path, data=jpeg(photo))
    assert reply.status_code == 201, reply.text
    told: dict[str, Any] = reply.json()
    return told


def test_four_photos_become_a_signed_segment_within_the_time(
    shop: tuple[PeopleHub, Path],
) -> None:
    hub, folder = shop
    started = begin(hub, "lime-tea")
    for number, side in enumerate(SIDES[:3]):
        told = send(hub, started, side, photo_of(5, number))
    began = time.process_time()
    told = send(hub, started, SIDES[3], photo_of(5, 3))
    assert (told["done_percent"] >= 80, told["missing_sides"]) == (True, [])
    assert told["photos"][0]["problems"] == []
    url = f"/onboarding/{started}/publish"
    made = hub.ok(OPERATOR, "POST", url, {"channel": "s1"})
    spent_s = time.process_time() - began
    assert spent_s < MAX_SECONDS
    bundle = open_bundle(FACTORY, verify_files=False)
    base = load_gallery(bundle.file("gallery"))
    offered = segments_for(published_index(folder, "s1"), base)
    assert [entry.sha256 for entry in offered] == [made["segments"][0]["sha256"]]
    segment = load_gallery(folder / "hub" / "updates" / "blobs" / offered[0].sha256)
    assert len(segment.vectors) == ROWS_PER_SKU
    grown = base.with_segment(segment)
    assert grown.sku_ids[-1] == "lime-tea"
    assert np.array_equal(grown.vectors[: len(base.vectors)], base.vectors)
    done = hub.ok(VIEWER, "GET", f"/onboarding/{started}")
    assert (done["status"], len(done["segments"])) == ("published", 1)
    late = hub.call(TRAINER, "POST", f"/onboarding/{started}/photos", data=jpeg(photo_of(5)))
    assert late.status_code == 409
    picture = hub.call(VIEWER, "GET", told["photos"][0]["crop_url"].removeprefix("/api/v1"))
    assert picture.headers["content-type"] == "image/jpeg"


def test_a_product_that_is_sold_already_is_recognised_and_not_published_unseen(
    shop: tuple[PeopleHub, Path],
) -> None:
    hub, _ = shop
    known = sorted((FACTORY / "pictures").glob("*.jpg"))[0]
    pack = cv2.resize(cv2.imread(str(known)), (700, 700), interpolation=cv2.INTER_CUBIC)
    table = np.where(pack.min(axis=2, keepdims=True) > 245, np.asarray(TABLE), pack)
    started = begin(hub, "copy-of-known")
    told = send(hub, started, "front", table.astype(np.uint8))
    told = send(hub, started, "back", photo_of(77, 1))
    assert told["collisions"][0]["sku_id"] == known.stem
    assert told["advice"]
    reply = hub.call(OPERATOR, "POST", f"/onboarding/{started}/publish", {"channel": "s1"})
    assert (reply.status_code, reply.json()["code"]) == (409, "onboarding.not_ready")


def test_a_blurred_photo_counts_for_nothing_and_can_be_taken_away(
    shop: tuple[PeopleHub, Path],
) -> None:
    hub, _ = shop
    started = begin(hub, "blurred")
    blurred = np.asarray(cv2.GaussianBlur(photo_of(6), (0, 0), 25), np.uint8)
    told = send(hub, started, "front", blurred)
    assert told["photos"][0]["problems"][0]["code"] == "photo.blurred"
    assert (told["done_percent"], told["missing_sides"][0]) == (0, "front")
    path = f"/onboarding/{started}/photos/{told['photos'][0]['photo_id']}"
    assert hub.ok(TRAINER, "DELETE", path)["photos"] == []


def test_two_skus_go_out_as_one_segment(shop: tuple[PeopleHub, Path]) -> None:
    hub, folder = shop
    ids = [begin(hub, f"pair-{n}") for n in range(2)]
    for n, started in enumerate(ids):
        for number, side in enumerate(SIDES):
            send(hub, started, side, photo_of(30 + n, number))
    body = {"channel": "s1", "onboarding_ids": ids, "accept_collisions": True}
    made = hub.ok(OPERATOR, "POST", "/onboarding-publish", body)
    assert len(made["segments"]) == 1
    entry = next(
        e for e in published_index(folder, "s1").segments
        if e.sha256 == made["segments"][0]["sha256"]
    )  # fmt: skip
    assert entry.sku_ids == ("pair-0", "pair-1")


def test_two_skus_that_look_alike_do_not_go_out_together_unseen(
    shop: tuple[PeopleHub, Path],
) -> None:
    hub, _ = shop
    ids = [begin(hub, f"twin-{n}") for n in range(2)]
    for started in ids:
        for number, side in enumerate(SIDES):
            told = send(hub, started, side, photo_of(50, number))
        assert told["is_done_enough"] is True
    body = {"channel": "s1", "onboarding_ids": ids}
    reply = hub.call(OPERATOR, "POST", "/onboarding-publish", body)
    assert (reply.status_code, reply.json()["code"]) == (409, "onboarding.not_ready")
    assert "twin-1" in reply.json()["hint"]


def test_what_the_bundle_sells_is_not_onboarded_again(shop: tuple[PeopleHub, Path]) -> None:
    hub, _ = shop
    known = sorted((FACTORY / "pictures").glob("*.jpg"))[0].stem
    hub.ok(OPERATOR, "POST", "/skus", {"sku_id": known, "names": {"en": known}})
    reply = hub.call(TRAINER, "POST", "/onboarding", {"sku_id": known})
    assert (reply.status_code, reply.json()["code"]) == (409, "onboarding.not_ready")
    missing = hub.call(TRAINER, "POST", "/onboarding", {"sku_id": "nobody"})
    assert missing.status_code == 404


def test_a_hub_without_a_bundle_says_so(any_centre: PeopleHub) -> None:
    any_centre.ok(OPERATOR, "POST", "/skus", {"sku_id": "tea", "names": {"en": "Tea"}})
    reply = any_centre.call(TRAINER, "POST", "/onboarding", {"sku_id": "tea"})
    assert (reply.status_code, reply.json()["code"]) == (409, "onboarding.no_bundle")
