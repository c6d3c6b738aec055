"""The process that owns the scale of a lane: asks it five times a second and tells the basket.

Flow: serial line -> Reading -> ScaleWeight

The weight is evidence against a wrong basket, never a price: what is sold by weight is weighed by
an attendant. A cable that is pulled out is a notice of health, and is tried again every second.
"""

import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

from edge.config import ScaleAddress
from edge.devices.scale import CasPdii, Reading, Scale, ScaleError, ScaleProtocol, Toledo8217
from edge.devices.serial_port import SerialPort, open_serial_port
from edge.messages.scale_messages import ScaleWeight
from edge.processes.worker import Work, run_process

POLL_S = 0.2
RETRY_S = 1.0
SILENT_NS = 2_000_000_000  # no answer for so long: nothing is known
SILENT = "silent"

PROTOCOLS: dict[str, Callable[[], ScaleProtocol]] = {"toledo8217": Toledo8217, "caspdii": CasPdii}

logger = logging.getLogger(__name__)


class ScaleLine:
    """One scale at its cable: opened, asked, opened again.

    Attributes:
        problem: why there is no weight; empty text while there is.
    """

    def __init__(
        self, lane_id: str, address: ScaleAddress, open_port: Callable[[Path], SerialPort]
    ) -> None:
        self.problem = ""
        self._lane_id, self._address, self._open_port = lane_id, address, open_port
        self._port: SerialPort | None = None
        self._scale: Scale | None = None
        self._heard_ns = self._next_try_ns = 0

    def poll(self, now_ns: int) -> ScaleWeight | None:
        """Ask, and tell what is new; once more that nothing is known when it falls silent."""
        reading = self._reading(now_ns)
        if reading is not None:
            self._heard_ns = now_ns
            weight_g = reading.weight_g or 0
            return ScaleWeight(self._lane_id, reading.state.value, weight_g, now_ns)
        if now_ns - self._heard_ns > SILENT_NS:
            self.problem = self.problem or "the scale does not answer"
            return ScaleWeight(self._lane_id, SILENT, 0, now_ns)
        return None

    def close(self) -> None:
        """Give the line back."""
        if self._port is not None:
            self._port.close()
        self._port = self._scale = None

    def _reading(self, now_ns: int) -> Reading | None:
        if self._scale is None and not self._open(now_ns):
            return None
        assert self._scale is not None
        try:
            reading = self._scale.poll(now_ns)
        except ScaleError as err:
            self._note(str(err), now_ns)
            self.close()
            return None
        self.problem = "" if reading is not None else self.problem
        return reading

    def _open(self, now_ns: int) -> bool:
        if now_ns < self._next_try_ns:
            return False
        try:
            self._port = self._open_port(self._address.path)
        except OSError as err:
            self._note(f"{self._address.path}: {err.strerror}", now_ns)
            return False
        self._scale = Scale(self._port, PROTOCOLS[self._address.kind]())
        return True

    def _note(self, problem: str, now_ns: int) -> None:
        self._next_try_ns = now_ns + round(RETRY_S * 1e9)
        if problem != self.problem:
            logger.warning("scale unavailable lane=%s: %s", self._lane_id, problem)
        self.problem = problem


def run(work: Work) -> None:
    """Ask until told to stop."""
    publisher = work.bus.publisher("scale", ScaleWeight, work.lane_id)
    line = ScaleLine(work.lane_id, work.lane.scale_address, open_serial_port)
    try:
        while not work.stopping.wait(POLL_S):
            work.beat()
            told = line.poll(time.monotonic_ns())
            if told is not None:
                publisher.send(told)
            if line.problem:
                work.report("degraded", ScaleError.code, line.problem, {})
            else:
                work.report(facts={"weight_g": told.weight_g if told else ""})
    finally:
        line.close()


def main() -> int:
    """Entry of `python -m edge.processes.scale_process`."""
    return run_process("scale", run)


if __name__ == "__main__":
    sys.exit(main())
