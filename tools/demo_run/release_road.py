"""How a model of the loop is let out: registered, judged blind, approved, signed.

Flow: bundle folder -> registry -> replays of the blind set -> verdict -> person -> signed release

The box's own code replays, the hub judges under the policy `demo` and signs, somebody else than
the trainer approves, the keepers' release key signs the bundle. Each blind set stands two looks.
"""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sync.bundle import Bundle
from tools.demo_run.blind_recordings import write_blind_set
from tools.demo_run.loop_shop import LoopShop, run_hubctl
from tools.demo_run.loop_timeline import Step, Timeline
from trainer.errors import DegradedError
from trainer.hubctl.digest_file import stage_files
from trainer.release.blind_replay import replay
from trainer.release.gate import POLICIES

GATE_POLICY = "demo"


class NotReleasedError(DegradedError):
    """The gate did not let it pass."""

    code = "demo.not_released"


@dataclass
class BlindSet:
    """Recordings and their clusters."""

    folder: Path
    clusters: dict[str, str]


@dataclass
class ReleaseRoad:
    """The gate's side of the shop: two blind sets, written once."""

    shop: LoopShop
    sets: list[BlindSet] = field(default_factory=list)
    _thread: threading.Thread | None = None

    def prepare(self) -> None:
        """Write the blind sets, beside everything else."""
        self._thread = threading.Thread(target=self._write_sets, daemon=True)
        self._thread.start()

    def judge(self, bundle: Bundle, set_number: int) -> dict[str, Any]:
        """The hub's verdict over a registered bundle; the demo replays, as a gate worker would.

        Champion and candidate are replayed at the same time, so that the machine's other work
        weighs on both their latencies.

        Raises:
            ReplayError: the box's code gave no answer.
        """
        if self._thread is not None:
            self._thread.join()
        blind, base = self.sets[set_number], self.shop.folder / "store-bundle"
        with ThreadPoolExecutor(2) as both:
            asked = [
                both.submit(replay, edgectl(), folder, blind.folder)
                for folder in (base, bundle.directory)
            ]
        champion, candidate = (one.result().model_dump(mode="json") for one in asked)
        body = {"champion": champion, "candidate": candidate, "policy": GATE_POLICY,
                "clusters": blind.clusters}  # fmt: skip
        path = f"/models/{bundle.bundle_id}/gate"
        verdict: dict[str, Any] = self.shop.as_("gate").api("POST", path, body)
        return verdict

    def _write_sets(self) -> None:
        first, second = (self.shop.folder / "blind" / f"set-{number}" for number in range(2))
        self.sets.append(BlindSet(first, write_blind_set(first)))
        # Its pictures are as dark as the film's dusk; a set with them would tell at the gate.
        bright = {"without": "03_look_alikes"}
        clusters = write_blind_set(second, 1, **bright) | write_blind_set(second, 2, **bright)
        self.sets.append(BlindSet(second, clusters))


def edgectl() -> str:
    """The box's command of this environment."""
    return str(Path(sys.executable).parent / "edgectl")


def register(shop: LoopShop, bundle: Bundle, note: str) -> None:
    """Make a bundle known, and upload its files for the gate."""
    trainer = shop.as_("trainer")
    manifest = bundle.manifest.model_dump(mode="json")
    trainer.api("POST", "/models", {"manifest": manifest, "lineage": {}, "note": note})
    stage_files(trainer, bundle)


def release(
    road: ReleaseRoad, bundle: Bundle, timeline: Timeline, step: Step, *, set_number: int
) -> None:
    """Gate, approval, signature.

    Raises:
        NotReleasedError: it did not pass.
    """
    shop, short = road.shop, bundle.bundle_id[:12]
    verdict = road.judge(bundle, set_number)
    told = verdict["document"]
    policy, production = POLICIES[GATE_POLICY], POLICIES["production"]
    timeline.say(
        step, f"gate: {short} {verdict['verdict']}, look {verdict['look']} at blind set "
        f"{verdict['blind_set'][:8]} ({told['num_baskets']} recordings, {told['num_clusters']} "
        f"clusters), difference {told['difference']:+.1%}, at worst {told['lower']:+.1%}; margin "
        f"{policy.margin:.1%}, alpha {policy.alpha_per_look:.1%} (production: "
        f"{production.margin:.1%}, {production.alpha_per_look:.2%})",
    )  # fmt: skip
    if verdict["verdict"] != "pass":
        raise NotReleasedError(f"{short}: {'; '.join(told['reasons'])}")
    note = {"note": "evidence of the gate read on its page"}
    shop.as_("approver").api("POST", f"/models/{bundle.bundle_id}/approve", note)
    run_hubctl(shop, "bundle", "publish", str(bundle.directory))
    timeline.say(step, "approved by another person than the trainer, signed by the release key")
