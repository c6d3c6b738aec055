"""Runs the box's own code on the blind recordings: `edgectl replay --json`, as a subprocess.

Flow: bundle folder + recordings -> subprocess in an environment with [edge] -> ReplayResult

What ships is what is tested; nothing of the box is imported here.
"""

import subprocess
from pathlib import Path

from pydantic import ValidationError

from sync.replay_result import ReplayResult
from trainer.errors import DegradedError

ANSWERED = (0, 1)  # 1: at least one basket is not exact, which is an answer too
TIMEOUT_S = 6 * 3600


class ReplayError(DegradedError):
    """The box's code gave no answer."""

    code = "gate.replay"


def replay(edgectl: str, bundle: Path, recordings: Path, *, limit: int = 0) -> ReplayResult:
    """Replay every recording with a bundle.

    Args:
        edgectl: the command, by name or path; of the version that ships.
        limit: at most so many recordings; 0 is all.

    Raises:
        ReplayError: it is not installed, failed, ran too long, or answered in another form.
    """
    command = [edgectl, "replay", str(recordings), "--bundle", str(bundle), "--json"]
    command += ["--limit", str(limit)] if limit else []
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as err:
        raise ReplayError(f"{edgectl} gave no answer: {err}", hint="is [edge] installed?") from err
    if done.returncode not in ANSWERED:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-3:]
        raise ReplayError(
            f"{edgectl} replay ended with {done.returncode}: {' '.join(last)[:500]}",
            hint="run it by hand to see",
        )
    try:
        return ReplayResult.model_validate_json(done.stdout)
    except ValidationError as err:
        first = err.errors()[0]
        raise ReplayError(
            f"{edgectl} answered in another form: {first['loc']}: {first['msg']}",
            hint="box and centre must be of one version",
        ) from err
