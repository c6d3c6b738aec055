"""What the centre wishes, on a box: signed policy, withdrawal, drill, help by people, report."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge.bundles.comparison import Winner
from edge.bundles.evidence import PairedCounts
from edge.bundles.swap import ProbationExit, ProbationFacts, judge_probation
from edge.config import HubKnobs
from edge.messages.bundle_messages import BundleStaged, WishProgress
from edge.messages.shadow_messages import ShadowReport
from edge.processes.bundle_keeper import SelfTestAnswer
from edge.processes.bundle_report import as_progress
from edge.processes.round_pace import StagedNote, read_note, write_note
from sync.swap_policy import POLICIES
from tests.edge.processes.bundle_shop import Shop, tally_of


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.keeper.close()


def wish(shop: Shop, policy: str = "lab", *, is_drill: bool = False) -> None:
    staged = BundleStaged(shop.new.bundle_id, 5, "", 0, {}, policy, (), is_drill)
    shop.keeper.on_staged(staged)


def told(shop: Shop) -> WishProgress:
    progress = shop.keeper.report(0).progress
    assert progress is not None
    return progress


def take_over(shop: Shop) -> None:
    shop.step()
    shop.perceive(warm=shop.new.bundle_id)
    shop.step()


def sell(shop: Shop, baskets: int, *, is_troubled: bool = False) -> None:
    for _ in range(baskets):
        shop.keeper.on_basket(is_troubled=is_troubled)
    shop.step()


def test_the_signed_policy_judges_and_not_the_boxs_own_file(shop: Shop) -> None:
    shop.config = shop.config.model_copy(update={"hub": HubKnobs(url="http://hub.example")})
    shop.reopen()
    wish(shop, "demo")
    enough = tally_of(Winner.NOBODY, 12)
    shop.keeper.on_shadow(ShadowReport(shop.new.bundle_id, 0, "live", tally=enough))
    assert shop.step() == "warming"
    report = shop.keeper.report(0)
    assert (report.policy, report.policy_from) == ("demo", "the signed assignment")
    shop.reopen()
    assert shop.keeper.policy == POLICIES["demo"]


@pytest.mark.parametrize(
    ("name", "used", "source"),
    [
        pytest.param("", "production", "file", id="none named"),
        pytest.param("looser-still", "production", "unknown here", id="a name of the future"),
    ],
)
def test_without_a_known_name_the_strictest_policy_judges(
    shop: Shop, name: str, used: str, source: str
) -> None:
    wish(shop, name)
    report = shop.keeper.report(0)
    assert report.policy == used
    assert source in report.policy_from


def test_the_centre_hears_every_step_with_its_evidence(shop: Shop) -> None:
    assert shop.keeper.report(0).progress is None
    shop.config = shop.config.model_copy(update={"hub": HubKnobs(url="http://hub.example")})
    shop.reopen()
    wish(shop)
    shop.step()
    assert (told(shop).step, told(shop).reason) == ("fetched", "shadow")
    enough = tally_of(Winner.NOBODY, 12)
    shop.keeper.on_shadow(ShadowReport(shop.new.bundle_id, 0, "live", tally=enough))
    take_over(shop)
    assert (told(shop).step, told(shop).ties) == ("swapped", 12)
    assert told(shop).log_e_no_worse > 4.6
    sell(shop, 1)
    sent = as_progress(told(shop))
    assert sent is not None
    assert (sent.step, sent.policy, sent.generation) == ("confirmed", "lab", 5)
    assert sent.swapped_at is not None


def test_what_fails_here_is_told_as_refused_with_its_reason(shop: Shop) -> None:
    shop.answer = SelfTestAnswer(False, "3 of 9 items")
    wish(shop)
    shop.step()
    assert (told(shop).step, told(shop).reason) == ("refused", "self-test: 3 of 9 items")


def test_a_withdrawn_bundle_is_left_between_baskets_and_never_tried_again(shop: Shop) -> None:
    wish(shop)
    take_over(shop)
    sell(shop, 1)
    assert told(shop).step == "confirmed"
    factory = shop.keeper.state.factory
    back = BundleStaged("", 6, "", 0, withdraws=(shop.new.bundle_id,))
    shop.is_idle = False
    shop.keeper.on_staged(back)
    assert shop.keeper.state.active == factory
    shop.step()
    assert set(shop.keeper.words(0).lanes.values()) == {shop.new.bundle_id}
    shop.is_idle = True
    shop.step()
    assert set(shop.keeper.words(0).lanes.values()) == {factory}
    assert (told(shop).step, told(shop).reason) == ("rolled_back", "withdrawn by the centre")
    wish(shop)
    assert shop.keeper.state.candidate == ""


def test_a_withdrawn_candidate_leaves_before_it_serves(shop: Shop) -> None:
    wish(shop)
    shop.keeper.on_staged(BundleStaged("", 6, "", 0, withdraws=(shop.new.bundle_id,)))
    assert (shop.keeper.state.candidate, told(shop).step) == ("", "refused")


def test_what_is_staged_and_withdrawn_at_once_is_never_tried(shop: Shop) -> None:
    both = BundleStaged(shop.new.bundle_id, 5, "", 0, withdraws=(shop.new.bundle_id,))
    shop.keeper.on_staged(both)
    assert shop.keeper.state.candidate == ""
    assert shop.keeper.report(0).reason == "withdrawn by the centre"


def test_a_lab_lane_goes_back_and_forth_once_before_it_confirms(shop: Shop) -> None:
    wish(shop, is_drill=True)
    take_over(shop)
    sell(shop, 1)
    state = shop.keeper.state
    assert (state.active, state.candidate, state.drill) == (
        state.factory, shop.new.bundle_id, "back",
    )  # fmt: skip
    assert (told(shop).step, told(shop).drills.get("rollback")) == ("swapped", None)
    shop.step()
    shop.perceive(active=state.factory)
    shop.step()
    assert told(shop).drills["rollback"].startswith("ok")
    shop.reopen()
    take_over(shop)
    assert (shop.keeper.state.active, shop.keeper.state.phase) == (shop.new.bundle_id, "probation")
    sell(shop, 1)
    assert told(shop).step == "confirmed"
    assert sorted(told(shop).drills) == ["golden", "rollback", "swap"]


def test_a_model_that_people_have_to_correct_more_often_goes_back(shop: Shop) -> None:
    sell(shop, 90)
    sell(shop, 10, is_troubled=True)
    wish(shop, "production")
    take_over(shop)
    sell(shop, 15, is_troubled=True)
    assert shop.keeper.state.active == shop.keeper.state.factory
    assert told(shop).reason == "corrected_too_often"


@pytest.mark.parametrize(
    ("troubled", "exit_"),
    [
        pytest.param(5, ProbationExit.CONFIRM, id="as often as before"),
        pytest.param(10, ProbationExit.CONFIRM, id="twice as often in fifty baskets is chance"),
        pytest.param(30, ProbationExit.ROLL_BACK, id="more than every second basket"),
    ],
)
def test_help_by_people_is_judged_against_the_model_before(
    troubled: int, exit_: ProbationExit
) -> None:
    usual = ProbationFacts(50, 0, 0.0, 1.0, counts=PairedCounts(), usual_baskets=200,
                           usual_troubled=20)  # fmt: skip
    verdict = judge_probation(replace(usual, num_troubled=troubled), POLICIES["production"])
    assert verdict.exit is exit_


def test_the_note_of_what_is_staged_survives_and_old_notes_are_read(tmp_path: Path) -> None:
    path = tmp_path / "staged.json"
    assert read_note(path) is None
    note = StagedNote("b" * 64, 7, {"by": "hub"}, "demo", True)
    write_note(path, note)
    assert read_note(path) == note
    path.write_text('{"bundle_id": "c", "generation": 2, "receipt": {}}')
    assert read_note(path) == StagedNote("c", 2, {})
