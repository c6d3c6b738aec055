"""Named attacks with documents that the right key signed: refused with the right reason."""

import pytest

from sync.errors import PublisherError, SyncError
from sync.update_errors import (
    AlteredError,
    MalformedError,
    NotReleasedError,
    OversizedError,
    PriceListError,
    RollbackError,
    UngatedError,
    WithdrawnError,
)
from tests.fakes.update_world import World
from tests.sync.attacks import document_attacks as attacks
from tests.sync.attacks.document_attacks import Attack, bundle_of

# fmt: off
BUNDLE_REFUSED: dict[str, tuple[Attack, type[PublisherError]]] = {
    "assigned but not released": (attacks.assign_unreleased, NotReleasedError),
    "assign role lists a bundle": (attacks.list_bundle_as_assign, NotReleasedError),
    "catalogue role lists a bundle": (attacks.list_bundle_as_catalogue, NotReleasedError),
    "released with another digest": (attacks.release_other_digest, NotReleasedError),
    "released without a sha256": (attacks.release_without_sha256, AlteredError),
    "barred by the release keys": (attacks.withdraw_by_policy, WithdrawnError),
    "bar lifted by a replayed policy": (attacks.withdraw_then_lift, WithdrawnError),
    "barred by its own assignment": (attacks.assign_below_own_minimum, WithdrawnError),
    "taken off the release list": (attacks.unlist_bundle, NotReleasedError),
    "path traversal": (bundle_of("../../etc/cron.d/x"), MalformedError),
    "absolute path": (bundle_of("/etc/passwd"), MalformedError),
    "path with a backslash": (bundle_of("..\\x"), MalformedError),
    "path that is not plain": (bundle_of("a/./b"), MalformedError),
    "case clash": (bundle_of("Card.json", "card.json"), MalformedError),
    "path twice": (bundle_of("card.json", "card.json"), MalformedError),
    "manifest not canonical": (attacks.not_canonical, MalformedError),
    "manifest is noise": (attacks.not_json, MalformedError),
    "manifest of five megabytes": (attacks.huge_manifest, OversizedError),
    "manifest altered on the way": (attacks.manifest_altered, AlteredError),
    "never judged": (attacks.without_verdict, UngatedError),
    "verdict about another bundle": (attacks.verdict_about_another, UngatedError),
    "verdict is a rejection": (attacks.verdict_says_no, UngatedError),
    "verdict by the assign role": (attacks.verdict_by_assign_role, UngatedError),
    "verdict is noise": (attacks.verdict_is_noise, MalformedError),
}

CHECK_REFUSED: dict[str, tuple[Attack, type[PublisherError]]] = {
    "assignment goes back": (attacks.assignment_back, RollbackError),
    "assignment with two contents": (attacks.assignment_twice, RollbackError),
    "assignment is noise": (attacks.assignment_noise, MalformedError),
    "assignment without generation": (attacks.assignment_without_generation, MalformedError),
    "assignment of two megabytes": (attacks.assignment_huge, OversizedError),
    "ring follows a ring": (attacks.ring_of_rings, MalformedError),
}

CATALOGUE_REFUSED: dict[str, tuple[Attack, type[PublisherError]]] = {
    "catalogue goes back": (attacks.index_back, RollbackError),
    "catalogue of another channel": (attacks.index_of_other_channel, MalformedError),
    "price list goes back": (attacks.prices_back, RollbackError),
    "price list with two contents": (attacks.prices_twice, RollbackError),
    "price list has ended": (attacks.prices_ended, PriceListError),
    "segment above the row cap": (attacks.segment_too_large, MalformedError),
    "segments above the row cap together": (attacks.segments_without_end, MalformedError),
}
# fmt: on


@pytest.mark.parametrize(("attack", "reason"), BUNDLE_REFUSED.values(), ids=BUNDLE_REFUSED.keys())
def test_a_bundle_that_two_roles_do_not_agree_on_is_not_offered(
    world: World, attack: Attack, reason: type[PublisherError]
) -> None:
    attack(world)
    offer = world.check()
    assert offer.manifest is None
    assert [type(problem) for problem in offer.problems] == [reason]
    assert offer.catalogue is not None


@pytest.mark.parametrize(("attack", "reason"), CHECK_REFUSED.values(), ids=CHECK_REFUSED.keys())
def test_a_wrong_assignment_is_refused(
    world: World, attack: Attack, reason: type[PublisherError]
) -> None:
    attack(world)
    with pytest.raises(SyncError) as caught:
        world.check()
    assert type(caught.value) is reason


@pytest.mark.parametrize(
    ("attack", "reason"), CATALOGUE_REFUSED.values(), ids=CATALOGUE_REFUSED.keys()
)
def test_a_wrong_catalogue_is_refused_and_the_bundle_goes_on(
    world: World, attack: Attack, reason: type[PublisherError]
) -> None:
    attack(world)
    offer = world.check()
    assert offer.catalogue is None
    assert [type(problem) for problem in offer.problems] == [reason]
    assert offer.assignment is not None


def test_a_box_path_listed_by_the_ring_role_is_not_seen(world: World) -> None:
    attacks.box_by_ring_key_path(world)
    assert world.check().bundle_id == world.bundle_b


def test_a_rollback_is_a_forward_signed_act(world: World) -> None:
    assert world.check().bundle_id == world.bundle_b
    world.repository.assign(3, world.bundle_a)
    world.repository.publish("assign")
    assert world.check().bundle_id == world.bundle_a


def test_a_box_of_its_own_assignment_does_not_follow_its_ring(world: World) -> None:
    role = world.repository.assign_own(1, world.bundle_a)
    world.repository.publish(role)
    assert world.check().bundle_id == world.bundle_a


def test_a_box_can_be_moved_to_another_ring(world: World) -> None:
    role = world.repository.assign_own(1, None, follow_ring="lab")
    world.repository.publish(role)
    assert world.check().bundle_id == world.bundle_b


def test_the_bundle_a_box_was_born_with_needs_no_verdict(world: World) -> None:
    attacks.without_verdict(world)
    assert world.check().manifest is None
    world.box.ungated = frozenset({world.bundle_b})
    assert world.box.restarted().check(world.now).bundle_id == world.bundle_b
