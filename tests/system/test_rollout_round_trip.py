"""A release through two boxes over real HTTP: lab, then shop; a bad one is taken back everywhere.

The uplink, the keeper of bundles, the hub and hubctl are the product's own; perception and the
lanes' leases are answered here, and the shadow's tally is counted out.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.bundles.comparison import Winner
from edge.config import HubKnobs
from edge.edgectl.__main__ import app as edgectl
from edge.messages.bundle_messages import BundleStaged
from edge.messages.perception_messages import PerceptionState
from edge.messages.shadow_messages import ShadowReport
from edge.processes.bundle_keeper import BundleKeeper, SelfTestAnswer
from edge.processes.bundle_report import as_progress
from edge.processes.hub_link import BoxFacts, HubLink
from edge.processes.hub_road import slot_of
from sync.bundle import open_bundle
from tests.edge.processes.bundle_shop import tally_of
from tests.fakes.running_hub import RunningHub, running_hub
from tests.fakes.signing_hub import make_repository, open_repository
from tests.fakes.vouched import add_vouched
from tests.system.running_box import make_bundle, make_config
from trainer.hub.hub_services import Publisher
from trainer.hubctl.__main__ import app as hubctl
from trainer.store import enrolment
from trainer.store.api_tokens import Role, create_token
from trainer.store.database import writing
from trainer.store.model_tables import MODELS
from trainer.store.registry import register
from trainer.store.review_tables import LABELS
from trainer.store.schema import CASES, RECEIVED

PLAN = {
    "rings": [
        {"name": "lab", "is_lab": True, "soak_h": 0, "deadline_h": 48},
        {"name": "shop", "soak_h": 1, "deadline_h": 48},
    ]
}


class Centre:
    """A hub that signs, on a clock that the test moves, driven by hubctl."""

    def __init__(self, folder: Path, hub: RunningHub) -> None:
        self.folder, self.hub = folder, hub
        self.now = datetime.now(UTC)
        hub.rollouts.clock = lambda: self.now
        with writing(hub.engine) as connection:
            token = create_token(connection, "ops", Role.ADMIN, now=self.now, actor="test")
        (folder / "token").write_text(token)
        (folder / "plan.json").write_text(json.dumps(PLAN))

    def rollout(self, *words: str) -> dict[str, object]:
        common = ["--hub", self.hub.url, "--token-file", str(self.folder / "token"), "--json"]
        result = CliRunner().invoke(hubctl, ["rollout", *words, *common], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return dict(json.loads(result.stdout))

    def page(self, number: str) -> str:
        """What a person reads."""
        words = ["--hub", self.hub.url, "--token-file", str(self.folder / "token")]
        result = CliRunner().invoke(hubctl, ["rollout", "show", number, *words])
        assert result.exit_code == 0, result.output
        return " ".join(result.stdout.split())

    def start(self, version: str) -> str:
        """Release, approve and start a bundle; the rollout's number."""
        place = self.folder / f"bundle-{version}"
        make_bundle(place, version=version)
        bundle = open_bundle(place)
        signing = open_repository(self.folder)
        add_vouched(signing, bundle)
        signing.publish()
        with writing(self.hub.engine) as connection:
            register(connection, bundle.manifest, {}, "", now=self.now, actor="trainer")
            connection.execute(MODELS.update().values(stage="approved"))
        words = ["--plan", str(self.folder / "plan.json"), "--policy", "demo"]
        return str(self.rollout("start", bundle.bundle_id, *words)["rollout_id"])

    def wait(self, hours: float = 0.0) -> None:
        """Time passes, and the hub looks."""
        self.now += timedelta(hours=hours)
        self.hub.rollouts.tick()


class Box:
    """The real uplink and keeper of one box, step by step."""

    def __init__(self, folder: Path, centre: Centre, ring: str) -> None:
        folder.mkdir()
        knobs = HubKnobs(url=centre.hub.url)
        config = make_config(folder)
        path = folder / "edge.toml"
        path.write_text(path.read_text().replace('box_id = "box"', f'box_id = "{ring}-box"'))
        changed = {"hub": knobs, "box_id": f"{ring}-box"}
        self.config = config.model_copy(update=changed)
        with writing(centre.hub.engine) as connection:
            code = enrolment.create_claim_code(connection, now=centre.now, actor="op", ring=ring)
        words = ["enrol", "-c", str(path), "--hub", centre.hub.url, "--claim-code", code]
        assert CliRunner().invoke(edgectl, words).exit_code == 0
        self.settled: list[tuple[str, dict[str, int]]] = []
        self.link = HubLink(self.config, lambda action: f"not asked for {action}", self.hear)
        passed = SelfTestAnswer(True, "9 golden frames: all found")
        self.keeper = BundleKeeper(self.config, "boot", lambda _id, _place: passed)
        self.factory = self.keeper.state.factory

    def round(self) -> None:
        """Tell the hub, hear the hub."""
        state = self.keeper.state
        facts = BoxFacts(
            progress=as_progress(self.keeper.report(0).progress),
            bundles={"active": state.active, "candidate": state.candidate},
            keep=(state.active, state.previous, state.candidate, state.factory),
        )
        self.link.round(facts, datetime.now(UTC))
        told = self.link.state
        place = str(slot_of(self.config, told.staged))
        self.keeper.on_staged(
            BundleStaged(told.staged, told.generation, place, 0, dict(told.receipt), told.policy,
                         told.withdraws, told.is_drill)
        )  # fmt: skip

    def hear(self, basket_id: str, truth: Mapping[str, int]) -> bool:
        """What the uplink hands to the shadow."""
        self.settled.append((basket_id, dict(truth)))
        return True

    def shadow(self, winner: Winner, baskets: int) -> None:
        candidate = self.keeper.state.candidate
        report = ShadowReport(candidate, 0, "live", tally=tally_of(winner, baskets))
        self.keeper.on_shadow(report)
        self.step()

    def step(self) -> None:
        """Perception follows every word; every lane is between two baskets."""
        for _ in range(3):
            words = self.keeper.words(0)
            serving = next(iter(words.lanes.values()))
            seen = PerceptionState(
                0, serving, "", "", 1, 0, 0, 1.0, 1.0, 0, 1, warm_bundle_id=words.warm
            )
            self.keeper.on_perception(seen)
            self.keeper.step(lambda _lane, _bundle: True)

    def sell(self, baskets: int) -> None:
        for _ in range(baskets):
            self.keeper.on_basket()
        self.step()

    @property
    def serving(self) -> set[str]:
        return set(self.keeper.words(0).lanes.values())

    def close(self) -> None:
        self.link.close()
        self.keeper.close()


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    repository = make_repository(tmp_path)
    publisher = Publisher(repository, tmp_path / "keys", tmp_path / "passphrase")
    with running_hub(tmp_path, repository, publisher=publisher) as hub:
        yield Centre(tmp_path, hub)


