import numpy as np

from sync.preprocess import PAD_VALUE
from trainer.onboarding.enrolment_views import NUM_VIEWS, enrolment_views


def test_a_photograph_is_enrolled_itself_first_and_never_mirrored() -> None:
    crop = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    views = enrolment_views(crop)
    assert len(views) == NUM_VIEWS
    assert np.array_equal(views[0], crop)
    assert np.array_equal(views[2], crop[::-1, ::-1])
    mirrored = crop[:, ::-1]
    assert not any(np.array_equal(np.rot90(mirrored, turn), view) for turn in range(4)
                   for view in views)  # fmt: skip
    assert {view.shape for view in views} == {(64, 64, 3)}
    assert {view.dtype for view in views} == {np.dtype(np.uint8)}


def test_a_photograph_is_enrolled_in_halves_and_corners_as_an_item_half_hidden_looks() -> None:
    crop = np.zeros((64, 64, 3), np.uint8)
    crop[32:] = 200  # a lid and a label
    crop[:20, :20] = (0, 0, 250)  # a sign in one corner
    views = enrolment_views(crop)
    halves, corners = views[8:12], views[12:]
    assert [int((half == PAD_VALUE).all(axis=2).sum()) for half in halves] == [64 * 32] * 4
    assert np.array_equal(halves[0][16:48], crop[32:])
    is_sign = [bool((view == (0, 0, 250)).all(axis=2).any()) for view in corners]
    assert is_sign == [True] * 4 + [False] * 12


def test_the_same_photograph_gives_the_same_views() -> None:
    crop = np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    pairs = zip(enrolment_views(crop), enrolment_views(crop.copy()), strict=True)
    assert all(np.array_equal(first, again) for first, again in pairs)
