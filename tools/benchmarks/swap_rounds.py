"""Swaps of models under load: real networks, real journal, one basket after the other.

Flow: frames of a clip -> Pipeline -> LaneKeeper (journal, fsync) -> baskets; BundleKeeper -> swaps

Two bundles that differ in their digest only take turns: staged as soon as the one before is
confirmed, loaded beside the frames in a thread, leased between two baskets, confirmed by the next.
Every fourth basket has no swap near it, so that quiet time is measured under the same load. Every
basket is compared with what the same frames give before the first swap; the journal is read back.
"""

import json
import shutil
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from cameras.frame import Frame
from edge.basket.basket_events import Paid
from edge.basket.journal import open_journal
from edge.bundles.state import BundlePhase
from edge.bundles.store import BundleStore
from edge.config import FACTORY_BUNDLE, EdgeConfig
from edge.config_file import read_config
from edge.messages.basket_messages import Ask, BasketSnapshot, Phase
from edge.messages.bundle_messages import BundleStaged
from edge.messages.command_messages import (
    AnswerAsk,
    BasketCommand,
    Command,
    Finish,
    PaymentResult,
    SwapLease,
)
from edge.messages.perception_messages import PerceptionState
from edge.perception.pipeline import Pipeline
from edge.perception.pipeline_settings import PipelineSettings
from edge.processes.basket_process import LaneKeeper
from edge.processes.bundle_keeper import BundleKeeper, SelfTestAnswer
from edge.processes.hub_road import bundles_folder, updates_folder
from edge.processes.lane_models import LaneModels
from edge.processes.worker import Work
from sync.swap_policy import SwapPolicy
from sync.update_state import InstallReceipt, save_receipt

LANE, CAMERA = "lane-1", "cam0"
NS_PER_S = 1_000_000_000
FRAME_NS = NS_PER_S // 30
EMPTY_FRAMES, LEAST_GOODS_FRAMES, MOST_FRAMES = 2, 6, 90
SWAPS_PER_REST = 4  # then a basket without a swap
AROUND = 15  # frames after a swap count as "around" it, and every frame while a bundle is loaded
LIMIT_S = 180.0  # for one swap, on a busy machine
PASSED = SelfTestAnswer(True, "not asked here: the bundle is a twin of the factory's")


