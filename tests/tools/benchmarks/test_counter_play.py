from edge.messages.perception_messages import (
    Observations,
    ObservationStatus,
    TrackObservation,
)
from tools.benchmarks.counter_play import FrameVote

MS = 1_000_000


def seen(number: int) -> Observations:
    """Frame `number` of a camera at 10 fps; from frame 3 on it tells of rest since frame 1."""
    track = TrackObservation(7, (0.0, 0.0, 9.0, 9.0), 0.9, number >= 3, 100 * MS)
    return Observations(
        lane_id="lane-1",
        camera_id="cam0",
        sequence=number,
        captured_at_ns=number * 100 * MS,
        status=ObservationStatus.SEEN,
        bundle_id="b",
        tracks=(track,),
    )


def voted(vote: FrameVote, numbers: range) -> list[float]:
    for number in numbers:
        vote.capture("cam0", number * 100 * MS)
        vote.take(seen(number))
    return vote.latencies_ms


def test_a_vote_counts_the_frames_before_rest_was_known() -> None:
    vote = FrameVote(num_frames=5)
    assert voted(vote, range(5)) == []
    assert voted(vote, range(5, 6)) == [400.0]


def test_an_item_is_voted_on_once() -> None:
    assert len(voted(FrameVote(num_frames=5), range(12))) == 1
