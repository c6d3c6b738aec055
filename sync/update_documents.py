"""The three signed documents that tell a box what to run, and where in the repository they stand.

Flow: JSON bytes -> Assignment | ReleasePolicy | CatalogueIndex

Reading keeps unknown fields. Whether a document is genuine is trusted_updates.py's question; here
is only its form.
"""

import json
import re
from typing import Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from sync.update_errors import MalformedError

BUNDLES_ROLE = "bundles"
ASSIGN_ROLE = "assign"
ASSIGN_BOX_ROLE = "assign-box"
CATALOGUE_ROLE = "catalogue"

MAX_DOCUMENT_BYTES = 1_000_000  # an index of 4,000 segments has 800 kB
MAX_SEGMENT_ROWS = 5_000  # 1,600 SKUs of 3 prototypes in one segment
MAX_CATALOGUE_ROWS = 50_000  # rows that segments may add to one base gallery

Sha256 = Field(pattern="^[0-9a-f]{64}$")
Name = Field(pattern="^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_DocumentT = TypeVar("_DocumentT", bound="Document")


class Document(BaseModel):
    """What all signed documents share."""

    model_config = ConfigDict(frozen=True, extra="allow")

    format: Literal[1] = 1

    def to_bytes(self) -> bytes:
        """Canonical JSON, the bytes that are hashed and signed."""
        data = self.model_dump(mode="json")
        return json.dumps(data, sort_keys=True, separators=(",", ":")).encode()


class Assignment(Document):
    """Which bundle a ring or a single box runs; signed by the hub's online assign key.

    Attributes:
        generation: grows with every change of this assignment, also with a rollback.
        bundle_id: sha256 of the canonical manifest; None means "keep what you have".
        follow_ring: in a box's own assignment: take this ring's instead.
        min_bundle_generation: older bundles may not be installed any more.
        channel: which catalogue index the box follows.
        policy: name in sync/swap_policy.py; empty leaves it to the box's own file.
        withdraws: bundles that are left at once, also where one of them serves.
        is_drill: once the bundle has proved itself it goes back and forth once; for the lab lane.
    """

    generation: int = Field(ge=1)
    bundle_id: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    follow_ring: str | None = Field(default=None, pattern="^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")
    min_bundle_generation: int = Field(default=0, ge=0)
    channel: str = Name
    policy: str = Field(default="", pattern="^([A-Za-z0-9][A-Za-z0-9_.-]{0,62})?$")
    withdraws: tuple[str, ...] = Field(default=(), max_length=32)
    is_drill: bool = False
    issued_at: AwareDatetime

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Assignment":
        if self.follow_ring is not None and self.bundle_id is not None:
            raise ValueError("names a bundle and a ring to follow")
        return self


class ReleasePolicy(Document):
    """What the release keys say about all bundles; the assign key cannot go below it."""

    min_bundle_generation: int = Field(default=0, ge=0)


class SegmentEntry(BaseModel):
    """A gallery segment in the catalogue.

    Attributes:
        base_digest: Gallery.digest() of the bundle's gallery it was made and checked against.
        rows: prototypes it adds.
        skus_sha256: blob with names, units and pictures of its SKUs (catalogue_feed.SkuAddition).
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    sha256: str = Sha256
    size: int = Field(ge=1)
    embedder_id: str = Field(min_length=8, max_length=80)
    base_digest: str = Sha256
    rows: int = Field(ge=1, le=MAX_SEGMENT_ROWS)
    sku_ids: tuple[str, ...] = Field(min_length=1, max_length=MAX_SEGMENT_ROWS)
    skus_sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    skus_size: int = Field(default=0, ge=0)


class PriceListEntry(BaseModel):
    """A price list in the catalogue; `valid_until` is exclusive, None means until replaced."""

    model_config = ConfigDict(frozen=True, extra="allow")

    sha256: str = Sha256
    size: int = Field(ge=1)
    version: int = Field(ge=1)
    valid_from: AwareDatetime
    valid_until: AwareDatetime | None = None


class CatalogueIndex(Document):
    """What one channel of stores sells beyond its bundle; signed by the online catalogue key.

    Attributes:
        segments: additive; for several embedders and bases side by side.
        prices: the one list in force, or the next one with its start.
    """

    generation: int = Field(ge=1)
    channel: str = Name
    segments: tuple[SegmentEntry, ...] = ()
    prices: tuple[PriceListEntry, ...] = ()
    issued_at: AwareDatetime

    @model_validator(mode="after")
    def _is_bounded(self) -> "CatalogueIndex":
        if len({s.sha256 for s in self.segments}) != len(self.segments):
            raise ValueError("a segment stands twice")
        rows: dict[tuple[str, str], int] = {}
        for segment in self.segments:
            key = (segment.embedder_id, segment.base_digest)
            rows[key] = rows.get(key, 0) + segment.rows
        if rows and max(rows.values()) > MAX_CATALOGUE_ROWS:
            raise ValueError(f"segments add more than {MAX_CATALOGUE_ROWS} rows to one gallery")
        return self


def bundle_path(bundle_id: str) -> str:
    """Where the release role lists a bundle's manifest."""
    return f"bundles/{bundle_id}/manifest.json"


def policy_path() -> str:
    """Where the release role lists its policy."""
    return "bundles/policy/policy.json"


def ring_path(ring: str) -> str:
    """Where the assign role lists a ring's assignment."""
    return f"assign/ring/{_checked(ring)}.json"


def box_path(box_id: str) -> str:
    """Where the assign-box role lists a box's own assignment."""
    return f"assign/box/{_checked(box_id)}.json"


def channel_path(channel: str) -> str:
    """Where the catalogue role lists a channel's index."""
    return f"catalogue/{_checked(channel)}.json"


def parse_document(kind: type[_DocumentT], raw: bytes, what: str) -> _DocumentT:
    """A document from its bytes.

    Raises:
        MalformedError: no JSON or against the rules; says where.
    """
    try:
        return kind.model_validate_json(raw)
    except ValidationError as err:
        first = err.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise MalformedError(
            f"{what}: {place}: {first['msg']}", hint="mend it and publish it again"
        ) from err


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"name {name!r} is not letters, digits, '.', '_' or '-'")
    return name
