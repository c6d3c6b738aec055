"""Monitoring through HTTP: what a box reports becomes hours, places, an alert, insights."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, update

from sync.box_report import CameraReport, SaleReport, TelemetryReport
from sync.recognition_report import NUM_BINS, NUM_FEATURES, CameraRecognition
from tests.fakes.case_sender import BOX_A, CaseSender
from tests.fakes.people_hub import PeopleHub
from trainer.hub.care_clock import care_step, take_in_all
from trainer.store.api_tokens import Role
from trainer.store.database import reading, writing
from trainer.store.drift_days import KEPT_DAYS, days_of
from trainer.store.monitor_results import judge_all, keep_all
from trainer.store.schema import BOXES

TRAINER, VIEWER, OPERATOR = Role.TRAINER, Role.VIEWER, Role.OPERATOR
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
BUNDLE = "b" * 64


def sender(hub: PeopleHub) -> CaseSender:
    """An enrolled box of store s1 in ring lab."""
    store = {"store_id": "s1", "name": "Main street", "time_zone": "UTC", "currency": "EUR",
             "exponent": 2, "tax_rates": {"standard": 1900}, "channel": "s1",
             "languages": ["en"], "lanes": ["a"]}  # fmt: skip
    hub.ok(OPERATOR, "POST", "/stores", store)
    made = CaseSender(hub)
    with writing(hub.services.engine) as connection:
        connection.execute(update(BOXES).values(store_id="s1", ring="lab"))
    return made


def send(box: CaseSender, rows: list[tuple[str, datetime, Any]]) -> None:
    items = []
    for kind, at, report in rows:
        body = report.model_dump(mode="json")
        canonical = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
        box.seq += 1
        digest = hashlib.sha256(canonical).hexdigest()
        row = {"seq": box.seq, "kind": kind, "created_at": at.isoformat(), "body": body}
        items.append({**row, "body_sha256": digest, "blobs": []})
    for first in range(0, len(items), 400):
        batch = {"epoch": box.box.epoch, "items": items[first : first + 400]}
        reply = box.box.call("POST", "/v1/batches", batch)
        assert reply.status_code == 200, reply.text
        assert not reply.json()["refused"]


def telemetry(at: datetime, sure: int, unsure: int) -> tuple[str, datetime, TelemetryReport]:
    confidence = [0] * NUM_BINS
    confidence[9], confidence[4] = sure, unsure
    told = CameraRecognition(
        camera="a/top", bundle_id=BUNDLE, window_s=3600, num_items=sure + unsure,
        confidence=tuple(confidence), similarity=tuple(confidence), best={"milk": sure + unsure},
        num_sketched=sure + unsure, features=(sure * 10,) * NUM_FEATURES,
    )  # fmt: skip
    camera = CameraReport(camera="a/top", state="live", quality="fair")
    report = TelemetryReport(at=at, window_s=300, verdict="ok", cameras=(camera,),
                             recognition=(told,))  # fmt: skip
    return ("telemetry", at, report)


def sale(
    at: datetime, number: int, *, asks: int = 0, seconds: int = 20
) -> tuple[str, datetime, Any]:
    report = SaleReport(
        lane_id="a", basket_id=f"box-1-a-1-{number}", bundle_id=BUNDLE, currency="EUR",
        total_minor=300, pieces={"milk": 2, "tea": 1}, by_origin={"vision": 3}, num_asks=asks,
        seconds=seconds, num_corrections=number % 2,
    )  # fmt: skip
    return ("sale", at, report)


def wobble(number: int) -> int:
    """How many were unsure in a window, never twice the same."""
    return 20 + (7 * number) % 11


def test_other_packs_in_a_store_are_an_alert_and_a_new_past_settles_it(
    any_centre: PeopleHub,
) -> None:
    hub = any_centre
    box = sender(hub)
    begin = NOW - timedelta(days=33)
    quiet = [telemetry(begin + timedelta(days=d, hours=h), 180, wobble(4 * d + h))
             for d in range(28) for h in range(4)]  # fmt: skip
    other = [telemetry(begin + timedelta(days=d, hours=h), 110, 90)
             for d in range(28, 33) for h in range(4)]  # fmt: skip
    send(box, quiet)
    assert hub.ok(TRAINER, "POST", "/monitoring/judge")["num_places"] == 3
    assert hub.ok(VIEWER, "GET", "/alerts?state=active")["total"] == 0
    send(box, other)
    assert hub.ok(TRAINER, "POST", "/monitoring/judge")["num_rows"] == 20
    assert hub.ok(TRAINER, "POST", "/monitoring/judge")["num_rows"] == 0
    places = {p["place"]: p for p in hub.ok(VIEWER, "GET", "/monitoring/places")}
    assert set(places) == {"store:s1", "camera:box-1/a/top", "ring:lab"}
    states = {d["signal"]: d["state"] for d in places["store:s1"]["drift"]}
    assert (states["confidence_psi"], states["parent_psi"]) == ("alarm", "quiet")
    assert places["store:s1"]["accuracy"]["is_checked"] is False
    found = hub.ok(VIEWER, "GET", "/alerts?state=active")["items"]
    assert {a["place"] for a in found} == set(places)
    (ring,) = [a["alert_id"] for a in found if a["place"] == "ring:lab"]
    hub.ok(TRAINER, "POST", f"/alerts/{ring}/close", {"note": "seen"})
    hub.ok(TRAINER, "POST", "/monitoring/judge")  # evidence begins anew tomorrow
    assert hub.ok(VIEWER, "GET", "/alerts?state=active")["total"] == 2
    past = {"place": "store:s1", "note": "new packs are normal"}
    hub.ok(TRAINER, "POST", "/monitoring/new-past", past)
    hub.ok(TRAINER, "POST", "/monitoring/judge")
    left = hub.ok(VIEWER, "GET", "/alerts?state=active")["items"]
    assert {a["place"] for a in left} == {"camera:box-1/a/top"}
    (now,) = hub.ok(VIEWER, "GET", "/monitoring/places?kind=store")
    assert {d["state"] for d in now["drift"]} == {"learning"}
    told = hub.ok(VIEWER, "GET", "/monitoring/history?place=store:s1&days=30")
    days = {day["day"]: {d["signal"]: d["state"] for d in day["drift"]} for day in told["days"]}
    assert list(days) == [f"{datetime.now(UTC):%Y-%m-%d}"]
    assert (told["alarm_evidence"], [a["state"] for a in told["alerts"]]) == (20_000.0, ["closed"])


def judge_at(engine: Engine, now: datetime) -> None:
    with writing(engine) as connection:
        keep_all(connection, judge_all(connection, now=now), now=now)


def test_each_day_of_a_place_is_kept_as_it_was_concluded(centre: PeopleHub) -> None:
    box, engine = sender(centre), centre.services.engine
    begin = NOW - timedelta(days=33)
    for day in range(33):
        sure, unsure = (180, wobble(day)) if day < 29 else (110, 90)
        send(box, [telemetry(begin + timedelta(days=day, hours=h), sure, unsure + 3 * h)
                   for h in range(4)])  # fmt: skip
        if day > 26:
            take_in_all(engine, now=datetime.now(UTC), is_forced=True)
            judge_at(engine, begin + timedelta(days=day, hours=5))
            judge_at(engine, begin + timedelta(days=day, hours=6))
    told = centre.ok(VIEWER, "GET", "/monitoring/history?place=ring:lab")
    states = [{d["signal"]: d["state"] for d in day["drift"]}["confidence_psi"]
              for day in told["days"]]  # fmt: skip
    assert (states[0], states[2], states[-1]) == ("quiet", "quiet", "alarm")
    assert [day["day"] for day in told["days"]] == sorted({d["day"] for d in told["days"]})
    assert [alert["place"] for alert in told["alerts"]] == ["ring:lab"]
    late = begin + timedelta(days=30 + KEPT_DAYS)
    judge_at(engine, late)
    with reading(engine) as connection:
        left = days_of(connection, "ring:lab", since=begin)
    first = f"{late - timedelta(days=KEPT_DAYS):%Y-%m-%d}"
    assert [day.day for day in left][0] == first
    wrong = centre.call(VIEWER, "GET", "/monitoring/history?place=elsewhere")
    assert wrong.status_code == 422


def test_insights_count_what_was_sold_asked_and_confused(any_centre: PeopleHub) -> None:
    hub = any_centre
    box = sender(hub)
    for sku in ("milk", "tea", "jam"):
        hub.ok(OPERATOR, "POST", "/skus", {"sku_id": sku, "names": {"en": sku}, "unit": "each"})
    send(box, [sale(NOW, n, asks=n % 3, seconds=10 * n) for n in range(1, 10)])
    box.send("case-0001", (BOX_A, (("milk", 610), ("tea", 300))))
    box.send("case-0002", (BOX_A, (("milk", 510), ("tea", 300))))
    answer = {"seconds": 4, "pictures": [{"camera_id": "cam0", "boxes": [
        {"item_id": "i0", "xyxy": list(BOX_A), "kind": "sku", "sku_id": "tea"}]}]}  # fmt: skip
    told = hub.ok(VIEWER, "GET", "/monitoring/insights?store_id=s1&days=2")
    assert (told["most_asked"], told["never_seen"]) == ([{"name": "milk", "count": 2}], ["jam"])
    (day,) = told["days"]
    assert (day["num_baskets"], day["num_asks"], day["num_corrections"]) == (9, 9, 5)
    assert (day["seconds_median"], day["seconds_p90"]) == (50, 90)
    hub.ok(Role.REVIEWER, "POST", "/cases/case-0002/answer", answer)
    told = hub.ok(VIEWER, "GET", "/monitoring/insights?days=2")
    assert told["most_confused"] == [{"name": "milk|tea", "count": 1}]
    levels = hub.ok(VIEWER, "GET", "/monitoring/service-levels")
    assert levels["time_to_label"]["num"] == 1


def test_a_box_that_falls_silent_is_an_alert_until_it_speaks_again(centre: PeopleHub) -> None:
    sender(centre)
    engine = centre.services.engine

    def heard(at: datetime) -> list[str]:
        with writing(engine) as connection:
            connection.execute(update(BOXES).values(seen_at=at))
        care_step(engine, (), now=NOW)
        return [a["kind"] for a in centre.ok(VIEWER, "GET", "/alerts?state=active")["items"]]

    assert heard(NOW - timedelta(minutes=16)) == ["box_silent"]
    assert heard(NOW - timedelta(minutes=1)) == []


def test_places_are_judged_once_an_hour_by_themselves(centre: PeopleHub) -> None:
    box = sender(centre)
    send(box, [telemetry(NOW - timedelta(hours=2), 100, 10)])
    engine, later = centre.services.engine, datetime.now(UTC) + timedelta(minutes=2)
    assert care_step(engine, (), now=later).num_places == 3
    assert care_step(engine, (), now=later + timedelta(minutes=50)).num_places == 0
    assert care_step(engine, (), now=later + timedelta(minutes=61)).num_places == 3
