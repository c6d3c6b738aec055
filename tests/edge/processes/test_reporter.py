"""Finished sales and telemetry as rows: once, in counts."""

import pytest

from edge.hard_cases.outbox import KEEP_VALUE
from edge.messages.basket_messages import Ask, BasketLine, BasketSnapshot, LineOrigin, Phase
from edge.processes.hub_link import BoxFacts, Row
from edge.processes.reporter import NS_PER_S, WINDOW_S, Reporter
from sync.box_report import SaleReport, TelemetryReport


@pytest.fixture
def rows() -> list[Row]:
    return []


@pytest.fixture
def reporter(rows: list[Row]) -> Reporter:
    return Reporter(rows.append)


def snapshot(phase: Phase, *lines: BasketLine, asks: tuple[Ask, ...] = ()) -> BasketSnapshot:
    total = sum(line.amount_minor for line in lines)
    return BasketSnapshot(
        "a", "box-a-1-1", 1, phase, "EUR", 2, lines, asks, total_minor=total, bundle_id="b" * 64
    )


JAM = BasketLine("l1", "jam", "Jam", 2, 279, 558, LineOrigin.VISION)
MILK = BasketLine("l2", "milk", "Milk", 1, 119, 119, LineOrigin.ANSWER)


def test_a_paid_basket_is_reported_once_in_counts(reporter: Reporter, rows: list[Row]) -> None:
    reporter.on_basket(snapshot(Phase.SHOPPING, JAM, asks=(Ask("a1", "i1", "which"),)), 0)
    reporter.on_basket(snapshot(Phase.SHOPPING, JAM, MILK), 5 * NS_PER_S)
    assert rows == []
    reporter.on_basket(snapshot(Phase.PAID, JAM, MILK), 9 * NS_PER_S)
    reporter.on_basket(snapshot(Phase.PAID, JAM, MILK), 10 * NS_PER_S)
    assert [(row.kind, row.value) for row in rows] == [("sale", KEEP_VALUE)]
    sale = SaleReport.model_validate(rows[0].body)
    assert (sale.pieces, sale.by_origin) == ({"jam": 2, "milk": 1}, {"vision": 2, "answer": 1})
    assert (sale.total_minor, sale.num_asks, sale.seconds) == (677, 1, 9)
    assert [(line.sku_id, line.pieces, line.origin) for line in sale.lines] == [
        ("jam", 2, "vision"), ("milk", 1, "answer"),
    ]  # fmt: skip
    assert "Jam" not in str(rows[0].body)


def test_telemetry_goes_soon_after_a_start_and_then_every_five_minutes(
    reporter: Reporter, rows: list[Row]
) -> None:
    camera: dict[str, object] = {
        "camera": "a/top", "state": "live", "reason": "", "quality": "fair", "fps": 14.9,
    }  # fmt: skip
    facts = BoxFacts("degraded", ("camera.dark",), facts={"p95_ms": 81.7}, cameras=(camera,))
    for second in range(0, WINDOW_S * 2, 10):
        reporter.step(NS_PER_S + second * NS_PER_S, facts)
    assert [row.kind for row in rows] == ["telemetry", "telemetry"]
    report = TelemetryReport.model_validate(rows[0].body)
    assert (report.figures, report.reasons) == ({"p95_ms": 82}, ("camera.dark",))
    assert (report.cameras[0].fps_tenths, report.verdict) == (149, "degraded")
    assert set(report.versions) == {"edge", "protocol"}
