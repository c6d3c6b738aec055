"""Accept at once, wait, ask or unknown: the table of one item's evidence."""

import pytest

from edge.basket.fusion import FusedItem
from edge.basket.judgement import Judge, RuleSettings, Step
from sync.decision import SkuScores
from tests.edge.basket.lane_script import PARAMETERS, scores

SETTINGS = RuleSettings(
    wait_views_ms=150, early_factor=2.0, ask_after_ms=700, unknown_after_ms=1000, dwell_ms=50
)
JUDGE = Judge(PARAMETERS, {"cola": "cans", "milk": "cans"}, SETTINGS)


def view(sku_id: str, margin: float, similarity: float = 0.9) -> SkuScores:
    message = scores(sku_id, margin, similarity)
    return SkuScores(
        message.sku_ids, message.log_probs, message.floor, message.similarity, message.num_looks
    )


def item(*views: SkuScores, expected: int) -> FusedItem:
    return FusedItem("i1", scores={f"c{n}": v for n, v in enumerate(views)}, num_expected=expected)


HIGH, GOOD, LOW = view("wine", 6.0), view("wine", 1.4), view("wine", 0.2)
STRANGE = view("wine", 6.0, similarity=0.1)


@pytest.mark.parametrize(
    ("evidence", "waited_ms", "step"),
    [
        pytest.param(item(GOOD, expected=1), 0, Step.ACCEPT, id="only camera, good"),
        pytest.param(item(LOW, expected=1), 0, Step.WAIT, id="only camera, low"),
        pytest.param(item(LOW, expected=1), 700, Step.ASK, id="only camera, low, late"),
        pytest.param(item(HIGH, expected=3), 0, Step.WAIT, id="first of three, high"),
        pytest.param(item(HIGH, expected=3), 150, Step.ACCEPT, id="alone, high, waited"),
        pytest.param(item(GOOD, expected=3), 150, Step.WAIT, id="alone, good, waited"),
        pytest.param(item(GOOD, expected=3), 700, Step.ASK, id="alone, good, late: a reflection?"),
        pytest.param(item(HIGH, HIGH, expected=3), 0, Step.ACCEPT, id="two of three, high"),
        pytest.param(item(GOOD, LOW, expected=3), 0, Step.WAIT, id="two of three, good"),
        pytest.param(item(GOOD, LOW, expected=3), 150, Step.ACCEPT, id="two of three, waited"),
        pytest.param(item(GOOD, LOW, LOW, expected=3), 0, Step.ACCEPT, id="all, good together"),
        pytest.param(item(LOW, LOW, LOW, expected=3), 700, Step.ASK, id="all, low, late"),
        pytest.param(item(STRANGE, expected=1), 0, Step.WAIT, id="like nothing"),
        pytest.param(item(STRANGE, expected=1), 1_000, Step.UNKNOWN, id="like nothing, late"),
        pytest.param(item(expected=1), 900, Step.WAIT, id="no look yet"),
        pytest.param(item(expected=1), 1_000, Step.UNKNOWN, id="no look at all"),
        pytest.param(item(view("cola", 1.4), expected=1), 0, Step.WAIT, id="a look-alike, good"),
        pytest.param(item(view("cola", 2.5), expected=1), 0, Step.ACCEPT, id="a look-alike, high"),
    ],
)
def test_the_step_for_one_item(evidence: FusedItem, waited_ms: float, step: Step) -> None:
    assert JUDGE.judge(evidence, waited_ms).step is step


def test_an_item_that_has_just_come_to_rest_waits() -> None:
    assert JUDGE.judge(item(HIGH, expected=1), 0, rested_ms=49).step is Step.WAIT


def test_a_question_always_offers_buttons() -> None:
    judgement = JUDGE.judge(item(GOOD, expected=3), 700)
    assert judgement.decision is not None
    assert len(judgement.decision.options) >= 2


def test_what_one_camera_alone_sees_needs_the_margin_for_that_where_others_should_see_it() -> None:
    strict = Judge(PARAMETERS.model_copy(update={"alone_margin": 7.0}), {}, SETTINGS)
    late = strict.judge(item(HIGH, expected=3), 700)
    assert late.step is Step.ASK
    assert late.decision is not None
    assert late.decision.options[0] == "wine"
    assert strict.judge(item(HIGH, expected=1), 0).step is Step.ACCEPT
    assert strict.judge(item(HIGH, HIGH, expected=3), 0).step is Step.ACCEPT
    assert strict.judge(item(view("wine", 11.0), expected=3), 150).step is Step.ACCEPT
