"""Families' own models beside the parent: asked where it is torn between look-alikes.

Flow: frame + boxes + vectors + SkuScores of the parent -> ChildAnswer | None per look

A child that fails, is too slow or abstains changes nothing: the parent's answer stands. When it is
asked and what its answer changes is sync/child_model.py; this module only runs networks.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.errors import InferenceError, InferenceTimeoutError
from edge.perception.backend import InferenceBackend
from sync.bundle import Preprocess
from sync.child_model import (
    NUM_GEOMETRY,
    ChildAnswer,
    ChildCard,
    answer_of,
    box_geometry,
    is_routed,
    knows_geometry,
)
from sync.decision import SkuScores
from sync.preprocess import crop_covered, normalise

logger = logging.getLogger(__name__)

FloatArray = NDArray[np.float32]
Picture = NDArray[np.uint8]


@dataclass(slots=True)
class ChildCounts:
    """What the children did since the bundle was loaded."""

    num_asked: int = 0
    num_abstained: int = 0
    num_failed: int = 0


@dataclass(frozen=True, slots=True)
class ChildModel:
    """A family's network and its card."""

    card: ChildCard
    backend: InferenceBackend

    def run(self, rows: FloatArray) -> FloatArray:
        """Probabilities of the members, float32 (B, members).

        Raises:
            InferenceError: it failed, was too slow, or answers in another form than its card says.
        """
        found = self.backend.run({self.card.input: rows})[self.backend.outputs[0].name]
        wanted = (len(rows), len(self.card.sku_ids))
        if found.shape != wanted:
            raise InferenceError(
                f"child {self.card.family} answered {found.shape}, its card says {wanted}",
                hint="card and network of a child must come from one training",
            )
        return found

    def warm_up(self, shape: tuple[int, ...]) -> None:
        """One pass over zeros of this shape.

        Raises:
            InferenceError: it does not run here, or its form is not its card's.
        """
        try:
            self.run(np.zeros(shape, np.float32))
        except InferenceTimeoutError:
            # A busy machine is no reason to refuse a bundle: a late child only abstains.
            logger.warning("child slow at start family=%s", self.card.family)


def input_shape(card: ChildCard, dim: int) -> tuple[int, ...]:
    """Of one look, without the batch; `dim` is the parent's."""
    return (3, card.crop_px, card.crop_px) if card.input == "crops" else (dim + NUM_GEOMETRY,)


@dataclass(frozen=True, slots=True)
class ChildModels:
    """All children of a bundle; an empty one costs nothing and changes nothing."""

    children: tuple[ChildModel, ...] = ()
    preprocess: Preprocess | None = None
    counts: ChildCounts = field(default_factory=ChildCounts)

    def answers(
        self,
        frame: Picture,
        xyxy: FloatArray,
        vectors: FloatArray,
        scores: Sequence[SkuScores],
        covering: Sequence[FloatArray],
    ) -> list[ChildAnswer | None]:
        """What the children say about each look; None where the parent's answer stands.

        Args:
            frame: uint8 BGR (H, W, 3), read only.
            xyxy: float32 (N, 4), pixels of the frame.
            vectors: float32 (N, d), whitened, of the parent.
            scores: of the parent, N entries.
            covering: per look float32 (K, 4), what stands before it and is painted over.
        """
        found: list[ChildAnswer | None] = [None] * len(scores)
        for child in self.children:
            routed = [i for i, row in enumerate(scores) if is_routed(row, child.card)]
            for i, answer in self._ask(child, frame, xyxy, vectors, covering, routed):
                found[i] = answer
        return found

    def _ask(
        self, child: ChildModel, frame: Picture, xyxy: FloatArray, vectors: FloatArray,
        covering: Sequence[FloatArray], routed: Sequence[int],
    ) -> list[tuple[int, ChildAnswer | None]]:  # fmt: skip
        height, width = frame.shape[:2]
        boxes = [(i, box_geometry(xyxy[i], width, height)) for i in routed]
        known = [(i, row) for i, row in boxes if knows_geometry(child.card, row)]
        self.counts.num_asked += len(routed)
        self.counts.num_abstained += len(routed) - len(known)
        if not known:
            return []
        numbers = [i for i, _ in known]
        if child.card.input == "crops":
            given = self._crops(child.card, frame, xyxy[numbers], [covering[i] for i in numbers])
        else:
            given = np.concatenate([vectors[numbers], np.stack([row for _, row in known])], axis=1)
        try:
            rows = child.run(given)
        except InferenceError as err:
            self.counts.num_failed += len(numbers)
            logger.warning("child failed family=%s code=%s", child.card.family, err.code)
            return []
        answers = [answer_of(child.card, row) for row in rows]
        self.counts.num_abstained += answers.count(None)
        return list(zip(numbers, answers, strict=True))

    def _crops(
        self, card: ChildCard, frame: Picture, xyxy: FloatArray, covering: Sequence[FloatArray]
    ) -> FloatArray:
        form = self.preprocess
        assert form is not None
        margin = card.crop_margin_percent / 100
        crops = [
            crop_covered(frame, box, before, card.crop_px, margin)
            for box, before in zip(xyxy, covering, strict=True)
        ]
        return normalise(crops, float(form.mean), float(form.scale))
