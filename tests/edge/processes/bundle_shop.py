"""A box whose candidate is a copy of its bundle under another name, driven step by step."""

from pathlib import Path

from edge.bundles.comparison import BasketOutcome, Winner
from edge.bundles.shadow_tally import Comparison, ShadowTally
from edge.bundles.store import BundleStore
from edge.config import EdgeConfig, HubKnobs
from edge.config_file import read_config
from edge.messages.bundle_messages import BundleStaged
from edge.messages.perception_messages import PerceptionState
from edge.processes.bundle_keeper import BundleKeeper, SelfTestAnswer
from edge.processes.hub_road import bundles_folder, updates_folder
from sync.bundle import Bundle
from sync.swap_policy import SwapPolicy
from sync.update_state import InstallReceipt, save_receipt
from tests.fakes.fake_clock import BOOT
from tests.system.running_box import make_bundle, make_config

PASSED = SelfTestAnswer(True, "9 golden frames: all found")


class Shop:
    """A box whose candidate is a copy of its bundle under another name."""

    def __init__(self, folder: Path, *, is_made: bool = False) -> None:
        config = read_config(folder / "edge.toml") if is_made else make_config(folder)
        hub = HubKnobs(url="http://hub.example", allow_without_shadow=True)
        self.config: EdgeConfig = config.model_copy(update={"hub": hub})
        if not is_made:
            make_bundle(folder / "new", version="2")
        store = BundleStore(bundles_folder(self.config))
        self.new: Bundle = store.import_directory(folder / "new")
        receipt = InstallReceipt(
            bundle_id=self.new.bundle_id, bundle_generation=1, assignment_generation=5,
            versions={}, verified_at=BOOT, clock_source="system",
        )  # fmt: skip
        save_receipt(updates_folder(self.config) / "receipts", receipt)
        self.answer: SelfTestAnswer | None = PASSED
        self.is_idle = True
        self.keeper = self.open()

    def open(self, policy: SwapPolicy | None = None, boot_id: str = "boot-1") -> BundleKeeper:
        return BundleKeeper(self.config, boot_id, lambda _id, _place: self.answer, policy)

    def reopen(self, policy: SwapPolicy | None = None, boot_id: str = "boot-1") -> BundleKeeper:
        self.keeper.close()
        self.keeper = self.open(policy, boot_id)
        return self.keeper

    def stage(self, generation: int = 5) -> None:
        self.keeper.on_staged(BundleStaged(self.new.bundle_id, generation, "", 0, {"by": "hub"}))

    def perceive(self, warm: str = "", problem: str = "", active: str = "") -> None:
        state = PerceptionState(
            0, active, "", "", 100, 0, 0, 1.0, 2.0, 0, 10,
            warm_bundle_id=warm, warm_problem=problem,
        )  # fmt: skip
        self.keeper.on_perception(state)

    def step(self) -> str:
        self.keeper.step(lambda _lane, _bundle: self.is_idle)
        return self.keeper.report(0).waits_for

    def swap(self) -> None:
        self.stage()
        self.step()
        self.perceive(warm=self.new.bundle_id)
        self.step()


def tally_of(winner: Winner, number: int, crashes: int = 0, seconds: float = 10.0) -> bytes:
    tally = ShadowTally("new", crashes=crashes, seconds=seconds)
    for index in range(number):
        outcome = BasketOutcome(winner, num_items=2)
        tally.add(Comparison(f"b{index}", outcome, {"milk": 2}, {"milk": 2}, 30, 0, 20))
    return tally.to_json()


def shadowing(shop: Shop) -> None:
    hub = HubKnobs(url="http://hub.example", swap_policy="lab")
    shop.config = shop.config.model_copy(update={"hub": hub})
    shop.reopen()
    shop.stage()
    shop.step()
