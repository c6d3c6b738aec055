"""What a data set is made from: labelled cases and onboarding photos, measured once each.

Flow: cases, labels, photos -> pictures to measure -> facts -> Candidates

Recordings are never read here but for one thing: a basket that was recorded is named, so that no
hard case of it teaches. The blind set is made of recordings.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select

from sync.hard_case import CasePicture, HardCase
from trainer.dataset.manifest import ItemBox, LabelSource
from trainer.dataset.picture_facts import Box, PictureFacts
from trainer.dataset.quality import MISSING, Candidate
from trainer.store.cases import read_body
from trainer.store.dataset_tables import DATASET_ITEMS, PICTURE_FACTS, WEAK_LABELS
from trainer.store.onboarding_tables import ONBOARDINGS, PHOTOS
from trainer.store.release_tables import BLIND_ITEMS
from trainer.store.review_tables import GOLD_CASES, LABELS
from trainer.store.schema import CASES, RECEIVED

PORTION = 500  # cases read at a time


@dataclass(frozen=True, slots=True)
class CandidateFilter:
    """Which pictures may be chosen.

    Attributes:
        store_ids: empty means every store.
        since: moments from this day on (YYYY-MM-DD, UTC); empty means all.
        until: moments up to and with this day.
        with_weak: also cases nobody reviewed whose weak labels were accepted.
    """

    store_ids: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    with_weak: bool = False
    with_onboarding: bool = True

    def recipe(self) -> dict[str, str]:
        """As the recipe of a version names it."""
        return {
            "filter.store_ids": ",".join(self.store_ids),
            "filter.reasons": ",".join(self.reasons),
            "filter.since": self.since,
            "filter.until": self.until,
            "filter.with_weak": str(self.with_weak).lower(),
            "filter.with_onboarding": str(self.with_onboarding).lower(),
        }


def filter_from(recipe: dict[str, str]) -> CandidateFilter:
    """The filter that a recipe names."""

    def names(key: str) -> tuple[str, ...]:
        return tuple(part for part in recipe.get(f"filter.{key}", "").split(",") if part)

    return CandidateFilter(
        store_ids=names("store_ids"),
        reasons=names("reasons"),
        since=recipe.get("filter.since", ""),
        until=recipe.get("filter.until", ""),
        with_weak=recipe.get("filter.with_weak") == "true",
        with_onboarding=recipe.get("filter.with_onboarding") == "true",
    )


@dataclass(frozen=True, slots=True)
class PictureToMeasure:
    """A blob that nobody has looked at; `box_id` is empty for one that is not sealed."""

    blob: str
    box_id: str
    items: tuple[Box, ...]


def to_measure(
    connection: Connection, wanted: CandidateFilter, limit: int
) -> list[PictureToMeasure]:
    """Pictures of the filter without facts, at most so many."""
    found: dict[str, PictureToMeasure] = {}
    for portion in _portions(connection, wanted):
        here = {
            picture.blob: PictureToMeasure(
                picture.blob, box_id, tuple(item.xyxy for item in picture.items)
            )
            for _, _, box_id, case in portion
            for picture in case.pictures
        }
        known = _facts(connection, here)
        found.update({blob: p for blob, p in here.items() if blob not in known})
        if len(found) >= limit:
            return list(found.values())[:limit]
    if wanted.with_onboarding:
        blobs = [row.crop_blob for row in connection.execute(_photos(wanted))]
        known = _facts(connection, blobs)
        found.update({b: PictureToMeasure(b, "", ()) for b in blobs if b not in known})
    return list(found.values())[:limit]


def note_facts(
    connection: Connection, facts: Sequence[tuple[PictureToMeasure, PictureFacts]], *, now: datetime
) -> None:
    """Keep what was measured; those measured meanwhile by another request stay as they are."""
    known = _facts(connection, [picture.blob for picture, _ in facts])
    rows = [
        {
            "blob": picture.blob,
            "box_id": picture.box_id,
            **{name: getattr(fact, name) for name in PictureFacts.__slots__},
            "measured_at": now,
        }
        for picture, fact in facts
        if picture.blob not in known and fact.problem != MISSING  # it may come back
    ]
    if rows:
        connection.execute(insert(PICTURE_FACTS), rows)


def candidates(
    connection: Connection, wanted: CandidateFilter, lost: Iterable[str] = ()
) -> Iterator[tuple[Candidate, str]]:
    """Every candidate of the filter with its blob, read in portions.

    Args:
        lost: blobs that were not here when they should be measured.
    """
    gone = frozenset(lost)
    for portion in _portions(connection, wanted):
        yield from _candidates_of(connection, portion, gone, with_weak=wanted.with_weak)
    if wanted.with_onboarding:
        yield from _photo_candidates(connection, wanted)


def blind_baskets(connection: Connection) -> frozenset[str]:
    """Baskets that were recorded whole."""
    told = RECEIVED.c.body["basket_id"].as_string()
    query = select(told).where(RECEIVED.c.kind == "recording")
    found = {str(b) for b in connection.execute(query).scalars() if b}
    return frozenset({*found, *connection.execute(select(BLIND_ITEMS.c.basket_id)).scalars()})


def trained_baskets(connection: Connection) -> frozenset[str]:
    """Baskets of which pictures stand in a data set: a recording of one came too late."""
    seen = select(DATASET_ITEMS.c.source_id).where(DATASET_ITEMS.c.source == "case")
    query = select(CASES.c.basket_id).where(CASES.c.case_id.in_(seen)).distinct()
    return frozenset(basket for basket in connection.execute(query).scalars() if basket)


def seal_of(connection: Connection, blob: str) -> str:
    """The box whose seal a picture bears; empty for a plain one."""
    query = select(PICTURE_FACTS.c.box_id).where(PICTURE_FACTS.c.blob == blob)
    return str(connection.execute(query).scalar() or "")


def seals_of_pictures(
    connection: Connection, dataset_no: int, pictures: Sequence[str]
) -> dict[str, tuple[str, str]]:
    """Of pictures of a version, some hundred: the blob, and the box whose seal it bears."""
    items = DATASET_ITEMS.c
    query = (
        select(items.picture, items.blob, PICTURE_FACTS.c.box_id)
        .join(PICTURE_FACTS, PICTURE_FACTS.c.blob == items.blob)
        .where(items.picture.in_(pictures), items.dataset_no == dataset_no)
    )
    return {row.picture: (row.blob, row.box_id) for row in connection.execute(query)}


def _portions(
    connection: Connection, wanted: CandidateFilter
) -> Iterator[list[tuple[str, str, str, HardCase]]]:
    """Cases of the filter, some hundred at a time: id, store, box, body."""
    after = ""
    while True:
        query = _cases(wanted).where(CASES.c.case_id > after).limit(PORTION)
        rows = connection.execute(query).all()
        if not rows:
            return
        after = rows[-1].case_id
        read = [(r.case_id, r.store_id or "", r.box_id, read_body(r.body)) for r in rows]
        yield [(i, s, b, case) for i, s, b, case in read if case is not None]


def _cases(wanted: CandidateFilter) -> Select[Any]:
    is_chosen = CASES.c.status == "labelled"
    if wanted.with_weak:
        accepted = select(WEAK_LABELS.c.case_id).where(WEAK_LABELS.c.status == "accepted")
        is_chosen |= (CASES.c.status == "new") & CASES.c.case_id.in_(accepted)
    query = (
        select(CASES.c.case_id, CASES.c.store_id, CASES.c.box_id, RECEIVED.c.body)
        .join(RECEIVED, RECEIVED.c.received_id == CASES.c.received_id)
        .where(is_chosen, CASES.c.case_id.not_in(select(GOLD_CASES.c.case_id)))
        .order_by(CASES.c.case_id)
    )
    if wanted.store_ids:
        query = query.where(CASES.c.store_id.in_(wanted.store_ids))
    if wanted.reasons:
        query = query.where(CASES.c.reason.in_(wanted.reasons))
    if wanted.since:
        query = query.where(CASES.c.created_at >= datetime.fromisoformat(f"{wanted.since}T00:00Z"))
    if wanted.until:
        last = datetime.fromisoformat(f"{wanted.until}T23:59:59.999999Z")
        query = query.where(CASES.c.created_at <= last)
    return query


def _candidates_of(
    connection: Connection, portion: Sequence[tuple[str, str, str, HardCase]],
    gone: frozenset[str], *, with_weak: bool,
) -> Iterator[tuple[Candidate, str]]:  # fmt: skip
    labels = _labels(connection, [case_id for case_id, _, _, _ in portion])
    if with_weak:
        labels = {**_weak(connection, portion), **labels}
    facts = _facts(connection, [p.blob for _, _, _, case in portion for p in case.pictures])
    for case_id, store_id, box_id, case in portion:
        for picture in case.pictures:
            fact = facts.get(picture.blob)
            if fact is None and picture.blob in gone:
                fact = PictureFacts("", problem=MISSING)
            if fact is not None:
                said = labels.get((case_id, picture.camera_id))
                made = _candidate(fact, store_id, box_id, case_id, case, picture, said)
                yield made, picture.blob


def _candidate(
    fact: PictureFacts, store_id: str, box_id: str, case_id: str, case: HardCase,
    picture: CasePicture, said: tuple[ItemBox, ...] | None,
) -> Candidate:  # fmt: skip
    return Candidate(
        facts=fact,
        said_size=(picture.width, picture.height),
        store_id=store_id,
        box_id=box_id,
        lane_id=case.lane_id,
        camera_id=picture.camera_id,
        basket_id=case.basket_id,
        day=case.at.date().isoformat(),
        source="case",
        source_id=case_id,
        boxes=said or (),
        is_labelled=said is not None or not picture.items,
    )


def _photos(wanted: CandidateFilter) -> Select[Any]:
    """Usable photos of published onboardings; they belong to no store."""
    query = (
        select(
            PHOTOS.c.photo_id, PHOTOS.c.crop_blob, PHOTOS.c.side, PHOTOS.c.at, PHOTOS.c.vectors,
            ONBOARDINGS.c.onboarding_id, ONBOARDINGS.c.sku_id,
        )
        .join(ONBOARDINGS, ONBOARDINGS.c.onboarding_id == PHOTOS.c.onboarding_id)
        .where(ONBOARDINGS.c.status == "published")
        .order_by(PHOTOS.c.photo_id)
    )  # fmt: skip
    if wanted.since:
        query = query.where(PHOTOS.c.at >= datetime.fromisoformat(f"{wanted.since}T00:00Z"))
    if wanted.until:
        last = datetime.fromisoformat(f"{wanted.until}T23:59:59.999999Z")
        query = query.where(PHOTOS.c.at <= last)
    return query


def _photo_candidates(
    connection: Connection, wanted: CandidateFilter
) -> Iterator[tuple[Candidate, str]]:
    after = ""
    while rows := connection.execute(
        _photos(wanted).where(PHOTOS.c.photo_id > after).limit(PORTION)
    ).all():
        after = rows[-1].photo_id
        usable = [row for row in rows if row.vectors]
        facts = _facts(connection, [row.crop_blob for row in usable])
        for row in usable:
            fact = facts.get(row.crop_blob)
            if fact is not None:
                yield _photo_candidate(row, fact), row.crop_blob


def _photo_candidate(row: Row[Any], fact: PictureFacts) -> Candidate:
    size = (fact.width, fact.height)
    box = (ItemBox((0, 0, *size), row.sku_id, "import"),) if all(size) else ()
    return Candidate(
        facts=fact, said_size=size, store_id="", box_id="", lane_id="", camera_id=row.photo_id,
        basket_id="", day=row.at.date().isoformat(), source="onboarding",
        source_id=row.onboarding_id, boxes=box,
    )  # fmt: skip


def _facts(connection: Connection, blobs: Iterable[str]) -> dict[str, PictureFacts]:
    names = list(blobs)
    found: dict[str, PictureFacts] = {}
    for begin in range(0, len(names), PORTION):
        query = select(PICTURE_FACTS).where(
            PICTURE_FACTS.c.blob.in_(names[begin : begin + PORTION])
        )
        for row in connection.execute(query).mappings():
            found[row["blob"]] = PictureFacts(**{n: row[n] for n in PictureFacts.__slots__})
    return found


def _labels(
    connection: Connection, ids: Sequence[str]
) -> dict[tuple[str, str], tuple[ItemBox, ...]]:
    """Labelled regions per case and camera; "there is nothing" is no region, but a label."""
    found: dict[tuple[str, str], tuple[ItemBox, ...]] = {}
    query = select(LABELS).where(LABELS.c.case_id.in_(ids)).order_by(LABELS.c.label_id)
    for row in connection.execute(query):
        key = (row.case_id, row.camera_id)
        source: LabelSource = "import" if row.origin == "import" else "reviewer"
        place = (row.x1, row.y1, row.x2, row.y2)
        boxes = (
            () if row.kind == "not_item" else (ItemBox(place, row.sku_id, source, row.answer_id),)
        )
        found[key] = found.get(key, ()) + boxes
    return found


def _weak(
    connection: Connection, portion: Sequence[tuple[str, str, str, HardCase]]
) -> dict[tuple[str, str], tuple[ItemBox, ...]]:
    """Boxes of pictures with an accepted weak label; what nobody vetted lies there without name."""
    ids = [case_id for case_id, _, _, _ in portion]
    query = select(WEAK_LABELS).where(
        WEAK_LABELS.c.case_id.in_(ids), WEAK_LABELS.c.status == "accepted"
    )
    named = {(r.case_id, r.camera_id, r.item_id): r for r in connection.execute(query)}
    touched = {(case_id, camera_id) for case_id, camera_id, _ in named}
    found: dict[tuple[str, str], tuple[ItemBox, ...]] = {}
    for case_id, _, _, case in portion:
        for picture in case.pictures:
            key = (case_id, picture.camera_id)
            if key in touched:
                rows = [(item.xyxy, named.get((*key, item.item_id))) for item in picture.items]
                found[key] = tuple(
                    ItemBox(xyxy, row.sku_id if row else "", row.source if row else "shopper")
                    for xyxy, row in rows
                )
    return found
