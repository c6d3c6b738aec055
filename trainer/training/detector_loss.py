"""Which cells answer for which product, and how wrong they are.

Flow: raw heads + Targets -> loss

Partly annotated pictures teach only what is known: outside their labelled boxes nothing counts as
background. Regions marked `ignored` (hardly visible items) count neither way.

Source: dynamic-k assignment: SimOTA, Ge et al. 2021, arXiv:2107.08430; quality focal loss: Li et
al. 2020, arXiv:2006.04388; GIoU: Rezatofighi et al. 2019, arXiv:1902.09630.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, distributed
from torch.nn import functional

from trainer.training.detector_model import STRIDE, boxes_from_distances

# B batch, M boxes (padded), K ignored regions (padded), N cells, A answers of a cell

CENTRE_RADIUS_PX = 2.5 * STRIDE  # cells further from a box's centre are no candidates (YOLOX)
YIELDING_REACH = 0.8  # of the half sides: how far out a box may go whose middle is taken
MAX_CANDIDATES = 10  # IoUs summed for the dynamic k (YOLOX)
IOU_COST_WEIGHT = 3.0
BOX_LOSS_WEIGHT = 2.0
FOCAL_POWER = 2.0
FAR = 1e6


@dataclass(frozen=True, slots=True)
class Targets:
    """Truth of a batch, padded to equal counts with boxes of no area.

    Attributes:
        boxes: float32 (B, M, 4), corners in input pixels.
        ignored: float32 (B, K, 4), regions where the truth is not known or hardly visible.
        is_complete: bool (B,), every product of the picture is among `boxes` or `ignored`.
    """

    boxes: Tensor
    ignored: Tensor
    is_complete: Tensor


@dataclass(frozen=True, slots=True)
class Assignment:
    """Per answer: is it responsible, for which box, with which overlap. All (B, A N)."""

    is_positive: Tensor
    box_index: Tensor
    overlap: Tensor


def detector_loss(logits: Tensor, distances: Tensor, centres: Tensor, targets: Targets) -> Tensor:
    """Score and box loss of a batch, a scalar.

    Args:
        logits: float32 (B, A N), all first answers before all second ones; A is 1 or 2.
        distances: float32 (B, A N, 4), l, t, r, b in input pixels.
        centres: float32 (N, 2), cell centres in input pixels.
        targets: of the same B pictures.
    """
    num_answers = logits.shape[1] // len(centres)
    predicted = boxes_from_distances(centres.repeat(num_answers, 1), distances)  # (B, A N, 4)
    with torch.no_grad():
        assigned = assign(logits, predicted, centres, targets)
        counted = counted_cells(centres, targets, assigned.is_positive)
        normaliser = _global_mean(assigned.overlap.sum()).clamp(min=1.0)
    quality = torch.where(assigned.is_positive, assigned.overlap, 0.0)
    gap = (quality - logits.sigmoid()).abs().pow(FOCAL_POWER)
    cross_entropy = functional.binary_cross_entropy_with_logits(logits, quality, reduction="none")
    score_loss = (gap * cross_entropy * counted).sum() / normaliser
    wanted = torch.gather(targets.boxes, 1, assigned.box_index[..., None].expand(-1, -1, 4))
    box_gap = 1.0 - generalised_iou(predicted, wanted)  # (B, N)
    weighted = torch.where(assigned.is_positive, box_gap * assigned.overlap.clamp(min=0.1), 0.0)
    return score_loss + BOX_LOSS_WEIGHT * weighted.sum() / normaliser


def assign(logits: Tensor, predicted: Tensor, centres: Tensor, targets: Targets) -> Assignment:
    """Each box takes the few cells that already fit it best; an answer serves one box.

    A box that yields its middle takes cells twice: first answers further out, second ones there.
    """
    num_cells = len(centres)
    parts = [
        _assign_answers(
            logits[:, i * num_cells : (i + 1) * num_cells],
            predicted[:, i * num_cells : (i + 1) * num_cells],
            candidate,
            targets.boxes,
        )
        for i, candidate in enumerate(_candidates(targets.boxes, centres))
        if i < logits.shape[1] // num_cells
    ]
    return Assignment(
        torch.cat([part.is_positive for part in parts], dim=1),
        torch.cat([part.box_index for part in parts], dim=1),
        torch.cat([part.overlap for part in parts], dim=1),
    )


def counted_cells(centres: Tensor, targets: Targets, is_positive: Tensor) -> Tensor:
    """1 where an answer's score is judged, 0 where nobody knows what it should be; (B, A N)."""
    in_ignored = _inside(targets.ignored, centres).any(dim=1)  # (B, N)
    in_box = _inside(targets.boxes, centres).any(dim=1)
    is_known = targets.is_complete[:, None] | in_box
    num_answers = is_positive.shape[1] // len(centres)
    is_judged = (is_known & ~in_ignored).repeat(1, num_answers)
    return (is_positive | is_judged).float()


