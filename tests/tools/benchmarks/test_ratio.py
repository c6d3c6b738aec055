import pytest

from tools.benchmarks.ratio import Bar, compared, percentile, row_of


def test_the_ratio_is_the_median_of_neighbouring_repeats() -> None:
    row = row_of("what", "peer", [(1.0, 4.0), (2.0, 4.0), (1.0, 3.0)], Bar(3))
    assert (row.ratio, row.least, row.most) == (3.0, 2.0, 4.0)
    assert row.is_met is True


def test_a_ratio_with_a_wrong_answer_does_not_meet_its_bar() -> None:
    assert row_of("what", "peer", [(1.0, 9.0)], Bar(3), is_right=False).is_met is False


def test_nothing_is_said_about_a_bar_when_the_answers_could_not_be_compared() -> None:
    assert row_of("what", "peer", [(1.0, 9.0)], Bar(3), is_right=None).is_met is None


def test_ours_and_the_peer_take_turns() -> None:
    calls: list[str] = []
    row = compared(
        "what", "peer", lambda: calls.append("o"), lambda: calls.append("p"), Bar(1), repeats=2
    )
    assert calls == ["o", "p"] * 3
    assert row.num_repeats == 2


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        pytest.param(0.5, 3.0, id="median"),
        pytest.param(0.95, 4.0, id="95th percentile"),
        pytest.param(1.0, 4.0, id="largest"),
    ],
)
def test_a_percentile_is_a_measured_value(share: float, expected: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], share) == expected


def test_a_percentile_of_nothing_is_zero() -> None:
    assert percentile([], 0.5) == 0.0
