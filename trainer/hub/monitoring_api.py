"""What monitoring concluded, for people and pages: drift, accuracy, insights, service levels.

Flow: monitor_results, received rows -> JSON ; a person: judge now, "this is normal now"
"""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, Field

from trainer.hub.alert_api import AlertReply, alert_reply
from trainer.hub.care_clock import care_step
from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import Body, Reply, needs
from trainer.monitoring.drift import STANDARD
from trainer.store import alerts, drift_days, insight_facts, monitor_results
from trainer.store.database import reading, writing
from trainer.store.role_permissions import Permission

Days = Annotated[int, Query(ge=1, le=90)]
HistoryDays = Annotated[int, Query(ge=1, le=drift_days.KEPT_DAYS)]
PLACE = r"^(store|camera|ring):[^\x00]{1,240}$"
PlaceName = Annotated[str, Query(pattern=PLACE)]
StoreFilter = Annotated[str, Query(max_length=63)]


class DriftRow(Reply):
    """One signal at a place; see trainer/monitoring/drift.py."""

    signal: str
    state: Literal["learning", "quiet", "alarm"]
    distance: float
    usual: float
    far: float
    evidence: float
    num_watched: int
    alarmed_after: int | None
    baskets_to_alarm: int | None


class AccuracyReply(Reply):
    """Expected accuracy of the best guess; `is_checked` where 30 reviewed items stand behind it."""

    expected: float
    lower: float
    upper: float
    num_items: int
    num_reviewed: int
    is_checked: bool


class PlaceReply(Reply):
    """One store, camera or ring."""

    place: str
    at: AwareDatetime
    bundle_id: str
    num_windows: int
    drift: list[DriftRow]
    accuracy: AccuracyReply | None


class DayReply(PlaceReply):
    """What was concluded of a place last on a day."""

    day: str


class HistoryReply(Reply):
    """A place's past days, oldest first, for a chart.

    Attributes:
        alarm_evidence: where a signal's evidence reaches it, it alarms.
        alerts: drift alerts of this place that were opened in these days.
    """

    place: str
    alarm_evidence: float
    days: list[DayReply]
    alerts: list[AlertReply]


class CareReply(Reply):
    """What a round did."""

    num_rows: int
    num_places: int
    num_fired: int
    num_told: int


class NewPastRequest(Body):
    """A place that looks different on purpose."""

    place: str = Field(pattern=PLACE)
    note: str = Field(min_length=3, max_length=2000, pattern=r"^[^\x00]*$")


class CountRow(Reply):
    """A name and how often."""

    name: str
    count: int


class InsightDay(Reply):
    """One store on one day."""

    store_id: str
    day: str
    num_baskets: int
    num_pieces: int
    num_asks: int
    num_corrections: int
    seconds_median: float
    seconds_p90: float


class InsightsReply(Reply):
    """The lists; `most_confused` names `guess|label`."""

    days: list[InsightDay]
    most_asked: list[CountRow]
    most_corrected: list[CountRow]
    most_confused: list[CountRow]
    most_sold: list[CountRow]
    never_seen: list[str]
    num_never_seen: int


class LevelReply(Reply):
    """Half and nine tenths were no longer than this."""

    num: int
    median_s: float
    p90_s: float


class ServiceLevelReply(Reply):
    """How long things take; box -> share of hours in which it reported."""

    time_to_label: LevelReply
    time_to_sku: LevelReply
    time_to_roll_back: LevelReply
    availability: dict[str, float]


def make_monitoring_router(services: HubServices) -> APIRouter:
    """Endpoints of monitoring."""
    router = APIRouter(prefix="/api/v1", tags=["monitoring"])
    engine = services.engine
    reader = Annotated[str, Depends(needs(engine, Permission.MONITORING_READ))]
    keeper = Annotated[str, Depends(needs(engine, Permission.MONITORING_CHANGE))]

    @router.get("/monitoring/places")
    def places(who: reader, kind: Literal["", "store", "camera", "ring"] = "") -> list[PlaceReply]:
        with reading(engine) as connection:
            found = monitor_results.results(connection, kind)
        return [PlaceReply(place=one.place, at=one.at, **one.result) for one in found]

    @router.get("/monitoring/history")
    def history(who: reader, place: PlaceName, days: HistoryDays = 90) -> HistoryReply:
        since = datetime.now(UTC) - timedelta(days=days)
        with reading(engine) as connection:
            found = drift_days.days_of(connection, place, since=since)
            opened = alerts.alerts_of(connection, "drift", place, since=since)
        return HistoryReply(
            place=place,
            alarm_evidence=STANDARD.alarm_windows,
            days=[DayReply(place=place, day=d.day, at=d.at, **d.result) for d in found],
            alerts=[alert_reply(one) for one in opened],
        )

    @router.post("/monitoring/judge")
    def judge(who: keeper) -> CareReply:
        now = datetime.now(UTC)
        done = care_step(engine, services.webhook_hosts, now=now, is_forced=True)
        return CareReply(**asdict(done))

    @router.post("/monitoring/new-past", status_code=204)
    def new_past(who: keeper, body: NewPastRequest) -> None:
        with writing(engine) as connection:
            monitor_results.set_new_past(
                connection, body.place, note=body.note, now=datetime.now(UTC), actor=who
            )

    @router.get("/monitoring/insights")
    def insights(who: reader, store_id: StoreFilter = "", days: Days = 7) -> InsightsReply:
        since = datetime.now(UTC) - timedelta(days=days)
        with reading(engine) as connection:
            found = insight_facts.insights(connection, since=since, store_id=store_id)
        lists = ("most_asked", "most_corrected", "most_confused", "most_sold")
        return InsightsReply(
            days=[InsightDay(**asdict(day)) for day in found.days],
            never_seen=found.never_seen,
            num_never_seen=found.num_never_seen,
            **{n: [CountRow(name=k, count=c) for k, c in getattr(found, n)] for n in lists},
        )

    @router.get("/monitoring/service-levels")
    def service_levels(who: reader, days: Days = 30) -> ServiceLevelReply:
        now = datetime.now(UTC)
        with reading(engine) as connection:
            found = insight_facts.service_levels(
                connection, since=now - timedelta(days=days), now=now
            )
        return ServiceLevelReply(**asdict(found))

    return router
