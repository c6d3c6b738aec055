"""`tools/bench watch`: other packs in one of two shops, from a box's reports to a signed webhook.

Flow: simulated shops -> signed batches of two boxes -> hub -> alert -> trigger -> job, webhook

Everything is asked over HTTP with the role whose duty it is. The hub is killed with -9 once the
alert is there and started again: the trigger must have fired once. What packs do to confidence is
the simulation's assumption (drift_shop.py).
"""

import base64
import hashlib
import hmac
import json
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from sync.box_report import CameraReport, SaleReport, TelemetryReport
from sync.http_pool import HttpSettings
from sync.hub_client import BoxIdentity, HubClient
from sync.protocol import Batch, BatchItem
from sync.recognition_report import FEATURE_SCALE, CameraRecognition
from tools.benchmarks.drift_shop import NUM_PARENTS, OPEN_HOURS, DriftShop
from tools.benchmarks.report import Figure, Report, machine, publish
from tools.fleet_sim.hub_process import HubProcess
from trainer.monitoring.counts import Counts

PAST_DAYS, QUIET_DAYS, LATE_DAYS = 28, 28, 2
MAX_CHANGED_DAYS = 14
BATCH_ROWS = 400
BOUND = 800  # baskets until the alarm, stated in trainer/monitoring/README.md
CAMERA, BUNDLE = "lane-1/top", "b" * 64
PLAN = {"conditions": [{"kind": "drift"}], "cool_down_h": 0,
        "job": {"kind": "pipeline", "parameters": {"dataset": "newest"}}}  # fmt: skip
EVENTS = ["alert.opened", "trigger.fired"]


@dataclass
class Ear:
    """Who is told by webhook."""

    secret: str = ""
    heard: dict[str, str] = field(default_factory=dict)  # delivery -> event
    num_forged: int = 0

    def hear(self, headers: Mapping[str, str], body: str) -> None:
        """Keep a delivery whose signature is right."""
        delivery, at = headers["X-Tillsight-Delivery"], headers["X-Tillsight-Timestamp"]
        key = self.secret.encode()
        made = hmac.new(key, f"{delivery}.{at}.{body}".encode(), hashlib.sha256).digest()
        wanted = f"v1,{base64.b64encode(made).decode()}"
        if hmac.compare_digest(headers["X-Tillsight-Signature"], wanted):
            self.heard[delivery] = headers["X-Tillsight-Event"]
        else:
            self.num_forged += 1


@dataclass
class Shop:
    """A store, its box, and what it will sell."""

    store_id: str
    goods: DriftShop
    client: HubClient
    epoch: str
    seq: int = 0
    sold: int = 0

    def report(self, first: int, count: int, shift: timedelta) -> int:
        """Send some days; how many baskets they had."""
        rows: list[BatchItem] = []
        num_baskets = 0
        for place, counts in enumerate(self.goods.days(first, count)):
            at = _moment(counts.day + shift, place % OPEN_HOURS)
            rows += self._rows(counts, at)
            num_baskets += counts.num_baskets
        for begin in range(0, len(rows), BATCH_ROWS):
            part = tuple(rows[begin : begin + BATCH_ROWS])
            reply = self.client.send_batch(Batch(epoch=self.epoch, items=part))
            assert len(reply.acked) == len(part), reply
        return num_baskets

    def _rows(self, counts: Counts, at: datetime) -> Iterator[BatchItem]:
        told = CameraRecognition(
            camera=CAMERA, bundle_id=BUNDLE, window_s=3600, num_items=counts.num_items,
            confidence=tuple(int(n) for n in counts.confidence),
            similarity=tuple(int(n) for n in counts.similarity), best=dict(counts.parents),
            num_sketched=counts.num_sketched,
            features=tuple(int(round(x * FEATURE_SCALE)) for x in counts.features),
        )  # fmt: skip
        cameras = tuple(
            CameraReport(
                camera=CAMERA, state="live", quality="poor" if n < counts.num_poor else "good"
            )
            for n in range(counts.num_reports)
        )
        report = TelemetryReport(
            at=at, window_s=3600, verdict="ok", cameras=cameras, recognition=(told,)
        )
        yield self._row("telemetry", report, at)
        for number in range(counts.num_baskets):
            share = counts.num_pieces // counts.num_baskets
            rest = counts.num_pieces - share * counts.num_baskets if number == 0 else 0
            self.sold += 1
            sale = SaleReport(
                lane_id="lane-1", basket_id=f"{self.store_id}-{self.sold}", bundle_id=BUNDLE,
                currency="EUR", total_minor=100, pieces={"parent-0": share + rest},
                by_origin={"vision": share + rest}, seconds=20,
                num_asks=counts.num_asks if number == 0 else 0,
                num_corrections=counts.num_corrections if number == 0 else 0,
            )  # fmt: skip
            yield self._row("sale", sale, at)

    def _row(self, kind: Any, report: TelemetryReport | SaleReport, at: datetime) -> BatchItem:
        self.seq += 1
        body = report.model_dump(mode="json")
        canonical = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
        digest = hashlib.sha256(canonical).hexdigest()
        return BatchItem(seq=self.seq, kind=kind, created_at=at, body=body, body_sha256=digest)


