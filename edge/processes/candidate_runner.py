"""The candidate's process seen from outside: started, fed line by line, paused, given up on.

Flow: ToCandidate -> pipe -> child; child -> pipe -> FromCandidate

One question at a time, so a stopped child never blocks us. A child that ends, swells or is silent
is a failure of the candidate; time in which it was stopped by us does not count.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edge.config import EdgeConfig
from edge.messages.shadow_messages import FromCandidate, ToCandidate

PIPE_BYTES = 1 << 16
PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class RunnerLimits:
    """When a candidate hangs.

    Idle priority may mean no processor at all for minutes, so the limit is on processor time used
    without an answer; the limit on the clock is for a candidate that sleeps for ever.
    """

    cpu_s: float = 120.0  # 16 frames need about one second, loading two bundles about five
    clock_s: float = 1_800.0


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong with the candidate's process.

    Attributes:
        code: stable: shadow.crashed, shadow.hang, shadow.memory, shadow.garbled.
    """

    code: str
    message: str


class CandidateRunner:
    """One child; make another runner for another try.

    Attributes:
        is_ready: it has loaded and waits for a message.
        is_loaded: it has loaded.
        peak_rss_mib: most memory it was seen with.
    """

    def __init__(
        self,
        command: Sequence[str],
        config: EdgeConfig,
        max_rss_mib: float,
        limits: RunnerLimits | None = None,
    ) -> None:
        """Start it and tell it the configuration; it answers when it has loaded."""
        self.is_ready = self.is_loaded = False
        self.peak_rss_mib = 0.0
        self._max_rss_mib = max_rss_mib
        self._limits = limits or RunnerLimits()
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._child.stdout is not None
        os.set_blocking(self._child.stdout.fileno(), False)
        self._decoder: msgspec.json.Decoder[FromCandidate] = msgspec.json.Decoder(FromCandidate)
        self._heard = b""
        self._is_stopped = False
        self._waited_s = self._asked_at_cpu_s = self._counted_cpu_s = 0.0
        self._write(config.model_dump_json(by_alias=True).encode())

    @property
    def is_stopped(self) -> bool:
        """We have stopped it; it computes nothing."""
        return self._is_stopped

    def let_run(self, may_run: bool) -> None:
        """Stop it in its tracks, or let it go on."""
        if may_run == self._is_stopped:
            with contextlib.suppress(ProcessLookupError):
                self._child.send_signal(signal.SIGCONT if may_run else signal.SIGSTOP)
            self._is_stopped = not may_run

    def send(self, message: ToCandidate) -> None:
        """Ask; only while `is_ready`."""
        assert self.is_ready
        self.is_ready, self._waited_s = False, 0.0
        self._asked_at_cpu_s = self._used_cpu_s()
        self._write(msgspec.json.encode(message))

    def poll(self, passed_s: float) -> FromCandidate | Failure | None:
        """Its answer, its failure, or None.

        Args:
            passed_s: since the last call.
        """
        answer = self._read()
        if answer is not None:
            self.is_ready = self.is_loaded = isinstance(answer, Failure) is False
            return answer
        if (code := self._child.poll()) is not None:
            return Failure("shadow.crashed", f"the candidate ended with {_exit_text(code)}")
        rss = self._resident_mib()
        self.peak_rss_mib = max(self.peak_rss_mib, rss)
        if rss > self._max_rss_mib:
            limit = f"{self._max_rss_mib:.0f} MiB"
            return Failure("shadow.memory", f"the candidate holds {rss:.0f} of {limit}")
        return None if self.is_ready else self._hang(passed_s)

    def cpu_s(self) -> float:
        """Processor time it has used since the last call."""
        used = self._used_cpu_s()
        since, self._counted_cpu_s = used - self._counted_cpu_s, used
        return max(0.0, since)

    def close(self) -> None:
        """End it, whatever it does."""
        self._child.kill()
        for stream in (self._child.stdin, self._child.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        self._child.wait()

    def _write(self, line: bytes) -> None:
        assert self._child.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # `poll` tells that it is gone
            self._child.stdin.write(line + b"\n")
            self._child.stdin.flush()

    def _hang(self, passed_s: float) -> Failure | None:
        if not self._is_stopped:
            self._waited_s += passed_s
        used_s, limits = self._used_cpu_s() - self._asked_at_cpu_s, self._limits
        if used_s <= limits.cpu_s and self._waited_s <= limits.clock_s:
            return None
        return Failure(
            "shadow.hang",
            f"no answer after {used_s:.0f} s of processor time, {self._waited_s:.0f} s",
        )

    def _read(self) -> FromCandidate | Failure | None:
        assert self._child.stdout is not None
        if b"\n" not in self._heard:
            with contextlib.suppress(BlockingIOError):
                self._heard += os.read(self._child.stdout.fileno(), PIPE_BYTES)
        line, end, rest = self._heard.partition(b"\n")
        if not end:
            return None
        self._heard = rest
        try:
            return self._decoder.decode(line)
        except msgspec.DecodeError as err:
            return Failure("shadow.garbled", f"the candidate said nonsense: {err}")

    def _used_cpu_s(self) -> float:
        try:
            fields = Path(f"/proc/{self._child.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    def _resident_mib(self) -> float:
        try:
            return int(Path(f"/proc/{self._child.pid}/statm").read_text().split()[1]) * PAGE / 2**20
        except (OSError, IndexError):
            return 0.0


def candidate_command(
    directory: Path,
    active: Path,
    spool: Path,
    memory_mib: float,
    providers: Sequence[str],
) -> list[str]:
    """What starts the candidate."""
    chosen = [p for p in providers if p == "cpu"] or list(providers)
    return [
        sys.executable, "-m", "edge.processes.shadow_child", str(directory),
        "--active", str(active), "--spool", str(spool),
        "--memory-mib", str(round(memory_mib)), "--providers", ",".join(chosen),
        "--parent-pid", str(os.getpid()),
    ]  # fmt: skip


def _exit_text(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else str(code)
