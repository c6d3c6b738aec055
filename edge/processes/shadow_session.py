"""One candidate beside the active model, from its first basket to its verdict.

Flow: recorded baskets -> CandidateRunner -> compare_basket -> ShadowTally, on disk -> ShadowReport

The sums are on disk after every basket, so a restart loses at most the one that was under way.
When the candidate may run is head_room.py's decision; what is made of the sums, swap.py's.
"""

import logging
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from edge.bundles.comparison import BasketOutcome, CandidateBasket, Winner, compare_basket
from edge.bundles.frame_spool import FrameSpool, SpoolError
from edge.bundles.shadow_tally import Comparison, ShadowTally
from edge.config import EdgeConfig
from edge.messages.basket_messages import BasketSnapshot
from edge.messages.perception_messages import Observations
from edge.messages.shadow_messages import (
    CandidateAnswer,
    CandidateFailed,
    CandidateReady,
    CloseBasket,
    ForgetBasket,
    FromCandidate,
    LookAt,
    Looked,
    ShadowReport,
    SpooledFrame,
)
from edge.processes.candidate_runner import CandidateRunner, Failure
from edge.processes.shadow_recorder import LaneRecorder, ReadFrame, Recorded
from sync.durable_file import write_durably

FRAMES_AT_ONCE = 16
SAVE_EVERY_S = 60.0

OnDifference = Callable[[Recorded, CandidateAnswer, BasketOutcome], None]

logger = logging.getLogger(__name__)