@dataclass
class Desk:
    """People of the centre, each by the token of one role."""

    hub: HubProcess
    tokens: dict[str, str] = field(default_factory=dict)

    def ask(self, role: str, method: str, path: str, body: Any = None) -> Any:
        """The JSON of a request that must succeed."""
        bearer = {"Authorization": f"Bearer {self._token(role)}"}
        reply = httpx.request(method, self.hub.url + path, json=body, headers=bearer, timeout=300)
        return reply.raise_for_status().json() if reply.content else None

    def alerts(self) -> list[dict[str, Any]]:
        """Drift alerts that are open."""
        found = self.ask("viewer", "GET", "/api/v1/alerts?state=active")["items"]
        return [alert for alert in found if alert["kind"] == "drift"]

    def judge(self) -> None:
        """Judge now, fire what is due, tell webhooks."""
        self.ask("trainer", "POST", "/api/v1/monitoring/judge")

    def _token(self, role: str) -> str:
        if role not in self.tokens:
            if role == "admin":
                found = (self.hub.folder / "first-admin.token").read_text().strip()
            else:
                body = {"name": f"watch-{role}", "role": role}
                found = self.ask("admin", "POST", "/v1/operator/tokens", body)["token"]
            self.tokens[role] = found
        return self.tokens[role]


def watch(
    share: Annotated[float, typer.Option(help="Of the sales whose packs change.")] = 0.1,
    baskets: Annotated[int, typer.Option(help="Of a day in a shop.", min=20)] = 150,
    seed: Annotated[int, typer.Option(help="Of the first shop.")] = 1,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 on a missed bar.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    out: Annotated[Path | None, typer.Option(help="Also write the JSON document here.")] = None,
) -> None:
    """Other packs in one of two shops, over HTTP: alert, trigger, webhook, and a kill -9."""
    facts = machine()
    with tempfile.TemporaryDirectory(prefix="watch-") as folder, _listening() as (ear, address):
        hub = HubProcess(Path(folder) / "hub")
        with (hub.folder / "hub.toml").open("a") as config:
            config.write('webhook_private_hosts = ["localhost"]\n')
        hub.start()
        try:
            figures, is_right = _play(Desk(hub), ear, address, Path(folder), share, baskets, seed)
        finally:
            hub.kill()
    words = f"two shops, {baskets} baskets a day, packs of {share:.0%} of the sales change in one"
    publish(Report("Watching over HTTP", words, facts, figures=figures), as_json=as_json, out=out)
    if strict and not is_right:
        raise typer.Exit(1)


