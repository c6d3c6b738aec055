"""Named attacks on the metadata: each refused with the right reason, serving untouched."""

from pathlib import Path

import pytest

from sync.errors import PublisherError, SyncError
from sync.transport_errors import NotFoundError
from sync.update_errors import (
    AlteredError,
    ExpiredError,
    MalformedError,
    OversizedError,
    RollbackError,
    SignatureError,
    UntrustedError,
    WrongRoleError,
)
from tests.fakes.update_world import World
from tests.sync.attacks import metadata_attacks as attacks
from tests.sync.attacks.metadata_attacks import Attack

# The whole check is refused.
# fmt: off
REFUSED: dict[str, tuple[Attack, type[SyncError]]] = {
    "forged timestamp": (attacks.forge("timestamp"), SignatureError),
    "forged snapshot": (attacks.forge("snapshot"), SignatureError),
    "forged targets": (attacks.forge("targets"), SignatureError),
    "forged ring assignment": (attacks.forge("assign"), SignatureError),
    "forged box assignments": (attacks.forge("assign-box"), SignatureError),
    "forged root": (attacks.forge("root"), SignatureError),
    "tampered timestamp": (attacks.tamper_timestamp, SignatureError),
    "tampered snapshot": (attacks.tamper_snapshot, OversizedError),
    "truncated timestamp": (attacks.truncate("timestamp"), MalformedError),
    "truncated snapshot": (attacks.truncate("snapshot"), AlteredError),
    "truncated assign": (attacks.truncate("assign"), MalformedError),
    "empty timestamp": (attacks.empty_timestamp, MalformedError),
    "deeply nested timestamp": (attacks.deep_json, MalformedError),
    "float in signed part": (attacks.float_in_signed, MalformedError),
    "oversized timestamp": (attacks.oversize("timestamp", 5_000), OversizedError),
    "oversized assign role": (attacks.oversize("assign", 2_000_000), OversizedError),
    "endless next root": (attacks.endless_root, OversizedError),
    "replayed timestamp": (attacks.replay_timestamp, RollbackError),
    "replay after the folder was lost": (attacks.replay_after_loss, RollbackError),
    "older snapshot by stolen timestamp key": (attacks.rollback_snapshot, RollbackError),
    "older assign by stolen online keys": (attacks.rollback_assign, RollbackError),
    "role dropped from snapshot": (attacks.drop_role, UntrustedError),
    "expired timestamp": (attacks.expire("timestamp"), ExpiredError),
    "expired snapshot": (attacks.expire("snapshot"), ExpiredError),
    "expired targets": (attacks.expire("targets"), ExpiredError),
    "expired assign": (attacks.expire("assign"), ExpiredError),
    "targets threshold minus one": (attacks.sign_with_one("targets"), SignatureError),
    "root of foreign keys": (attacks.replace_root, SignatureError),
    "root threshold minus one": (attacks.root_with_one, SignatureError),
    "root lowers its own threshold": (attacks.lower_threshold, SignatureError),
    "root version skipped": (attacks.skip_root, RollbackError),
    "snapshot served as timestamp": (attacks.swap_roles, UntrustedError),
    "snapshot nobody has": (attacks.fast_forward_below_floor, NotFoundError),
}

# The bundle is refused and reported; prices and assignment go on.
BUNDLE_REFUSED: dict[str, tuple[Attack, type[PublisherError]]] = {
    "forged release role": (attacks.forge("bundles"), SignatureError),
    "tampered release role": (attacks.tamper_bundles, SignatureError),
    "release threshold minus one": (attacks.sign_with_one("bundles"), SignatureError),
    "one release signature twice": (attacks.sign_twice_with_one, MalformedError),
    "one release signature under two names": (attacks.rename_signature, SignatureError),
    "expired release role": (attacks.expire("bundles"), ExpiredError),
    "mix-and-match of release roles": (attacks.mix_and_match, RollbackError),
    "bundle listed by the top role": (attacks.shadow_by_targets, WrongRoleError),
    "bundle listed by an unknown role": (attacks.shadow_by_new_role, WrongRoleError),
    "role named like a path": (attacks.traverse_by_role_name, WrongRoleError),
}
# fmt: on


@pytest.mark.parametrize(("attack", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_an_attack_on_the_metadata_is_refused(
    world: World, attack: Attack, reason: type[SyncError]
) -> None:
    attack(world)
    with pytest.raises(SyncError) as caught:
        world.check()
    assert type(caught.value) is reason
    assert caught.value.hint


@pytest.mark.parametrize(("attack", "reason"), BUNDLE_REFUSED.values(), ids=BUNDLE_REFUSED.keys())
def test_an_attack_on_the_release_role_stops_the_bundle_and_not_the_prices(
    world: World, attack: Attack, reason: type[PublisherError]
) -> None:
    attack(world)
    offer = world.check()
    assert offer.manifest is None
    assert [type(problem) for problem in offer.problems] == [reason]
    assert offer.catalogue is not None
    assert offer.catalogue.generation == 2


def test_without_an_attack_the_new_bundle_is_offered(world: World) -> None:
    offer = world.check()
    assert offer.bundle_id == world.bundle_b
    assert offer.problems == ()


def test_a_forged_catalogue_stops_the_prices_and_not_the_bundle(world: World) -> None:
    attacks.forge("catalogue")(world)
    offer = world.check()
    assert offer.catalogue is None
    assert [type(p) for p in offer.problems] == [SignatureError]
    assert offer.bundle_id == world.bundle_b


def test_a_role_named_like_a_path_writes_nothing_outside(world: World, fast_folder: Path) -> None:
    attacks.traverse_by_role_name(world)
    world.check()
    assert not [p for p in fast_folder.parent.rglob("evil*") if p.is_file()]


@pytest.mark.parametrize(("attack", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_new_online_keys_bring_the_box_back_after_the_attack(
    world: World, attack: Attack, reason: type[SyncError]
) -> None:
    honest = world.repository.copy()
    attack(world)
    with pytest.raises(reason):
        world.check()
    world.box.fetcher.repository = honest
    honest.renew_online_keys()
    assert world.check().bundle_id == world.bundle_b
