import numpy as np
import pytest

from edge.errors import InferenceError
from edge.perception.detector import Detector, cell_centres, decode
from edge.perception.embedder import Embedder
from edge.perception.sku_vote import Look, SkuVote
from sync.bundle import Preprocess
from sync.decision import SkuScores
from sync.gallery import Whitening
from tests.fakes.counter_scene import (
    FINE,
    NUM_HUES,
    PREPROCESS,
    BlobDetector,
    HueEmbedder,
    Pack,
    Scene,
    paint,
)

RED, BLUE = Pack("red", 100, 100), Pack("blue", 300, 150)


def test_cells_are_counted_row_by_row_level_by_level() -> None:
    centres = cell_centres(32, 16, (8, 16))
    assert centres.shape == (8 + 2, 2)
    assert centres[:2].tolist() == [[4, 4], [12, 4]]
    assert centres[4].tolist() == [4, 12]
    assert centres[8:].tolist() == [[8, 8], [24, 8]]


def test_an_input_that_is_no_multiple_of_the_stride_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of stride"):
        Detector(BlobDetector(), Preprocess(detector_px=100, crop_px=64), 0.6)


def test_distances_become_boxes_best_first() -> None:
    centres = cell_centres(32, 32, (16,))
    heads = np.zeros((4, 5), np.float32)
    heads[0] = [2, 3, 4, 5, 0.5]
    heads[3] = [1, 1, 9, 9, 0.8]
    heads[2] = [1, 1, 1, 1, 0.9]  # too small for a product
    xyxy, score = decode(heads, centres, 0.4)
    assert xyxy.tolist() == [[23, 23, 33, 33], [6, 5, 12, 13]]
    assert score.tolist() == pytest.approx([0.8, 0.5])


def test_boxes_come_back_in_pixels_of_the_frame() -> None:
    detector = Detector(BlobDetector(), PREPROCESS, 0.6)
    whole = detector.detect(paint(Scene((RED, BLUE))), 0.4)
    part = detector.detect(paint(Scene((RED, BLUE)))[50:, 80:], 0.4, left=80, top=50)
    wanted = [[100, 100, 160, 180], [300, 150, 360, 230]]
    for found in (whole, part):
        ordered = found.xyxy[np.argsort(found.xyxy[:, 0])]
        assert np.abs(ordered - wanted).max() <= 4
    assert whole.pixel_px == 2.0


def test_the_finer_input_finds_the_same_places_with_smaller_pixels() -> None:
    detector = Detector(BlobDetector(), FINE, 0.6)
    picture = paint(Scene((RED, BLUE)))
    usual, fine = (detector.detect(picture, 0.4, is_fine=is_fine) for is_fine in (False, True))
    assert (usual.pixel_px, fine.pixel_px) == (2.0, 1.0)
    order = [np.argsort(found.xyxy[:, 0]) for found in (usual, fine)]
    assert np.abs(usual.xyxy[order[0]] - fine.xyxy[order[1]]).max() <= 4


def test_a_bundle_without_a_finer_input_looks_as_usual() -> None:
    blobs = BlobDetector()
    detector = Detector(blobs, PREPROCESS, 0.6)
    detector.warm_up()
    assert not detector.has_fine
    detector.detect(paint(Scene((RED,))), 0.4, is_fine=True)
    assert set(blobs.widths) == {320}


def test_both_inputs_are_tried_before_a_sale() -> None:
    blobs = BlobDetector()
    Detector(blobs, FINE, 0.6).warm_up()
    assert set(blobs.widths) == {320, 640}


def test_an_answer_of_another_form_is_a_failure_and_not_an_empty_counter() -> None:
    other = PREPROCESS.model_copy(update={"detector_strides": (16,)})
    with pytest.raises(InferenceError, match="expected"):
        Detector(BlobDetector(), other, 0.6).detect(paint(Scene()), 0.4)


@pytest.mark.parametrize("sizes", [(), (1, 2), (1, 2, 4, 8)], ids=str)
def test_the_batch_size_changes_no_embedding(sizes: tuple[int, ...]) -> None:
    whitening = Whitening(np.zeros(NUM_HUES, np.float32), np.eye(NUM_HUES, dtype=np.float32))
    boxes = np.asarray([[100, 100, 160, 180], [300, 150, 360, 230]] * 3, np.float32)[:5]
    frame = paint(Scene((RED, BLUE)))
    one_by_one = [
        Embedder(HueEmbedder(), PREPROCESS, whitening).embed(frame, box[None])[0] for box in boxes
    ]
    together = Embedder(HueEmbedder(), PREPROCESS, whitening, batch_sizes=sizes)
    assert np.array_equal(together.embed(frame, boxes), np.stack(one_by_one))
    assert together.embed(frame, boxes[:0]).shape == (0, NUM_HUES)


def look(angle: float, best: str = "a", *, is_clean: bool = True) -> Look:
    scores = SkuScores((best, "b" if best == "a" else "a"), (-0.1, -2.4), -20.0, 0.8)
    return Look(np.asarray([np.cos(angle), np.sin(angle)], np.float32), scores, is_clean)


def vote_of(*looks: Look) -> SkuVote:
    vote = SkuVote()
    for one in looks:
        vote = vote.with_look(one, max_looks=3, distinct_similarity=0.9, look_exponent=0.5)
    return vote


def test_looks_that_differ_are_kept_and_the_same_view_counts_once() -> None:
    assert len(vote_of(look(0), look(0.1), look(1.0)).looks) == 2
    assert len(vote_of(look(0), look(1), look(2), look(3)).looks) == 3
    assert vote_of().likeness(look(0).embedding) == 1.0


def test_a_look_under_a_hand_counts_only_until_a_clean_one_is_there() -> None:
    dirty = look(1.0, "b", is_clean=False)
    assert vote_of(dirty).pooled is not None
    vote = vote_of(dirty, look(0.0, "a"))
    assert vote.pooled is not None
    assert vote.pooled.sku_ids[0] == "a"
    assert len(vote.looks) == 1
    assert len(vote_of(look(0.0), dirty).looks) == 2
