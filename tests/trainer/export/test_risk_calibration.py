import numpy as np
import pytest

from sync.decision import Verdict, decide, pool_scores, scores_of_look
from trainer.export.risk_calibration import ItemLooks, RiskPolicy, calibrate, upper_bound

SKUS = ["cola", "cola_zero", "tea", "soap"]
FAMILY = {"cola": "cola", "cola_zero": "cola"}


def items(seed: int, count: int, noise: float) -> list[ItemLooks]:
    """Looks at random SKUs; the two colas look nearly alike."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        true = int(random.integers(len(SKUS)))
        base = np.full(len(SKUS), 0.2)
        base[true] = 0.75
        if SKUS[true] in FAMILY:
            base[1 - true] = 0.68
        looks = base + random.normal(0, noise, (3, len(SKUS)))
        found.append(ItemLooks(looks.astype(np.float32), SKUS[true]))
    return found


def test_the_bound_is_that_of_clopper_and_pearson() -> None:
    assert upper_bound(0, 100, 0.95) == pytest.approx(0.0295, abs=2e-4)
    assert upper_bound(2, 50, 0.90) == pytest.approx(0.1031, abs=1e-3)
    assert upper_bound(0, 0, 0.9) == 0.0


def test_more_errors_or_fewer_items_widen_the_bound() -> None:
    assert upper_bound(1, 100, 0.9) > upper_bound(0, 100, 0.9)
    assert upper_bound(0, 50, 0.9) > upper_bound(0, 100, 0.9)


def test_clear_items_are_accepted_within_the_bound() -> None:
    policy = RiskPolicy(max_wrong_share=0.02)
    report = calibrate(items(1, 400, 0.03), SKUS, FAMILY, 0.4, policy)
    assert report.is_bound_met
    assert report.num_accepted > 300
    assert report.wrong_share_bound <= 0.02


def test_look_alikes_that_are_confused_are_asked() -> None:
    report = calibrate(items(2, 400, 0.12), SKUS, FAMILY, 0.4, RiskPolicy(max_wrong_share=0.02))
    parameters = report.parameters
    assert parameters.family_margin >= parameters.accept_margin
    fresh = items(3, 300, 0.12)
    verdicts = []
    for item in fresh:
        looks = [scores_of_look(r, SKUS, parameters.temperature) for r in item.similarities]
        decision = decide(pool_scores(looks, parameters.look_exponent), parameters, FAMILY)
        verdicts.append((decision.verdict, decision.sku_id == item.sku_id))
    charged = [right for verdict, right in verdicts if verdict is Verdict.ACCEPT]
    assert len(charged) > 30
    assert np.mean(charged) > 0.95


def test_too_few_items_for_the_bound_say_so() -> None:
    report = calibrate(items(4, 30, 0.03), SKUS, FAMILY, 0.4, RiskPolicy(max_wrong_share=0.005))
    assert not report.is_bound_met


def test_pooling_three_looks_beats_one() -> None:
    report = calibrate(items(5, 400, 0.15), SKUS, {}, 0.4, RiskPolicy())
    assert report.top1_pooled > report.top1_single


def test_no_items_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="labelled items"):
        calibrate([], SKUS, {}, 0.4, RiskPolicy())
