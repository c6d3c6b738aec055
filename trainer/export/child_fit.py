"""From labelled looks to a family's child: fit, warm, export, judge.

Flow: Router + LabelledLooks -> head, and a network where that is not enough
-> both files of a child, report -> bundle with it

The router is the parent as far as decisions go: the child is asked where it is torn.
"""

import dataclasses
import logging
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sync.bundle import Bundle
from sync.catalog import Catalog, load_catalog
from sync.child_model import ChildCard
from sync.decision import DecisionParameters, SkuScores
from trainer.export.child_export import bundle_with_child, write_child
from trainer.export.child_judge import (
    FamilyTally,
    reduction,
    safe_temperature,
    tally,
    with_answers,
)
from trainer.training.families import Family, LabelledLook, learned_families
from trainer.training.family_head import FamilyHead, fit_family_head, looks_at, softmax
from trainer.training.family_network_fit import FittedNetwork, fit_family_network
from trainer.training.recipes import Recipe

logger = logging.getLogger(__name__)

MIN_WRONG_ITEMS = 5  # of a family, looks pooled; with fewer nobody can tell whether a child helps
MIN_FEWER_WRONG = 0.3  # share of them that a child takes away on scenes it was not fitted on
ENOUGH_LEFT = 0.5  # share of them that a head may leave before a network is tried


@dataclasses.dataclass(frozen=True, slots=True)
class Router:
    """What the parent decides with, and its catalogue."""

    embedder_id: str
    thresholds: DecisionParameters
    catalog: Catalog

    @property
    def families(self) -> dict[str, str]:
        """SKU -> family, as the decision on the box reads it."""
        return {s.sku_id: s.family for s in self.catalog.skus if s.family is not None}


@dataclasses.dataclass(frozen=True, slots=True)
class Networks:
    """That a family may have a network of its own, which takes minutes.

    Attributes:
        runs: folder of the runs, one of each family.
        recipe: family_crops() where None.
    """

    runs: Path
    recipe: Recipe | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class FittedChild:
    """A child that was written, and what is known of it.

    Attributes:
        before, after: of the looks it was fitted on, each by a head that did not see its scene.
    """

    model: FamilyHead | FittedNetwork
    card: ChildCard
    temperature: float
    before: FamilyTally
    after: FamilyTally

    @property
    def is_useful(self) -> bool:
        """Enough was wrong, and enough of that is gone on scenes it was not fitted on."""
        num_wrong = self.before.wrong_items
        num_gone = num_wrong - self.after.wrong_items
        return num_wrong >= MIN_WRONG_ITEMS and num_gone >= MIN_FEWER_WRONG * num_wrong

    @property
    def is_enough(self) -> bool:
        """Little is wrong any more, or little of what was: no network need be trained."""
        left = self.after.wrong_items
        return left < MIN_WRONG_ITEMS or left <= ENOUGH_LEFT * self.before.wrong_items

    def report(self) -> dict[str, object]:
        """For a person and for files."""
        return {
            "sku_ids": list(self.model.sku_ids),
            **self.model.facts(),
            "temperature": self.temperature,
            "fold_loss": round(self.model.fold_loss, 4),
            "out_of_fold": compared(self.before, self.after),
        }


def router_of(parent: Bundle) -> Router:
    """The parent's part in it."""
    return Router(
        parent.manifest.embedder_id,
        DecisionParameters.model_validate_json(parent.file("thresholds").read_bytes()),
        load_catalog(parent.file("catalog")),
    )


def families_of(router: Router, looks: Sequence[LabelledLook]) -> list[Family]:
    """Families by the catalogue and by what is confused in these looks, the costliest first."""
    shelves = {s.sku_id: tuple(s.category_path) for s in router.catalog.skus}
    return learned_families(looks, router.families, shelves)


def num_wrong_items(router: Router, looks: Sequence[LabelledLook], family: Family) -> int:
    """Items of a family whose pooled best SKU is not the true one, by the parent alone."""
    own = looks_at(looks, family.sku_ids)
    return tally(own, [k.scores for k in own], router.thresholds, router.families).wrong_items


