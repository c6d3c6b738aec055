"""Recall of the redaction over composed people, with a floor; the bench prints more of it."""

import cv2
import numpy as np
import pytest

from edge.hard_cases.redaction import DropReason, redact
from tools.benchmarks.redaction_recall import (
    MIN_RECALL,
    Scene,
    drawn_arms,
    measure,
    photographed_faces,
    scikit_faces,
)

BOXES = np.asarray([[180, 110, 290, 250], [360, 150, 450, 260]], dtype=np.float32)
COLOURS = ((180, 60, 30), (60, 140, 40))
NUM = 60


def scene(seed: int) -> Scene:
    """A grained counter with two packs and their shadows."""
    random = np.random.default_rng(seed)
    base = random.integers(90, 190, 3)
    empty = np.clip(random.normal(base, 5, (360, 640, 3)), 0, 255).astype(np.uint8)
    frame = empty.copy()
    shaded = frame[150:275, 285:330]
    frame[150:275, 285:330] = (shaded * 0.6).astype(np.uint8)
    for (x1, y1, x2, y2), colour in zip(BOXES.astype(int), COLOURS, strict=True):
        cv2.rectangle(frame, (x1 + 3, y1 + 3), (x2 - 4, y2 - 4), colour, -1)
    return Scene(frame, empty)


SCENES = [scene(seed) for seed in range(6)]


def boxes_of_packs(frame: np.ndarray) -> np.ndarray:
    del frame
    return BOXES


def test_goods_with_their_shadows_are_kept() -> None:
    tally = measure("clean", SCENES, None, boxes_of_packs, len(SCENES))
    assert tally.num_kept == len(SCENES), tally.drops


def test_arms_from_every_border_are_gone() -> None:
    tally = measure("arms", SCENES, drawn_arms(), boxes_of_packs, NUM)
    assert tally.recall >= MIN_RECALL, tally


def test_faces_of_people_who_lean_in_are_gone() -> None:
    pytest.importorskip("skimage", reason="faces are scikit-image's (extra bench)")
    person = photographed_faces(scikit_faces(), is_leaning_in=True)
    tally = measure("faces", SCENES, person, boxes_of_packs, NUM)
    assert tally.recall >= MIN_RECALL, tally


def test_a_grey_sleeve_far_from_the_goods_is_no_shadow() -> None:
    frame = SCENES[0].frame.copy()
    cv2.line(frame, (639, 20), (520, 60), (0, 0, 0), 50)
    mixed = cv2.addWeighted(frame, 0.5, SCENES[0].frame, 0.5, 0)
    assert redact(mixed, BOXES, SCENES[0].empty, is_hand_present=False) is DropReason.STRAY
