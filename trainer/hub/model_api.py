"""Models for people and CI: register, judge two replays, approve or reject, assign to a ring.

Flow: manifest -> registered ; two ReplayResults -> gate -> verdict ; verdict + person -> approval

The hub judges; who replays is `hubctl gate`, where the blind recordings lie. Releasing needs the
offline keys (`hubctl bundle publish`); an approved, released model is assigned here.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, Field

from sync.bundle import BundleManifest
from sync.replay_result import ReplayResult
from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import Body, Reply, needs
from trainer.hub.store_api import StoreId
from trainer.release.gate import POLICIES, judge, pair_baskets, safety_of
from trainer.store import registry, sku_table
from trainer.store.database import reading, writing
from trainer.store.registry import Approval, ModelError, StoredModel, StoredVerdict
from trainer.store.role_permissions import Permission

Word = Annotated[str, Field(max_length=200)]
Note = Annotated[str, Field(min_length=3, max_length=2000)]


class RegisterRequest(Body):
    """A bundle's manifest, and where it comes from: run, data set, parent, commit."""

    manifest: BundleManifest
    lineage: dict[Word, Word] = Field(default={}, max_length=20)
    note: str = Field(default="", max_length=2000)


class GateRequest(Body):
    """The same blind recordings replayed with champion and candidate.

    Attributes:
        clusters: recording -> store and day; by default what stands before the last `/` of its
            name, else each recording on its own.
    """

    champion: ReplayResult
    candidate: ReplayResult
    policy: Literal["production", "demo"] = "production"
    clusters: dict[str, str] = {}


class DecisionRequest(Body):
    """Why."""

    note: Note


class AssignRequest(Body):
    """Which ring runs it, and whose prices and new SKUs the ring follows."""

    ring: StoreId
    channel: StoreId = "main"


class VerdictReply(Reply):
    """What the gate said; `document` holds every figure and the policy."""

    verdict_id: int
    champion_id: str
    blind_set: str
    look: int
    policy: str
    verdict: Literal["pass", "reject", "inconclusive"]
    document: dict[str, Any]
    by: str
    at: AwareDatetime


class ApprovalReply(Reply):
    """What a person decided."""

    decision: Literal["approve", "reject"]
    note: str
    is_single_operator: bool
    verdict_id: int | None
    by: str
    at: AwareDatetime


class ModelRow(Reply):
    """One line of the registry."""

    bundle_id: str
    name: str
    version: str
    embedder_id: str
    lineage: dict[str, str]
    note: str
    stage: Literal["registered", "passed", "rejected", "inconclusive", "approved", "refused"]
    registered_by: str
    registered_at: AwareDatetime


class ModelReply(ModelRow):
    """A model with its evidence."""

    verdicts: list[VerdictReply]
    approvals: list[ApprovalReply]


class AssignReply(Reply):
    """The signed assignment."""

    ring: str
    bundle_id: str
    generation: int