def _play(
    desk: Desk, ear: Ear, address: str, folder: Path, share: float, baskets: int, seed: int
) -> tuple[list[Figure], bool]:
    shops = [_open_shop(desk, folder, f"s{n}", DriftShop(seed + n, baskets)) for n in (0, 1)]
    hook = desk.ask("operator", "POST", "/api/v1/webhooks", {"url": address, "events": EVENTS})
    ear.secret = hook["secret"]
    desk.ask("trainer", "POST", "/api/v1/triggers", {"name": "packs", "plan": PLAN})
    num_days = PAST_DAYS + QUIET_DAYS
    begin = datetime.now(UTC).date() - timedelta(days=num_days + MAX_CHANGED_DAYS + LATE_DAYS)
    shift = timedelta(days=(begin - shops[0].goods.days(0, 1)[0].day).days // 7 * 7)
    for shop in shops:
        shop.report(0, num_days, shift)
    desk.judge()
    num_quiet_alerts = len(desk.alerts())
    shops[0].goods.change_packs(share)
    needed, day = 0, num_days
    while not desk.alerts() and day < num_days + MAX_CHANGED_DAYS:
        needed += shops[0].report(day, 1, shift)
        day += 1
        desk.judge()
    places = sorted(alert["place"] for alert in desk.alerts())
    desk.hub.kill()
    desk.hub.start()
    for shop in shops:
        shop.report(day, LATE_DAYS, shift)
    for _ in range(2):
        desk.judge()
    firings = desk.ask("viewer", "GET", "/api/v1/triggers/packs/firings")
    num_jobs = desk.ask("viewer", "GET", "/api/v1/jobs?limit=1")["total"]
    events = sorted(ear.heard.values())
    wrong = [place for place in places if "s1" in place]
    figures = [
        Figure(f"alerts of two shops in {QUIET_DAYS} quiet days", num_quiet_alerts, "", "0"),
        Figure("baskets from other packs to the alert", needed, "", f"at most {BOUND}"),
        Figure("places that alarm", len(places), "", ", ".join(places)),
        Figure("of the shop whose packs did not change", len(wrong), "", "0"),
        Figure("firings after kill -9 and two more days", len(firings), "", "1"),
        Figure("jobs in the queue", num_jobs, "", "1"),
        Figure("webhooks told, signature right", len(events), "", ", ".join(sorted(set(events)))),
        Figure("webhooks told, signature wrong", ear.num_forged, "", "0"),
    ]  # fmt: skip
    is_right = (num_quiet_alerts, len(wrong), len(firings), num_jobs) == (0, 0, 1, 1)
    is_told = set(events) == set(EVENTS) and ear.num_forged == 0
    return figures, is_right and is_told and bool(places) and needed <= BOUND


def _open_shop(desk: Desk, folder: Path, store_id: str, goods: DriftShop) -> Shop:
    store = {"store_id": store_id, "name": store_id, "currency": "EUR", "time_zone": "UTC"}
    desk.ask("operator", "POST", "/api/v1/stores", store)
    if store_id == "s0":
        for number in range(NUM_PARENTS):
            name = f"parent-{number}"
            sku = {"sku_id": name, "names": {"en": name}, "category_path": [name]}
            desk.ask("operator", "POST", "/api/v1/skus", sku)
    body = {"store_id": store_id, "ring": store_id}
    code = desk.ask("operator", "POST", "/v1/operator/claim-codes", body)["claim_code"]
    identity = BoxIdentity.create(folder / store_id, f"box-{store_id}", desk.hub.url)
    client = HubClient(identity, HttpSettings())
    client.enrol(code, "1.0.0")
    return Shop(store_id, goods, client, identity.state.epoch)


def _moment(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(8 + hour), tzinfo=UTC)


@contextmanager
def _listening() -> Iterator[tuple[Ear, str]]:
    """Somebody who is told on this machine."""
    ear = Ear()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            ear.hear(self.headers, body)  # type: ignore[arg-type]
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield ear, f"http://localhost:{server.server_port}/hook"
    finally:
        server.shutdown()
        server.server_close()
