"""How much of a blob to send in one request: little at first, more while nothing goes wrong.

Flow: success or failure of each part -> size of the next one

The hub takes a part as a whole or not at all, because the signature covers all of its bytes. So a
cut costs one part: a thirty-second of the blob on a link that fails, the whole picture in one
request on a link that has not failed for a while.
"""

SHARE = 32  # one cut costs at most so small a part of the blob
MIN_PART_BYTES = 8 * 1024  # below, headers and commits cost more than cuts
MAX_PART_BYTES = 2 * 1024 * 1024  # the hub takes 4 MiB
PARTS_PER_STEP = 32  # good parts in a row until parts are twice as large
PENALTY_STEPS = 2  # after a failure: so many steps of good parts before the first doubling


class UploadPace:
    """Part sizes for the uploads of one client."""

    def __init__(self) -> None:
        self._num_good = 0
        self._before = 0

    def part_bytes(self, total: int) -> int:
        """Bytes of the next part of a blob of `total` bytes."""
        doublings = max(self._num_good, 0) // PARTS_PER_STEP
        wanted = -(-total // SHARE) << min(doublings, 5)
        return min(max(wanted, MIN_PART_BYTES), MAX_PART_BYTES)

    def note_failure(self) -> None:
        """A part is under way: it counts as failed until `note_success`."""
        self._before = self._num_good
        self._num_good = -PENALTY_STEPS * PARTS_PER_STEP

    def note_success(self) -> None:
        """The part that was under way arrived."""
        self._num_good = self._before + 1