def iou(first: Tensor, second: Tensor) -> Tensor:
    """Intersection over union of broadcast boxes (..., 4)."""
    return _overlap_and_union(first, second)[0]


def generalised_iou(first: Tensor, second: Tensor) -> Tensor:
    """GIoU of broadcast boxes (..., 4), in (-1, 1]."""
    overlap, union = _overlap_and_union(first, second)
    low = torch.minimum(first[..., :2], second[..., :2])
    high = torch.maximum(first[..., 2:], second[..., 2:])
    hull = (high - low).clamp(min=0).prod(dim=-1).clamp(min=1e-6)
    return overlap - (hull - union) / hull


def _overlap_and_union(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    low = torch.maximum(first[..., :2], second[..., :2])
    high = torch.minimum(first[..., 2:], second[..., 2:])
    shared = (high - low).clamp(min=0).prod(dim=-1)
    first_area = (first[..., 2:] - first[..., :2]).clamp(min=0).prod(dim=-1)
    second_area = (second[..., 2:] - second[..., :2]).clamp(min=0).prod(dim=-1)
    union = (first_area + second_area - shared).clamp(min=1e-6)
    return shared / union, union


def _assign_answers(
    logits: Tensor, predicted: Tensor, candidate: Tensor, boxes: Tensor
) -> Assignment:
    """One answer of every cell: logits (B, N), predicted (B, N, 4), candidate bool (B, M, N)."""
    overlap = iou(boxes[:, :, None], predicted[:, None])  # (B, M, N)
    confidence_cost = functional.softplus(-logits)[:, None]  # cross-entropy against 1
    cost = confidence_cost - IOU_COST_WEIGHT * torch.log(overlap.clamp(min=1e-6))
    cost = torch.where(candidate, cost, FAR)
    overlap = torch.where(candidate, overlap, 0.0)
    top = overlap.topk(min(MAX_CANDIDATES, overlap.shape[2]), dim=2).values
    wanted = top.sum(dim=2).round().clamp(min=1.0)  # (B, M)
    rank = cost.argsort(dim=2).argsort(dim=2)
    chosen = candidate & (rank < wanted[..., None])
    cost = torch.where(chosen, cost, FAR)
    box_index = cost.argmin(dim=1)  # (B, N)
    best_overlap = torch.gather(overlap, 1, box_index[:, None]).squeeze(1)
    return Assignment(chosen.any(dim=1), box_index, torch.where(chosen.any(dim=1), best_overlap, 0))


def _candidates(boxes: Tensor, centres: Tensor) -> tuple[Tensor, Tensor]:
    """Cells near the middle of each box; around the middle of a smaller one, that one's alone.

    What lies on a larger pack shares its middle, and an answer serves one product: the larger one
    is then answered for by first answers further out, and by second answers at its middle.

    Returns:
        Of first and of second answers, each bool (B, M, N).
    """
    sides = boxes[..., 2:] - boxes[..., :2]  # (B, M, 2)
    offset = (centres - (boxes[..., :2] + sides / 2)[:, :, None]).abs()  # (B, M, N, 2)
    inside = _inside(boxes, centres)
    near = inside & (offset.amax(dim=-1) < CENTRE_RADIUS_PX)
    area = sides.prod(dim=-1)
    is_smaller = area[:, None, :] < area[:, :, None]  # (B, M, M): the second is smaller
    taken = torch.einsum("bmk,bkn->bmn", is_smaller.float(), near.float()) > 0
    is_outer = (offset < YIELDING_REACH * sides[:, :, None] / 2).all(dim=-1)
    must_yield = (near & taken).any(dim=2, keepdim=True)
    yielded = torch.where(must_yield, inside & is_outer, near) & ~taken
    first = torch.where(yielded.any(dim=2, keepdim=True), yielded, near)
    return first, near & must_yield


def _inside(boxes: Tensor, centres: Tensor) -> Tensor:
    low, high = boxes[:, :, None, :2], boxes[:, :, None, 2:]
    return ((centres > low) & (centres < high)).all(dim=-1)  # (B, M, N)


def _global_mean(total: Tensor) -> Tensor:
    """Mean over processes, so that sharding a batch does not change its loss."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return total
    total = total.clone()
    distributed.all_reduce(total)
    return total / distributed.get_world_size()
