import pytest
import torch
from torch import Tensor

from trainer.training.detector_loss import (
    Targets,
    assign,
    counted_cells,
    detector_loss,
    generalised_iou,
)
from trainer.training.detector_model import boxes_from_distances, cell_centres

pytestmark = pytest.mark.train

SIZE = 96
CENTRES = cell_centres(SIZE, SIZE)
FIRST, SECOND = (10.0, 10.0, 42.0, 40.0), (50.0, 48.0, 90.0, 90.0)


def targets(
    *boxes: tuple[float, ...], ignored: Tensor | None = None, complete: bool = True
) -> Targets:
    rows = torch.tensor(boxes or [(0.0,) * 4]).reshape(1, -1, 4)
    regions = torch.zeros(1, 1, 4) if ignored is None else ignored
    return Targets(rows, regions, torch.tensor([complete]))


def exact_distances(box: tuple[float, ...]) -> Tensor:
    corner = torch.tensor(box)
    return torch.cat([CENTRES - corner[:2], corner[2:] - CENTRES], dim=1).clamp(min=1.0)[None]


def test_distances_and_centres_give_back_the_box() -> None:
    inside = ((CENTRES > 10) & (CENTRES < 40)).all(dim=1)
    found = boxes_from_distances(CENTRES, exact_distances(FIRST))[0, inside]
    assert torch.allclose(found, torch.tensor(FIRST).expand_as(found))


def test_only_cells_near_the_middle_of_a_box_answer_for_it() -> None:
    distances = exact_distances(FIRST)
    assigned = assign(
        torch.zeros(1, len(CENTRES)),
        boxes_from_distances(CENTRES, distances),
        CENTRES,
        targets(FIRST),
    )
    chosen = CENTRES[assigned.is_positive[0]]
    assert len(chosen) > 0
    assert ((chosen > 10) & (chosen < 42)).all()
    assert assigned.overlap[assigned.is_positive].min() > 0.99


def test_a_cell_inside_two_boxes_answers_for_one() -> None:
    nested = (18.0, 18.0, 34.0, 34.0)
    distances = torch.full((1, len(CENTRES), 4), 12.0)
    both = targets(FIRST, nested)
    assigned = assign(
        torch.zeros(1, len(CENTRES)), boxes_from_distances(CENTRES, distances), CENTRES, both
    )
    assert set(assigned.box_index[assigned.is_positive].tolist()) <= {0, 1}


def test_padding_boxes_take_no_cells() -> None:
    padding = (0.0, 0.0, 0.0, 0.0)
    distances = torch.full((1, len(CENTRES), 4), 12.0)
    assigned = assign(
        torch.zeros(1, len(CENTRES)),
        boxes_from_distances(CENTRES, distances),
        CENTRES,
        targets(padding),
    )
    assert not assigned.is_positive.any()


def test_background_scores_are_pushed_down_in_a_complete_picture() -> None:
    logits = torch.zeros(1, len(CENTRES), requires_grad=True)
    detector_loss(logits, exact_distances(FIRST), CENTRES, targets(FIRST)).backward()
    over_second = ((CENTRES > 50) & (CENTRES < 88)).all(dim=1)
    assert (logits.grad[0, over_second] > 0).all()


def test_half_the_boxes_removed_leaves_the_other_products_untouched() -> None:
    logits = torch.zeros(1, len(CENTRES), requires_grad=True)
    partly = targets(FIRST, complete=False)
    detector_loss(logits, exact_distances(FIRST), CENTRES, partly).backward()
    over_second = ((CENTRES > 50) & (CENTRES < 88)).all(dim=1)
    assert (logits.grad[0, over_second] == 0).all()
    assert (logits.grad[0] != 0).any()


def test_an_ignored_region_counts_neither_way() -> None:
    region = torch.tensor([[list(SECOND)]])
    counted = counted_cells(
        CENTRES, targets(FIRST, ignored=region), torch.zeros(1, len(CENTRES), dtype=torch.bool)
    )
    inside = ((torch.tensor(SECOND[:2]) < CENTRES) & (torch.tensor(SECOND[2:]) > CENTRES)).all(
        dim=1
    )
    assert (counted[0, inside] == 0).all()
    assert (counted[0, ~inside] == 1).all()


