"""What a box may report about its recognition: sums that can be added to others."""

import pytest
from pydantic import ValidationError

from sync.recognition_report import NUM_FEATURES, CameraRecognition


@pytest.mark.parametrize("number", [0, NUM_FEATURES])
def test_features_come_whole_or_not_at_all(number: int) -> None:
    told = CameraRecognition(camera="a/top", bundle_id="b", window_s=1, features=(1,) * number)
    assert len(told.features) == number


@pytest.mark.parametrize("number", [1, NUM_FEATURES - 1, NUM_FEATURES + 1])
def test_a_part_of_the_features_is_refused(number: int) -> None:
    with pytest.raises(ValidationError):
        CameraRecognition(camera="a/top", bundle_id="b", window_s=1, features=(1,) * number)
