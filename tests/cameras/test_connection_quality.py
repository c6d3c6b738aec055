import pytest

from cameras.connection_quality import QualityMeter, quality_of

SECOND = 1_000_000_000


def fed(fps: float, seconds: float, wanted: float = 15.0) -> QualityMeter:
    meter = QualityMeter(wanted)
    for index in range(round(fps * seconds)):
        meter.frame_arrived(round(index * SECOND / fps))
    return meter


@pytest.mark.parametrize(
    ("fps", "gaps", "reconnects", "grade"),
    [
        (15.0, 0, 0, "excellent"),
        (13.6, 0, 0, "excellent"),
        (15.0, 5, 0, "fair"),
        (15.0, 0, 2, "fair"),
        (9.0, 0, 0, "fair"),
        (5.0, 0, 0, "poor"),
        (15.0, 0, 5, "poor"),
        (15.0, 0, 10, "unusable"),
        (1.0, 0, 0, "unusable"),
        (40.0, 0, 0, "excellent"),
    ],
)
def test_rate_gaps_and_reconnects_make_the_grade(
    fps: float, gaps: int, reconnects: int, grade: str
) -> None:
    quality = quality_of(fps, 15.0, gaps, reconnects, 0)
    assert quality.grade == grade
    assert 0.0 <= quality.score <= 1.0


def test_a_camera_that_went_silent_never_reads_excellent() -> None:
    meter = fed(15, 20)
    assert meter.quality(20 * SECOND).grade == "excellent"
    assert meter.quality(23 * SECOND).grade in ("poor", "unusable")
    assert meter.quality(60 * SECOND).score == 0.0


def test_a_camera_never_seen_is_unusable() -> None:
    assert QualityMeter(15).quality(5 * SECOND).grade == "unusable"


def test_a_steady_rate_is_measured() -> None:
    assert fed(15, 20).quality(20 * SECOND).fps == pytest.approx(15, abs=0.3)


def test_a_gap_is_counted_and_forgotten_after_a_minute() -> None:
    meter = fed(15, 2)
    meter.frame_arrived(4 * SECOND)
    assert meter.quality(4 * SECOND).num_gaps == 1
    assert meter.quality(70 * SECOND).num_gaps == 0


def test_a_reconnect_is_not_also_a_gap() -> None:
    meter = fed(15, 2)
    meter.reconnected(9 * SECOND)
    meter.frame_arrived(9 * SECOND)
    quality = meter.quality(9 * SECOND)
    assert (quality.num_gaps, quality.num_reconnects) == (0, 1)
