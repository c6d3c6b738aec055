"""What Prometheus reads: the whole table in a form it parses, and a dashboard that names it."""

import json
import re
from pathlib import Path

import pytest

from tests.fakes.people_hub import PeopleHub
from trainer.hub.metrics_page import METRICS, exposition
from trainer.store.api_tokens import Role

DASHBOARD = Path(__file__).parents[3] / "deploy" / "grafana" / "hub.json"
LINE = re.compile(r'^([a-z_]+)(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? (-?[0-9.e+-]+|\+Inf)$')
# Told only once there is something to tell.
OFTEN_EMPTY = {"tillsight_boxes", "tillsight_rows_received_total", "tillsight_jobs",
               "tillsight_models", "tillsight_alerts", "tillsight_webhook_deliveries",
               "tillsight_drift_alarm", "tillsight_drift_evidence",
               "tillsight_expected_accuracy"}  # fmt: skip


def test_a_scraper_reads_every_metric_in_a_form_that_parses(any_centre: PeopleHub) -> None:
    any_centre.ok(Role.OPERATOR, "POST", "/jobs", {"kind": "fit"})
    reply = any_centre.call(Role.VIEWER, "GET", "/metrics")
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = [line for line in reply.text.splitlines() if not line.startswith("#")]
    assert not [line for line in lines if not LINE.match(line)]
    told = set(re.findall(r"^# TYPE (\S+)", reply.text, re.MULTILINE))
    assert set(METRICS) - told <= OFTEN_EMPTY
    assert 'tillsight_jobs{status="queued"} 1' in lines
    assert 'tillsight_http_requests_total{status="2xx"} 1' in lines


def test_nobody_reads_it_without_a_token(centre: PeopleHub) -> None:
    assert centre.client.get("/api/v1/metrics").status_code == 401


@pytest.mark.parametrize("panel", json.loads(DASHBOARD.read_text())["panels"],
                         ids=lambda panel: str(panel["title"]))  # fmt: skip
def test_the_dashboard_names_metrics_that_exist(panel: dict[str, list[dict[str, str]]]) -> None:
    named = {name for t in panel["targets"] for name in re.findall(r"tillsight_\w+", t["expr"])}
    assert named
    assert {name.removesuffix("_bucket") for name in named} <= set(METRICS)


def test_every_metric_is_on_the_dashboard() -> None:
    assert not [name for name in METRICS if name not in DASHBOARD.read_text()]


def test_labels_of_people_cannot_break_the_form() -> None:
    text = exposition([("tillsight_boxes", {"status": 'a"b\\c\nd'}, 1.0)])
    assert text.splitlines()[-1] == 'tillsight_boxes{status="a\\"b\\\\c\\nd"} 1'
