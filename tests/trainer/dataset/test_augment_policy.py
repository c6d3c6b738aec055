"""Few pictures are changed more, confused ones keep what tells them apart."""

import pytest

from trainer.dataset.augment_policy import (
    CONFUSED,
    FEW,
    FEW_CONFUSED,
    USUAL,
    AugmentationPolicy,
    policies_by_label,
    policy_for,
    record,
)


@pytest.mark.parametrize(
    ("num_pictures", "error", "wanted"),
    [
        pytest.param(10, 0.19, USUAL, id="enough and clear"),
        pytest.param(9, 0.0, FEW, id="few"),
        pytest.param(10, 0.2, CONFUSED, id="confused"),
        pytest.param(1, 1.0, FEW_CONFUSED, id="few and confused"),
    ],
)
def test_count_and_error_choose_the_policy(
    num_pictures: int, error: float, wanted: AugmentationPolicy
) -> None:
    assert policy_for(num_pictures, error) is wanted


@pytest.mark.parametrize("policy", [CONFUSED, FEW_CONFUSED])
def test_what_is_confused_keeps_colours_and_print(policy: AugmentationPolicy) -> None:
    assert policy.photo.saturation < USUAL.photo.saturation
    assert policy.photo.cast < USUAL.photo.cast
    assert policy.box.occlusion_probability < USUAL.box.occlusion_probability


def test_a_run_can_say_which_sku_got_which() -> None:
    labels = [0] * 20 + [1] * 3
    policies = policies_by_label(labels, hard=[20, 21])
    assert record(policies, ["tea", "cola"]) == {"usual": ["tea"], "few, confused": ["cola"]}
