"""What becomes of bundles on this box: staged, tried, warm, swapped, on probation, back if need be.

Flow: BundleStaged + signs of the box -> BundleState on disk -> ServeBundle, BundlesState

Every step is on disk before anybody acts on it; the transitions and verdicts are edge/bundles' pure
functions. No sockets and no threads: bundles_process.py brings the signs and carries the words.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from edge.bundles import state as transitions
from edge.bundles.evidence import PairedCounts
from edge.bundles.shadow_tally import ShadowTally
from edge.bundles.state import BundlePhase, BundleRefusedError, BundleState, BundleStateFile
from edge.bundles.swap import (
    Exit,
    ProbationExit,
    ProbationFacts,
    ShadowVerdict,
    judge_probation,
    judge_shadow,
)
from edge.config import EdgeConfig
from edge.messages.bundle_messages import BundlesState, BundleStaged, ServeBundle
from edge.messages.perception_messages import PerceptionState
from edge.messages.shadow_messages import ShadowReport
from edge.processes.hub_road import bundles_folder, slot_of, updates_folder
from edge.processes.serving_bundle import pointer_path
from sync.bundle import open_bundle, read_manifest
from sync.durable_file import write_if_changed
from sync.errors import SyncError
from sync.swap_policy import POLICIES, SwapPolicy
from sync.update_state import verify_installed

MIN_LATENCY_MS = 20.0  # a ratio of two tiny figures says nothing

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SelfTestAnswer:
    """What the golden frames said on this box."""

    is_passed: bool
    summary: str


@dataclass(frozen=True, slots=True)
class _Before:
    """How perception did when the candidate took over."""

    p95_ms: float = 0.0
    num_frames: int = 0
    num_failures: int = 0


class BundleKeeper:
    """The state row, the words to the lanes, and the reasons."""

    def __init__(
        self,
        config: EdgeConfig,
        boot_id: str,
        self_test: Callable[[str, Path], SelfTestAnswer | None],
        policy: SwapPolicy | None = None,
    ) -> None:
        """Open the state and check by hash that what it names is whole, as at every boot.

        Args:
            self_test: asked again and again; None while the golden frames are being tried.
        """
        self._config = config
        self._boot_id = boot_id
        self._self_test = self_test
        self._policy = policy or POLICIES[config.hub.swap_policy]
        self._factory_directory = config.paths.serving_bundle
        bundles_folder(config).mkdir(parents=True, exist_ok=True)
        factory = read_manifest(self._factory_directory / "manifest.json").bundle_id()
        self._file = BundleStateFile(bundles_folder(config) / "state.db", factory)
        self.state = self._checked_at_boot(self._file.read(), factory)
        self._lanes = {lane.lane_id: self.state.active for lane in config.lanes}
        self._answer: SelfTestAnswer | None = None
        self._waits_for = self._refusal = ""
        self._perception: PerceptionState | None = None
        self._before = _Before()
        self._shadow: ShadowReport | None = None
        self._judged: ShadowReport | None = None
        self._verdict: ShadowVerdict | None = None
        self._keep(self.state)

    def on_staged(self, message: BundleStaged) -> None:
        """The centre's wish lies on this disk."""
        state = self.state
        if not message.bundle_id or message.bundle_id in (state.active, state.candidate):
            return
        if self._file.is_quarantined(message.bundle_id, message.generation):
            self._refusal = "in quarantine"
            return
        try:
            staged = transitions.stage(state, message.bundle_id, message.generation)
        except BundleRefusedError as err:
            self._refusal = str(err)
            return
        self._answer, self._refusal = None, ""
        self._shadow = self._verdict = None
        self._file.add_receipt(message.bundle_id, message.receipt)
        self._keep(staged)

    def on_perception(self, message: PerceptionState) -> None:
        """How perception does; a warm bundle that cannot be loaded is out."""
        self._perception = message
        if message.warm_problem and self.state.candidate and self._waits_for == "warming":
            self._reject(f"perception: {message.warm_problem}")

    def on_shadow(self, report: ShadowReport) -> None:
        """How the candidate did on the baskets of this box."""
        if report.bundle_id == self.state.candidate:
            self._shadow = report

    def on_death(self) -> None:
        """Perception died."""
        if self.state.phase is BundlePhase.PROBATION:
            self._keep(transitions.count_death(self.state, self._boot_id))

    def on_basket(self) -> None:
        """A basket was paid."""
        if self.state.phase is BundlePhase.PROBATION:
            self._keep(transitions.count_basket(self.state))

    def step(self, lease: Callable[[str, str], bool]) -> None:
        """Go on as far as it goes.

        Args:
            lease: asks a lane (id, bundle) whether its models may be swapped now.
        """
        if self.state.phase is BundlePhase.PROBATION:
            self._judge()
        if self.state.candidate and self._is_ready():
            self._swap(lease)
        for lane_id, bundle_id in self._lanes.items():
            if bundle_id != self.state.active and lease(lane_id, self.state.active):
                self._lanes[lane_id] = self.state.active

    def roll_back(self, reason: str, *, is_forced: bool = False) -> str:
        """One step back; empty text, or why there is none.

        Args:
            is_forced: at once, also where a basket is open: what serves is broken.
        """
        before = self.state
        if before.active == before.factory:
            return "the factory bundle serves; there is nothing before it"
        self._file.quarantine(before.active, before.generation, reason)
        self._keep(transitions.roll_back(before, reason))
        logger.warning("bundle rolled back from=%s to=%s reason=%s",
                       before.active[:12], self.state.active[:12], reason)  # fmt: skip
        if is_forced:
            self._lanes = dict.fromkeys(self._lanes, self.state.active)
        return ""

    def drop_candidate(self, reason: str) -> str:
        """The candidate leaves; empty text, or why nothing happened."""
        if not self.state.candidate:
            return "there is no candidate"
        self._keep(transitions.drop_candidate(self.state, reason))
        return ""

    def words(self, now_ns: int) -> ServeBundle:
        """What every lane should serve."""
        warm = self.state.candidate if self._waits_for in ("warming", "between_baskets") else ""
        named = {*self._lanes.values(), self.state.active, warm} - {""}
        places = {bundle_id: str(self._directory(bundle_id)) for bundle_id in named}
        return ServeBundle(dict(self._lanes), places, now_ns, warm or self._late_lanes_bundle())

    def report(self, now_ns: int) -> BundlesState:
        """For people and for the centre."""
        state = self.state
        return BundlesState(
            active=state.active, previous=state.previous, candidate=state.candidate,
            factory=state.factory, phase=state.phase.value, generation=state.generation,
            at_ns=now_ns, reason=self._refusal or state.reason,
            waits_for=self._waits_for if state.candidate else "",
            baskets=state.baskets, deaths=state.deaths, quarantined=self._file.quarantined(),
            lanes=dict(self._lanes), self_test=self._answer.summary if self._answer else "",
            shadow=self._shadow_words(),
        )  # fmt: skip

    def close(self) -> None:
        """Give the state file back."""
        self._file.close()

    def _is_ready(self) -> bool:
        """Whether the candidate may take over; says what it waits for."""
        candidate = self.state.candidate
        if self._answer is None:
            self._waits_for = "self_test"
            self._answer = self._self_test(candidate, self._directory(candidate))
        if self._answer is None:
            return False
        if not self._answer.is_passed:
            self._reject(f"self-test: {self._answer.summary}")
            return False
        # Where nothing recognises any more, there is nothing to compare with and nothing to lose.
        is_scanning = self.state.phase is BundlePhase.SCANNER
        if not (is_scanning or self._config.hub.allow_without_shadow or self._has_earned_it()):
            return False
        if self._perception is None or self._perception.warm_bundle_id != candidate:
            self._waits_for = "warming"
            return False
        self._waits_for = "between_baskets"
        return True

    def _shadow_words(self) -> dict[str, str]:
        """The numbers behind the newest verdict; empty before the first."""
        verdict, policy = self._verdict, self._policy
        if verdict is None:
            return {}
        counts, wanted = verdict.counts, 1.0 / policy.alpha
        return {
            "exit": verdict.exit.value,
            "reasons": ",".join(verdict.reasons),
            "policy": f"{policy.name} (alpha {policy.alpha:g}, margin {policy.margin:g})",
            "baskets": f"{counts.total} of {policy.min_baskets}",
            "winners": f"candidate {counts.wins}, active {counts.losses}, nobody {counts.ties}",
            "coverage": f"{verdict.coverage:.1%}",
            "worse_e": f"{verdict.worse_e:.3g} (out at {wanted:g})",
            "no_worse_e": f"{verdict.no_worse_e:.3g} of {wanted:g}",
        }

    def _has_earned_it(self) -> bool:
        """The shadow's verdict; the numbers behind it are on disk before anything follows."""
        report = self._shadow
        if self._verdict is None or self._verdict.exit is not Exit.PROMOTE:
            self._waits_for = "shadow"
        if report is None or (report is self._judged and self._verdict is not None):
            return self._verdict is not None and self._verdict.exit is Exit.PROMOTE
        self._judged = report
        if report.problem:
            self._reject(f"shadow: {report.problem}")
            return False
        evidence = ShadowTally.from_json(report.tally).evidence(report.active_slowdown)
        self._verdict = verdict = judge_shadow(evidence, self._policy)
        if verdict.exit is not Exit.WATCH:
            self._file.add_verdict(self.state.candidate, self._shadow_words())
        if verdict.exit is Exit.REJECT:
            self._reject(f"shadow: {','.join(verdict.reasons)}")
        elif verdict.exit is Exit.HOLD:
            self._keep(transitions.drop_candidate(self.state, f"held: {','.join(verdict.reasons)}"))
        return verdict.exit is Exit.PROMOTE

    def _swap(self, lease: Callable[[str, str], bool]) -> None:
        """The first lane between two baskets makes it true; the others follow one by one."""
        candidate = self.state.candidate
        lane_id = next((lane for lane in self._lanes if lease(lane, candidate)), None)
        if lane_id is None:
            return
        self._note_before()
        self._keep(transitions.promote(self.state, self._boot_id))
        logger.info("bundle swapped bundle=%s lane=%s", candidate[:12], lane_id)
        self._lanes[lane_id] = candidate
        self._waits_for = ""

    def _judge(self) -> None:
        """Confirm, or go back at the first proof of harm."""
        verdict = judge_probation(self._probation_facts(), self._policy)
        is_last = self.state.active == self.state.factory
        if verdict.exit is ProbationExit.ROLL_BACK and is_last:
            logger.error("the factory bundle fails: selling by scanner reasons=%s", verdict.reasons)
            self._keep(transitions.roll_back(self.state, ",".join(verdict.reasons)))
        elif verdict.exit is ProbationExit.ROLL_BACK:
            self.roll_back(",".join(verdict.reasons), is_forced="died" in verdict.reasons)
        elif verdict.exit is ProbationExit.CONFIRM:
            self._keep(transitions.confirm(self.state))

    def _probation_facts(self) -> ProbationFacts:
        """Figures since the swap; corrections by people are not counted here yet."""
        now, before = self._perception, self._before
        latency_ratio = null_share = 0.0
        if now is not None and now.bundle_id == self.state.active:
            if now.latency_p95_ms > MIN_LATENCY_MS and before.p95_ms > 0:
                latency_ratio = now.latency_p95_ms / max(before.p95_ms, MIN_LATENCY_MS)
            num_frames = now.num_frames - before.num_frames
            if num_frames > 0:
                null_share = max(0, now.num_failures - before.num_failures) / num_frames
        return ProbationFacts(
            num_baskets=self.state.baskets,
            num_deaths_this_boot=self.state.deaths,
            null_share=null_share,
            latency_ratio=latency_ratio,
            counts=PairedCounts(),
        )

    def _note_before(self) -> None:
        if self._perception is not None:
            seen = self._perception
            self._before = _Before(seen.latency_p95_ms, seen.num_frames, seen.num_failures)

    def _reject(self, reason: str) -> None:
        """The candidate failed here: never again under this generation."""
        state = self.state
        logger.warning("candidate rejected bundle=%s: %s", state.candidate[:12], reason)
        self._file.quarantine(state.candidate, state.candidate_generation, reason)
        self._keep(transitions.drop_candidate(state, reason))

    def _keep(self, state: BundleState) -> None:
        """On disk first: the row, then the pointer that processes read when they start."""
        if state != getattr(self, "state", None):
            self._file.write(state)
        self.state = state
        told = {"bundle_id": state.active, "directory": str(self._directory(state.active))}
        write_if_changed(pointer_path(self._config), json.dumps(told).encode())

    def _directory(self, bundle_id: str) -> Path:
        is_factory = bundle_id == self.state.factory
        return self._factory_directory if is_factory else slot_of(self._config, bundle_id)

    def _late_lanes_bundle(self) -> str:
        late = any(bundle_id != self.state.active for bundle_id in self._lanes.values())
        return self.state.active if late else ""

    def _checked_at_boot(self, state: BundleState, factory: str) -> BundleState:
        """What the row names is re-hashed; what is not whole is left, step by step."""
        if state.factory != factory:  # new software brought a new factory bundle
            is_old = state.active == state.factory
            state = replace(state, factory=factory, active=factory if is_old else state.active)
        self.state = state
        receipts = updates_folder(self._config) / "receipts"
        while state.active != factory:
            try:
                verify_installed(slot_of(self._config, state.active), receipts, state.active)
                break
            except SyncError as err:
                logger.error("active bundle is not whole: %s", err)  # noqa: TRY400
                state = transitions.roll_back(state, f"not whole at boot: {err.code}")
        if state.candidate and not self._is_whole(state.candidate):
            state = transitions.drop_candidate(state, "not whole at boot")
        self._file.write(state)
        return state

    def _is_whole(self, bundle_id: str) -> bool:
        try:
            return open_bundle(slot_of(self._config, bundle_id)).bundle_id == bundle_id
        except SyncError:
            return False
