"""A family's child from labelled looks to a bundle: fit, warm, export, judge.

Flow: parent bundle + LabelledLooks -> FamilyHead -> bundle with the child, report
"""

import dataclasses
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sync.bundle import Bundle
from sync.catalog import load_catalog
from sync.child_model import ChildCard
from sync.decision import DecisionParameters
from trainer.export.child_export import bundle_with_child, write_child
from trainer.export.child_judge import FamilyTally, reduction, safe_head, tally, with_answers
from trainer.training.families import Family, LabelledLook, learned_families
from trainer.training.family_head import FamilyHead, fit_family_head, looks_at


def families_of(parent: Bundle, looks: Sequence[LabelledLook]) -> list[Family]:
    """Families by the bundle's catalogue and by what it confuses in these looks."""
    skus = load_catalog(parent.file("catalog")).skus
    return learned_families(
        looks, catalogue_families(parent), {s.sku_id: tuple(s.category_path) for s in skus}
    )


def catalogue_families(parent: Bundle) -> dict[str, str]:
    """SKU -> family, as the decision on the box reads it."""
    skus = load_catalog(parent.file("catalog")).skus
    return {s.sku_id: s.family for s in skus if s.family is not None}


def fit_child(
    parent: Bundle, looks: Sequence[LabelledLook], family: Family, out: Path, *, created: str
) -> tuple[FamilyHead, ChildCard, dict[str, object]]:
    """Write the bundle with the child to `out`; also the head, its card and a report.

    Raises:
        DatasetError: too few looks at a member.
        ExportError: `out` exists, or the family's name is no file name.
    """
    scratch, parent_id = out.with_name(f"{out.name}.child"), parent.manifest.embedder_id
    plain = fit_family_head(looks, family.sku_ids)
    card = write_child(plain, family.name, parent_id, looks, scratch)
    head, temperature = safe_head(plain, card, looks, _thresholds(parent),
                                  catalogue_families(parent))  # fmt: skip
    write_child(head, family.name, parent_id, looks, scratch)
    made = bundle_with_child(parent, scratch, card, out, created=created)
    shutil.rmtree(scratch)
    return head, card, {
        "family": dataclasses.asdict(family),
        "bundle_id": made.bundle_id,
        "uses_geometry": head.uses_geometry,
        "decay": head.decay,
        "temperature": temperature,
        "fold_loss": round(head.fold_loss, 4),
    }  # fmt: skip


def judged(
    parent: Bundle, head: FamilyHead, card: ChildCard, looks: Sequence[LabelledLook]
) -> dict[str, object]:
    """Before and after on looks that taught neither, and how much less is wrong."""
    own = looks_at(looks, head.sku_ids)
    if not own:
        return {"num_looks": 0}
    vectors, geometry = (np.stack([getattr(k, n) for k in own]) for n in ("vector", "geometry"))
    rows = head.probabilities(vectors, geometry)
    families = catalogue_families(parent)
    before = tally(own, [look.scores for look in own], _thresholds(parent), families)
    after = tally(own, with_answers(own, card, rows), _thresholds(parent), families)
    share, low, high = reduction(before, after)
    return {
        "before": _told(before),
        "after": _told(after),
        "fewer_wrong_items": [round(share, 3), round(low, 3), round(high, 3)],
    }


def _thresholds(parent: Bundle) -> DecisionParameters:
    return DecisionParameters.model_validate_json(parent.file("thresholds").read_bytes())


def _told(found: FamilyTally) -> Mapping[str, object]:
    return {k: v for k, v in dataclasses.asdict(found).items() if k != "by_item"}
