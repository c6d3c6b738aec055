"""The moment at which the recorded clips of a lane begin, agreed on without a chairman.

Flow: first capture process that asks -> file in run_dir -> every other one

Live cameras never ask. The moment holds until the supervisor starts again, so a capture process
that came back finds its place in the clip. The file is linked into place whole or not at all.
"""

import os
from pathlib import Path

CLIP_START_SUFFIX = ".clip_start"
LEAD_NS = 1_000_000_000  # until the slowest camera process of the lane has its clip open


def agree_on_clip_start(run_dir: Path, lane_id: str, now_ns: int, life: str) -> int:
    """Monotonic nanoseconds at which this lane's clips begin.

    Args:
        life: text that changes with every start of the box; an agreement of another life is void.
    """
    path = run_dir / f"{lane_id}{CLIP_START_SUFFIX}"
    agreed = _read(path, life)
    if agreed is not None:
        return agreed
    path.unlink(missing_ok=True)
    proposal = path.with_name(f".{path.name}.{os.getpid()}")
    proposal.write_text(f"{life} {now_ns + LEAD_NS}", encoding="utf-8")
    try:
        path.hardlink_to(proposal)
    except FileExistsError:
        pass  # another camera was faster, and its word counts
    finally:
        proposal.unlink()
    agreed = _read(path, life)
    return now_ns + LEAD_NS if agreed is None else agreed


def _read(path: Path, life: str) -> int | None:
    try:
        whose, moment = path.read_text(encoding="utf-8").split(" ")
    except (FileNotFoundError, ValueError):
        return None
    return int(moment) if whose == life else None
