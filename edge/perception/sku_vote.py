"""What several looks at one item say together.

Flow: embedding + SkuScores of one look -> SkuVote -> SkuScores

Keeps at most a few looks that differ; frames that show the same again add nothing but weight
(CheckSORT's rule). A look taken while a hand was near counts only until a clean one is there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sync.child_model import ChildAnswer, with_child
from sync.decision import SkuScores, pool_scores

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Look:
    """One look at an item.

    Attributes:
        embedding: float32 (d,), whitened, unit length.
        is_clean: nothing moved around the item.
        sketch: of the embedding, for the centre's drift figures.
        child: what the family's own model said; `scores` hold it already.
    """

    embedding: FloatArray
    scores: SkuScores
    is_clean: bool
    sketch: tuple[int, ...] = ()
    child: ChildAnswer | None = None


@dataclass(frozen=True, slots=True)
class SkuVote:
    """The looks that count, oldest first, and their pooled scores."""

    looks: tuple[Look, ...] = ()
    pooled: SkuScores | None = None

    def with_look(
        self, look: Look, *, max_looks: int, distinct_similarity: float, look_exponent: float
    ) -> "SkuVote":
        """This vote and one more look.

        A look at a view that is already kept takes its place; the oldest goes when there are too
        many. Of looks that are not clean only the one that shows most of a product counts.
        """
        kept = [old for old in self.looks if old.is_clean]
        unclean = [old for old in self.looks if not old.is_clean]
        if unclean and not look.is_clean:
            look = max((*unclean, look), key=lambda one: one.scores.similarity)
        if kept:
            likeness = [float(old.embedding @ look.embedding) for old in kept]
            nearest = int(np.argmax(likeness))
            if likeness[nearest] > distinct_similarity:
                del kept[nearest]
        looks = (*kept, look)[-max_looks:]
        return SkuVote(looks, pool_scores([one.scores for one in looks], look_exponent))

    def matched_again(
        self, match: Callable[[FloatArray], Sequence[SkuScores]], look_exponent: float
    ) -> "SkuVote":
        """The same looks, read against another gallery."""
        if not self.looks:
            return self
        rows = match(np.stack([look.embedding for look in self.looks]))
        looks = tuple(
            replace(old, scores=with_child(row, old.child))
            for old, row in zip(self.looks, rows, strict=True)
        )
        return SkuVote(looks, pool_scores([one.scores for one in looks], look_exponent))

    def likeness(self, embedding: FloatArray) -> float:
        """Cosine similarity to the most similar look; 1 where there is none to differ from."""
        return max((float(one.embedding @ embedding) for one in self.looks), default=1.0)
