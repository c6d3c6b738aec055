"""Centre to counter over real HTTP: keys, enrolment, a signed bundle, the swap, refusals."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from edge.config import EdgeConfig, HubKnobs
from edge.edgectl.__main__ import app as edgectl
from edge.messages.basket_messages import Phase
from edge.messages.bundle_messages import BundleStaged
from edge.messages.command_messages import (
    AddLine,
    BasketCommand,
    CancelBasket,
    Command,
    SwapLease,
)
from edge.messages.perception_messages import PerceptionState
from edge.processes.basket_process import LaneKeeper
from edge.processes.bundle_keeper import BundleKeeper, SelfTestAnswer
from edge.processes.hub_link import BoxFacts, HubLink, Row
from edge.processes.hub_road import slot_of
from edge.processes.worker import Work
from sync.hub_client import HubRefusalError
from sync.sealing import seal, unseal
from sync.update_errors import AlteredError
from tests.fakes.running_hub import RunningHub, running_hub
from tests.system.running_box import LANE, make_bundle, make_config
from trainer.hubctl.__main__ import app as hubctl
from trainer.store import enrolment
from trainer.store.database import reading, writing
from trainer.store.fleet import find_box
from trainer.store.schema import CASES

PASSED = SelfTestAnswer(True, "9 golden frames: all found")


class Centre:
    """A hub with signing keys, driven by its own commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repo = folder / "updates"
        (folder / "passphrase").write_text("correct horse battery staple\n")
        (folder / "passphrase").chmod(0o600)
        init = ["--online", str(folder / "online"), "--offline", str(folder / "offline")]
        self.root_sha256 = str(self.hubctl("keys", "init", *init)["root_sha256"])

    def hubctl(self, *words: str) -> dict[str, object]:
        common = ["--repo", str(self.repo), "--json"]
        common += ["--passphrase-file", str(self.folder / "passphrase")]
        result = CliRunner().invoke(hubctl, [*words, *common], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return dict(json.loads(result.stdout))

    def release(self, version: str) -> str:
        """Publish a bundle and assign it to the ring."""
        place = self.folder / f"bundle-{version}"
        make_bundle(place, version=version)
        bundle_id = str(self.hubctl("bundle", "publish", str(place), *self._keys())["bundle_id"])
        self.hubctl("bundle", "vouch", bundle_id, "--note", "a test", *self._keys())
        self.hubctl("assign", "pilot", bundle_id, *self._keys())
        return bundle_id

    def _keys(self) -> list[str]:
        return ["--keys", str(self.folder / "online"), "--keys", str(self.folder / "offline")]


class Counter:
    """A box without its processes' borders: the real uplink, keeper and lane, step by step."""

    def __init__(self, folder: Path, hub: RunningHub, root_sha256: str) -> None:
        self.hub = hub
        config = make_config(folder)
        knobs = HubKnobs(url=hub.url, allow_without_shadow=True)
        self.config: EdgeConfig = config.model_copy(update={"hub": knobs})
        self.enrol(folder / "edge.toml", root_sha256)
        self.work = Work("basket", self.config, LANE)
        self.link = HubLink(self.config, lambda action: f"not asked for {action}")
        self.keeper = BundleKeeper(self.config, "boot", lambda _id, _place: PASSED)
        self.lane = LaneKeeper(self.work)
        self.lane.prepare(1)

    def enrol(self, config_path: Path, root_sha256: str) -> None:
        with writing(self.hub.engine) as connection:
            code = enrolment.create_claim_code(
                connection, now=datetime.now(UTC), actor="op", ring="pilot"
            )
        words = ["enrol", "-c", str(config_path), "--hub", self.hub.url, "--json"]
        words += ["--claim-code", code, "--root-sha256", root_sha256]
        result = CliRunner().invoke(edgectl, words)
        assert result.exit_code == 0, result.output

    def round(self) -> None:
        state = self.keeper.state
        facts = BoxFacts(keep=(state.active, state.previous, state.candidate, state.factory))
        self.link.round(facts, datetime.now(UTC))
        staged = self.link.state
        place = str(slot_of(self.config, staged.staged))
        self.keeper.on_staged(BundleStaged(staged.staged, staged.generation, place, 0))

    def warm(self) -> None:
        self.keeper.step(self.lease)
        warm = self.keeper.words(0).warm
        self.keeper.on_perception(
            PerceptionState(0, "", "", "", 1, 0, 0, 1.0, 1.0, 0, 1, warm_bundle_id=warm)
        )

    def step(self) -> None:
        self.keeper.step(self.lease)
        self.lane.serve(self.keeper.words(0))

    def lease(self, lane_id: str, bundle_id: str) -> bool:
        return self.command(f"lease-{datetime.now(UTC)}", SwapLease(bundle_id))

    def command(self, command_id: str, body: BasketCommand) -> bool:
        return self.lane.carry_out(Command(LANE, command_id, body)).is_done

    @property
    def serving(self) -> str:
        return self.lane.counter.snapshot(2).bundle_id

    def close(self) -> None:
        self.link.close()
        self.keeper.close()
        self.lane.close()
        self.work.close()


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    (tmp_path / "centre").mkdir()
    return Centre(tmp_path / "centre")


@pytest.fixture
def counter(tmp_path: Path, centre: Centre) -> Iterator[Counter]:
    (tmp_path / "box").mkdir()
    with running_hub(centre.folder, centre.repo) as hub:
        counter = Counter(tmp_path / "box", hub, centre.root_sha256)
        yield counter
        counter.close()


def test_a_signed_bundle_comes_down_and_is_swapped_in_between_baskets(
    centre: Centre, counter: Counter
) -> None:
    factory = counter.serving
    bundle_id = centre.release("2")
    counter.round()
    assert (counter.link.state.staged, counter.link.state.wanted) == (bundle_id, bundle_id)
    counter.warm()
    counter.command("sell", AddLine("pasta"))
    assert counter.lane.counter.snapshot(1).phase is Phase.SHOPPING
    counter.step()
    assert counter.serving == factory
    counter.command("end", CancelBasket())
    counter.step()
    assert counter.serving == bundle_id
    assert counter.keeper.state.phase == "probation"
    counter.round()
    with reading(counter.hub.engine) as connection:
        box = find_box(connection, "box")
    assert box is not None


def test_a_tampered_bundle_is_refused_and_the_old_one_serves(
    centre: Centre, counter: Counter
) -> None:
    factory = counter.serving
    bundle_id = centre.release("2")
    manifest = json.loads((centre.folder / "bundle-2" / "manifest.json").read_text())
    victim = centre.repo / "blobs" / manifest["files"][0]["sha256"]
    data = bytearray(victim.read_bytes())
    data[10] ^= 1
    victim.write_bytes(bytes(data))
    counter.round()  # a bundle that cannot be had holds up nothing else
    assert counter.link.state.problem.startswith(AlteredError.code)
    counter.warm()
    counter.step()
    assert counter.serving == factory
    assert not slot_of(counter.config, bundle_id).exists()
    assert counter.keeper.state.candidate == ""


def test_a_revoked_box_gets_nothing_and_goes_on_selling(centre: Centre, counter: Counter) -> None:
    factory = counter.serving
    bundle_id = centre.release("2")
    with writing(counter.hub.engine) as connection:
        enrolment.set_status(
            connection, "box", "revoked", now=datetime.now(UTC), actor="op", reason="stolen"
        )
    with pytest.raises(HubRefusalError) as refusal:
        counter.round()
    assert refusal.value.hub_code == "identity.not_enrolled"
    assert not slot_of(counter.config, bundle_id).exists()
    assert counter.serving == factory


def test_a_hard_case_goes_up_and_its_picture_opens_at_the_hub(counter: Counter) -> None:
    counter.round()
    sealed = seal(b"goods on the counter", counter.link.state.sealing_public_key, "box")
    body = {"case_id": "case-0001", "reason": "corrected", "value": 950, "basket_id": "b-1"}
    counter.link.put(Row("case", dict(body), datetime.now(UTC), 950, (sealed,), "b-1"))
    counter.round()
    with reading(counter.hub.engine) as connection:
        found = connection.execute(select(CASES.c.case_id, CASES.c.reason)).all()
    assert [tuple(row) for row in found] == [("case-0001", "corrected")]
    blob = counter.hub.folder / "updates" / "blobs"
    stored = next(p for p in blob.glob("??/*") if p.read_bytes() == sealed)
    assert unseal(stored.read_bytes(), counter.hub.sealing_key, "box") == b"goods on the counter"
    assert counter.link.outbox.status().num_rows == 0


def test_another_root_is_refused(tmp_path: Path, counter: Counter) -> None:
    (tmp_path / "o").mkdir()
    config = make_config(tmp_path / "o")
    path = tmp_path / "o" / "edge.toml"
    path.write_text(path.read_text().replace('box_id = "box"', 'box_id = "other"'))
    words = ["enrol", "-c", str(path), "--hub", counter.hub.url]
    with writing(counter.hub.engine) as connection:
        code = enrolment.create_claim_code(connection, now=datetime.now(UTC), actor="op")
    words += ["--claim-code", code]
    result = CliRunner().invoke(edgectl, [*words, "--root-sha256", "0" * 64])
    assert result.exit_code == 4, result.output
    identity = json.loads((config.paths.state_dir / "identity" / "identity.json").read_bytes())
    assert (identity["nonce"], identity["root_sha256"]) == ("", "")