def fit_family(
    router: Router,
    looks: Sequence[LabelledLook],
    family: Family,
    root: Path,
    networks: Networks | None = None,
) -> FittedChild:
    """Fit, find how warm it must be, and write both files below `root`.

    Args:
        networks: None fits a head and nothing else, in seconds.

    Raises:
        DatasetError: too few looks at a member, or networks of looks whose pictures are not kept.
        ExportError: the family's name is no file name.
        DivergedError: the loss of a network became NaN.
    """
    own = looks_at(looks, family.sku_ids)
    fitted = _judged(router, own, fit_family_head(looks, family.sku_ids), family.name)
    if networks is not None and not fitted.is_enough:
        network = fit_family_network(
            looks, family.sku_ids, networks.runs / family.name, networks.recipe
        )
        other = _judged(router, own, network, family.name)
        logger.info(
            "family=%s wrong items: parent=%d head=%d network=%d",
            family.name, fitted.before.wrong_items, fitted.after.wrong_items,
            other.after.wrong_items,
        )  # fmt: skip
        if other.after.wrong_items < fitted.after.wrong_items:
            fitted = other
    card = write_child(fitted.model, family.name, router.embedder_id, looks, root)
    return dataclasses.replace(fitted, card=card)


def _judged(
    router: Router, own: Sequence[LabelledLook], model: FamilyHead | FittedNetwork, name: str
) -> FittedChild:
    """As warm as it must be, and what it then makes of looks that did not teach it."""
    card = ChildCard(
        family=name, parent_id=router.embedder_id, sku_ids=model.sku_ids, network="none yet"
    )
    judged_by = (router.thresholds, router.families)
    temperature = safe_temperature(model.held_out, card, own, *judged_by)
    warm = model.at_temperature(temperature)
    rows = softmax(warm.held_out).astype(np.float32)
    before, after = _tallies(router, own, with_answers(own, card, rows))
    return FittedChild(warm, card, temperature, before, after)


def fit_child(
    parent: Bundle,
    looks: Sequence[LabelledLook],
    family: Family,
    out: Path,
    *,
    created: str,
    version: str = "",
    networks: Networks | None = None,
) -> FittedChild:
    """Write the bundle with the child to `out`.

    Raises:
        DatasetError: too few looks at a member.
        ExportError: `out` exists, or the family's name is no file name.
    """
    scratch = out.with_name(f"{out.name}.child")
    fitted = fit_family(router_of(parent), looks, family, scratch, networks)
    bundle_with_child(parent, scratch, fitted.card, out, created=created, version=version)
    shutil.rmtree(scratch)
    return fitted


def judged(router: Router, fitted: FittedChild, looks: Sequence[LabelledLook]) -> dict[str, object]:
    """Before and after on looks that taught neither, and how much less is wrong."""
    own = looks_at(looks, fitted.model.sku_ids)
    if not own:
        return {"num_looks": 0}
    rows = fitted.model.answers(own)
    return compared(*_tallies(router, own, with_answers(own, fitted.card, rows)))


def compared(before: FamilyTally, after: FamilyTally) -> dict[str, object]:
    """Both, and the share of wrong items that is gone, with its 95 % interval."""
    share, low, high = reduction(before, after)
    return {
        "before": _told(before),
        "after": _told(after),
        "fewer_wrong_items": [round(share, 3), round(low, 3), round(high, 3)],
    }


def _tallies(
    router: Router, own: Sequence[LabelledLook], answered: Sequence[SkuScores]
) -> tuple[FamilyTally, FamilyTally]:
    before = tally(own, [look.scores for look in own], router.thresholds, router.families)
    return before, tally(own, answered, router.thresholds, router.families)


def _told(found: FamilyTally) -> Mapping[str, object]:
    return {k: v for k, v in dataclasses.asdict(found).items() if k != "by_item"}
