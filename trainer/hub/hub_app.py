"""The hub's web application, assembled: endpoints of the boxes, error replies, security headers."""

import logging
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError

from sync.errors import SyncError
from sync.protocol import PROTOCOL_VERSION, ErrorReply
from trainer.errors import TrainerError
from trainer.hub.accounts_api import make_accounts_router
from trainer.hub.alert_api import make_alert_router
from trainer.hub.artifact_api import make_artifact_router
from trainer.hub.backup_api import make_backup_router
from trainer.hub.blind_set_api import make_blind_set_router
from trainer.hub.box_report_api import make_box_report_router
from trainer.hub.case_api import make_case_router
from trainer.hub.dashboard import mount_dashboard
from trainer.hub.dataset_api import make_dataset_router
from trainer.hub.edge_api import EdgeServices, make_router
from trainer.hub.fleet_api import make_fleet_router
from trainer.hub.gate_api import make_gate_router
from trainer.hub.hub_services import HubServices
from trainer.hub.job_api import make_job_router
from trainer.hub.label_api import make_label_router
from trainer.hub.margin_api import make_margin_router
from trainer.hub.margin_keeper import MarginKeeper
from trainer.hub.metrics_page import CountedRequests, RequestCounts, make_metrics_router
from trainer.hub.model_api import make_model_router
from trainer.hub.monitoring_api import make_monitoring_router
from trainer.hub.onboarding_api import make_onboarding_router
from trainer.hub.operator_api import make_operator_router
from trainer.hub.people_auth import principal_of
from trainer.hub.photo_archive_api import make_photo_archive_router
from trainer.hub.price_api import make_price_router
from trainer.hub.provenance_api import make_provenance_router
from trainer.hub.rollout_api import make_rollout_router
from trainer.hub.rollout_keeper import RolloutKeeper
from trainer.hub.run_api import make_run_router
from trainer.hub.sku_api import make_sku_router
from trainer.hub.sku_exchange_api import make_sku_exchange_router
from trainer.hub.store_api import make_store_router
from trainer.hub.store_care_api import make_store_care_router
from trainer.hub.trigger_api import make_trigger_router
from trainer.hub.weak_label_api import make_weak_label_router

logger = logging.getLogger(__name__)

MAX_REQUEST_BYTES = 16 * 1024 * 1024

# Stable code -> HTTP status; what is not here is a client's mistake, 400.
STATUS_OF = {
    "identity.refused": 401,
    "identity.not_enrolled": 403,
    "identity.replayed": 409,
    "identity.cloned": 409,
    "outbox.epoch_conflict": 409,
    "upload.offset": 409,
    "upload.digest": 422,
    "upload.refused": 413,
    "request.too_large": 413,
    "request.malformed": 422,
    "fleet.enrolment": 403,
    "token.refused": 401,
    "token.forbidden": 403,
    "session.refused": 401,
    "session.csrf": 403,
    "login.refused": 401,
    "login.too_many": 429,
    "account.refused": 409,
    "sku.refused": 409,
    "sku.changed": 409,
    "shop.refused": 409,
    "import.malformed": 422,
    "picture.refused": 422,
    "archive.refused": 422,
    "publish.no_key": 409,
    "prices.problems": 409,
    "sealing.no_key": 409,
    "case.refused": 409,
    "case.nothing_to_undo": 409,
    "answer.malformed": 422,
    "labels.malformed": 422,
    "job.refused": 409,
    "rollout.refused": 409,
    "release.refused": 409,
    "job.lease_lost": 409,
    "artifact.refused": 409,
    "run.refused": 409,
    "model.refused": 409,
    "model.own": 403,
    "gate.input": 422,
    "blind.refused": 409,
    "dataset.refused": 409,
    "dataset.not_measured": 409,
    "dataset.malformed": 409,
    "store.not_confirmed": 409,
    "alert.refused": 409,
    "webhook.refused": 409,
    "webhook.address": 422,
    "trigger.refused": 409,
    "onboarding.refused": 409,
    "onboarding.not_ready": 409,
    "onboarding.no_bundle": 409,
    "onboarding.no_embedder": 409,
    "not_found": 404,
    "store.database": 503,
    "blobs.bucket": 503,
    "backup.refused": 409,
}