@dataclass
class SwapFigures:
    """What was counted.

    Attributes:
        failed: frames without an answer; dropped: baskets that did not come to payment.
        differ: baskets with other lines than in quiet time.
        questions: answered by their first button, as a shopper would.
        journal_paid, acknowledged: payments on disk, and those that were promised.
    """

    swaps: int = 0
    baskets: int = 0
    failed: int = 0
    dropped: int = 0
    differ: int = 0
    refused_leases: int = 0
    questions: int = 0
    journal_paid: int = 0
    acknowledged: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    quiet_ms: list[float] = field(default_factory=list)
    around_ms: list[float] = field(default_factory=list)
    loading_ms: list[float] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Nothing was lost, doubled or priced otherwise."""
        return (
            self.failed == self.dropped == self.differ == 0
            and self.journal_paid == self.acknowledged == self.baskets
        )


def p95(values: list[float]) -> float:
    """0 without values."""
    return float(np.quantile(values, 0.95)) if values else 0.0


class SwapBench:
    """One lane, one camera, two bundles, in one process."""

    def __init__(self, folder: Path, empty: np.ndarray, goods: np.ndarray) -> None:
        self.figures = SwapFigures()
        self._empty, self._goods = empty, goods
        self._config = _config(folder)
        self._twins = [_install(self._config, folder, f"twin-{n}") for n in range(2)]
        self._work = Work("basket", self._config, LANE)
        self._lane = LaneKeeper(self._work)
        self._lane.prepare(1)
        policy = SwapPolicy(confirm_baskets=1, max_latency_ratio=1e6)
        self._keeper = BundleKeeper(self._config, "boot", lambda _id, _place: PASSED, policy)
        self._models = LaneModels(self._work)
        self._pipeline = Pipeline(None, PipelineSettings(), lane_id=LANE, camera_id=CAMERA)
        self._in_use: object = None
        self._sequence = self._commands = 0
        self._since_swap = AROUND
        self._quiet: Counter[str] | None = None
        self._num_wanted, self._rested_at, self._moved_at = 0, 0, time.monotonic()

    def run(self, num_swaps: int, num_quiet: int = 20) -> SwapFigures:
        """Baskets without a swap, then one swap after the other under baskets."""
        self._wait_for_models()
        for _ in range(num_quiet):
            self._basket()
        self._num_wanted, self._moved_at = num_swaps, time.monotonic()
        while self.figures.swaps < num_swaps and self._is_moving():
            self._basket()
        self._num_wanted = 0
        self._basket()  # on probation, and confirmed by it
        self._lane.close()
        journal = open_journal(
            self._config.paths.state_dir / f"journal-{LANE}.db", self._work.boot_id
        )
        paid = [e.basket_id for e in journal.all_events() if isinstance(e.body, Paid)]
        self.figures.journal_paid = len(set(paid)) if len(set(paid)) == len(paid) else -1
        journal.close()
        self.close()
        return self.figures

    def close(self) -> None:
        """Let everything go."""
        self._models.close()
        self._keeper.close()
        self._work.close()

    def _is_moving(self) -> bool:
        """A swap came lately enough."""
        return time.monotonic() - self._moved_at < LIMIT_S

    def _stage_next(self) -> None:
        """The other twin, once nothing is on trial any more and the counter has rested."""
        state, num_swaps = self._keeper.state, self.figures.swaps
        if state.candidate or state.phase is BundlePhase.PROBATION or num_swaps >= self._num_wanted:
            return
        if num_swaps and num_swaps % SWAPS_PER_REST == 0 and self._rested_at != num_swaps:
            return
        target = next(twin for twin in self._twins if twin != state.active)
        self._keeper.on_staged(BundleStaged(target, num_swaps + 1, "", 0))

    def _note_swap(self, active: str) -> None:
        if self._keeper.state.active != active:
            self.figures.swaps += 1
            self._moved_at = time.monotonic()

    def _basket(self) -> None:
        """Goods come, are paid and go; the keeper works at every frame."""
        for _ in range(EMPTY_FRAMES):
            self._frame(self._empty)
        for number in range(MOST_FRAMES):
            self._frame(self._goods)
            told = self._snapshot()
            if told.asks:
                self._answer(told.asks[0])
            if number >= LEAST_GOODS_FRAMES and told.can_pay:
                break
        lines = self._lines()
        self._quiet = self._quiet or lines
        self.figures.baskets += 1
        self.figures.differ += lines != self._quiet
        state = self._keeper.state
        is_resting = not state.candidate and state.phase is not BundlePhase.PROBATION
        is_paid = self._ask(Finish()) and self._ask(PaymentResult("approved", "bench"))
        self.figures.acknowledged += is_paid
        self.figures.dropped += not is_paid
        self._keeper.on_basket()
        if is_resting:
            self._rested_at = self.figures.swaps
        for _ in range(MOST_FRAMES):
            self._frame(self._empty)
            snapshot = self._snapshot()
            if snapshot.phase is Phase.IDLE and not snapshot.items:
                break

    def _answer(self, ask: Ask) -> None:
        """As a shopper: the first button. Look-alikes are asked about on a busy machine."""
        if self._ask(AnswerAsk(ask.ask_id, ask.options[0].sku_id if ask.options else "")):
            self.figures.questions += 1

    def _frame(self, picture: np.ndarray) -> None:
        is_loading = bool(self._keeper.words(0).warm) and not self._models.warm_bundle_id
        self._step_models()
        self._sequence += 1
        started = time.perf_counter()
        at_ns = time.monotonic_ns()
        seen = self._pipeline.observe(picture, sequence=self._sequence, captured_at_ns=at_ns)
        self._lane.observe(seen)
        self._lane.tick()
        took_ms = (time.perf_counter() - started) * 1000
        self.figures.failed += seen.status not in ("seen", "unchanged")
        figures = self.figures
        is_near = self._since_swap < AROUND
        kind = figures.loading_ms if is_loading else figures.quiet_ms
        (figures.around_ms if is_near else kind).append(took_ms)
        self._since_swap += 1
        self._pace(at_ns)

    def _pace(self, at_ns: int) -> None:
        """Frames of a camera, not a flood: the counter's clocks are real."""
        time.sleep(max(0.0, (at_ns + FRAME_NS - time.monotonic_ns()) / NS_PER_S))

    def _step_models(self) -> None:
        active = self._keeper.state.active
        self._keeper.step(self._lease)
        self._note_swap(active)
        self._stage_next()
        self._models.tell(self._keeper.words(0))
        self._lane.serve(self._keeper.words(0))
        found = self._models.step(time.monotonic_ns(), is_idle=True).get(LANE)
        if found is not None and found is not self._in_use:
            self._in_use = found
            self._pipeline.replace_models(found)
            self._since_swap = 0
        warm, problem = self._models.warm_bundle_id, self._models.warm_problem
        state = PerceptionState(
            0, active, "", "", self._sequence, 0, 0, 1.0, 1.0, 0, 1,
            warm_bundle_id=warm, warm_problem=problem,
        )  # fmt: skip
        self._keeper.on_perception(state)

    def _lease(self, lane_id: str, bundle_id: str) -> bool:
        del lane_id
        is_granted = self._ask(SwapLease(bundle_id))
        self.figures.refused_leases += not is_granted
        return is_granted

    def _ask(self, body: BasketCommand) -> bool:
        self._commands += 1
        reply = self._lane.carry_out(Command(LANE, f"c{self._commands}", body))
        if not reply.is_done and not isinstance(body, SwapLease):
            self.figures.refusals[self._as_it_stands(reply.code)] += 1
        return reply.is_done

    def _as_it_stands(self, code: str) -> str:
        """A refusal's code with what the basket said at that moment."""
        told = self._snapshot()
        asks = ",".join(sorted(ask.kind for ask in told.asks)) or "none"
        return f"{code} ({told.phase.value}, asks {asks}, blind {told.is_blind})"

    def _lines(self) -> Counter[str]:
        lines: Counter[str] = Counter()
        for line in self._snapshot().lines:
            lines[line.sku_id] += line.quantity
        return lines

    def _snapshot(self) -> BasketSnapshot:
        return self._lane.counter.snapshot(time.monotonic_ns())

    def _wait_for_models(self) -> None:
        deadline = time.monotonic() + LIMIT_S
        while self._in_use is None and time.monotonic() < deadline:
            self._step_models()
            time.sleep(0.05)
        self._since_swap = AROUND


