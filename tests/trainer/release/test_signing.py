"""What the hub publishes is what a box takes, in one shop and in a fleet."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from sync.gallery import Gallery
from sync.price_list import Price, PriceList
from sync.store_margins import MarginEntry, margins_path
from sync.update_errors import RollbackError, SegmentError
from tests.fakes.vouched import add_vouched
from tests.trainer.release.conftest import CHANNEL, NOW, Centre
from trainer.release.catalogue_signing import add_segment, revert_segment, set_prices
from trainer.release.release_errors import (
    PublishRefusedError,
    RepositoryFolderError,
    ThresholdError,
)
from trainer.release.signing import Signing
from trainer.release.usb_export import export_updates


@pytest.fixture(params=["one_shop", "split"])
def centre(request: pytest.FixtureRequest) -> Centre:
    found: Centre = request.getfixturevalue(request.param)
    return found


def release(centre: Centre, generation: int, **files: bytes) -> str:
    """A bundle released and assigned to the lab."""
    signing = centre.open()
    bundle_id = add_vouched(signing, centre.bundle(generation, **files))
    signing.assign_ring("lab", bundle_id, channel=CHANNEL)
    signing.publish()
    return bundle_id


def test_a_released_and_assigned_bundle_is_installed(centre: Centre) -> None:
    bundle_id = release(centre, 1)
    assert centre.box().install().bundle_id == bundle_id


def test_nothing_is_visible_before_publish(centre: Centre) -> None:
    signing = centre.open()
    signing.assign_ring("lab", add_vouched(signing, centre.bundle(1)), channel=CHANNEL)
    assert centre.box().check().assignment is None


def test_a_rollback_names_the_older_bundle_with_a_higher_generation(centre: Centre) -> None:
    first, box = release(centre, 1), centre.box()
    release(centre, 2)
    second = box.check()
    signing = centre.open()
    signing.assign_ring("lab", first, channel=CHANNEL)
    signing.publish()
    third = box.check()
    assert third.bundle_id == first
    assert second.assignment is not None
    assert third.assignment is not None
    assert third.assignment.generation == second.assignment.generation + 1


def test_one_box_can_have_its_own_bundle_and_be_let_go_again(centre: Centre) -> None:
    first = release(centre, 1)
    second = release(centre, 2)
    own, other = centre.box(), centre.box(box_id="box-8")
    signing = centre.open()
    signing.assign_box("box-7", first, channel=CHANNEL)
    signing.publish()
    assert (own.check().bundle_id, other.check().bundle_id) == (first, second)
    signing = centre.open()
    signing.assign_box("box-7", channel=CHANNEL, follow_ring="lab")
    signing.publish()
    assert own.check().bundle_id == second


def test_a_bundle_that_is_not_released_cannot_be_assigned(centre: Centre) -> None:
    with pytest.raises(PublishRefusedError):
        centre.open().assign_ring("lab", "0" * 64, channel=CHANNEL)


def test_a_withdrawn_bundle_is_offered_to_nobody(centre: Centre) -> None:
    bundle_id = release(centre, 1)
    signing = centre.open()
    signing.withdraw_bundle(bundle_id)
    signing.publish()
    assert [p.code for p in centre.box().check().problems] == ["update.not_released"]


def test_a_minimum_generation_bars_older_bundles_and_only_grows(centre: Centre) -> None:
    release(centre, 1)
    signing = centre.open()
    signing.set_min_generation(2)
    signing.publish()
    assert [p.code for p in centre.box().check().problems] == ["update.withdrawn"]
    with pytest.raises(PublishRefusedError):
        centre.open().set_min_generation(1)


def test_a_bundle_that_was_altered_after_building_is_not_signed(centre: Centre) -> None:
    bundle = centre.bundle(1)
    (bundle.directory / "card.json").write_bytes(b"altered")
    with pytest.raises(PublishRefusedError):
        centre.open().add_bundle(bundle)


def test_a_new_head_reaches_a_box_as_a_patch(centre: Centre) -> None:
    body = np.random.default_rng(0).bytes(400_000)
    release(centre, 1, **{"net.onnx": body})
    box = centre.box()
    old = box.install()
    bundle = centre.bundle(2, **{"net.onnx": body[:-4_000] + b"n" * 4_000})
    signing = centre.open()
    add_vouched(signing, bundle, patch_from=[old])
    signing.assign_ring("lab", bundle.bundle_id, channel=CHANNEL)
    signing.publish()
    (offered,) = box.check().patches
    assert offered.size < 2_000
    whole = centre.repo / "blobs" / bundle.manifest.files[0].sha256
    whole.unlink()
    assert box.install().bundle_id == bundle.bundle_id


def test_the_hub_assigns_with_online_keys_alone(split: Centre) -> None:
    first = release(split, 1)
    signing = split.open(split.plan.online)
    signing.assign_ring("shop", first, channel=CHANNEL)
    assert signing.publish() == ["assign", "snapshot", "timestamp"]


def test_a_release_waits_for_the_second_keeper_and_holds_nobody_up(split: Centre) -> None:
    first = release(split, 1)
    ada, ben, cyd = split.plan.offline
    bundle = split.bundle(2)
    signing = split.open(ada, split.plan.online)
    add_vouched(signing, bundle)
    with pytest.raises(ThresholdError) as caught:
        signing.publish()
    assert caught.value.missing == {"bundles": 1}
    hub = split.open(split.plan.online)
    hub.assign_ring("shop", first, channel=CHANNEL)
    hub.publish()
    with pytest.raises(PublishRefusedError):
        split.open(cyd, split.plan.online).withdraw_bundle(first)
    second = split.open(ben, split.plan.online, take_pending=True)
    assert second.pending() == {"bundles": 1, "gate": 0}
    second.publish()
    signing = split.open(split.plan.online)
    signing.assign_ring("lab", bundle.bundle_id, channel=CHANNEL)
    signing.publish()
    assert split.box().check().bundle_id == bundle.bundle_id


def test_one_keeper_signing_twice_is_still_one(split: Centre) -> None:
    ada = split.plan.offline[0]
    signing = split.open(ada, split.plan.online)
    add_vouched(signing, split.bundle(1))
    with pytest.raises(ThresholdError):
        signing.publish()
    with pytest.raises(ThresholdError):
        split.open(ada, split.plan.online, take_pending=True).publish()


def test_a_change_that_waits_can_be_dropped(split: Centre) -> None:
    signing = split.open(split.plan.offline[0], split.plan.online)
    add_vouched(signing, split.bundle(1))
    with pytest.raises(ThresholdError):
        signing.publish()
    split.open(split.plan.online).discard_pending()
    assert split.open(take_pending=True).pending() == {}


def test_signatures_are_renewed_at_half_of_their_life(centre: Centre) -> None:
    centre.now = NOW + timedelta(days=16)
    signing = centre.open()
    assert signing.renew() == []
    changed = signing.publish()
    assert {"assign", "assign-box", "catalogue", "timestamp", "snapshot"} <= set(changed)
    assert "bundles" not in changed
    assert "root" not in changed
    centre.box().check()


def test_offline_roles_past_half_are_an_alarm_for_their_keepers(centre: Centre) -> None:
    centre.now = NOW + timedelta(days=200)
    assert sorted(centre.open().renew()) == ["bundles", "targets"]


def test_every_step_of_a_publication_can_be_the_last(centre: Centre) -> None:
    first = release(centre, 1)
    stages = ["published assign", "published snapshot", "renamed", "synced", "published timestamp"]
    for generation, stage in enumerate(stages, start=2):
        signing = centre.open()
        bundle = centre.bundle(generation)
        add_vouched(signing, bundle)
        signing.assign_ring("lab", bundle.bundle_id, channel=CHANNEL)

        def stop(step: str, stage: str = stage) -> None:
            if step == stage:
                raise InterruptedError(stage)

        signing._at_step = stop
        with pytest.raises(InterruptedError):
            signing.publish()
        assert centre.box().check().bundle_id in (first, bundle.bundle_id)
        retry = centre.open()
        if bundle.bundle_id not in retry.bundles():
            add_vouched(retry, bundle)
        retry.assign_ring("lab", bundle.bundle_id, channel=CHANNEL)
        retry.publish()
        assert centre.box().check().bundle_id == bundle.bundle_id
        first = bundle.bundle_id


def test_a_stick_brings_the_same_bundle(centre: Centre) -> None:
    bundle_id = release(centre, 1)
    signing = centre.open()  # a store's own margins go along; they are no channel's index
    signing.list_margins(
        "s1", [MarginEntry(bundle_id=bundle_id, accept_margin_mnat=1, family_margin_mnat=1)]
    )
    signing.publish()
    stick = centre.folder / "stick"
    export_updates(centre.repo, stick, bundle_ids=frozenset([bundle_id]))
    listed = signing.tree.targets("catalogue").targets[margins_path("s1")]
    assert (stick / "blobs" / listed.hashes["sha256"]).is_file()
    box = centre.box(stick)
    assert box.install().bundle_id == bundle_id


def test_a_stick_that_was_tampered_with_is_refused(centre: Centre) -> None:
    bundle_id = release(centre, 1)
    stick = centre.folder / "stick"
    export_updates(centre.repo, stick, bundle_ids=frozenset([bundle_id]))
    (stick / "blobs" / bundle_id).write_bytes(b"{}")
    assert [p.code for p in centre.box(stick).check().problems] == ["update.altered"]


def test_an_old_stick_does_not_bring_a_box_back(centre: Centre) -> None:
    first = release(centre, 1)
    stick = centre.folder / "stick"
    export_updates(centre.repo, stick, bundle_ids=frozenset([first]))
    release(centre, 2)
    box = centre.box()
    box.check()
    box.read_from(stick)
    with pytest.raises(RollbackError):
        box.check()


def test_a_folder_without_a_repository_says_how_to_make_one(folder: Path) -> None:
    with pytest.raises(RepositoryFolderError) as caught:
        Signing(folder, None, NOW)  # type: ignore[arg-type]
    assert "keys init" in caught.value.hint


BASE = Gallery("embedder-1", ("sku-1",), np.eye(1, 8, dtype=np.float32), np.zeros(1, np.int64))
MORE = Gallery("embedder-1", ("sku-2",), np.eye(1, 8, 1, dtype=np.float32), np.zeros(1, np.int64))


def prices(version: int) -> PriceList:
    price = Price(sku_id="sku-1", amount_minor=100 + version, valid_from=NOW)
    return PriceList(version=version, currency="EUR", exponent=2, entries=(price,))


def test_a_new_sku_and_a_price_reach_a_box_without_a_bundle(split: Centre) -> None:
    release(split, 1)
    signing = split.open(split.plan.online)
    entry = add_segment(signing, CHANNEL, MORE, BASE)
    set_prices(signing, CHANNEL, prices(1), valid_from=NOW)
    assert signing.publish() == ["catalogue", "snapshot", "timestamp"]
    index = split.box().check().catalogue
    assert index is not None
    assert index.segments == (entry,)
    assert [p.version for p in index.prices] == [1]


def test_a_segment_that_would_change_an_sku_is_not_signed(split: Centre) -> None:
    with pytest.raises(SegmentError):
        add_segment(split.open(), CHANNEL, BASE, BASE)


def test_an_sku_of_an_earlier_segment_is_not_signed_again(split: Centre) -> None:
    signing = split.open()
    add_segment(signing, CHANNEL, MORE, BASE)
    with pytest.raises(PublishRefusedError):
        add_segment(signing, CHANNEL, MORE, BASE)


def test_a_segment_can_be_reverted_for_the_whole_channel(split: Centre) -> None:
    release(split, 1)
    signing = split.open()
    entry = add_segment(signing, CHANNEL, MORE, BASE)
    signing.publish()
    box = split.box()
    assert box.check().catalogue is not None
    signing = split.open()
    revert_segment(signing, CHANNEL, entry.sha256)
    signing.publish()
    index = box.check().catalogue
    assert index is not None
    assert index.segments == ()


def test_the_price_in_force_stays_until_the_next_one_begins(split: Centre) -> None:
    signing = split.open()
    for version, begins in ((1, -2), (2, -1), (3, 24)):
        set_prices(signing, CHANNEL, prices(version), valid_from=NOW + timedelta(hours=begins))
    index = signing.index(CHANNEL)
    assert index is not None
    assert [p.version for p in index.prices] == [2, 3]


def test_a_price_list_cannot_go_back(split: Centre) -> None:
    signing = split.open()
    set_prices(signing, CHANNEL, prices(2), valid_from=NOW)
    with pytest.raises(PublishRefusedError):
        set_prices(signing, CHANNEL, prices(2), valid_from=NOW)
