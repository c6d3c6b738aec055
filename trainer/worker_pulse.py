"""The pulse of a job at work: what its child says goes to the hub, what the hub says comes back.

Flow: lines -> logs, progress, scalars -> hub ; hub -> cancel | lease lost -> stop

One thread sends; whoever works only adds. A hub that is away for longer than the lease has given
the job to another worker, so the work is stopped then too.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from sync.errors import TransportError
from trainer.steps.step_voice import understood
from trainer.worker_hub import HubRefusal, WorkerHub

logger = logging.getLogger(__name__)

MAX_LOG_CHARS = 60_000
MAX_SCALARS = 500
MAX_OUTPUT_CHARS = 4_000_000


class Pulse:
    """One job's heartbeat, from lease to finish."""

    def __init__(
        self, hub: WorkerHub, job: dict[str, Any], lease_s: int, stop: Callable[[], None]
    ) -> None:
        self.job_id, self.run_id = str(job["job_id"]), ""
        self.is_cancelled = self.is_lost = False
        self._hub, self._lease_id, self._lease_s = hub, str(job["lease_id"]), lease_s
        self._stop_work = stop
        self._lock, self._ending = threading.Lock(), threading.Event()
        self._log: list[str] = []
        self._all: list[str] = []  # the whole output, for the run
        self._scalars: list[dict[str, Any]] = []
        self._percent, self._message = 0, ""
        self._span, self._started = (0, 100), time.monotonic()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> "Pulse":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def part(self, first_percent: int, last_percent: int, message: str) -> None:
        """What is said from now on is this part of the whole."""
        with self._lock:
            self._span, self._percent = (first_percent, last_percent), first_percent
            self._message = message
        self.hear(f"== {message}\n")

    def hear(self, line: str) -> None:
        """One line of the child."""
        said = understood(line)
        with self._lock:
            if said is None:
                self._log.append(line.replace("\x00", ""))
                self._all.append(self._log[-1])
            elif said.name:
                self._scalars.append({"name": said.name, "step": said.step, "value": said.value})
            else:
                first, last = self._span
                self._percent = first + round((last - first) * said.value / 100)
                self._message = said.message[:500]

    def output(self) -> str:
        """The end of everything that was said."""
        with self._lock:
            return "".join(self._all)[-MAX_OUTPUT_CHARS:]

    def body(self, **more: Any) -> dict[str, Any]:
        """A message about this job under its lease."""
        return {"lease_id": self._lease_id, **more}

    def flush(self) -> None:
        """Send what was said; called by the sending thread, and once more at the end."""
        with self._lock:
            text, self._log = "".join(self._log), []
            scalars, self._scalars = self._scalars, []
        for start in range(0, len(text), MAX_LOG_CHARS):
            piece = self.body(text=text[start : start + MAX_LOG_CHARS])
            self._hub.call("POST", f"/jobs/{self.job_id}/logs", piece)
        for first in range(0, len(scalars) if self.run_id else 0, MAX_SCALARS):
            points = {"points": scalars[first : first + MAX_SCALARS]}
            self._hub.call("POST", f"/runs/{self.run_id}/scalars", points)

    def require_lease(self) -> None:
        """Prove that the job is still ours, right before its effect.

        Raises:
            HubRefusal: it is not.
        """
        self._hub.call("POST", f"/jobs/{self.job_id}/heartbeat", self._told())

    def _beat(self) -> None:
        until = time.monotonic() + self._lease_s
        pause_s = min(2.0, self._lease_s / 4)
        while not self._ending.wait(pause_s):
            self._measure_load()
            try:
                self.flush()
                path = f"/jobs/{self.job_id}/heartbeat"
                reply = self._hub.call("POST", path, self._told(), tries=1)
                until = time.monotonic() + self._lease_s
            except HubRefusal as err:
                self._lose(f"{err}")
                return
            except TransportError as err:
                logger.warning("hub away job=%s %s", self.job_id[:8], err.code)
                if time.monotonic() > until:
                    self._lose("the hub was away for longer than the lease")
                    return
                continue
            if reply["is_cancel_asked"]:
                self.is_cancelled = True
                logger.info("job cancelled job=%s", self.job_id[:8])
                self._stop_work()

    def _measure_load(self) -> None:
        second = int(time.monotonic() - self._started)
        with self._lock:
            self._scalars.append(
                {"name": "system/load1", "step": second, "value": os.getloadavg()[0]}
            )

    def _told(self) -> dict[str, Any]:
        with self._lock:
            return self.body(progress=self._percent, message=self._message, lease_s=self._lease_s)

    def _lose(self, reason: str) -> None:
        self.is_lost = True
        logger.warning("job lost job=%s %s", self.job_id[:8], reason)
        self._stop_work()
