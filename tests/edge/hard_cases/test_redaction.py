"""What may leave the box: goods on the empty counter, never a person."""

import cv2
import numpy as np
import pytest

from edge.hard_cases.redaction import MAX_BYTES, DropReason, RedactedPicture, redact

COUNTER = np.clip(np.random.default_rng(0).normal(150, 4, (360, 640, 3)), 0, 255).astype(np.uint8)
SKIN = (120, 150, 210)  # BGR
BOX = np.asarray([[200, 120, 300, 240]], dtype=np.float32)


def counter_with_item(colour: tuple[int, int, int] = (180, 60, 30)) -> np.ndarray:
    frame = COUNTER.copy()
    cv2.rectangle(frame, (204, 124), (296, 236), colour, -1)
    return frame


def dropped(frame: np.ndarray, **changes: object) -> DropReason:
    arguments: dict[str, object] = {"reference": COUNTER, "is_hand_present": False, **changes}
    answer = redact(frame, BOX, **arguments)  # type: ignore[arg-type]
    assert isinstance(answer, DropReason)
    return answer


def test_goods_stay_and_everything_else_is_the_empty_counter() -> None:
    frame = counter_with_item()
    cv2.putText(frame, "4929", (500, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (90, 90, 90), 1)
    answer = redact(frame, BOX, COUNTER, is_hand_present=False)
    assert isinstance(answer, RedactedPicture)
    picture = cv2.imdecode(np.frombuffer(answer.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(picture[30:80, 480:560].astype(int) - COUNTER[30:80, 480:560]).max() < 40
    assert np.abs(picture[180, 250].astype(int) - frame[180, 250]).max() < 12
    assert len(answer.jpeg) <= MAX_BYTES


def test_an_arm_beside_the_goods_drops_the_picture() -> None:
    frame = counter_with_item()
    cv2.line(frame, (520, 359), (480, 150), SKIN, 60)
    assert dropped(frame) is DropReason.STRAY


def test_a_thin_arm_that_reaches_into_a_box_drops_the_picture() -> None:
    frame = counter_with_item()
    cv2.line(frame, (639, 200), (290, 190), SKIN, 5)
    assert dropped(frame) is DropReason.REACHES_IN


def test_a_gloved_hand_that_a_box_holds_whole_drops_the_picture() -> None:
    frame = COUNTER.copy()
    cv2.rectangle(frame, (200, 0), (300, 110), (40, 40, 40), -1)
    box = np.asarray([[198, 0, 302, 114]], dtype=np.float32)
    assert redact(frame, box, COUNTER, is_hand_present=False) is DropReason.REACHES_IN


def test_a_hand_that_fills_the_box_drops_the_picture() -> None:
    frame = COUNTER.copy()
    cv2.rectangle(frame, (200, 120), (300, 240), SKIN, -1)
    assert dropped(frame) is DropReason.SKIN


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"reference": None}, DropReason.NO_REFERENCE, id="never saw it empty"),
        pytest.param({"reference": COUNTER[:100]}, DropReason.OTHER_SIZE, id="another size"),
        pytest.param({"is_hand_present": True}, DropReason.HAND_PRESENT, id="a hand was seen"),
        pytest.param(
            {"reference": np.clip(COUNTER.astype(int) - 60, 0, 255).astype(np.uint8)},
            DropReason.STALE_REFERENCE,
            id="the light has changed",
        ),
    ],
)
def test_when_unsure_the_picture_is_dropped(changes: dict[str, object], reason: DropReason) -> None:
    assert dropped(counter_with_item(), **changes) is reason


def test_a_picture_without_goods_has_nothing_to_say() -> None:
    none = np.zeros((0, 4), np.float32)
    assert redact(COUNTER, none, COUNTER, is_hand_present=False) is DropReason.NO_ITEMS


def test_a_moderate_change_of_light_does_not_hide_a_case() -> None:
    frame = np.clip(counter_with_item().astype(int) + 15, 0, 255).astype(np.uint8)
    assert isinstance(redact(frame, BOX, COUNTER, is_hand_present=False), RedactedPicture)


def test_an_items_own_shadow_is_no_arm() -> None:
    frame = counter_with_item()
    shadow = frame[236:250, 210:296].astype(int) - 45
    frame[236:250, 210:296] = np.clip(shadow, 0, 255).astype(np.uint8)
    assert isinstance(redact(frame, BOX, COUNTER, is_hand_present=False), RedactedPicture)