@pytest.fixture
def boxes(tmp_path: Path, centre: Centre) -> Iterator[tuple[Box, Box]]:
    both = Box(tmp_path / "l", centre, "lab"), Box(tmp_path / "s", centre, "shop")
    yield both
    for box in both:
        box.close()


def prove(box: Box) -> None:
    """Shadow, swap, sell, and in the lab back and forth once more."""
    box.round()
    box.step()
    box.shadow(Winner.NOBODY, 12)
    box.step()
    box.sell(2)
    box.sell(2)
    box.round()


def test_a_release_goes_from_lab_to_shop_and_a_sabotaged_one_is_taken_back(
    centre: Centre, boxes: tuple[Box, Box]
) -> None:
    lab, shop = boxes
    number = centre.start("2")
    prove(lab)
    told = lab.keeper.report(0)
    assert told.policy_from == "the signed assignment"
    assert told.progress is not None
    assert sorted(told.progress.drills) == ["golden", "rollback", "swap"]
    shop.round()
    assert shop.keeper.state.candidate == ""
    centre.wait()
    assert centre.rollout("show", number)["ring"] == "shop"
    prove(shop)
    centre.wait(2)
    done = centre.rollout("show", number)
    assert (done["phase"], done["num_confirmed"], done["num_failed"]) == ("done", 2, 0)
    good = str(done["bundle_id"])
    assert lab.serving == shop.serving == {good}

    number = centre.start("3")
    prove(lab)
    centre.wait()
    shop.round()
    shop.step()
    shop.shadow(Winner.ACTIVE, 30)
    assert shop.keeper.state.candidate == ""
    assert shop.serving == {good}
    shop.round()
    centre.wait()
    stopped = centre.rollout("show", number)
    assert (stopped["phase"], stopped["reason"]) == ("stopped", "baskets are priced worse")
    assert lab.serving == {str(stopped["bundle_id"])}
    lab.round()
    lab.step()
    shop.round()
    assert lab.serving == shop.serving == {good}
    lab.round()
    centre.wait()
    rings = centre.rollout("show", number)["rings"]
    assert isinstance(rings, list)
    assert [(r["name"], r["told"], r["rolled_back"], r["refused"]) for r in rings] == [
        ("lab", "withdrawn", 1, 0), ("shop", "withdrawn", 0, 1),
    ]  # fmt: skip
    page = centre.page(number)
    assert "is stopped in ring shop: baskets are priced worse" in page
    assert "boxes judge by `demo`: margin 0.45, at least 3 baskets (production: 0.005, 200)" in page


def test_a_label_reaches_the_shadow_once(centre: Centre, boxes: tuple[Box, Box]) -> None:
    lab, _ = boxes
    centre.start("2")
    lab.round()
    candidate = lab.keeper.state.candidate
    add_labelled_case(centre, "lab-box", "b-9", candidate)
    lab.round()
    lab.round()
    assert lab.settled == [("b-9", {"milk": 1})]


def add_labelled_case(centre: Centre, box_id: str, basket_id: str, candidate: str) -> None:
    times = {"created_at": centre.now, "received_at": centre.now}
    received = {"received_id": 1, "box_id": box_id, "epoch": "a" * 32, "seq": 10**6, "kind": "case",
                "body_sha256": "b" * 64, "body": {"bundle_id": candidate}}  # fmt: skip
    case = {"case_id": "case-0001", "received_id": 1, "box_id": box_id, "basket_id": basket_id,
            "reason": "shadow_disagrees", "value": 1, "status": "labelled"}  # fmt: skip
    box = {"x1": 0, "y1": 0, "x2": 9, "y2": 9, "item_id": "i", "camera_id": "top"}
    label = {**box, "case_id": "case-0001", "kind": "sku", "sku_id": "milk", "source": "rita",
             "at": centre.now}  # fmt: skip
    with writing(centre.hub.engine) as connection:
        connection.execute(RECEIVED.insert().values(**received, **times))
        connection.execute(CASES.insert().values(**case, created_at=centre.now))
        connection.execute(LABELS.insert().values(**label))
