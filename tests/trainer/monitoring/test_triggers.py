"""When training starts by itself: votes, cool-down, cost cap, calendar, occasions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from trainer.monitoring.triggers import (
    AccuracyCondition,
    CalendarCondition,
    CatalogueCondition,
    DriftCondition,
    Facts,
    LabelsCondition,
    TriggerPlan,
    decide,
)

NOW = datetime(2026, 11, 18, 12, 30, tzinfo=UTC)  # a Wednesday
FACTS = Facts(created_at=NOW - timedelta(days=60))
LABELS = {"sku": {"milk": 40, "tea": 250}, "pair": {"milk|milk_low": 12}, "all": {"": 290}}


def plan(*conditions: object, **more: object) -> TriggerPlan:
    return TriggerPlan.model_validate({"conditions": conditions, **more})


@pytest.mark.parametrize(
    ("condition", "facts", "reason"),
    [
        pytest.param(LabelsCondition(per="sku", at_least=200), {"labels": LABELS},
                     "labels:sku:tea:250", id="enough of one SKU"),
        pytest.param(LabelsCondition(per="sku", at_least=251), {"labels": LABELS}, "",
                     id="one label too few"),
        pytest.param(LabelsCondition(per="pair", at_least=10), {"labels": LABELS},
                     "labels:pair:milk|milk_low:12", id="enough of one pair"),
        pytest.param(LabelsCondition(per="store", at_least=1), {"labels": LABELS}, "",
                     id="no labels of any store"),
        pytest.param(DriftCondition(), {"drifts": ("store:s1",)}, "drift:store:s1", id="drift"),
        pytest.param(DriftCondition(place="store:s2"), {"drifts": ("store:s1",)}, "",
                     id="drift elsewhere"),
        pytest.param(AccuracyCondition(below=0.97), {"accuracy": {"s1": 0.98, "s2": 0.951}},
                     "accuracy:s2:0.9510", id="one store is worse"),
        pytest.param(AccuracyCondition(below=0.97, store_id="s1"), {"accuracy": {"s2": 0.9}}, "",
                     id="another store is worse"),
        pytest.param(CatalogueCondition(at_least=5), {"num_skus_changed": 5}, "catalogue:5",
                     id="new SKUs"),
        pytest.param(CalendarCondition(hour=3), {}, "calendar:2026-11-18T03:00Z", id="daily"),
        pytest.param(CalendarCondition(hour=13), {}, "calendar:2026-11-17T13:00Z",
                     id="yesterday's, missed"),
        pytest.param(CalendarCondition(hour=3, weekday=0), {}, "calendar:2026-11-16T03:00Z",
                     id="Monday's"),
        pytest.param(CalendarCondition(hour=3),
                     {"last_scheduled_at": datetime(2026, 11, 18, 3, tzinfo=UTC)}, "",
                     id="today's is done"),
        pytest.param(CalendarCondition(hour=3), {"created_at": NOW - timedelta(hours=1)}, "",
                     id="nothing is owed from before it was made"),
    ],
)  # fmt: skip
def test_a_condition_votes(condition: object, facts: dict[str, object], reason: str) -> None:
    decision = decide(plan(condition), replace(FACTS, **facts), NOW)
    assert (decision.is_due, ", ".join(decision.reasons)) == (bool(reason), reason)


def test_too_few_votes_fire_nothing() -> None:
    both = plan(DriftCondition(), CatalogueCondition(at_least=1), votes=2)
    one = replace(FACTS, drifts=("store:s1",))
    assert decide(both, one, NOW).held_by == "1 of 2 votes"
    assert decide(both, replace(one, num_skus_changed=1), NOW).is_due


def test_more_votes_than_conditions_are_refused() -> None:
    with pytest.raises(ValueError, match="2 votes of 1 conditions"):
        plan(DriftCondition(), votes=2)


def test_a_cool_down_holds_back_until_it_is_over() -> None:
    hot = replace(FACTS, drifts=("x",), last_fired_at=NOW - timedelta(hours=23))
    assert decide(plan(DriftCondition()), hot, NOW).held_by.startswith("cools down until")
    assert decide(plan(DriftCondition()), hot, NOW + timedelta(hours=1)).is_due


def test_a_run_over_the_cap_is_held_back() -> None:
    capped = plan(DriftCondition(), cost=60, max_cost_30d=100)
    facts = replace(FACTS, drifts=("x",))
    assert decide(capped, replace(facts, spent_30d=40), NOW).is_due
    assert "41 of 100 spent" in decide(capped, replace(facts, spent_30d=41), NOW).held_by


def test_an_occasion_has_the_same_name_however_often_it_is_asked() -> None:
    facts = replace(FACTS, drifts=("x",), num_firings=4)
    names = {decide(plan(DriftCondition()), facts, NOW + timedelta(minutes=i)).occasion
             for i in range(5)}  # fmt: skip
    assert names == {"n5"}
    calendar = plan(CalendarCondition(hour=3))
    assert decide(calendar, FACTS, NOW).occasion == "calendar:2026-11-18T03:00Z"


def test_without_conditions_only_somebody_fires_it() -> None:
    assert not decide(plan(), FACTS, NOW).is_due
