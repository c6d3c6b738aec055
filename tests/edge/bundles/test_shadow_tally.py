"""What a candidate has shown, summed up: coverage, open differences, and that it survives."""

import pytest

from edge.bundles.comparison import ActiveBasket, BasketOutcome, Winner
from edge.bundles.shadow_tally import MAX_OPEN, Comparison, ShadowTally
from edge.bundles.swap import Exit, judge_shadow
from sync.swap_policy import SwapPolicy

POLICY = SwapPolicy(margin=0.3, min_baskets=3, deadline_s=1000.0)


def compared(
    winner: Winner, number: int = 0, losses: tuple[str, ...] = (), num_null: int = 0
) -> Comparison:
    outcome = BasketOutcome(winner, losses=losses, num_items=2)
    return Comparison(f"b-{number}", outcome, {"milk": 2}, {"milk": 1}, 100, num_null, 50)


def tally(*winners: Winner) -> ShadowTally:
    made = ShadowTally("new")
    for number, winner in enumerate(winners):
        made.add(compared(winner, number))
    return made


def test_enough_equal_baskets_let_a_candidate_take_over() -> None:
    verdict = judge_shadow(tally(*[Winner.NOBODY] * 40).evidence(), POLICY)
    assert verdict.exit is Exit.PROMOTE


def test_differences_that_nobody_judged_hold_it_back_and_never_throw_it_out() -> None:
    made = tally(*[Winner.NOBODY] * 40, *[Winner.OPEN] * 30)
    verdict = judge_shadow(made.evidence(), POLICY)
    assert verdict.exit is Exit.WATCH
    assert verdict.reasons == ("not_proven_no_worse",)
    assert made.num_open == 30


def test_an_audit_turns_an_open_difference_into_a_win_or_a_loss() -> None:
    made = tally(Winner.OPEN, Winner.OPEN)
    assert made.audit("b-0", Winner.CANDIDATE)
    assert made.audit("b-1", Winner.ACTIVE)
    assert not made.audit("b-1", Winner.ACTIVE)
    assert (made.wins, made.losses, made.num_open) == (1, 1, 0)


def test_baskets_that_could_not_be_compared_lower_the_coverage() -> None:
    made = tally(*[Winner.NOBODY] * 40)
    for _ in range(10):
        made.skip("memory_full", num_frames=100, num_items=2)
    assert made.evidence().coverage == pytest.approx(0.8)
    assert made.item_coverage() == pytest.approx(0.8)
    assert "too_little_coverage" in judge_shadow(made.evidence(), POLICY).reasons


def test_one_dead_product_is_caught_though_the_baskets_balance() -> None:
    made = tally(*[Winner.NOBODY] * 40)
    for number in range(40):
        made.add(compared(Winner.NOBODY, number, losses=("gum",)))
    verdict = judge_shadow(made.evidence(), POLICY)
    assert (verdict.exit, verdict.reasons) == (Exit.REJECT, ("sku_worse:gum",))


def test_a_candidate_that_sees_nothing_is_told_by_its_frames() -> None:
    made = ShadowTally("new")
    made.add(compared(Winner.NOBODY, num_null=25))
    assert made.evidence().null_share == pytest.approx(0.5)
    assert "null_outputs" in judge_shadow(made.evidence(), POLICY).reasons


def test_open_differences_are_bounded_and_none_is_forgotten_in_the_sum() -> None:
    made = tally(*[Winner.OPEN] * (MAX_OPEN + 7))
    assert len(made.open_baskets) == MAX_OPEN
    assert made.num_open == MAX_OPEN + 7


def test_a_tally_survives_the_disk() -> None:
    made = tally(Winner.OPEN, Winner.NOBODY, Winner.ACTIVE)
    made.skip("cancelled", 10, 1)
    made.add(compared(Winner.ACTIVE, 9, losses=("gum",)))
    assert ShadowTally.from_json(made.to_json()) == made


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"open_baskets": 1}', b"\xff"])
def test_a_damaged_tally_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="tally|Expecting|codec"):
        ShadowTally.from_json(data)


@pytest.mark.parametrize(
    ("truth", "winner"),
    [
        pytest.param({"milk": 2}, Winner.ACTIVE, id="what was paid lay there"),
        pytest.param({"milk": 3}, Winner.CANDIDATE, id="what the candidate saw lay there"),
        pytest.param({"tea": 1}, Winner.NOBODY, id="something else lay there"),
        pytest.param({}, None, id="nothing is labelled"),
    ],
)
def test_a_reviewers_labels_decide_an_open_basket(
    truth: dict[str, int], winner: Winner | None
) -> None:
    tally = ShadowTally("new")
    tally.add(open_comparison())
    assert tally.num_open == 1
    assert tally.settle("b", truth) is winner
    assert (tally.num_open, tally.settled) == ((1, 0) if winner is None else (0, 1))
    assert tally.settle("b", truth) is None
    assert ShadowTally.from_json(tally.to_json()) == tally


def test_a_basket_of_two_trays_is_not_settled_by_the_pictures_of_one() -> None:
    tally = ShadowTally("new")
    tally.add(open_comparison(num_trays=2))
    assert tally.settle("b", {"milk": 2}) is None


def open_comparison(num_trays: int = 1) -> Comparison:
    active = ActiveBasket({"milk": 2}, {"milk": 2}, num_trays=num_trays)
    outcome = BasketOutcome(Winner.OPEN, 100, num_items=2)
    return Comparison("b", outcome, {"milk": 2}, {"milk": 3}, 30, 0, 20, active)
