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


def test_a_sure_mistake_of_one_camera_alone_raises_the_margin_of_such_items_only() -> None:
    seen = items(4, 400, 0.03)
    alone = [ItemLooks(item.similarities[:1], item.sku_id) for item in items(5, 60, 0.03)]
    mistaken = ItemLooks(np.asarray([[0.1, 0.1, 0.1, 0.9]], np.float32), "tea")  # a box of the soap
    policy = RiskPolicy(max_wrong_share=0.02)
    before = calibrate([*seen, *alone], SKUS, FAMILY, 0.4, policy).parameters
    report = calibrate([*seen, *alone, mistaken], SKUS, FAMILY, 0.4, policy)
    assert report.parameters.accept_margin == pytest.approx(before.accept_margin, abs=0.5)
    assert report.parameters.alone_margin > before.alone_margin + 2
    assert report.num_wrong == 0


def test_where_one_camera_is_all_there_is_no_item_counts_as_alone() -> None:
    single = [ItemLooks(item.similarities[:1], item.sku_id) for item in items(6, 200, 0.03)]
    assert calibrate(single, SKUS, FAMILY, 0.4, RiskPolicy()).parameters.alone_margin == 0
