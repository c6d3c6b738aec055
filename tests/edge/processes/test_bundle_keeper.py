"""What becomes of a bundle on a box: every step is on disk before anybody acts on it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.bundles import state as transitions
from edge.bundles.comparison import Winner
from edge.bundles.state import BundleStateFile
from edge.config import HubKnobs
from edge.messages.shadow_messages import ShadowReport
from edge.processes.bundle_keeper import SelfTestAnswer
from edge.processes.hub_road import bundles_folder, slot_of
from edge.processes.serving_bundle import pointer_path, serving_directory
from sync.swap_policy import SwapPolicy
from tests.edge.processes.bundle_shop import PASSED, Shop, shadowing, tally_of
from tests.system.running_box import LANE


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.keeper.close()


def test_a_new_box_serves_its_factory_bundle(shop: Shop) -> None:
    words = shop.keeper.words(0)
    assert words.lanes == {LANE: shop.keeper.state.factory}
    assert serving_directory(shop.config) == shop.config.paths.serving_bundle


def test_a_candidate_is_tried_then_warmed_then_swapped_between_baskets(shop: Shop) -> None:
    shop.stage()
    assert shop.step() == "warming"
    assert shop.keeper.words(0).warm == shop.new.bundle_id
    shop.perceive(warm=shop.new.bundle_id)
    shop.is_idle = False
    assert shop.step() == "between_baskets"
    assert shop.keeper.words(0).lanes[LANE] == shop.keeper.state.factory
    shop.is_idle = True
    shop.step()
    assert shop.keeper.state.active == shop.new.bundle_id
    assert shop.keeper.state.phase == "probation"
    assert shop.keeper.words(0).lanes == {LANE: shop.new.bundle_id}
    assert serving_directory(shop.config) == slot_of(shop.config, shop.new.bundle_id)


def test_without_a_shadow_a_candidate_waits_unless_the_file_allows_it(shop: Shop) -> None:
    shop.config = shop.config.model_copy(update={"hub": HubKnobs(url="http://hub.example")})
    shop.reopen()
    shop.stage()
    assert shop.step() == "shadow"
    shop.perceive(warm=shop.new.bundle_id)
    assert shop.step() == "shadow"
    assert shop.keeper.state.active == shop.keeper.state.factory


def test_a_candidate_that_prices_alike_on_enough_baskets_takes_over(shop: Shop) -> None:
    shadowing(shop)
    report = ShadowReport(shop.new.bundle_id, 0, "live", tally=tally_of(Winner.NOBODY, 2))
    shop.keeper.on_shadow(report)
    assert shop.step() == "shadow"
    told = shop.keeper.report(0).shadow
    assert (told["exit"], told["baskets"]) == ("watch", "2 of 3")
    enough = tally_of(Winner.NOBODY, 12)
    shop.keeper.on_shadow(ShadowReport(shop.new.bundle_id, 1, "live", tally=enough))
    assert shop.step() == "warming"
    shop.perceive(warm=shop.new.bundle_id)
    shop.step()
    assert shop.keeper.state.active == shop.new.bundle_id
    file = BundleStateFile(bundles_folder(shop.config) / "state.db", "")
    assert (file.verdict(shop.new.bundle_id) or {})["exit"] == "promote"
    file.close()


@pytest.mark.parametrize(
    ("tally", "problem", "reason"),
    [
        pytest.param(tally_of(Winner.ACTIVE, 30), "", "priced_worse", id="prices worse"),
        pytest.param(tally_of(Winner.NOBODY, 99, crashes=1), "", "crashed", id="has crashed"),
        pytest.param(b"", "shadow.hang: no answer", "shadow.hang", id="hangs"),
    ],
)
def test_what_fails_in_shadow_is_quarantined_with_its_reason(
    shop: Shop, tally: bytes, problem: str, reason: str
) -> None:
    shadowing(shop)
    mode = "failed" if problem else "live"
    shop.keeper.on_shadow(ShadowReport(shop.new.bundle_id, 0, mode, problem, tally))
    shop.step()
    assert reason in shop.keeper.report(0).quarantined[shop.new.bundle_id]
    assert shop.keeper.state.active == shop.keeper.state.factory
    assert shop.keeper.state.candidate == ""


def test_undecided_at_the_deadline_is_held_and_not_quarantined(shop: Shop) -> None:
    shadowing(shop)
    late = tally_of(Winner.NOBODY, 2, seconds=1e9)
    shop.keeper.on_shadow(ShadowReport(shop.new.bundle_id, 0, "live", tally=late))
    shop.step()
    assert shop.keeper.state.candidate == ""
    assert "held: deadline" in shop.keeper.report(0).reason
    assert shop.keeper.report(0).quarantined == {}
    shop.stage()
    assert shop.keeper.state.candidate == ""


def test_what_is_said_about_another_bundle_decides_nothing(shop: Shop) -> None:
    shadowing(shop)
    shop.keeper.on_shadow(ShadowReport("other", 0, "live", tally=tally_of(Winner.ACTIVE, 99)))
    assert shop.step() == "shadow"


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        pytest.param(SelfTestAnswer(False, "3 of 9 items"), "", id="golden frames differ"),
        pytest.param(PASSED, "inference.no_provider: no", id="perception cannot load it"),
    ],
)
def test_what_fails_here_is_quarantined_and_never_tried_again(
    shop: Shop, answer: SelfTestAnswer, problem: str
) -> None:
    shop.answer = answer
    shop.stage()
    shop.step()
    shop.perceive(problem=problem)
    assert shop.keeper.state.candidate == ""
    assert shop.new.bundle_id in shop.keeper.report(0).quarantined
    shop.stage()
    assert shop.keeper.state.candidate == ""
    assert shop.keeper.state.active == shop.keeper.state.factory


def test_two_deaths_after_the_swap_bring_the_old_one_back_at_once(shop: Shop) -> None:
    shop.swap()
    shop.is_idle = False
    shop.keeper.on_death()
    shop.step()
    assert shop.keeper.state.active == shop.new.bundle_id
    shop.keeper.on_death()
    shop.step()
    assert shop.keeper.state.active == shop.keeper.state.factory
    assert shop.keeper.words(0).lanes == {LANE: shop.keeper.state.factory}
    assert shop.keeper.report(0).quarantined == {shop.new.bundle_id: "died"}


def test_enough_baskets_confirm_the_new_one(shop: Shop) -> None:
    shop.reopen(SwapPolicy(confirm_baskets=2))
    shop.swap()
    shop.keeper.on_basket()
    shop.keeper.on_basket()
    shop.step()
    assert shop.keeper.state.phase == "settled"
    assert shop.keeper.state.previous == shop.keeper.state.factory


def test_a_rollback_by_hand_waits_for_the_end_of_the_basket(shop: Shop) -> None:
    shop.swap()
    shop.is_idle = False
    assert shop.keeper.roll_back("by hand") == ""
    shop.step()
    assert shop.keeper.words(0).lanes[LANE] == shop.new.bundle_id
    shop.is_idle = True
    shop.step()
    assert shop.keeper.words(0).lanes[LANE] == shop.keeper.state.factory
    assert "factory" in shop.keeper.roll_back("again")


def test_a_bundle_that_rotted_on_disk_is_left_at_boot(shop: Shop) -> None:
    shop.swap()
    assert shop.reopen().state.active == shop.new.bundle_id
    victim = slot_of(shop.config, shop.new.bundle_id) / "prices.json"
    victim.write_bytes(victim.read_bytes()[:-1] + b" ")
    keeper = shop.reopen()
    assert keeper.state.active == keeper.state.factory
    assert "not whole at boot" in keeper.state.reason
    pointer = json.loads(pointer_path(shop.config).read_bytes())
    assert pointer["bundle_id"] == keeper.state.factory


def test_when_all_bundles_die_it_sells_by_scanner_and_stays_there(shop: Shop) -> None:
    shop.swap()
    for _ in range(2):
        for _ in range(2):
            shop.keeper.on_death()
        shop.step()
    assert shop.keeper.state.active == shop.keeper.state.factory
    assert shop.keeper.state.phase == "scanner"
    for _ in range(5):
        shop.keeper.on_death()
        shop.step()
    assert shop.keeper.state.phase == "scanner"
    assert shop.keeper.report(0).quarantined == {shop.new.bundle_id: "died"}


def test_a_box_that_sells_by_scanner_takes_a_good_bundle_without_a_shadow(shop: Shop) -> None:
    shop.config = shop.config.model_copy(update={"hub": HubKnobs(url="http://hub.example")})
    keeper = shop.reopen()
    keeper._keep(transitions.roll_back(keeper.state, "died"))
    assert keeper.state.phase == "scanner"
    shop.swap()
    assert keeper.state.active == shop.new.bundle_id
    assert keeper.state.phase == "probation"


def test_what_was_gone_back_to_is_confirmed_by_baskets(shop: Shop) -> None:
    shop.reopen(SwapPolicy(confirm_baskets=1))
    shop.swap()
    shop.keeper.roll_back("by hand")
    assert shop.keeper.state.phase == "probation"
    shop.keeper.on_basket()
    shop.step()
    assert shop.keeper.state.phase == "settled"
