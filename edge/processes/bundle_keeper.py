"""What becomes of bundles on this box: staged, tried, warm, swapped, on probation, back if need be.

Flow: BundleStaged + signs of the box -> BundleState on disk -> ServeBundle, BundlesState

Every step is on disk before anybody acts on it; the transitions and verdicts are edge/bundles' pure
functions. No sockets and no threads: bundles_process.py brings the signs and carries the words.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from edge.bundles import state as transitions
from edge.bundles.shadow_tally import ShadowTally
from edge.bundles.state import BundlePhase, BundleRefusedError, BundleState, BundleStateFile
from edge.bundles.swap import (
    Exit,
    ProbationExit,
    ShadowVerdict,
    judge_probation,
    judge_shadow,
)
from edge.config import EdgeConfig
from edge.messages.bundle_messages import BundlesState, BundleStaged, ServeBundle
from edge.messages.perception_messages import PerceptionState
from edge.messages.shadow_messages import ShadowReport
from edge.processes.boot_check import checked_at_boot
from edge.processes.bundle_report import progress_of, shadow_words
from edge.processes.hub_road import bundles_folder, slot_of
from edge.processes.probation_watch import ProbationWatch
from edge.processes.serving_bundle import pointer_path
from sync.bundle import read_manifest
from sync.durable_file import write_if_changed
from sync.swap_policy import POLICIES, SwapPolicy, policy_named

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SelfTestAnswer:
    """What the golden frames said on this box."""

    is_passed: bool
    summary: str


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
        self._given_policy = policy
        self._factory_directory = config.paths.serving_bundle
        bundles_folder(config).mkdir(parents=True, exist_ok=True)
        factory = read_manifest(self._factory_directory / "manifest.json").bundle_id()
        self._file = BundleStateFile(bundles_folder(config) / "state.db", factory)
        self.state = checked_at_boot(config, self._file.read(), factory)
        self._file.write(self.state)
        self._lanes = {lane.lane_id: self.state.active for lane in config.lanes}
        self._answer: SelfTestAnswer | None = None
        self._waits_for = self._refusal = ""
        self._perception: PerceptionState | None = None
        self._watch = ProbationWatch()
        self._shadow: ShadowReport | None = None
        self._judged: ShadowReport | None = None
        self._verdict: ShadowVerdict | None = None
        self._keep(self.state)

    @property
    def policy(self) -> SwapPolicy:
        """The one that the signed assignment names, else the box's own file's."""
        named = self.state.policy or self._config.hub.swap_policy
        return self._given_policy or policy_named(named)

    def on_staged(self, message: BundleStaged) -> None:
        """The centre's wish lies on this disk."""
        self._leave(message.withdraws)
        state = self.state
        if not message.bundle_id or message.bundle_id in (state.active, state.candidate):
            return
        is_withdrawn = message.bundle_id in message.withdraws
        if is_withdrawn or self._file.is_quarantined(message.bundle_id, message.generation):
            self._refusal = "withdrawn by the centre" if is_withdrawn else "in quarantine"
            return
        try:
            staged = transitions.stage(
                state, message.bundle_id, message.generation, message.policy,
                is_drill=message.is_drill,
            )  # fmt: skip
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

    def on_basket(self, *, is_troubled: bool = False) -> None:
        """A basket was paid; `is_troubled`: a person had to help vision."""
        self._keep(transitions.count_basket(self.state, is_troubled=is_troubled))

    def step(self, lease: Callable[[str, str], bool]) -> None:
        """Go on as far as it goes.

        Args:
            lease: asks a lane (id, bundle) whether its models may be swapped now.
        """
        if self.state.phase is BundlePhase.PROBATION:
            self._judge()
        self._note_drill()
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
        state, quarantined = self.state, self._file.quarantined()
        waits_for = self._waits_for if state.candidate else ""
        return BundlesState(
            active=state.active, previous=state.previous, candidate=state.candidate,
            factory=state.factory, phase=state.phase.value, generation=state.generation,
            at_ns=now_ns, reason=self._refusal or state.reason, waits_for=waits_for,
            baskets=state.baskets, deaths=state.deaths, quarantined=quarantined,
            lanes=dict(self._lanes), self_test=self._answer.summary if self._answer else "",
            shadow=shadow_words(self._verdict, self.policy), policy=self.policy.name,
            policy_from=self._policy_from(),
            progress=progress_of(state, quarantined, self._verdict, self.policy, waits_for),
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
        is_drilling = self.state.drill == "back"  # it has earned it already
        is_free = is_scanning or is_drilling or self._config.hub.allow_without_shadow
        if not (is_free or self._has_earned_it()):
            return False
        if is_drilling and "rollback" not in self.state.drills:
            self._waits_for = "drill"
            return False
        if self._perception is None or self._perception.warm_bundle_id != candidate:
            self._waits_for = "warming"
            return False
        self._waits_for = "between_baskets"
        return True

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
        self._verdict = verdict = judge_shadow(evidence, self.policy)
        if verdict.exit is not Exit.WATCH:
            self._file.add_verdict(self.state.candidate, shadow_words(self._verdict, self.policy))
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
        self._watch.note_swap(self._perception)
        self._keep(transitions.promote(self.state, self._boot_id, datetime.now(UTC).isoformat()))
        self._note("golden", f"ok {self._answer.summary}" if self._answer else "")
        self._note("swap", f"ok between baskets on {lane_id}")
        logger.info("bundle swapped bundle=%s lane=%s", candidate[:12], lane_id)
        self._lanes[lane_id] = candidate
        self._waits_for = ""

    def _judge(self) -> None:
        """Confirm, or go back at the first proof of harm."""
        verdict = judge_probation(self._watch.facts(self.state, self._perception), self.policy)
        is_last = self.state.active == self.state.factory
        if verdict.exit is ProbationExit.ROLL_BACK and is_last:
            logger.error("the factory bundle fails: selling by scanner reasons=%s", verdict.reasons)
            self._keep(transitions.roll_back(self.state, ",".join(verdict.reasons)))
        elif verdict.exit is ProbationExit.ROLL_BACK:
            self.roll_back(",".join(verdict.reasons), is_forced="died" in verdict.reasons)
        elif verdict.exit is ProbationExit.CONFIRM:
            is_drill = self.state.drill == "wanted" and self.state.previous
            go_on = transitions.begin_drill if is_drill else transitions.confirm
            self._keep(go_on(self.state))

    def _note_drill(self) -> None:
        """The way back was walked: every lane and perception serve the previous bundle again."""
        state, seen = self.state, self._perception
        if state.drill != "back" or "rollback" in state.drills:
            return
        is_back = all(bundle_id == state.active for bundle_id in self._lanes.values())
        if is_back and seen is not None and seen.bundle_id == state.active:
            self._note("rollback", "ok every lane and perception served the previous bundle")

    def _note(self, drill: str, found: str) -> None:
        if self.state.drill and found:
            self._keep(replace(self.state, drills={**self.state.drills, drill: found}))

    def _leave(self, withdrawn: tuple[str, ...]) -> None:
        """The centre took bundles back: leave the candidate, or what serves, for the one before."""
        state = self.state
        if state.candidate in withdrawn:
            self._reject("withdrawn by the centre")
        if self.state.previous in withdrawn:
            self._keep(replace(self.state, previous=""))
        if self.state.active in withdrawn:
            self.roll_back("withdrawn by the centre")

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

    def _policy_from(self) -> str:
        """Who named the policy; a name that this software does not know is `production`."""
        name = self.state.policy
        if not name:
            return "this box's file"
        known = "" if name in POLICIES else f", which names {name!r}, unknown here"
        return f"the signed assignment{known}"
