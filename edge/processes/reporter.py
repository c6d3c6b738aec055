"""Rows about finished sales and about how the box is doing: counts, never people.

Flow: BasketSnapshot, BoxFacts -> SaleReport, TelemetryReport -> Row

A sale is reported once, when it is paid. Runs beside the bus of the uplink.
"""

import math
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from edge.hard_cases.outbox import KEEP_VALUE
from edge.messages.basket_messages import BasketSnapshot, LineOrigin, Phase
from edge.messages.perception_messages import Observations
from edge.processes.hub_link import BoxFacts, Row
from edge.processes.hub_road import edge_version
from edge.processes.recognition_counts import RecognitionCounts
from sync.box_report import CameraReport, SaleLine, SaleReport, TelemetryReport
from sync.protocol import PROTOCOL_VERSION

NS_PER_S = 1_000_000_000
WINDOW_S = 300  # 288 rows of 700 bytes a day


class Reporter:
    """Remembers what was reported."""

    def __init__(self, put: Callable[[Row], None]) -> None:
        self._put = put
        self._reported: dict[str, str] = {}
        self._asked: dict[str, set[str]] = {}
        self._began_ns: dict[str, int] = {}
        self._next_ns = 0
        self._charged: dict[str, dict[str, str]] = {}
        self._corrected: dict[str, set[str]] = {}
        self._recognition = RecognitionCounts()

    def on_observations(self, seen: Observations) -> None:
        """What a camera claims; counted for the hour."""
        self._recognition.on_observations(seen)

    def on_basket(self, snapshot: BasketSnapshot, now_ns: int) -> None:
        """Report a basket once it is paid."""
        basket_id = snapshot.basket_id
        if not basket_id or self._reported.get(snapshot.lane_id) == basket_id:
            return
        if basket_id not in self._began_ns:
            for other in [b for b in self._began_ns if b.startswith(_lane_part(basket_id))]:
                del self._began_ns[other], self._asked[other]
                del self._charged[other], self._corrected[other]
            self._began_ns[basket_id], self._asked[basket_id] = now_ns, set()
            self._charged[basket_id], self._corrected[basket_id] = {}, set()
        self._asked[basket_id].update(ask.ask_id for ask in snapshot.asks)
        self._note_corrections(snapshot)
        if snapshot.phase is Phase.PAID:
            self._reported[snapshot.lane_id] = basket_id
            self._report_sale(snapshot, now_ns)

    def step(self, now_ns: int, facts: BoxFacts) -> None:
        """Telemetry, every five minutes."""
        if self._next_ns == 0:
            self._next_ns = now_ns + WINDOW_S * NS_PER_S // 10  # the first soon after a start
        if now_ns < self._next_ns:
            return
        self._next_ns = now_ns + WINDOW_S * NS_PER_S
        now = datetime.now(UTC)
        report = TelemetryReport(
            at=now,
            window_s=WINDOW_S,
            verdict=facts.verdict,
            reasons=facts.reasons,
            figures={n: round(v) for n, v in facts.facts.items() if math.isfinite(v)},
            cameras=tuple(_camera(camera) for camera in facts.cameras),
            versions={"edge": edge_version(), "protocol": PROTOCOL_VERSION, **facts.bundles},
            recognition=self._recognition.take(now_ns),
        )
        self._put(Row("telemetry", report.model_dump(mode="json"), now, 1))

    def _note_corrections(self, snapshot: BasketSnapshot) -> None:
        """An item that vision charged as one SKU and a person then named as another."""
        charged = self._charged[snapshot.basket_id]
        for line in snapshot.lines:
            for item_id in line.item_ids:
                if line.origin is LineOrigin.VISION:
                    charged[item_id] = line.sku_id
                elif charged.get(item_id, line.sku_id) != line.sku_id:
                    self._corrected[snapshot.basket_id].add(item_id)

    def _report_sale(self, snapshot: BasketSnapshot, now_ns: int) -> None:
        pieces: Counter[str] = Counter()
        origins: Counter[str] = Counter()
        for line in snapshot.lines:
            pieces[line.sku_id] += line.quantity
            origins[line.origin.value] += line.quantity
        report = SaleReport(
            lane_id=snapshot.lane_id,
            basket_id=snapshot.basket_id,
            bundle_id=snapshot.bundle_id,
            currency=snapshot.currency,
            total_minor=snapshot.total_minor,
            pieces=dict(pieces),
            by_origin=dict(origins),
            num_asks=len(self._asked[snapshot.basket_id]),
            seconds=(now_ns - self._began_ns[snapshot.basket_id]) // NS_PER_S,
            num_corrections=len(self._corrected[snapshot.basket_id]),
            lines=tuple(
                SaleLine(sku_id=line.sku_id, pieces=line.quantity, origin=line.origin.value)
                for line in snapshot.lines
            ),
        )
        self._put(Row("sale", report.model_dump(mode="json"), datetime.now(UTC), KEEP_VALUE))


def _lane_part(basket_id: str) -> str:
    """`<box>-<lane>-<epoch>-` of a basket's id."""
    return basket_id.rpartition("-")[0] + "-"


def _camera(facts: dict[str, object]) -> CameraReport:
    fps, conditions = facts.get("fps", 0.0), facts.get("conditions", ())
    return CameraReport(
        camera=str(facts.get("camera", "")),
        state=str(facts.get("state", "")),
        quality=str(facts.get("quality", "")),
        conditions=tuple(map(str, conditions)) if isinstance(conditions, tuple) else (),
        fps_tenths=round(10 * fps) if isinstance(fps, float) else 0,
    )