def test_the_loss_falls_when_the_boxes_fit() -> None:
    logits = torch.zeros(1, len(CENTRES))
    good = detector_loss(logits, exact_distances(FIRST), CENTRES, targets(FIRST))
    bad = detector_loss(logits, exact_distances(FIRST) * 2.5, CENTRES, targets(FIRST))
    assert good < bad


def test_a_picture_without_products_has_a_finite_loss() -> None:
    loss = detector_loss(
        torch.zeros(1, len(CENTRES)), torch.ones(1, len(CENTRES), 4), CENTRES, targets()
    )
    assert torch.isfinite(loss)


def test_giou_is_one_for_equal_and_negative_for_distant_boxes() -> None:
    first, second = torch.tensor(FIRST), torch.tensor((80.0, 80.0, 95.0, 95.0))
    assert generalised_iou(first, first) == pytest.approx(1.0)
    assert generalised_iou(first, second) < 0


def test_a_pack_and_what_lies_on_its_middle_both_have_cells_of_their_own() -> None:
    pack, on_it = (8.0, 8.0, 88.0, 80.0), (32.0, 28.0, 64.0, 60.0)
    distances = torch.full((1, len(CENTRES), 4), 36.0)  # every cell guesses the large one
    assigned = assign(
        torch.zeros(1, len(CENTRES)),
        boxes_from_distances(CENTRES, distances),
        CENTRES,
        targets(pack, on_it),
    )
    owners = [CENTRES[assigned.is_positive[0] & (assigned.box_index[0] == i)] for i in (0, 1)]
    offset_of_pack = (owners[0] - torch.tensor([48.0, 44.0])).abs().amax(dim=1)
    assert len(owners[0]) > 0
    assert len(owners[1]) > 0
    assert offset_of_pack.min() > 12


def test_second_answers_at_the_middle_serve_the_pack_below_and_nothing_else() -> None:
    pack, on_it, free = (8.0, 8.0, 56.0, 56.0), (20.0, 20.0, 44.0, 44.0), (62.0, 62.0, 94.0, 94.0)
    twice = CENTRES.repeat(2, 1)
    assigned = assign(
        torch.zeros(1, len(twice)),
        boxes_from_distances(twice, torch.full((1, len(twice), 4), 24.0)),
        CENTRES,
        targets(pack, on_it, free),
    )
    second = assigned.is_positive[0, len(CENTRES) :]
    owners = assigned.box_index[0, len(CENTRES) :][second]
    assert set(owners.tolist()) == {0}
    offset = (CENTRES[second] - torch.tensor([32.0, 32.0])).abs().amax(dim=1)
    assert offset.min() < 8
    first = assigned.box_index[0, : len(CENTRES)][assigned.is_positive[0, : len(CENTRES)]]
    assert {1, 2} <= set(first.tolist())


def test_the_loss_of_two_answers_reaches_both() -> None:
    logits = torch.zeros(1, 2 * len(CENTRES), requires_grad=True)
    distances = torch.full((1, 2 * len(CENTRES), 4), 20.0, requires_grad=True)
    nested = targets((8.0, 8.0, 88.0, 80.0), (32.0, 28.0, 64.0, 60.0))
    detector_loss(logits, distances, CENTRES, nested).backward()
    first, second = distances.grad[0].split(len(CENTRES))
    assert (first != 0).any()
    assert (second != 0).any()
    assert (logits.grad[0] != 0).all()


def test_two_packs_with_the_same_middle_and_no_room_beside_it_share_its_cells() -> None:
    small, smaller = (30.0, 30.0, 56.0, 56.0), (31.0, 31.0, 55.0, 55.0)
    assigned = assign(
        torch.zeros(1, len(CENTRES)),
        boxes_from_distances(CENTRES, exact_distances(small)),
        CENTRES,
        targets(small, smaller),
    )
    assert assigned.is_positive.any()