def create_hub_app(services: EdgeServices, centre: HubServices | None = None) -> FastAPI:
    """The application; `services` are opened before and closed after it.

    Args:
        centre: what the endpoints of people need; without keys where it is not given.
    """
    people = centre or HubServices(services.engine, services.blobs, services.repository.parent)
    # Every endpoint has a smaller limit of its own; this is the last net.
    app = FastAPI(
        title="Tillsight hub",
        version=PROTOCOL_VERSION,
        max_body_size=MAX_REQUEST_BYTES,
        docs_url=None,  # these two pages load scripts from elsewhere
        redoc_url=None,
        openapi_url=None,  # served below, to those who are known here
    )
    app.include_router(make_router(services))
    app.include_router(make_operator_router(services.engine))
    app.include_router(make_accounts_router(services.engine))
    app.include_router(make_fleet_router(services))
    for make in (
        make_sku_router,
        make_sku_exchange_router,
        make_photo_archive_router,
        make_store_router,
        make_price_router,
        make_box_report_router,
        make_case_router,
        make_label_router,
        make_onboarding_router,
        make_model_router,
        make_gate_router,
        make_blind_set_router,
        make_job_router,
        make_dataset_router,
        make_weak_label_router,
        make_provenance_router,
        make_artifact_router,
        make_run_router,
        make_monitoring_router,
        make_alert_router,
        make_trigger_router,
        make_store_care_router,
        make_backup_router,
    ):
        app.include_router(make(people))
    app.state.rollouts = RolloutKeeper(people)
    app.include_router(make_rollout_router(people, app.state.rollouts))
    app.state.margins = MarginKeeper(people)
    app.include_router(make_margin_router(people, app.state.margins))
    app.add_exception_handler(SyncError, _refuse)
    app.add_exception_handler(TrainerError, _refuse)
    app.add_exception_handler(DataError, _refuse_data)
    app.add_exception_handler(OverflowError, _refuse_data)  # SQLite: a number of over 64 bits
    app.middleware("http")(_harden)
    counts = RequestCounts()
    app.include_router(make_metrics_router(people, counts))
    app.add_middleware(CountedRequests, counts=counts)

    @app.get("/health", name="health")
    def health() -> dict[str, str]:
        return {"status": "ok", "protocol_version": PROTOCOL_VERSION}

    @app.get("/openapi.json", include_in_schema=False)
    def document(request: Request) -> JSONResponse:
        principal_of(services.engine, request)
        return JSONResponse(app.openapi())

    mount_dashboard(app)
    return app


def _refuse(request: Request, err: Exception) -> JSONResponse:
    """Every refusal in one form, with the status of its code."""
    assert isinstance(err, SyncError | TrainerError)
    status = STATUS_OF.get(err.code, 400)
    logger.info("request refused path=%s code=%s", request.url.path, err.code)
    reply = ErrorReply(code=err.code, message=str(err), hint=err.hint)
    offset = getattr(err, "offset", None)
    headers = {} if offset is None else {"Upload-Offset": str(offset)}
    return JSONResponse(reply.model_dump(), status_code=status, headers=headers)


def _refuse_data(request: Request, err: Exception) -> JSONResponse:
    """A value that the form let pass and the database does not hold, such as a NUL in a name."""
    logger.info("request refused path=%s code=request.malformed", request.url.path)
    reply = ErrorReply(
        code="request.malformed", message="a value is of no use", hint="see /openapi.json"
    )
    return JSONResponse(reply.model_dump(), status_code=422)


async def _harden(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    response = await call_next(request)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