def make_model_router(services: HubServices) -> APIRouter:
    """Endpoints of models."""
    router = APIRouter(prefix="/api/v1", tags=["models"])
    engine = services.engine
    reader = Annotated[str, Depends(needs(engine, Permission.MODELS_READ))]
    trainer = Annotated[str, Depends(needs(engine, Permission.MODELS_REGISTER))]

    @router.get("/models")
    def list_all(who: reader, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> list[ModelRow]:
        with reading(engine) as connection:
            return [ModelRow(**_row(m)) for m in registry.list_models(connection, limit)]

    @router.post("/models", status_code=201)
    def register(who: trainer, body: RegisterRequest) -> ModelReply:
        with writing(engine) as connection:
            model = registry.register(
                connection, body.manifest, body.lineage, body.note, now=datetime.now(UTC),
                actor=who,
            )  # fmt: skip
        return _reply(services, model.bundle_id)

    @router.get("/models/{bundle_id}")
    def read(who: reader, bundle_id: str) -> ModelReply:
        return _reply(services, bundle_id)

    @router.post("/models/{bundle_id}/gate", status_code=201)
    def gate(who: trainer, bundle_id: str, body: GateRequest) -> VerdictReply:
        return _judge(services, bundle_id, body, who)

    _add_decisions(router, services)
    return router


def _add_decisions(router: APIRouter, services: HubServices) -> None:
    engine = services.engine
    approver = Annotated[str, Depends(needs(engine, Permission.MODELS_APPROVE))]
    operator = Annotated[str, Depends(needs(engine, Permission.FLEET_CHANGE))]

    def decide(bundle_id: str, note: str, who: str, *, is_approval: bool) -> ModelReply:
        with writing(engine) as connection:
            registry.decide(
                connection, bundle_id, is_approval=is_approval, note=note,
                now=datetime.now(UTC), actor=who,
            )  # fmt: skip
        return _reply(services, bundle_id)

    @router.post("/models/{bundle_id}/approve")
    def approve(who: approver, bundle_id: str, body: DecisionRequest) -> ModelReply:
        return decide(bundle_id, body.note, who, is_approval=True)

    @router.post("/models/{bundle_id}/reject")
    def reject(who: approver, bundle_id: str, body: DecisionRequest) -> ModelReply:
        return decide(bundle_id, body.note, who, is_approval=False)

    @router.post("/models/{bundle_id}/assign", status_code=201)
    def assign(who: operator, bundle_id: str, body: AssignRequest) -> AssignReply:
        with reading(engine) as connection:
            model = registry.find_model(connection, bundle_id)
        if model.stage != "approved":
            raise ModelError(f"the model is {model.stage}", hint="an approver approves it first")
        with services.must_publish().transaction() as signing:
            made = signing.assign_ring(body.ring, bundle_id, channel=body.channel)
        with writing(engine) as connection:
            registry.note_assignment(
                connection, bundle_id, body.ring, made.generation, now=datetime.now(UTC),
                actor=who,
            )  # fmt: skip
        return AssignReply(ring=body.ring, bundle_id=bundle_id, generation=made.generation)


def _judge(services: HubServices, bundle_id: str, body: GateRequest, who: str) -> VerdictReply:
    if body.candidate.bundle_id != bundle_id:
        raise ModelError(
            f"the candidate's replay is of {body.candidate.bundle_id[:12]}", hint="replay this one"
        )
    policy = POLICIES[body.policy]
    with reading(services.engine) as connection:
        slices = {sku.sku_id: _slices_of(sku) for sku in sku_table.all_active(connection)}
    pairs = pair_baskets(
        body.champion, body.candidate, cluster_of=_cluster(body.clusters), slices_of=slices
    )
    blind_set = _blind_set(body.champion)
    safety = safety_of(body.champion, body.candidate, policy)
    with writing(services.engine) as connection:
        used = registry.looks_used(connection, blind_set)
        report = judge(pairs, policy, looks_used=used, safety=safety)
        stored = registry.note_verdict(
            connection, bundle_id, champion_id=body.champion.bundle_id, blind_set=blind_set,
            policy=policy.name, verdict=report.verdict,
            document=json.loads(json.dumps(report.document())), now=datetime.now(UTC), actor=who,
        )  # fmt: skip
    return _verdict(stored)


def _cluster(clusters: dict[str, str]) -> Callable[[str], str]:
    def cluster_of(name: str) -> str:
        return clusters.get(name) or (name.rsplit("/", 1)[0] if "/" in name else name)

    return cluster_of


def _slices_of(sku: sku_table.CatalogueSku) -> list[str]:
    """Its parent category, and whether a wrong sale of it breaks a law."""
    found = [sku.category_path[0]] if sku.category_path else []
    return [*found, "age-restricted"] if sku.age_limit else found


def _blind_set(replay: ReplayResult) -> str:
    """What was asked: the recordings and their truth, whatever the order."""
    asked = sorted((b.name, sorted((b.truth or {}).items())) for b in replay.baskets)
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def _reply(services: HubServices, bundle_id: str) -> ModelReply:
    with reading(services.engine) as connection:
        model = registry.find_model(connection, bundle_id)
        verdicts = registry.verdicts_of(connection, bundle_id)
        approvals = registry.approvals_of(connection, bundle_id)
    return ModelReply(
        **_row(model),
        verdicts=[_verdict(verdict) for verdict in verdicts],
        approvals=[
            ApprovalReply(**{name: getattr(a, name) for name in Approval.__slots__})
            for a in approvals
        ],
    )


def _verdict(stored: StoredVerdict) -> VerdictReply:
    return VerdictReply(**{name: getattr(stored, name) for name in StoredVerdict.__slots__})


def _row(model: StoredModel) -> dict[str, Any]:
    return {name: getattr(model, name) for name in StoredModel.__slots__}
