from tools.benchmarks.counter_play import Basket, Played
from tools.benchmarks.latency_row import since_true_rest
from tools.demo_run.line_times import Put

MS = 1_000_000
PUTS = (Put("milk", 2.0), Put("jam", 4.0))


def played(start_ns: int | None, *added: tuple[int, str]) -> Played:
    return Played(Basket(), [], [], [], start_ns=start_ns, added=list(added))


def test_a_line_counts_from_the_truths_frame_of_rest() -> None:
    start_ns = 1_000 * MS
    lines = ((3_240 * MS, "milk"), (5_400 * MS, "jam"))
    assert since_true_rest(played(start_ns, *lines), PUTS) == [240.0, 400.0]


def test_a_put_without_a_line_counts_for_nothing() -> None:
    assert since_true_rest(played(1_000 * MS, (3_240 * MS, "milk")), PUTS) == [240.0]


def test_frames_without_a_clip_time_know_no_truth() -> None:
    assert since_true_rest(played(None, (3_240 * MS, "milk")), PUTS) == []