def _config(folder: Path) -> EdgeConfig:
    path = folder / "edge.toml"
    path.write_text(
        "\n".join(
            [
                "schema = 1",
                'box_id = "bench"',
                "[paths]",
                f'run_dir = "{folder / "run"}"',
                f'state_dir = "{folder / "state"}"',
                f'ring_dir = "{folder / "ring"}"',
                "[basket]",
                "paid_screen_s = 0.0",
                "[hub]",
                'url = "http://127.0.0.1:9"',
                "allow_without_shadow = true",
                "[[lanes]]",
                f'lane_id = "{LANE}"',
                "[[lanes.cameras]]",
                f'camera_id = "{CAMERA}"',
                'url = "usb:0"',
            ]
        )  # fmt: skip
    )
    config = read_config(path)
    for place in (config.paths.run_dir, config.paths.state_dir):
        place.mkdir()
    return config


def _install(config: EdgeConfig, folder: Path, version: str) -> str:
    """The factory bundle under another version; its digest."""
    twin = folder / version
    shutil.copytree(FACTORY_BUNDLE, twin)
    manifest = json.loads((twin / "manifest.json").read_text())
    (twin / "manifest.json").write_text(json.dumps({**manifest, "version": version}))
    bundle = BundleStore(bundles_folder(config)).import_directory(twin)
    receipt = InstallReceipt(
        bundle_id=bundle.bundle_id, bundle_generation=1, assignment_generation=1, versions={},
        verified_at=datetime.now(UTC), clock_source="system",
    )  # fmt: skip
    save_receipt(updates_folder(config) / "receipts", receipt)
    return bundle.bundle_id


def empty_and_goods(frames: list[Frame]) -> tuple[np.ndarray, np.ndarray]:
    """The first and the last picture of a clip's first camera."""
    mine = [frame.pixels for frame in frames if frame.camera_id == CAMERA]
    return mine[0], mine[-1]
