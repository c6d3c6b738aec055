"""What `export` left, opened: the candidate's embedder, whitening and gallery.

Flow: export folder -> Candidate -> similarities of regions
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sync.boxes import FloatArray
from sync.gallery import Gallery, Whitening, load_gallery, load_whitening
from trainer.export.risk_calibration import ItemLooks
from trainer.steps.champion import Champion, embed_regions
from trainer.steps.export_step import REPORT
from trainer.steps.regions import Region, looks_of_items


@dataclass(frozen=True, slots=True)
class Candidate:
    """Champion or candidate, as far as recognition goes."""

    embedder_file: Path
    whitening: Whitening
    gallery: Gallery

    def similarities(self, champion: Champion, regions: Sequence[Region]) -> FloatArray:
        """Similarity to every SKU of its gallery, float32 (N, S)."""
        raw = embed_regions(self.embedder_file, champion, regions)
        return self.gallery.similarities(self.whitening.apply(raw))


def open_candidate(folder: Path) -> Candidate:
    """The result of `export`; its CPU file embeds."""
    files = json.loads((folder / REPORT).read_text())["embedder"]
    return Candidate(
        folder / (files.get("cpu") or files["any"]),
        load_whitening(folder / "whitening.npz"),
        load_gallery(folder / "gallery.npz"),
    )


def as_candidate(champion: Champion) -> Candidate:
    """The champion, to be asked the same."""
    return Candidate(champion.embedder_file, champion.whitening, champion.gallery)


def items_of(
    candidate: Candidate, champion: Champion, regions: Sequence[Region]
) -> list[ItemLooks]:
    """Physical items with the similarities of all their looks."""
    rows = candidate.similarities(champion, regions) if regions else None
    return [
        ItemLooks(rows[numbers], regions[numbers[0]].sku_id)
        for numbers in looks_of_items(regions)
        if rows is not None
    ]
