"""A store's own margins, signed by the hub: stricter than a bundle's, never looser.

Flow: labels of a store -> hub -> StoreMargins -> box -> DecisionParameters of its next basket

Each entry was made for one bundle and means nothing beside another, whose log-probabilities are of
another temperature and gallery: there the bundle's own margins count, with which it passed the gate
and the shadow. Whether a document is genuine is trusted_updates.py's question. Whole numbers only.
"""

import math
import re
from typing import ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from sync.decision import DecisionParameters
from sync.errors import PublisherError
from sync.update_documents import Document, Name, Sha256

MNAT = 1000
MAX_MARGIN_MNAT = 1_000_000  # 1,000 nats: nothing is ever charged by itself
MAX_ENTRIES = 32  # bundles of one store side by side: serving, before, on trial

_STORE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


class LooserMarginsError(PublisherError):
    """Margins below those of the bundle itself; a store may only ask more."""

    code: ClassVar[str] = "update.margins"


class MarginEntry(BaseModel):
    """Margins for one bundle, and what they rest on.

    Attributes:
        accept_margin_mnat, family_margin_mnat: thousandths of a nat, rounded up.
        num_labels: items with a known truth; of them `num_charged` would have been charged by these
            margins before any doubling, `num_wrong` of those wrongly.
        bound_ppm: of wrong among charged, millionths, one-sided with the policy's confidence.
        is_proven: that bound meets the policy, so the margins are not doubled.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    bundle_id: str = Sha256
    accept_margin_mnat: int = Field(ge=0, le=MAX_MARGIN_MNAT)
    family_margin_mnat: int = Field(ge=0, le=MAX_MARGIN_MNAT)
    num_labels: int = Field(default=0, ge=0)
    num_charged: int = Field(default=0, ge=0)
    num_wrong: int = Field(default=0, ge=0)
    bound_ppm: int = Field(default=1_000_000, ge=0, le=1_000_000)
    is_proven: bool = False


class StoreMargins(Document):
    """Of one store, one entry per bundle; without an entry the bundle's own margins count."""

    generation: int = Field(ge=1)
    store_id: str = Name
    entries: tuple[MarginEntry, ...] = Field(default=(), max_length=MAX_ENTRIES)
    issued_at: AwareDatetime

    @model_validator(mode="after")
    def _names_each_bundle_once(self) -> "StoreMargins":
        if len({e.bundle_id for e in self.entries}) != len(self.entries):
            raise ValueError("a bundle stands twice")
        return self

    def entry_for(self, bundle_id: str) -> MarginEntry | None:
        """The margins for a bundle; None where there are none."""
        return next((e for e in self.entries if e.bundle_id == bundle_id), None)


def margins_path(store_id: str) -> str:
    """Where the catalogue role lists a store's margins; no channel can have this name."""
    if not _STORE_ID.fullmatch(store_id):
        raise ValueError(f"store {store_id!r} is not letters, digits, '.', '_' or '-'")
    return f"catalogue/{store_id}@margins.json"


def is_margins_path(path: str) -> bool:
    """Whether a target of the catalogue role is a store's margins and no channel's index."""
    return path.endswith("@margins.json")


def in_mnat(margin: float) -> int:
    """A margin in thousandths of a nat, rounded up, so that it is never looser."""
    return min(math.ceil(margin * MNAT), MAX_MARGIN_MNAT)


def with_margins(own: DecisionParameters, entry: MarginEntry) -> DecisionParameters:
    """The bundle's parameters with a store's margins.

    Raises:
        LooserMarginsError: one of the two is below the bundle's own; none of them is taken.
    """
    accept, family = entry.accept_margin_mnat / MNAT, entry.family_margin_mnat / MNAT
    if accept < own.accept_margin or family < own.family_margin:
        raise LooserMarginsError(
            f"margins {accept:.3f} and {family:.3f} nats, but bundle {entry.bundle_id[:12]} itself "
            f"needs {own.accept_margin:.3f} and {own.family_margin:.3f}",
            hint="the bundle's own count; look at hubctl store margins",
        )
    return own.model_copy(update={"accept_margin": accept, "family_margin": family})
