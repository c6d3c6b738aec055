"""Boxes of a hub in this process that tell how a release fares; and a hub's clock that is set."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sync.bundle import Bundle, open_bundle
from sync.update_documents import Assignment
from tests.fakes.people_hub import PeopleHub
from tests.fakes.signing_box import SigningBox
from tests.fakes.signing_hub import open_repository
from tests.fakes.vouched import add_vouched
from trainer.hub.rollout_keeper import RolloutKeeper
from trainer.store.api_tokens import Role
from trainer.store.database import writing
from trainer.store.model_tables import MODELS
from trainer.store.registry import register
from trainer.store.schema import BOXES

FACTORY = open_bundle(Path(__file__).parents[2] / "edge" / "bundles" / "factory")
DRILLS = {"golden": "ok 9 frames", "swap": "ok lane-1", "rollback": "ok"}
PROOF = {"ties": 1_600, "log_e_no_worse": 5.0, "log_e_worse": -1.0}


@dataclass
class RolloutFleet:
    """A hub with keys, its boxes, and a clock that only `pass_hours` moves."""

    hub: PeopleHub
    folder: Path
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    boxes: dict[str, SigningBox] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """The hub takes this clock."""
        self.keeper.clock = lambda: self.at

    @property
    def keeper(self) -> RolloutKeeper:
        """The hub's own."""
        found = self.hub.client.app.state.rollouts  # type: ignore[attr-defined]
        assert isinstance(found, RolloutKeeper)
        return found

    def add(self, box_id: str, ring: str) -> None:
        """A box that is let in."""
        box = SigningBox(self.hub.client, box_id)
        body = {"box_id": box_id, "ring": ring}
        headers = {"Authorization": f"Bearer {self.hub.tokens[Role.ADMIN]}"}
        code = self.hub.client.post("/v1/operator/claim-codes", json=body, headers=headers).json()
        assert box.enrol(code["claim_code"]).status_code == 200
        self.boxes[box_id] = box

    def tell(self, box_id: str, step: str, bundle_id: str, **facts: Any) -> dict[str, Any]:
        """A check-in about a release; the hub's answer."""
        box = self.boxes[box_id]
        progress = {"bundle_id": bundle_id, "step": step, "policy": "production", **facts}
        body = {"nonce": box.nonce, "sent_at": datetime.now(UTC).isoformat(),
                "edge_version": "0.1.0", "progress": progress}  # fmt: skip
        reply = box.call("POST", "/v1/check-in", body)
        assert reply.status_code == 200, reply.text
        box.nonce = reply.json()["next_nonce"]
        with writing(self.hub.services.engine) as connection:
            seen = BOXES.update().where(BOXES.c.box_id == box_id).values(seen_at=self.at)
            connection.execute(seen)
        return dict(reply.json())

    def pass_hours(self, hours: float) -> None:
        """Time passes at the hub, and it looks."""
        self.at += timedelta(hours=hours)
        self.keeper.tick()

    def assignment(self, ring: str) -> Assignment | None:
        """What boxes of a ring read."""
        return open_repository(self.folder).assignment(ring=ring)


def approved(hub: PeopleHub, folder: Path, bundle: Bundle = FACTORY) -> str:
    """A model that passed, was approved, and is released with its signed verdict."""
    signing = open_repository(folder)
    add_vouched(signing, bundle)
    signing.publish()
    with writing(hub.services.engine) as connection:
        model = register(connection, bundle.manifest, {"run": "r1"}, "", now=datetime.now(UTC),
                         actor="trainer")  # fmt: skip
        connection.execute(MODELS.update().values(stage="approved"))
    return model.bundle_id
