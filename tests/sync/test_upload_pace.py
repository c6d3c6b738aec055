"""Small parts until the link has shown that it carries larger ones."""

from sync.upload_pace import MAX_PART_BYTES, MIN_PART_BYTES, PARTS_PER_STEP, UploadPace

BLOB = 4_000_000


def succeed(pace: UploadPace, num_parts: int) -> None:
    for _ in range(num_parts):
        pace.note_failure()
        pace.note_success()


def test_a_new_link_carries_a_thirty_second_at_a_time() -> None:
    assert UploadPace().part_bytes(BLOB) == BLOB // 32
    assert UploadPace().part_bytes(1_000) == MIN_PART_BYTES


def test_parts_double_while_nothing_goes_wrong_up_to_the_whole() -> None:
    pace = UploadPace()
    succeed(pace, PARTS_PER_STEP)
    assert pace.part_bytes(BLOB) == BLOB // 16
    succeed(pace, 10 * PARTS_PER_STEP)
    assert pace.part_bytes(200_000) == 200_000
    assert pace.part_bytes(512 * 1024**2) == MAX_PART_BYTES


def test_one_failure_makes_parts_small_for_a_while() -> None:
    pace = UploadPace()
    succeed(pace, 10 * PARTS_PER_STEP)
    pace.note_failure()
    succeed(pace, PARTS_PER_STEP)
    assert pace.part_bytes(BLOB) == BLOB // 32
