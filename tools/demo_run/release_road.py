"""How a model of the loop is let out: registered, judged blind, approved, signed, offered.

Flow: bundle folder -> registry -> replays of the blind set -> verdict -> person -> signed release

The box's own code replays, the hub judges under the policy `demo` and signs, somebody else than
the trainer approves, the keepers' release key signs the bundle. Each blind set stands two looks.
"""

import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sync.bundle import Bundle
from sync.replay_result import ReplayResult
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
    """Recordings, their clusters, and what the champion made of them."""

    folder: Path
    clusters: dict[str, str]
    champion: ReplayResult | None = None


@dataclass
class ReleaseRoad:
    """The gate's side of the shop: two blind sets, and the champion's answers to them."""

    shop: LoopShop
    sets: list[BlindSet] = field(default_factory=list)
    _thread: threading.Thread | None = None
    _failure: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        """Write the blind sets and replay the champion, beside everything else."""
        self._thread = threading.Thread(target=self._replay_champion, daemon=True)
        self._thread.start()

    def judge(self, bundle: Bundle, set_number: int) -> dict[str, Any]:
        """The hub's verdict over a registered bundle; the demo replays, as a gate worker would.

        Raises:
            NotReleasedError: the champion could not be replayed.
            ReplayError: the box's code gave no answer.
        """
        if self._thread is not None:
            self._thread.join()
        chosen = self.sets[set_number] if len(self.sets) > set_number else None
        if chosen is None or chosen.champion is None:
            raise NotReleasedError(f"no champion to compare with: {' '.join(self._failure)}")
        candidate = replay(edgectl(), bundle.directory, chosen.folder)
        body = {
            "champion": chosen.champion.model_dump(mode="json"),
            "candidate": candidate.model_dump(mode="json"),
            "policy": GATE_POLICY,
            "clusters": chosen.clusters,
        }
        path = f"/models/{bundle.bundle_id}/gate"
        verdict: dict[str, Any] = self.shop.as_("gate").api("POST", path, body)
        return verdict

    def _replay_champion(self) -> None:
        base = self.shop.folder / "store-bundle"
        for number in range(2):
            folder = self.shop.folder / "blind" / f"set-{number}"
            blind = BlindSet(folder, write_blind_set(folder, first=number))
            self.sets.append(blind)
            try:
                blind.champion = replay(edgectl(), base, folder)
            except DegradedError as err:
                self._failure.append(str(err))
                return


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
