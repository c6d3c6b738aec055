"""A store's own margins for people: what counts there and why, computed now, switched off or on.

Flow: store_margins rows + what is signed -> JSON ; a person: compute now, off, on
"""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, Field

from trainer.export.store_calibration import FIELD_LABELS, STORE_POLICY
from trainer.hub.hub_services import HubServices
from trainer.hub.margin_keeper import MNAT, PPM, MarginKeeper
from trainer.hub.people_auth import Body, Reply, needs
from trainer.store import margin_book, stores
from trainer.store.database import reading, writing
from trainer.store.margin_book import MarginRow, State
from trainer.store.role_permissions import Permission


class MarginSwitch(Body):
    """Off: the bundles' own margins count again, with which they passed the gate."""

    is_on: bool
    note: Annotated[str, Field(min_length=1, max_length=500)]


class BundleMarginsReply(Reply):
    """Margins for one bundle, in nats; `own_...` are the bundle's (null: not at this hub).

    Attributes:
        num_contested: a shopper's or barcode's word that pictures contradict; counts against the
            proof, raises no margin. num_waiting: shoppers' words that were not vetted yet.
            num_unclear: a reviewer could not name the item.
    """

    bundle_id: str
    state: State
    is_signed: bool
    accept_margin: float
    family_margin: float
    own_accept_margin: float | None
    own_family_margin: float | None
    num_labels: int
    num_charged: int
    num_wrong: int
    wrong_share_bound: float
    num_reviewed: int
    num_barcode: int
    num_shopper: int
    num_contested: int
    num_waiting: int
    num_unclear: int
    computed_at: AwareDatetime


class StoreMarginsReply(Reply):
    """A store's own margins; newest first, no bundle before its first label."""

    store_id: str
    is_on: bool
    num_needed: int
    max_wrong_share: float
    confidence: float
    signed_generation: int
    bundles: list[BundleMarginsReply]


def make_margin_router(services: HubServices, keeper: MarginKeeper) -> APIRouter:
    """Endpoints of a store's margins."""
    router = APIRouter(prefix="/api/v1/stores/{store_id}/margins", tags=["stores"])
    engine = services.engine
    reader = Annotated[str, Depends(needs(engine, Permission.MONITORING_READ))]
    changer = Annotated[str, Depends(needs(engine, Permission.MONITORING_CHANGE))]
    approver = Annotated[str, Depends(needs(engine, Permission.MODELS_APPROVE))]

    @router.get("")
    def read(who: reader, store_id: str) -> StoreMarginsReply:
        return _reply(services, keeper, store_id)

    @router.post("/compute")
    def compute(who: changer, store_id: str) -> StoreMarginsReply:
        with reading(engine) as connection:
            stores.find_store(connection, store_id)
        keeper.compute(store_id)
        return _reply(services, keeper, store_id)

    @router.put("")
    def switch(who: approver, store_id: str, body: MarginSwitch) -> StoreMarginsReply:
        with writing(engine) as connection:
            stores.find_store(connection, store_id)
            margin_book.switch(
                connection, store_id, is_on=body.is_on, note=body.note, now=services.clock(),
                actor=who,
            )  # fmt: skip
        keeper.compute(store_id)
        return _reply(services, keeper, store_id)

    return router


def _reply(services: HubServices, keeper: MarginKeeper, store_id: str) -> StoreMarginsReply:
    with reading(services.engine) as connection:
        stores.find_store(connection, store_id)
        rows = margin_book.rows_of(connection, store_id)
        is_off = margin_book.is_off(connection, store_id)
    signed = keeper.signed(store_id)
    told = {margin_book.decided(entry) for entry in (signed.entries if signed else ())}
    return StoreMarginsReply(
        store_id=store_id,
        is_on=not is_off,
        num_needed=FIELD_LABELS,
        max_wrong_share=STORE_POLICY.max_wrong_share,
        confidence=STORE_POLICY.confidence,
        signed_generation=signed.generation if signed else 0,
        bundles=[
            _bundle_reply(keeper, row, margin_book.decided(row.entry) in told) for row in rows
        ],
    )


def _bundle_reply(keeper: MarginKeeper, row: MarginRow, is_signed: bool) -> BundleMarginsReply:
    judged, entry = keeper.judged_by(row.bundle_id), row.entry
    own = judged.thresholds if judged is not None else None
    return BundleMarginsReply(
        bundle_id=row.bundle_id,
        state=row.state,
        is_signed=is_signed,
        accept_margin=entry.accept_margin_mnat / MNAT,
        family_margin=entry.family_margin_mnat / MNAT,
        own_accept_margin=own.accept_margin if own else None,
        own_family_margin=own.family_margin if own else None,
        num_labels=entry.num_labels,
        num_charged=entry.num_charged,
        num_wrong=entry.num_wrong,
        wrong_share_bound=entry.bound_ppm / PPM,
        num_reviewed=row.counts.get("reviewer", 0),
        num_barcode=row.counts.get("barcode", 0),
        num_shopper=row.counts.get("shopper", 0),
        num_contested=row.counts.get("contested", 0),
        num_waiting=row.counts.get("waiting", 0),
        num_unclear=row.counts.get("unclear", 0),
        computed_at=row.computed_at,
    )
