"""A store's own margins, from labels to the counter and back: real hub, HTTP, keys, files, lane."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from edge.edgectl.__main__ import app as edgectl
from edge.processes.basket_process import LaneKeeper
from edge.processes.hub_link import HubLink, Row
from edge.processes.lane_offer import LaneOffer
from edge.processes.serving_bundle import open_offer
from sync.hard_case import CaseItem, CasePicture, CaseReason, HardCase, ItemEvidence
from sync.sealing import seal
from sync.store_margins import MarginEntry
from tests.edge.processes.lane_fixture import observed
from tests.fakes.running_hub import running_hub
from tests.system.running_box import PARAMETERS
from tests.system.test_bundle_round_trip import Centre, Counter
from trainer.hub.hub_services import Publisher
from trainer.hubctl.__main__ import app as hubctl
from trainer.store import enrolment
from trainer.store.api_tokens import Role, create_token
from trainer.store.database import writing

NOW = datetime.now(UTC)
OWN = PARAMETERS.accept_margin


class StoreBox(Counter):
    """A box of store s1, and its IT lead's commands."""

    def enrol(self, config_path: Path, root_sha256: str) -> None:
        with writing(self.hub.engine) as connection:
            token = create_token(connection, "it", Role.ADMIN, now=NOW, actor="test")
        (self.hub.folder / "token").write_text(token)
        self.command_line("store", "create", "s1", "--name", "Main street")
        with writing(self.hub.engine) as connection:
            code = enrolment.create_claim_code(connection, now=NOW, actor="op", store_id="s1")
        words = ["enrol", "-c", str(config_path), "--hub", self.hub.url, "--json"]
        words += ["--claim-code", code, "--root-sha256", root_sha256]
        assert CliRunner().invoke(edgectl, words).exit_code == 0

    def command_line(self, *words: str) -> dict[str, Any]:
        road = ["--hub", self.hub.url, "--token-file", str(self.hub.folder / "token"), "--json"]
        result = CliRunner().invoke(hubctl, [*words, *road])
        assert result.exit_code == 0, result.output
        return dict(json.loads(result.stdout))

    def say(self, number: int, count: int, margin: float, truth: str) -> None:
        """A case: so many items that all cameras took for milk, named by their barcode."""
        sealed = seal(b"picture", self.link.state.sealing_public_key, "box")
        bundle_id = open_offer(self.config).bundle_id
        items = tuple(
            CaseItem(item_id=f"i{n}", xyxy=(0, 0, 9, 9), answered=truth, named_by="scan")
            for n in range(count)
        )
        picture = CasePicture(
            camera_id="top", blob=hashlib.sha256(sealed).hexdigest(), width=160, height=120,
            items=items,
        )  # fmt: skip
        case = HardCase(
            case_id=f"case-000{number}", basket_id=f"basket-{number}", lane_id="a",
            reason=CaseReason.CORRECTED, value=900, at=NOW, bundle_id=bundle_id,
            pictures=(picture,),
            evidence=tuple(
                ItemEvidence(item_id=item.item_id, best="milk", second="jam",
                             margin_mnat=round(1000 * margin), similarity_ppm=950_000)
                for item in items
            ),
        )  # fmt: skip
        self.link.put(Row("case", case.model_dump(mode="json"), NOW, 900, (sealed,)))
        self.round()

    def margins(self) -> tuple[float, str]:
        """Least margin of other products, and whose it is; read from disk as at a start."""
        offers = LaneOffer(self.config)
        offers.take_bundle(open_offer(self.config))
        found = offers.offer_at(NOW)
        assert found is not None
        return round(found.parameters.accept_margin, 2), offers.margins

    def restart(self) -> None:
        """The uplink begins anew with what is on its disk."""
        self.link.close()
        self.link = HubLink(self.config, lambda action: f"not asked for {action}")


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    (tmp_path / "centre").mkdir()
    return Centre(tmp_path / "centre")


@pytest.fixture
def publisher(centre: Centre) -> Publisher:
    return Publisher(centre.repo, centre.folder / "online", centre.folder / "passphrase")


@pytest.fixture
def box(tmp_path: Path, centre: Centre, publisher: Publisher) -> Iterator[StoreBox]:
    """Enrolled in store s1; the hub holds the box's bundle and its own online keys."""
    (tmp_path / "box").mkdir()
    with running_hub(centre.folder, centre.repo, publisher=publisher) as hub:
        box = StoreBox(tmp_path / "box", hub, centre.root_sha256)
        keys = ["--keys", str(centre.folder / "online"), "--keys", str(centre.folder / "offline")]
        centre.hubctl("bundle", "publish", str(box.config.paths.serving_bundle), *keys)
        box.round()
        yield box
        box.close()


def charged(box: StoreBox) -> list[str]:
    """What a lane that starts now charges by itself when milk lies there, 5.99 nats above jam."""
    lane = LaneKeeper(box.work)
    lane.prepare(1)
    for sequence in range(12):
        lane.observe(observed(sequence, "milk"))
        lane.tick()
    lines = [line.sku_id for line in lane.counter.snapshot(2).lines]
    lane.close()
    return lines


def test_labels_make_a_stores_boxes_ask_more_and_nothing_makes_them_ask_less(
    box: StoreBox, publisher: Publisher
) -> None:
    box.say(1, 300, 9.0, "milk")
    box.say(2, 1, 6.0, "jam")  # 6 nats sure, and wrong
    told = box.command_line("store", "margins", "s1", "--now")
    assert (told["bundles"][0]["state"], told["signed_generation"]) == ("doubled", 1)
    assert box.margins() == (OWN, "bundle")
    assert charged(box) == ["milk"]
    box.round()
    assert box.margins() == (13.4, "store")  # above the error, 6.7, and doubled
    assert charged(box) == []
    box.restart()
    assert box.margins() == (13.4, "store")
    box.command_line("store", "margins", "s1", "--off", "the scanner was wrong")
    box.round()
    assert box.margins() == (OWN, "bundle")
    assert box.command_line("store", "margins", "s1")["is_on"] is False
    own = open_offer(box.config).bundle_id
    assert stolen_key(box, publisher, own, 1) == (OWN, "update.margins")
    assert stolen_key(box, publisher, "f" * 64, 9_000) == (OWN, "other_bundle")
    assert stolen_key(box, publisher, own, 9_000) == (9.0, "store")
    assert box.link.catalogue.facts(NOW)["store_margins_generation"] == 5.0


def stolen_key(
    box: StoreBox, publisher: Publisher, bundle_id: str, accept_mnat: int
) -> tuple[float, str]:
    """Whoever has the catalogue key signs what he likes; what the box makes of it."""
    entry = MarginEntry(
        bundle_id=bundle_id, accept_margin_mnat=accept_mnat, family_margin_mnat=9_000
    )
    with publisher.transaction() as signing:
        signing.list_margins("s1", [entry])
    box.round()
    assert box.link.state.problem == ""
    return box.margins()
