"""Runs the box's own code on the blind recordings: `edgectl replay --json`, as a subprocess.

Flow: bundle folder + recordings -> subprocess in an environment with [edge] -> ReplayResult

What ships is what is tested; nothing of the box is imported here.
"""

import os
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from sync.replay_result import ReplayResult
from trainer.errors import DegradedError

ANSWERED = (0, 1)  # 1: at least one basket is not exact, which is an answer too
TIMEOUT_S = 6 * 3600


class ReplayError(DegradedError):
    """The box's code gave no answer."""

    code = "gate.replay"


@dataclass(frozen=True, slots=True)
class MeasuredReplay:
    """An answer, and the most memory its process held."""

    result: ReplayResult
    rss_mib: float


def replay(edgectl: str, bundle: Path, recordings: Path, *, limit: int = 0) -> ReplayResult:
    """Replay every recording with a bundle; see measured_replay."""
    return measured_replay(edgectl, bundle, recordings, limit=limit).result


def measured_replay(
    edgectl: str, bundle: Path, recordings: Path, *, limit: int = 0
) -> MeasuredReplay:
    """Replay every recording with a bundle, in a process whose memory is measured.

    Args:
        edgectl: the command, by name or path; of the version that ships.
        limit: at most so many recordings; 0 is all.

    Raises:
        ReplayError: it is not installed, failed, ran too long, or answered in another form.
    """
    command = [edgectl, "replay", str(recordings), "--bundle", str(bundle), "--json"]
    command += ["--limit", str(limit)] if limit else []
    code, told, complaint, rss_mib = _run(edgectl, command)
    if code not in ANSWERED:
        last = complaint.decode(errors="replace").strip().splitlines()[-3:]
        raise ReplayError(
            f"{edgectl} replay ended with {code}: {' '.join(last)[:500]}",
            hint="run it by hand to see",
        )
    try:
        return MeasuredReplay(ReplayResult.model_validate_json(told), rss_mib)
    except ValidationError as err:
        first = err.errors()[0]
        raise ReplayError(
            f"{edgectl} answered in another form: {first['loc']}: {first['msg']}",
            hint="box and centre must be of one version",
        ) from err


def _run(edgectl: str, command: list[str]) -> tuple[int, bytes, bytes, float]:
    """Exit code, output, complaints, peak memory in MiB of the process itself."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err_file:
        try:
            process = subprocess.Popen(command, stdout=out, stderr=err_file)
        except OSError as err:
            raise ReplayError(
                f"{edgectl} gave no answer: {err}", hint="is [edge] installed?"
            ) from err
        guard = threading.Timer(TIMEOUT_S, process.kill)
        guard.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        finally:
            guard.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err_file.seek(0)
        return process.returncode, out.read(), err_file.read(), usage.ru_maxrss / 1024
