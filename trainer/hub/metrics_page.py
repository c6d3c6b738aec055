"""GET /metrics: the hub in Prometheus' text form, for a token as every page.

Flow: tables, disk, requests so far -> samples -> text

The form is 20 lines, so no client library: gauges are asked of the database when somebody looks,
and requests are counted here. `METRICS` is the table of what there is; a test holds the dashboard
in deploy/grafana to it.
"""

import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import needs
from trainer.store.database import reading
from trainer.store.hub_figures import Sample, figures
from trainer.store.role_permissions import Permission

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
EDGES_S = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0)

# fmt: off
METRICS: dict[str, tuple[str, str]] = {
    "tillsight_boxes":                     ("gauge",   "Boxes by status."),
    "tillsight_boxes_silent":              ("gauge",   "Enrolled boxes not heard of lately."),
    "tillsight_boxes_troubled":            ("gauge",   "Boxes that say they are not well."),
    "tillsight_rows_received_total":       ("counter", "Rows taken from boxes by kind."),
    "tillsight_cases":                     ("gauge",   "Hard cases by status."),
    "tillsight_case_oldest_new_seconds":   ("gauge",   "Age of the oldest case nobody looked at."),
    "tillsight_jobs":                      ("gauge",   "Jobs by status."),
    "tillsight_job_oldest_queued_seconds": ("gauge",   "Age of the oldest job that waits."),
    "tillsight_models":                    ("gauge",   "Models by stage."),
    "tillsight_alerts":                    ("gauge",   "Alerts by state."),
    "tillsight_webhook_deliveries":        ("gauge",   "Messages to webhooks by status."),
    "tillsight_trigger_firings":           ("gauge",   "Firings of triggers that are kept."),
    "tillsight_blobs":                     ("gauge",   "Whole blobs that boxes sent."),
    "tillsight_blob_bytes":                ("gauge",   "Their bytes."),
    "tillsight_drift_alarm":               ("gauge",   "1 where a signal of a store alarms."),
    "tillsight_drift_evidence":            ("gauge",   "Evidence of a signal; alarms at 20000."),
    "tillsight_expected_accuracy":         ("gauge",   "Expected accuracy of the best guess."),
    "tillsight_disk_free_bytes":           ("gauge",   "Free bytes where the hub keeps its state."),
    "tillsight_http_requests_total":       ("counter", "Requests by status class."),
    "tillsight_http_seconds":              ("histogram", "Seconds until an answer began."),
}
# fmt: on


class RequestCounts:
    """Requests since the start; safe from any thread."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._by_class: Counter[str] = Counter()
        self._by_edge: Counter[float] = Counter()
        self._seconds = 0.0

    def note(self, status: int, seconds: float) -> None:
        """One answer."""
        with self._lock:
            self._by_class[f"{status // 100}xx"] += 1
            self._seconds += seconds
            for edge in EDGES_S:
                self._by_edge[edge] += seconds <= edge

    def samples(self) -> list[Sample]:
        """What Prometheus calls a counter and a histogram."""
        with self._lock:
            total = sum(self._by_class.values())
            name = "tillsight_http_seconds"
            return [
                *(("tillsight_http_requests_total", {"status": c}, n)
                  for c, n in sorted(self._by_class.items())),
                *((f"{name}_bucket", {"le": str(e)}, self._by_edge[e]) for e in EDGES_S),
                (f"{name}_bucket", {"le": "+Inf"}, total),
                (f"{name}_sum", {}, self._seconds),
                (f"{name}_count", {}, total),
            ]  # fmt: skip


class CountedRequests:
    """Middleware that counts answers."""

    def __init__(self, app: ASGIApp, counts: RequestCounts) -> None:
        """Wrap an application."""
        self._app, self._counts = app, counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and note the status and how long it took to begin."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin_ns = time.monotonic_ns()

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._counts.note(message["status"], (time.monotonic_ns() - begin_ns) / 1e9)
            await send(message)

        await self._app(scope, receive, noted)


def make_metrics_router(services: HubServices, counts: RequestCounts) -> APIRouter:
    """The endpoint."""
    router = APIRouter(tags=["monitoring"])
    reader = Annotated[str, Depends(needs(services.engine, Permission.MONITORING_READ))]

    @router.get("/api/v1/metrics", response_class=Response)
    def metrics(who: reader) -> Response:
        with reading(services.engine) as connection:
            found = list(figures(connection, now=datetime.now(UTC)))
        free = shutil.disk_usage(services.repository.parent).free
        found += [("tillsight_disk_free_bytes", {}, free), *counts.samples()]
        return Response(exposition(found), media_type=CONTENT_TYPE)

    return router


def exposition(samples: Iterable[Sample]) -> str:
    """Text form 0.0.4: help and type once per metric, then its samples."""
    by_name: dict[str, list[str]] = {}
    for name, labels, value in samples:
        family = name if name in METRICS else name.rpartition("_")[0]
        inner = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        line = (f"{name}{{{inner}}}" if inner else name) + f" {_number(value)}"
        by_name.setdefault(family, []).append(line)
    lines: list[str] = []
    for family, found in by_name.items():
        kind, words = METRICS[family]
        lines += [f"# HELP {family} {words}", f"# TYPE {family} {kind}", *found]
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
