"""Accept, ask or unknown."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.decision import (
    MAX_BUTTONS,
    TOP_SKUS_PER_LOOK,
    DecisionParameters,
    SkuScores,
    Verdict,
    decide,
    pool_scores,
    scores_of_look,
)
from tests.fakes.plain_floats import plain_floats

PARAMETERS = DecisionParameters(
    temperature=0.1,
    accept_margin=2.0,
    family_margin=4.0,
    accept_similarity=0.5,
    unknown_similarity=0.3,
)


def look(*similarities: float) -> SkuScores:
    names = [chr(ord("a") + i) for i in range(len(similarities))]
    return scores_of_look(np.asarray(similarities, dtype=np.float32), names, 0.1)


@pytest.mark.parametrize(
    ("similarities", "verdict"),
    [
        pytest.param((0.9, 0.2, 0.1), Verdict.ACCEPT, id="clear"),
        pytest.param((0.9, 0.85, 0.1), Verdict.ASK, id="two alike"),
        pytest.param((0.45, 0.1, 0.1), Verdict.ASK, id="clear but far away"),
        pytest.param((0.2, 0.1, 0.1), Verdict.UNKNOWN, id="like nothing in the gallery"),
    ],
)
def test_a_look_becomes_a_verdict(similarities: tuple[float, ...], verdict: Verdict) -> None:
    assert decide(look(*similarities), PARAMETERS).verdict is verdict


def test_members_of_one_family_need_a_wider_margin() -> None:
    scores = look(0.9, 0.6)
    assert decide(scores, PARAMETERS).verdict is Verdict.ACCEPT
    families = {"a": "juice", "b": "juice"}
    assert decide(scores, PARAMETERS, families).verdict is Verdict.ASK


def test_a_question_offers_two_to_four_buttons_best_first() -> None:
    crowded = decide(look(0.5, 0.5, 0.49, 0.49, 0.48, 0.48), PARAMETERS)
    assert len(crowded.options) == MAX_BUTTONS
    assert decide(look(0.9, 0.85, 0.1), PARAMETERS).options == ("a", "b")


def test_two_agreeing_looks_are_surer_than_one() -> None:
    one = look(0.6, 0.55, 0.1)
    assert decide(pool_scores([one, one]), PARAMETERS).margin > decide(one, PARAMETERS).margin


def test_a_look_that_misses_a_sku_counts_its_floor_against_it() -> None:
    first = SkuScores(("a", "b"), (-0.1, -2.4), -20.0, 0.8)
    second = SkuScores(("b",), (-0.01,), -20.0, 0.8)
    assert pool_scores([first, second]).sku_ids[0] == "b"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(plain_floats(-1, 1, width=32), min_size=5, max_size=5), min_size=1, max_size=6
    ),
    st.randoms(use_true_random=False),
)
def test_pooling_does_not_depend_on_the_order_of_looks(
    rows: list[list[float]], random: Random
) -> None:
    looks = [look(*row) for row in rows]
    shuffled = looks.copy()
    random.shuffle(shuffled)
    first, second = pool_scores(looks), pool_scores(shuffled)
    assert sorted(first.sku_ids) == sorted(second.sku_ids)
    assert sorted(first.log_probs) == pytest.approx(sorted(second.log_probs), abs=1e-9)


def test_only_the_best_skus_of_a_large_gallery_travel() -> None:
    similarities = np.linspace(-1, 1, 500).astype(np.float32)
    scores = scores_of_look(similarities, [f"s{i}" for i in range(500)], 0.1)
    assert len(scores.sku_ids) == TOP_SKUS_PER_LOOK
    assert scores.sku_ids[0] == "s499"
    assert list(scores.log_probs) == sorted(scores.log_probs, reverse=True)


def test_an_empty_gallery_is_refused() -> None:
    with pytest.raises(ValueError, match="empty gallery"):
        scores_of_look(np.zeros(0, np.float32), [], 0.1)


def test_nothing_cannot_be_pooled() -> None:
    with pytest.raises(ValueError, match="nothing to pool"):
        pool_scores([])
