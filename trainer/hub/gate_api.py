"""The gate: a trainer asks, a gate worker looks and reports, the hub judges, signs and keeps.

Flow: POST gate-jobs -> job `gate` -> begin (spends a look) -> replays -> POST gate -> verdict

Whoever trains enqueues and reads verdicts. Beginning, reading candidates' files and reporting
replays need `gate.run`, which no trainer has. A candidate's files are staged: after a pass they are
artefacts for everybody, after a rejection they are deleted.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse

from sync.bundle import BundleManifest
from trainer.hub.device_auth import read_body
from trainer.hub.gate_desk import (
    GATE_KIND,
    GateJobRequest,
    GatePlan,
    GateRequest,
    begin_look,
    judge_replays,
)
from trainer.hub.hub_services import HubServices
from trainer.hub.job_api import JobReply
from trainer.hub.model_api import VerdictReply, verdict_reply
from trainer.hub.people_auth import needs
from trainer.hub.upload_form import progress_reply, upload_place
from trainer.store import blind_sets, job_queue, registry, staged_models
from trainer.store.blobs import MAX_PART_BYTES, UploadProgress
from trainer.store.database import reading, writing
from trainer.store.registry import ModelError
from trainer.store.role_permissions import Permission


def make_gate_router(services: HubServices) -> APIRouter:
    """Endpoints of the gate."""
    router = APIRouter(prefix="/api/v1", tags=["gate"])
    engine = services.engine
    trainer = Annotated[str, Depends(needs(engine, Permission.MODELS_REGISTER))]
    worker = Annotated[str, Depends(needs(engine, Permission.GATE_RUN))]

    @router.post("/models/{bundle_id}/gate-jobs", status_code=201)
    def ask(who: trainer, bundle_id: str, body: GateJobRequest) -> JobReply:
        with writing(engine) as connection:
            registry.find_model(connection, bundle_id)
            champion = body.champion or registry.newest_approved(connection, bundle_id)
            registry.find_model(connection, champion)
            found = blind_sets.find_set(connection, body.blind_set)
            parameters = {
                "candidate": bundle_id, "champion": champion, "blind_set": found.blind_set_id,
                "policy": body.policy, "with_parts": body.with_parts,
            }  # fmt: skip
            job = job_queue.enqueue(
                connection, GATE_KIND, parameters, max_attempts=3, now=services.clock(), actor=who
            )
        return JobReply(**{name: getattr(job, name) for name in JobReply.model_fields})

    @router.post("/gate-jobs/{job_id}/begin")
    def begin(who: worker, job_id: str) -> GatePlan:
        return begin_look(services, job_id, who)

    @router.post("/models/{bundle_id}/gate", status_code=201)
    def report(who: worker, bundle_id: str, body: GateRequest) -> VerdictReply:
        return verdict_reply(judge_replays(services, bundle_id, body, who))

    _add_files(router, services)
    return router


def _add_files(router: APIRouter, services: HubServices) -> None:
    engine = services.engine
    trainer = Annotated[str, Depends(needs(engine, Permission.MODELS_REGISTER))]
    reader = Annotated[str, Depends(needs(engine, Permission.MODELS_READ))]
    worker = Annotated[str, Depends(needs(engine, Permission.GATE_RUN))]

    async def body_of(request: Request) -> bytes:
        return await read_body(request, MAX_PART_BYTES)

    @router.get("/models/{bundle_id}/manifest")
    def manifest(who: reader, bundle_id: str) -> BundleManifest:
        with reading(engine) as connection:
            return staged_models.manifest_of(connection, bundle_id)

    @router.put("/models/{bundle_id}/files/{sha256}", status_code=201, response_class=Response)
    def stage(
        who: trainer, bundle_id: str, sha256: str, request: Request,
        body: Annotated[bytes, Depends(body_of)],
    ) -> Response:  # fmt: skip
        offset, total = upload_place(request, least_total=0)
        with reading(engine) as connection:
            size = staged_models.require_file(connection, bundle_id, sha256)
            if total != size:
                raise ModelError(f"{total} bytes, the manifest says {size}", hint="build it anew")
            if staged_models.is_staged(connection, bundle_id, sha256):
                return progress_reply(UploadProgress(size, is_complete=True), 201)
            staged_models.require_no_box(connection, sha256)
        here = services.blobs.append(sha256, offset, body, total=total, sender=who)
        if here.is_complete:
            with writing(engine) as connection:
                staged_models.stage(connection, bundle_id, sha256, now=services.clock(), actor=who)
        return progress_reply(here, 201 if here.is_complete else 202)

    @router.get("/models/{bundle_id}/files/{sha256}", response_class=FileResponse)
    def read(who: worker, bundle_id: str, sha256: str) -> FileResponse:
        with reading(engine) as connection:
            staged_models.require_file(connection, bundle_id, sha256)
        if not services.blobs.has(sha256):
            raise registry.UnknownModelError(
                f"file {sha256[:12]} is not here", hint="hubctl model link uploads it"
            )
        path = services.blobs.path(sha256)
        return FileResponse(path, media_type="application/octet-stream")
