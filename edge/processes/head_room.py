"""When a candidate may run: always between baskets, and during one where nobody misses the core.

Flow: /proc/stat, PerceptionState, open baskets -> may run

It runs at idle priority anyway; this keeps caches and memory, which know no priority, for the sale.
"""

import statistics
from collections import deque
from pathlib import Path

from edge.messages.perception_messages import PerceptionState

SAMPLE_S = 1.0
ENTER_CORES, LEAVE_CORES = 0.9, 0.6  # free cores with the candidate's own share counted as free
SETTLE_S = 8.0  # a p95 is of the last 300 frames: it says nothing about now right after a change
NUM_P95 = 30
LEAST_P95 = 5
IDLE_FIELDS = (3, 4)  # idle, iowait
STAT_PATH = Path("/proc/stat")


class HeadRoom:
    """Free cores, and what the candidate costs the active path."""

    def __init__(self, max_slowdown: float, num_cores: int, stat_path: Path = STAT_PATH) -> None:
        self._max_slowdown = max_slowdown
        self._num_cores = num_cores
        self._stat_path = stat_path
        self._times = (0, 0)
        self._is_free = False
        self._is_refused = False
        self._was_running = False
        self._same_s = self._sample_s = self._candidate_s = 0.0
        self._p95 = {False: deque[float](maxlen=NUM_P95), True: deque[float](maxlen=NUM_P95)}

    @property
    def slowdown(self) -> float:
        """p95 of the active path with the candidate running against without; 1 while unknown."""
        without, beside = self._p95[False], self._p95[True]
        if min(len(without), len(beside)) < LEAST_P95:
            return 1.0
        return round(statistics.median(beside) / max(statistics.median(without), 0.1), 3)

    def on_perception(self, state: PerceptionState) -> None:
        """The active path's figures, once per second."""
        if self._same_s >= SETTLE_S and state.latency_p95_ms > 0:
            self._p95[self._was_running].append(state.latency_p95_ms)
        self._is_refused |= self.slowdown > self._max_slowdown

    def step(self, passed_s: float, candidate_cpu_s: float, *, is_running: bool) -> None:
        """Time passes.

        Args:
            candidate_cpu_s: processor time of the candidate in it.
            is_running: the candidate was computing.
        """
        self._same_s = self._same_s + passed_s if is_running == self._was_running else 0.0
        self._was_running = is_running
        self._sample_s += passed_s
        self._candidate_s += candidate_cpu_s
        if self._sample_s >= SAMPLE_S:
            self._sample()

    def may_run(self, *, is_basket_open: bool) -> bool:
        """Whether the candidate may run now."""
        return not is_basket_open or (self._is_free and not self._is_refused)

    def _sample(self) -> None:
        fields = [int(v) for v in self._stat_path.read_text().splitlines()[0].split()[1:9]]
        total, idle = sum(fields), sum(fields[i] for i in IDLE_FIELDS)
        before_total, before_idle = self._times
        self._times = (total, idle)
        share = (idle - before_idle) / max(1, total - before_total)
        free = share * self._num_cores + self._candidate_s / self._sample_s
        self._is_free = before_total > 0 and free >= (LEAVE_CORES if self._is_free else ENTER_CORES)
        self._sample_s = self._candidate_s = 0.0
