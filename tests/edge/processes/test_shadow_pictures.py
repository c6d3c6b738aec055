"""Pictures of a difference: goods on the empty counter, or none at all."""

from pathlib import Path

import numpy as np
import pytest

from edge.bundles.frame_spool import FrameSpool, SpoolReader
from edge.messages.perception_messages import (
    Observations,
    ObservationStatus,
    SkuScoresMessage,
    TrackObservation,
)
from edge.messages.shadow_messages import SpooledFrame
from edge.processes.shadow_pictures import redacted_pictures
from edge.processes.shadow_recorder import Recorded

BOX = (60.0, 40.0, 110.0, 90.0)


def counter(*, has_item: bool, person: int = 0) -> np.ndarray:
    picture = np.full((120, 160, 3), 90, dtype=np.uint8)
    picture[:, :person] = (120, 150, 220)
    if has_item:
        picture[40:90, 60:110] = (200, 60, 20)
    return picture


@pytest.mark.parametrize(
    ("person", "is_hand", "num_pictures"),
    [
        pytest.param(0, False, 1, id="goods alone"),
        pytest.param(60, False, 0, id="somebody reaches in"),
        pytest.param(0, True, 0, id="a hand was seen"),
    ],
)
def test_only_goods_leave(tmp_path: Path, person: int, is_hand: bool, num_pictures: int) -> None:
    spool = FrameSpool(tmp_path / "spool", 1 << 20)
    frames = []
    for number, picture in enumerate(
        (counter(has_item=False), counter(has_item=True, person=person))
    ):
        place = spool.put(picture)
        assert place is not None
        frames.append(SpooledFrame("top", number, number, 1.0, *place, 10, 20, 200, 200))
    scores = SkuScoresMessage(("jam", "milk"), (-0.1, -3.0), -9.0, 0.9, 2)
    xyxy = (BOX[0] + 10, BOX[1] + 20, BOX[2] + 10, BOX[3] + 20)
    track = TrackObservation(7, xyxy, 0.9, True, 1, scores)
    seen = Observations(
        "a", "top", 2, 2, ObservationStatus.SEEN, "b1", (track,), is_hand_present=is_hand
    )
    basket = Recorded("a", "basket-1", "")
    basket.ends["top"], basket.last_seen["top"] = frames, seen
    reader = SpoolReader(spool.path)
    pictures = redacted_pictures(basket, reader)
    assert len(pictures) == num_pictures
    assert [p.guesses for p in pictures] == [((("jam", 905), ("milk", 50)),)] * num_pictures
    reader.close()
    spool.close()
