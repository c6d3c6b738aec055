"""The judge of the outbox benchmark: what counts as lost, twice, told."""

from datetime import UTC, datetime

import pytest

from tools.benchmarks.outbox_box import BATCH
from tools.benchmarks.outbox_oracle import PutBatch, Seen, judge

WHEN = datetime(2026, 11, 21, tzinfo=UTC)


def seen_all_but(*missing: int) -> Seen:
    seen = Seen()
    for number in set(range(1, 1 + BATCH)) - set(missing):
        seen.add("telemetry", WHEN, {"n": number})
    return seen


def test_what_is_all_there_once_is_right() -> None:
    verdict = judge([PutBatch(1, WHEN)], seen_all_but())
    assert verdict.is_right
    assert (verdict.acknowledged, verdict.arrived) == (BATCH, BATCH)


def test_a_missing_event_is_lost_unless_its_drop_was_reported() -> None:
    seen = seen_all_but(3, 4)
    seen.add("dropped", WHEN, {"kind": "telemetry", "reason": "quota"})
    verdict = judge([PutBatch(1, WHEN)], seen)
    assert (verdict.lost, verdict.dropped, verdict.is_right) == (1, 1, False)


@pytest.mark.parametrize("is_kept", [True, False])
def test_an_event_that_is_there_twice_is_wrong_whatever_disk_it_was_on(is_kept: bool) -> None:
    seen = seen_all_but()
    seen.add("telemetry", WHEN, {"n": 7})
    assert judge([PutBatch(1, WHEN, is_kept)], seen).double == 1


def test_events_of_a_replaced_disk_may_be_missing() -> None:
    verdict = judge([PutBatch(1, WHEN, is_kept=False)], seen_all_but(1, 2))
    assert (verdict.gone, verdict.rescued, verdict.is_right) == (2, BATCH - 2, True)
