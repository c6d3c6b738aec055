"""Care of the blobs over HTTP: what nothing names, sweeping it, pins. /api/v1/blobs-...

Flow: operator -> dry run | sweep, in the hub's own process so that uploads and it see each other
"""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import Body, Reply, needs
from trainer.store import blob_sweep
from trainer.store.database import reading, writing
from trainer.store.role_permissions import Permission

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
MAX_SHOWN = 1_000


class DoomedBlob(Reply):
    """A blob that nothing names."""

    sha256: str
    size: int


class SweepReply(Reply):
    """What would go, or went; `doomed` shows 1,000 at most."""

    is_dry_run: bool
    num_blobs: int
    num_named: int
    num_young: int
    num_doomed: int
    doomed_bytes: int
    doomed: list[DoomedBlob]
    num_spared: int


class PinRequest(Body):
    """Why it must stay."""

    note: str = Field(min_length=3, max_length=300, pattern=r"^[^\x00]*$")


class PinReply(Reply):
    """A pinned blob."""

    sha256: str
    note: str


def make_store_care_router(services: HubServices) -> APIRouter:
    """Endpoints of the sweep."""
    router = APIRouter(prefix="/api/v1", tags=["store care"])
    engine = services.engine
    operator = Annotated[str, Depends(needs(engine, Permission.STORE_CARE))]

    @router.post("/blobs-sweep")
    def sweep(who: operator, dry_run: Annotated[bool, Query()] = True) -> SweepReply:
        done = blob_sweep.sweep(
            engine, services.blobs, services.repository / "metadata", is_dry_run=dry_run,
            now=datetime.now(UTC), actor=who,
        )  # fmt: skip
        return SweepReply(
            is_dry_run=done.is_dry_run,
            num_blobs=done.num_blobs,
            num_named=done.num_named,
            num_young=done.num_young,
            num_doomed=len(done.doomed),
            doomed_bytes=sum(size for _, size in done.doomed),
            doomed=[DoomedBlob(sha256=n, size=s) for n, s in done.doomed[:MAX_SHOWN]],
            num_spared=len(done.spared),
        )

    @router.get("/blobs-pins")
    def list_pins(who: operator) -> list[PinReply]:
        with reading(engine) as connection:
            found = blob_sweep.pins(connection)
        return [PinReply(sha256=name, note=note) for name, note in found.items()]

    @router.put("/blobs-pins/{sha256}", status_code=204)
    def pin(who: operator, sha256: Digest, body: PinRequest) -> None:
        with writing(engine) as connection:
            blob_sweep.set_pin(connection, sha256, body.note, now=datetime.now(UTC), actor=who)

    @router.delete("/blobs-pins/{sha256}", status_code=204)
    def unpin(who: operator, sha256: Digest) -> None:
        with writing(engine) as connection:
            blob_sweep.set_pin(connection, sha256, None, now=datetime.now(UTC), actor=who)

    return router
