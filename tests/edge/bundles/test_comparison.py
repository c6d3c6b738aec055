"""Who was right about a basket: the truth table of silence, answers, scans and audits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.bundles.comparison import ActiveBasket, CandidateBasket, Winner, compare_basket

PRICES = {"milk": 120, "juice": 250, "nectar": 250, "gum": 90}


def active(
    charged: dict[str, int],
    paid: dict[str, int] | None = None,
    stated: dict[str, int] | None = None,
    removed: dict[str, int] | None = None,
    num_asks: int = 0,
) -> ActiveBasket:
    return ActiveBasket(
        charged, charged if paid is None else paid, stated or {}, removed or {}, num_asks, PRICES
    )


def candidate(charged: dict[str, int], num_asks: int = 0) -> CandidateBasket:
    return CandidateBasket(charged, num_asks, PRICES)


@pytest.mark.parametrize(
    ("ours", "theirs", "winner"),
    [
        pytest.param(active({"milk": 1}), candidate({"milk": 1}), Winner.NOBODY, id="the same"),
        pytest.param(
            active({"milk": 1, "juice": 1}), candidate({"milk": 1}), Winner.ACTIVE,
            id="misses what was paid without a word",
        ),
        pytest.param(
            active({"milk": 1}), candidate({"milk": 1, "juice": 1}), Winner.OPEN,
            id="would charge more: silence favours the shopper",
        ),
        pytest.param(
            active({"juice": 1}), candidate({"milk": 1}), Winner.ACTIVE,
            id="cheaper twin: an overcharged shopper would have spoken",
        ),
        pytest.param(
            active({"milk": 1}), candidate({"juice": 1}), Winner.OPEN, id="dearer twin"
        ),
        pytest.param(
            active({"juice": 1}), candidate({"nectar": 1}), Winner.OPEN, id="twin of one price"
        ),
        pytest.param(
            active({"nectar": 1}, {"juice": 1}, {"juice": 1}), candidate({"juice": 1}),
            Winner.CANDIDATE, id="a person corrected the active one",
        ),
        pytest.param(
            active({}, {"juice": 1}, {"juice": 1}, num_asks=1), candidate({"nectar": 1}),
            Winner.ACTIVE, id="the active one asked, the candidate guessed wrong",
        ),
        pytest.param(
            active({}, {"juice": 1}, {"juice": 1}, num_asks=1), candidate({"juice": 1}),
            Winner.NOBODY, id="the candidate needs no question",
        ),
        pytest.param(
            active({"juice": 1}), candidate({}, num_asks=1), Winner.NOBODY,
            id="the candidate asks where the active one knew",
        ),
        pytest.param(
            active({"juice": 1}, {}, {}, {"juice": 1}), candidate({"juice": 1}), Winner.OPEN,
            id="taken off by hand without another",
        ),
        pytest.param(
            active({}, {"gum": 1}, {"gum": 1}), candidate({"gum": 1}), Winner.CANDIDATE,
            id="the active one saw nothing, the scan knew",
        ),
        pytest.param(
            active({"milk": 1}), candidate({"milk": 1, "unheard": 1}), Winner.OPEN,
            id="an SKU without a price",
        ),
    ],
)  # fmt: skip
def test_the_winner(ours: ActiveBasket, theirs: CandidateBasket, winner: Winner) -> None:
    assert compare_basket(ours, theirs).winner is winner


@pytest.mark.parametrize(
    ("lay_there", "winner"),
    [
        ({"milk": 1, "juice": 1}, Winner.CANDIDATE),
        ({"milk": 1}, Winner.ACTIVE),
        ({"gum": 1}, Winner.NOBODY),
    ],
    ids=["the candidate was right", "the active one was right", "neither"],
)
def test_an_audit_closes_what_silence_leaves_open(
    lay_there: dict[str, int], winner: Winner
) -> None:
    theirs = candidate({"milk": 1, "juice": 1})
    assert compare_basket(active({"milk": 1}), theirs, lay_there).winner is winner


def test_money_and_products_of_a_difference_are_told() -> None:
    outcome = compare_basket(active({"milk": 2, "juice": 1}), candidate({"milk": 2}))
    assert (outcome.money_minor, outcome.losses, outcome.wins) == (-250, ("juice",), ())
    assert outcome.is_priced_differently


def test_what_a_candidate_asks_costs_nothing_and_is_counted() -> None:
    outcome = compare_basket(active({"milk": 1}), candidate({}, num_asks=1))
    assert (outcome.money_minor, outcome.extra_asks, outcome.losses) == (0, 1, ())


BASKETS = st.dictionaries(st.sampled_from(sorted(PRICES)), st.integers(1, 3), max_size=4)


@given(BASKETS, st.integers(0, 2))
def test_a_model_never_beats_itself(charged: dict[str, int], num_asks: int) -> None:
    outcome = compare_basket(active(charged, num_asks=num_asks), candidate(charged, num_asks))
    assert outcome.winner is Winner.NOBODY
    assert not outcome.is_priced_differently


@given(BASKETS, BASKETS)
def test_silence_never_makes_a_candidate_win(paid: dict[str, int], theirs: dict[str, int]) -> None:
    assert compare_basket(active(paid), candidate(theirs)).winner is not Winner.CANDIDATE
