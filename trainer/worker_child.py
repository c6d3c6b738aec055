"""A command as a child of the worker: its lines are heard, its whole family can be ended.

Flow: command -> lines -> caller ; stop() -> SIGTERM, then SIGKILL to the group

The child has a group of its own, so that what it started ends with it; its standard input is a pipe
of the worker, so that it notices the worker's death (`trainer.steps --die-with-parent`).
"""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

GRACE_S = 5.0
MAX_LINE = 4000


class ChildFailedError(Exception):
    """The command ended with a code that is not 0; `tail` is the end of what it said."""

    def __init__(self, code: int, tail: str) -> None:
        super().__init__(f"ended with {code}: {tail}")
        self.code, self.tail = code, tail


class Child:
    """One command at a time."""

    def __init__(self, grace_s: float = GRACE_S) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._is_stopped = False
        self._lock = threading.Lock()
        self._grace_s = grace_s

    def run(
        self, command: Sequence[str], hear: Callable[[str], None], *,
        folder: Path | None = None, environment: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """Run to the end, handing over each line of its output.

        Raises:
            ChildFailedError: it ended otherwise than with 0, or stop() was called.
        """
        with self._lock:
            if self._is_stopped:
                raise ChildFailedError(-signal.SIGTERM, "stopped before it began")
            self._process = subprocess.Popen(
                list(command), cwd=folder, env=dict(environment) if environment else None,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True, errors="replace", start_new_session=True,
            )  # fmt: skip
        process = self._process
        assert process.stdout is not None
        tail: list[str] = []
        for line in process.stdout:
            hear(line[:MAX_LINE])
            tail = [*tail[-5:], line.strip()[:300]]
        code = process.wait()
        self._end_group(process, signal.SIGKILL)  # what it started and did not wait for
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.stdout.close()
        if code != 0:
            raise ChildFailedError(code, " | ".join(tail))

    def stop(self) -> None:
        """End the command and everything it started; a later run() is refused."""
        with self._lock:
            self._is_stopped = True
            process = self._process
        if process is None or process.poll() is not None:
            return
        self._end_group(process, signal.SIGTERM)
        try:
            process.wait(self._grace_s)
        except subprocess.TimeoutExpired:
            self._end_group(process, signal.SIGKILL)

    @staticmethod
    def _end_group(process: subprocess.Popen[str], number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
