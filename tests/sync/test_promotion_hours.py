"""Promotions by hour and day: the store's clock decides, also where it is put forward or back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sync.price_list import PriceList, Promotion
from sync.promotion_hours import is_within, next_edge, zone_named
from tests.fakes.plain_floats import plain_floats

BEGAN, SPRING = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 20, tzinfo=UTC)
HAPPY: dict[str, Any] = {"from_time": "17:00", "until_time": "19:00", "weekdays": (0, 4)}
LATE: dict[str, Any] = {"from_time": "22:00", "until_time": "02:00", "weekdays": (4,)}
CLOCKS = st.sampled_from(["", "00:00", "02:30", "03:00", "12:15", "23:59"])


def prices(zone: str = "Europe/Berlin", **hours: Any) -> PriceList:
    promotion = Promotion(
        promotion_id="p", sku_id="tea", kind="percent", percent=10, valid_from=BEGAN, **hours
    )
    return PriceList(
        currency="EUR", exponent=2, entries=(), promotions=(promotion,), time_zone=zone
    )


@pytest.mark.parametrize(
    ("hours", "moment", "is_on"),
    [
        pytest.param({}, "2026-11-21T03:00+01:00", True, id="a promotion without hours"),
        pytest.param(HAPPY, "2026-11-20T16:59+01:00", False, id="a minute before, a Friday"),
        pytest.param(HAPPY, "2026-11-20T17:00+01:00", True, id="from its first minute on"),
        pytest.param(HAPPY, "2026-11-20T18:59+01:00", True, id="in its last minute"),
        pytest.param(HAPPY, "2026-11-20T19:00+01:00", False, id="over"),
        pytest.param(HAPPY, "2026-11-21T18:00+01:00", False, id="on a Saturday"),
        pytest.param(HAPPY, "2026-07-03T15:30+00:00", True, id="by the summer's clock"),
        pytest.param(LATE, "2026-11-21T01:59+01:00", True, id="past midnight, of Friday"),
        pytest.param(LATE, "2026-11-20T01:59+01:00", False, id="past midnight, of Thursday"),
        pytest.param({"weekdays": (5,)}, "2026-11-20T23:30+00:00", True, id="a whole local day"),
    ],
)
def test_a_promotion_holds_in_its_hours(hours: dict[str, Any], moment: str, is_on: bool) -> None:
    assert ("tea" in prices(**hours).promotions_at(datetime.fromisoformat(moment))) is is_on


@given(
    hours=plain_floats(0, 24 * 235),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    weekdays=st.sets(st.integers(0, 6)), begin=CLOCKS, end=CLOCKS, share=plain_floats(0, 1),
)  # fmt: skip
def test_nothing_changes_before_the_next_edge(
    hours: float, zone: str, weekdays: set[int], begin: str, end: str, share: float
) -> None:
    place, moment = zone_named(zone), SPRING + timedelta(hours=hours)
    edge = next_edge(moment, place, begin, end)
    assert moment < edge <= moment + timedelta(days=1, hours=2)
    between = moment + share * (edge - moment - timedelta(microseconds=1))
    now = is_within(moment, place, weekdays, begin, end)
    assert is_within(between, place, weekdays, begin, end) is now


def test_the_next_change_of_a_price_list_is_the_edge_of_the_hours() -> None:
    noon = datetime.fromisoformat("2026-11-20T12:00+01:00")
    assert prices(**HAPPY).next_change(noon) == noon + timedelta(hours=5)
    assert prices().next_change(noon) is None


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"weekdays": (7,)}, id="an eighth day"),
        pytest.param({"from_time": "24:00"}, id="hour 24"),
        pytest.param({"until_time": "9:00"}, id="one digit"),
        pytest.param({"zone": "Europe/Atlantis", **HAPPY}, id="a zone that nobody knows"),
        pytest.param({"zone": "../../etc/passwd", **HAPPY}, id="a path for a zone"),
    ],
)
def test_hours_that_mean_nothing_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        prices(**wrong)


def test_a_list_from_before_hours_were_known_reads_as_it_did() -> None:
    told = prices().model_dump(mode="json")
    old = {k: v for k, v in told.items() if k != "time_zone"}
    new = ("weekdays", "from_time", "until_time")
    old["promotions"] = [{k: v for k, v in told["promotions"][0].items() if k not in new}]
    assert PriceList.model_validate(old).promotions_at(BEGAN).keys() == {"tea"}