class ShadowSession:
    """Recorders, queue, candidate and sums of one bundle."""

    def __init__(
        self,
        config: EdgeConfig,
        bundle_id: str,
        spool: FrameSpool,
        read_frame: Callable[[str], ReadFrame],
        runner: CandidateRunner,
        on_difference: OnDifference,
    ) -> None:
        """Begin, or go on with what the disk knows about this bundle.

        Args:
            read_frame: lane id -> what reads its frames.
            on_difference: called while the basket's pictures are still there.
        """
        self.bundle_id = bundle_id
        self._spool, self._runner = spool, runner
        self._on_difference = on_difference
        self._path = tally_path(config)
        self.tally = _read_tally(self._path, bundle_id)
        self._recorders = {
            lane.lane_id: LaneRecorder(
                lane.lane_id,
                {c.camera_id: c.counter_region for c in lane.cameras},
                spool,
                read_frame(lane.lane_id),
            )
            for lane in config.lanes
        }
        self._queue: deque[Recorded] = deque()
        self._sent: tuple[SpooledFrame, ...] = ()
        self._begun: Recorded | None = None  # the candidate holds frames of it
        self._asked: Recorded | None = None  # its price is being waited for
        self._problem = ""
        self._unsaved_s = 0.0

    @property
    def problem(self) -> str:
        """Why the candidate failed; empty while it has not."""
        return self._problem

    @property
    def is_machine_short(self) -> bool:
        """It failed for want of this machine's memory, not by its own fault: begin again."""
        return self._problem.startswith(SpoolError.code)

    @property
    def has_work(self) -> bool:
        """The candidate has something to look at, or is being asked."""
        is_asked = not self._runner.is_ready
        return is_asked or any(b.frames or b.is_over for b in self._queue)

    def on_observations(self, seen: Observations) -> None:
        """The active model has looked at a frame."""
        if not self._problem:
            self._recorders[seen.lane_id].on_observations(seen)

    def on_basket(self, snapshot: BasketSnapshot) -> None:
        """How a basket stands."""
        if self._problem:
            return
        utc = datetime.now(UTC).isoformat()
        begun = self._recorders[snapshot.lane_id].on_basket(snapshot, utc)
        if begun is not None:
            self._queue.append(begun)

    def step(self, passed_s: float, *, may_run: bool) -> None:
        """Go on; at most one question to the candidate."""
        if self._problem:
            return
        self._runner.let_run(may_run)
        self._count_time(passed_s, may_run)
        answer = self._runner.poll(passed_s)
        self.tally.rss_mib = max(self.tally.rss_mib, round(self._runner.peak_rss_mib, 1))
        if isinstance(answer, Failure | CandidateFailed):
            self._fail(answer)
        elif answer is not None:
            self._take(answer)
        if not self._problem:
            self._drop_lost()
            if self._runner.is_ready:
                self._ask_next()

    def audit(self, basket_id: str, winner: Winner) -> bool:
        """Somebody judged an open basket; False if it does not wait."""
        is_taken = self.tally.audit(basket_id, winner)
        if is_taken:
            self._save()
        return is_taken

    def settle(self, basket_id: str, truth: Mapping[str, int]) -> bool:
        """A reviewer's labels judge an open basket; False if it does not wait."""
        winner = self.tally.settle(basket_id, truth)
        if winner is None:
            return False
        logger.info("shadow settled basket=%s winner=%s", basket_id, winner)
        self._save()
        return True

    def report(
        self, now_ns: int, active_slowdown: float, policy: str = "", policy_from: str = ""
    ) -> ShadowReport:
        """For the keeper of bundles and for people."""
        if self._problem:
            mode = "failed"
        elif not self._runner.is_loaded:
            mode = "loading"
        else:
            mode = "waiting" if self._runner.is_stopped else "live"
        return ShadowReport(
            bundle_id=self.bundle_id,
            at_ns=now_ns,
            mode=mode,
            problem=self._problem,
            tally=self.tally.to_json(),
            waiting_baskets=len(self._queue),
            spool_share=round(self._spool.used_share, 3),
            active_slowdown=active_slowdown,
            policy=policy,
            policy_from=policy_from,
        )

    def cpu_s(self) -> float:
        """Processor time of the candidate since the last call."""
        return self._runner.cpu_s()

    def close(self, *, is_over: bool = False) -> None:
        """End the candidate and erase every picture.

        Args:
            is_over: the candidate has left; what it showed is forgotten, its verdict is kept.
        """
        if not self._problem:
            self._runner.close()
            self._spool.close()
        if is_over:
            self._path.unlink(missing_ok=True)
        else:
            self._save()

    def _count_time(self, passed_s: float, may_run: bool) -> None:
        self.tally.seconds += passed_s
        if may_run and self._queue and self._runner.is_loaded:
            self.tally.silent_s += passed_s
        self._unsaved_s += passed_s
        if self._unsaved_s >= SAVE_EVERY_S:
            self._save()

    def _fail(self, failure: Failure | CandidateFailed) -> None:
        """It is over for this candidate; pictures go at once."""
        self._problem = f"{failure.code}: {failure.message}"
        self.tally.crashes += isinstance(failure, Failure)
        logger.warning("candidate failed bundle=%s %s", self.bundle_id[:12], self._problem)
        self._runner.close()
        self._queue.clear()
        self._spool.close()
        self._save()

    def _take(self, answer: FromCandidate) -> None:
        if isinstance(answer, CandidateReady):
            self.tally.latency_ratio = answer.latency_ratio
            logger.info("candidate ready bundle=%s ratio=%.2f provider=%s",
                        self.bundle_id[:12], answer.latency_ratio, answer.provider)  # fmt: skip
        elif isinstance(answer, Looked):
            self._let_go_sent()
        elif isinstance(answer, CandidateAnswer) and self._asked is not None:
            self._compare(self._asked, answer)
            self._asked = None

    def _ask_next(self) -> None:
        """Frames of the oldest basket, then its price."""
        basket = self._queue[0] if self._queue else None
        if self._begun is not None and self._begun is not basket:
            self._runner.send(ForgetBasket(self._begun.basket_id))
            self._begun = None
        elif basket is not None and basket.frames:
            self._send_frames(basket)
        elif basket is not None and basket.active is not None:
            self._queue.popleft()
            self._asked, self._begun = basket, None
            self._runner.send(CloseBasket(basket.basket_id))

    def _send_frames(self, basket: Recorded) -> None:
        tray = basket.frames[0][0]
        frames: list[SpooledFrame] = []
        while basket.frames and basket.frames[0][0] == tray and len(frames) < FRAMES_AT_ONCE:
            frames.append(basket.frames.popleft()[1])
        self._sent, self._begun = tuple(frames), basket
        self._runner.send(
            LookAt(basket.basket_id, basket.lane_id, basket.opened_utc, self._sent, tray)
        )

    def _let_go_sent(self) -> None:
        """Pictures that were looked at go, but for the first and last of each camera."""
        ends = self._begun.ends.values() if self._begun is not None else ()
        kept = {frame.offset for pair in ends for frame in pair}
        if self._begun is not None:
            self._begun.looked += [f for f in self._sent if f.length]
            for frame in [f for f in self._begun.looked if f.offset not in kept]:
                self._spool.release(frame.offset)
                self._begun.looked.remove(frame)
        self._sent = ()

    def _drop_lost(self) -> None:
        """Baskets that cannot be compared any more: their pictures first, then the count."""
        for basket in [b for b in self._queue if b.problem]:
            for _, frame in basket.frames:
                self._release(frame)
            basket.frames.clear()
            if basket.active is None:
                continue
            self._queue.remove(basket)
            self._release_looked(basket)
            is_sale = basket.problem != "cancelled"
            num_items = sum(basket.active.paid.values())
            self.tally.skip(
                basket.problem, basket.num_frames * is_sale, num_items if is_sale else 0
            )

    def _compare(self, basket: Recorded, answer: CandidateAnswer) -> None:
        assert basket.active is not None
        num_items = sum(basket.active.paid.values())
        if answer.problem:
            self.tally.skip(answer.problem, basket.num_frames, num_items)
        elif num_items or answer.charged or answer.num_asks:
            theirs = CandidateBasket(answer.charged, answer.num_asks, answer.prices)
            outcome = compare_basket(basket.active, theirs)
            self.tally.add(
                Comparison(
                    basket.basket_id, outcome, basket.active.paid, answer.charged,
                    answer.num_frames, answer.num_null_frames, answer.num_item_frames,
                    basket.active, answer.num_asks,
                )
            )  # fmt: skip
            if outcome.is_priced_differently:
                self._on_difference(basket, answer, outcome)
        self._release_looked(basket)
        self._save()

    def _release_looked(self, basket: Recorded) -> None:
        for frame in basket.looked:
            self._release(frame)
        basket.looked.clear()

    def _release(self, frame: SpooledFrame) -> None:
        if frame.length:
            self._spool.release(frame.offset)

    def _save(self) -> None:
        self._unsaved_s = 0.0
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(self._path, self.tally.to_json())


def tally_path(config: EdgeConfig) -> Path:
    """Where the sums about the candidate lie; the shadow process writes them."""
    return config.paths.state_dir / "shadow" / "tally.json"


def _read_tally(path: Path, bundle_id: str) -> ShadowTally:
    """Sums about this bundle, fresh ones where the disk knows only another."""
    try:
        known = ShadowTally.from_json(path.read_bytes())
    except (OSError, ValueError):
        return ShadowTally(bundle_id)
    return known if known.bundle_id == bundle_id else ShadowTally(bundle_id)
