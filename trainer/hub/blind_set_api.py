"""Blind sets: versions, the ledger of looks, and the pictures, which only the gate may read.

Flow: recordings of boxes -> version ; gate worker -> truths and unsealed pictures ; looks -> ledger

Whoever trains sees how many recordings there are and how many looks are left, nothing else. A
picture leaves only for the role `gate`; an administrator's token does not open it either.
"""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import AwareDatetime, Field

from sync.recording import Recording
from sync.sealing import unseal
from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import Body, Reply, needs
from trainer.release.blind_set import DEFAULT_BUDGET
from trainer.store import blind_sets, dataset_source
from trainer.store.blind_sets import StoredBlindSet, UnknownBlindSetError
from trainer.store.database import reading, writing
from trainer.store.role_permissions import Permission

SkuId = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00]*$")]
Truth = Annotated[dict[SkuId, Annotated[int, Field(ge=1, le=999)]], Field(max_length=200)]


class BlindSetRequest(Body):
    """A new version.

    Attributes:
        recordings: id -> what was in the basket, null for what was paid; null takes all
            that no training has seen.
        budget: how many looks it stands.
    """

    recordings: dict[Annotated[str, Field(max_length=40)], Truth | None] | None = Field(
        default=None, max_length=100_000
    )
    budget: int = Field(default=DEFAULT_BUDGET, ge=1, le=1_000)
    note: str = Field(min_length=3, max_length=2000, pattern=r"^[^\x00]*$")


class BlindSetReply(Reply):
    """A version and what is left of it."""

    blind_set_id: str
    version: int
    num_recordings: int
    budget: int
    looks_used: int
    note: str
    created_by: str
    created_at: AwareDatetime


class LookReply(Reply):
    """One look; `verdict` is empty where the worker never reported."""

    look: int
    job_id: str
    bundle_id: str
    verdict: str
    by: str
    at: AwareDatetime


class BlindItemReply(Reply):
    """One recording for the gate worker."""

    recording_id: str
    cluster: str
    truth: dict[str, int]


def make_blind_set_router(services: HubServices) -> APIRouter:
    """Endpoints of blind sets."""
    router = APIRouter(prefix="/api/v1", tags=["blind sets"])
    engine = services.engine
    reader = Annotated[str, Depends(needs(engine, Permission.MODELS_READ))]
    manager = Annotated[str, Depends(needs(engine, Permission.BLIND_MANAGE))]
    gate = Annotated[str, Depends(needs(engine, Permission.BLIND_READ))]

    @router.get("/blind-sets")
    def list_all(who: reader) -> list[BlindSetReply]:
        with reading(engine) as connection:
            return [_reply(found) for found in blind_sets.list_sets(connection)]

    @router.post("/blind-sets", status_code=201)
    def create(who: manager, body: BlindSetRequest) -> BlindSetReply:
        with writing(engine) as connection:
            found = blind_sets.create(
                connection, body.recordings, budget=body.budget, note=body.note,
                trained_baskets=dataset_source.trained_baskets(connection),
                now=datetime.now(UTC), actor=who,
            )  # fmt: skip
        return _reply(found)

    @router.get("/blind-sets/{blind_set_id}/looks")
    def looks(who: reader, blind_set_id: str) -> list[LookReply]:
        with reading(engine) as connection:
            blind_sets.find_set(connection, blind_set_id)
            found = blind_sets.ledger(connection, blind_set_id)
        return [
            LookReply(**{name: getattr(look, name) for name in LookReply.model_fields})
            for look in found
        ]

    @router.get("/blind-sets/{blind_set_id}/recordings")
    def items(who: gate, blind_set_id: str) -> list[BlindItemReply]:
        with reading(engine) as connection:
            blind_sets.find_set(connection, blind_set_id)
            found = blind_sets.items_of(connection, blind_set_id)
        return [
            BlindItemReply(recording_id=i.recording_id, cluster=i.cluster, truth=dict(i.truth))
            for i in found
        ]

    @router.get("/blind-sets/{blind_set_id}/recordings/{recording_id}")
    def recording(who: gate, blind_set_id: str, recording_id: str) -> Recording:
        with reading(engine) as connection:
            return blind_sets.recording_of(connection, blind_set_id, recording_id)[1]

    @router.get(
        "/blind-sets/{blind_set_id}/recordings/{recording_id}/frames", response_class=Response
    )
    def frames(who: gate, blind_set_id: str, recording_id: str) -> Response:
        with reading(engine) as connection:
            box_id, found = blind_sets.recording_of(connection, blind_set_id, recording_id)
        if not services.blobs.has(found.blob):
            raise UnknownBlindSetError(
                f"pictures of {recording_id[:40]!r} are not here", hint="the box sends them yet"
            )
        sealed = services.blobs.path(found.blob).read_bytes()
        data = unseal(sealed, services.must_unseal(), box_id)
        return Response(data, media_type="application/x-tar")

    return router


def _reply(found: StoredBlindSet) -> BlindSetReply:
    return BlindSetReply(**{name: getattr(found, name) for name in StoredBlindSet.__slots__})
