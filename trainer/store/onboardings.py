"""New SKUs on their way into the galleries: photos with vectors, segments that were signed."""

import base64
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, insert, select, update

from trainer.errors import DegradedError
from trainer.store import audit
from trainer.store.onboarding_tables import ONBOARDINGS, PHOTOS, SEGMENTS
from trainer.store.sku_table import find_sku

MAX_PHOTOS = 40

FloatArray = NDArray[np.float32]


class OnboardingError(DegradedError):
    """An onboarding that cannot go on so."""

    code = "onboarding.refused"


class UnknownOnboardingError(OnboardingError):
    """No such onboarding, or no such photo in it."""

    code = "not_found"


@dataclass(frozen=True, slots=True)
class StoredProblem:
    """Something wrong with a photo."""

    code: str
    message: str
    is_blocking: bool


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """One photo.

    Attributes:
        vectors: embedder_id -> float32 (d,), whitened; empty where the photo is not usable.
    """

    photo_id: str
    side: str
    blob: str
    crop_blob: str
    sharpness: float
    problems: tuple[StoredProblem, ...]
    vectors: dict[str, FloatArray]


@dataclass(frozen=True, slots=True)
class StoredSegment:
    """Rows that were signed for one embedder."""

    sha256: str
    channel: str
    embedder_id: str
    rows: int
    size: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Onboarding:
    """A new SKU with its photos."""

    onboarding_id: str
    sku_id: str
    status: str
    by: str
    created_at: datetime
    photos: tuple[StoredPhoto, ...]
    segments: tuple[StoredSegment, ...]


def begin(connection: Connection, sku_id: str, *, now: datetime, actor: str) -> str:
    """Begin with an SKU of the catalogue; the id.

    Raises:
        UnknownSkuError: it is not in the catalogue.
        OnboardingError: somebody is at it already.
    """
    find_sku(connection, sku_id)
    open_one = connection.execute(
        select(ONBOARDINGS.c.onboarding_id).where(
            ONBOARDINGS.c.sku_id == sku_id, ONBOARDINGS.c.status == "open"
        )
    ).scalar()
    if open_one:
        raise OnboardingError(
            f"{sku_id} is being onboarded", hint=f"go on with onboarding {open_one}"
        )
    onboarding_id = uuid.uuid4().hex
    connection.execute(
        insert(ONBOARDINGS).values(
            onboarding_id=onboarding_id, sku_id=sku_id, status="open", by=actor, created_at=now
        )
    )
    audit.record(
        connection, now=now, actor=actor, action="onboarding_begun",
        subject=f"onboarding:{onboarding_id}", details={"sku": sku_id},
    )  # fmt: skip
    return onboarding_id


def find(connection: Connection, onboarding_id: str) -> Onboarding:
    """An onboarding with everything in it.

    Raises:
        UnknownOnboardingError: there is none.
    """
    where = ONBOARDINGS.c.onboarding_id == onboarding_id
    row = connection.execute(select(ONBOARDINGS).where(where)).mappings().first()
    if row is None:
        raise UnknownOnboardingError(f"no onboarding {onboarding_id[:40]!r}")
    photos = connection.execute(
        select(PHOTOS)
        .where(PHOTOS.c.onboarding_id == onboarding_id)
        .order_by(PHOTOS.c.at, PHOTOS.c.photo_id)
    ).mappings()
    segments = connection.execute(
        select(SEGMENTS).where(SEGMENTS.c.onboarding_id == onboarding_id).order_by(SEGMENTS.c.at)
    ).mappings()
    return Onboarding(
        onboarding_id=row["onboarding_id"],
        sku_id=row["sku_id"],
        status=row["status"],
        by=row["by"],
        created_at=row["created_at"],
        photos=tuple(_photo(dict(p)) for p in photos),
        segments=tuple(
            StoredSegment(**{name: s[name] for name in StoredSegment.__slots__}) for s in segments
        ),
    )


def list_ids(connection: Connection, limit: int) -> list[str]:
    """The newest ones first."""
    query = select(ONBOARDINGS.c.onboarding_id).order_by(ONBOARDINGS.c.created_at.desc())
    return list(connection.execute(query.limit(limit)).scalars())


def add_photo(
    connection: Connection, onboarding: Onboarding, photo: StoredPhoto, *, now: datetime
) -> None:
    """Keep a photo.

    Raises:
        OnboardingError: it is published, or there are enough photos.
    """
    _require_open(onboarding)
    if len(onboarding.photos) >= MAX_PHOTOS:
        raise OnboardingError(f"there are {MAX_PHOTOS} photos", hint="take some away")
    connection.execute(
        insert(PHOTOS).values(
            photo_id=photo.photo_id,
            onboarding_id=onboarding.onboarding_id,
            side=photo.side,
            blob=photo.blob,
            crop_blob=photo.crop_blob,
            sharpness=photo.sharpness,
            problems=[
                {"code": p.code, "message": p.message, "is_blocking": p.is_blocking}
                for p in photo.problems
            ],
            vectors={
                name: base64.b64encode(vector.astype("<f4").tobytes()).decode()
                for name, vector in photo.vectors.items()
            },
            at=now,
        )
    )


def drop_photo(connection: Connection, onboarding: Onboarding, photo_id: str) -> None:
    """Take a photo away.

    Raises:
        UnknownOnboardingError: it is none of this onboarding.
        OnboardingError: it is published.
    """
    _require_open(onboarding)
    photo_of(onboarding, photo_id)
    connection.execute(delete(PHOTOS).where(PHOTOS.c.photo_id == photo_id))


def photo_of(onboarding: Onboarding, photo_id: str) -> StoredPhoto:
    """One photo of an onboarding.

    Raises:
        UnknownOnboardingError: it is none of this onboarding.
    """
    for photo in onboarding.photos:
        if photo.photo_id == photo_id:
            return photo
    raise UnknownOnboardingError(f"no photo {photo_id[:40]!r} in this onboarding")


def note_segments(
    connection: Connection, onboardings: list[Onboarding], segments: list[StoredSegment], *,
    now: datetime, actor: str,
) -> None:  # fmt: skip
    """Remember what was signed; the onboardings are done."""
    for onboarding in onboardings:
        for segment in segments:
            values = {name: getattr(segment, name) for name in StoredSegment.__slots__}
            connection.execute(
                insert(SEGMENTS).values(onboarding_id=onboarding.onboarding_id, **values)
            )
        connection.execute(
            update(ONBOARDINGS)
            .where(ONBOARDINGS.c.onboarding_id == onboarding.onboarding_id)
            .values(status="published")
        )
        audit.record(
            connection, now=now, actor=actor, action="sku_onboarded",
            subject=f"sku:{onboarding.sku_id}",
            details={"onboarding": onboarding.onboarding_id, "segments": str(len(segments))},
        )  # fmt: skip


def _require_open(onboarding: Onboarding) -> None:
    if onboarding.status != "open":
        raise OnboardingError(
            f"{onboarding.sku_id} is {onboarding.status}", hint="begin a new onboarding"
        )


def _photo(row: dict[str, Any]) -> StoredPhoto:
    return StoredPhoto(
        photo_id=row["photo_id"],
        side=row["side"],
        blob=row["blob"],
        crop_blob=row["crop_blob"],
        sharpness=row["sharpness"],
        problems=tuple(StoredProblem(**problem) for problem in row["problems"]),
        vectors={
            name: np.frombuffer(base64.b64decode(text), "<f4").astype(np.float32)
            for name, text in row["vectors"].items()
        },
    )
