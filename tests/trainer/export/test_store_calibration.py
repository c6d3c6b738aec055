"""A store's own margins: stricter than the bundle's, and strict until its labels prove enough."""

import pytest

from sync.decision import DecisionParameters, SkuScores
from trainer.export.risk_calibration import RiskPolicy
from trainer.export.store_calibration import (
    LabelledItem,
    MarginLabel,
    calibrated_store,
    store_calibration,
)

POLICY = RiskPolicy(max_wrong_share=0.005, confidence=0.9)
BUNDLE = DecisionParameters(
    temperature=0.05, accept_margin=1.0, family_margin=2.0, accept_similarity=0.7,
    unknown_similarity=0.5,
)  # fmt: skip
FAMILY = {"cola": "cola", "zero": "cola"}


def label(margin: float, *, wrong: bool = False, twin: bool = False) -> LabelledItem:
    second = "zero" if twin else "tea"
    scores = SkuScores(("cola", second), (-0.1, -0.1 - margin), -30.0, 0.9)
    return LabelledItem(scores, second if wrong else "cola")


def margins(*labels: LabelledItem) -> tuple[float, float, bool]:
    found = store_calibration(BUNDLE, labels, FAMILY, POLICY)
    chosen = found.parameters
    return chosen.accept_margin, chosen.family_margin, found.is_proven


def test_without_labels_margins_are_doubled() -> None:
    assert margins() == (2.0, 4.0, False)


def test_enough_labels_without_an_error_give_the_bundles_own() -> None:
    assert margins(*[label(5.0)] * 459) == (2.0, 4.0, False)
    assert margins(*[label(5.0)] * 460) == (1.0, 2.0, True)


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        pytest.param(label(3.0, wrong=True), (3.4, 2.0), id="another product"),
        pytest.param(label(3.0, wrong=True, twin=True), (1.0, 3.4), id="a look-alike"),
        pytest.param(label(0.5, wrong=True), (1.0, 2.0), id="one that was asked about"),
    ],
)
def test_a_margin_rises_above_the_worst_error_of_its_kind(
    error: LabelledItem, wanted: tuple[float, float]
) -> None:
    accept, family, is_proven = margins(*[label(5.0)] * 500, error)
    assert (accept, family) == pytest.approx(wanted)
    assert is_proven


def test_what_was_charged_and_the_bound_are_told() -> None:
    found = store_calibration(BUNDLE, [label(5.0)] * 460 + [label(0.5)] * 9, FAMILY, POLICY)
    assert (found.num_labels, found.num_charged, found.num_wrong) == (469, 460, 0)
    assert found.bound == pytest.approx(0.005, abs=2e-5)
    assert store_calibration(BUNDLE, [label(0.5)], FAMILY, POLICY).bound == 1.0


def test_what_is_contested_holds_back_the_proof_and_raises_no_margin() -> None:
    sure = [MarginLabel(5.0, 0.9, False, False)] * 460
    quarrel = MarginLabel(40.0, 0.9, False, True)
    proven, held = (calibrated_store(BUNDLE, sure, POLICY, c) for c in ((), (quarrel,)))
    assert (proven.is_proven, proven.parameters.accept_margin) == (True, 1.0)
    assert (held.is_proven, held.parameters.accept_margin) == (False, 2.0)
    small = MarginLabel(0.5, 0.9, False, True)  # asked about anyway: nobody was charged
    assert calibrated_store(BUNDLE, sure, POLICY, (small,)).is_proven


def test_an_error_of_one_camera_alone_counts_only_where_the_box_would_have_charged_it() -> None:
    bundle = BUNDLE.model_copy(update={"alone_margin": 4.0})
    sure = [MarginLabel(5.0, 0.9, False, False)] * 460
    asked, charged = (MarginLabel(m, 0.9, False, True, is_alone=True) for m in (3.9, 4.1))
    assert calibrated_store(bundle, [*sure, asked], POLICY).parameters.accept_margin == 1.0
    raised = calibrated_store(bundle, [*sure, charged], POLICY).parameters
    assert raised.accept_margin == pytest.approx(4.61)
    assert raised.alone_margin == 4.0
    assert calibrated_store(bundle, sure, POLICY, (asked,)).is_proven


def test_in_a_shop_with_one_camera_its_errors_count_like_any_other() -> None:
    bundle = BUNDLE.model_copy(update={"alone_margin": 4.0})
    sure = [MarginLabel(9.0, 0.9, False, False, is_alone=True)] * 460
    error = MarginLabel(3.0, 0.9, False, True, is_alone=True)
    found = calibrated_store(bundle, [*sure, error], POLICY)
    assert found.parameters.accept_margin == pytest.approx(3.4)
