"""Models for people and CI: register, look, approve or reject, assign to a ring.

Flow: manifest -> registered ; (gate_api.py: verdict) ; verdict + rule or person -> approved

A model of a name whose rule is `automatic` or `veto` is approved by whoever reads models once it is
due, exactly once. Releasing needs the offline keys (`hubctl bundle publish`); an approved, released
model is assigned here.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime, Field

from sync.bundle import BundleManifest
from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import Body, Reply, needs
from trainer.hub.store_api import StoreId
from trainer.hub.verdict_signing import sign_verdict
from trainer.store import approvals, registry, rollouts
from trainer.store.database import reading, writing
from trainer.store.registry import Approval, ModelError, StoredModel, StoredVerdict
from trainer.store.role_permissions import Permission

Word = Annotated[str, Field(max_length=200)]
ModelName = Annotated[str, Path(min_length=1, max_length=100, pattern=r"^[^\x00]+$")]
Note = Annotated[str, Field(min_length=3, max_length=2000)]


class RegisterRequest(Body):
    """A bundle's manifest, and where it comes from: run, data set, parent, commit."""

    manifest: BundleManifest
    lineage: dict[Word, Word] = Field(default={}, max_length=20)
    note: str = Field(default="", max_length=2000)


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
    mode: Literal["automatic", "veto", "manual"]
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
    """A model with its evidence.

    Attributes:
        approval_due_at: when its rule approves it unless somebody rejects it before.
    """

    approval_due_at: AwareDatetime | None
    verdicts: list[VerdictReply]
    approvals: list[ApprovalReply]


class RuleRequest(Body):
    """How models of one name are approved after a pass."""

    mode: approvals.Mode
    veto_hours: int = Field(default=0, ge=0, le=approvals.MAX_VETO_HOURS)


class RuleReply(Reply):
    """A rule and who set it."""

    name: str
    mode: approvals.Mode
    veto_hours: int
    changed_by: str
    changed_at: AwareDatetime | None


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
    trainer = Annotated[str, Depends(needs(engine, Permission.MODELS_DELIVER))]

    @router.get("/models")
    def list_all(who: reader, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> list[ModelRow]:
        settle_approvals(services)
        with reading(engine) as connection:
            return [ModelRow(**_row(m)) for m in registry.list_models(connection, limit)]

    @router.post("/models", status_code=201)
    def register(who: trainer, body: RegisterRequest) -> ModelReply:
        with writing(engine) as connection:
            model = registry.register(
                connection, body.manifest, body.lineage, body.note, now=services.clock(),
                actor=who,
            )  # fmt: skip
        return _reply(services, model.bundle_id)

    @router.get("/models/{bundle_id}")
    def read(who: reader, bundle_id: str) -> ModelReply:
        settle_approvals(services)
        return _reply(services, bundle_id)

    _add_decisions(router, services)
    _add_rules(router, services)
    return router


def settle_approvals(services: HubServices) -> list[str]:
    """Approve what its rule approves by now, and sign that; the ids, each once in its life."""
    now = services.clock()
    with reading(services.engine) as connection:
        if not approvals.num_due(connection, now=now):
            return []
    with writing(services.engine) as connection:
        approved = approvals.settle_due(connection, now=now)
    for bundle_id in approved:
        sign_verdict(services, bundle_id)
    return approved


def _add_decisions(router: APIRouter, services: HubServices) -> None:
    engine = services.engine
    approver = Annotated[str, Depends(needs(engine, Permission.MODELS_APPROVE))]
    operator = Annotated[str, Depends(needs(engine, Permission.FLEET_CHANGE))]

    def decide(bundle_id: str, note: str, who: str, *, is_approval: bool) -> ModelReply:
        with writing(engine) as connection:
            registry.decide(
                connection, bundle_id, is_approval=is_approval, note=note,
                now=services.clock(), actor=who,
            )  # fmt: skip
        sign_verdict(services, bundle_id)
        return _reply(services, bundle_id)

    @router.post("/models/{bundle_id}/approve")
    def approve(who: approver, bundle_id: str, body: DecisionRequest) -> ModelReply:
        return decide(bundle_id, body.note, who, is_approval=True)

    @router.post("/models/{bundle_id}/reject")
    def reject(who: approver, bundle_id: str, body: DecisionRequest) -> ModelReply:
        return decide(bundle_id, body.note, who, is_approval=False)

    @router.post("/models/{bundle_id}/assign", status_code=201)
    def assign(who: operator, bundle_id: str, body: AssignRequest) -> AssignReply:
        settle_approvals(services)
        with reading(engine) as connection:
            model = registry.find_model(connection, bundle_id)
        if model.stage != "approved":
            raise ModelError(f"the model is {model.stage}", hint="an approver approves it first")
        with services.must_publish().transaction() as signing:
            _require_free(services, body.ring)
            made = signing.assign_ring(body.ring, bundle_id, channel=body.channel)
        with writing(engine) as connection:
            registry.note_assignment(
                connection, bundle_id, body.ring, made.generation, now=services.clock(),
                actor=who,
            )  # fmt: skip
        return AssignReply(ring=body.ring, bundle_id=bundle_id, generation=made.generation)


def _require_free(services: HubServices, ring: str) -> None:
    """A rollout alone decides about its rings; asked while nobody else signs.

    Raises:
        ModelError: one is under way in this ring.
    """
    with reading(services.engine) as connection:
        found = rollouts.in_the_way(connection, [ring])
    if found is not None:
        raise ModelError(
            f"rollout {found[0]} is under way in ring {found[2]}",
            hint="wait for its end, or withdraw it first",
        )


def _add_rules(router: APIRouter, services: HubServices) -> None:
    engine = services.engine
    reader = Annotated[str, Depends(needs(engine, Permission.MODELS_READ))]
    approver = Annotated[str, Depends(needs(engine, Permission.MODELS_APPROVE))]

    @router.get("/approval-rules")
    def list_rules(who: reader) -> list[RuleReply]:
        with reading(engine) as connection:
            return [_rule(rule) for rule in approvals.list_rules(connection)]

    @router.put("/approval-rules/{name}")
    def set_rule(who: approver, name: ModelName, body: RuleRequest) -> RuleReply:
        if body.mode == "veto" and body.veto_hours == 0:
            raise ModelError("a veto window of 0 hours", hint="give veto_hours, or mode automatic")
        with writing(engine) as connection:
            rule = approvals.set_rule(
                connection, name, body.mode, body.veto_hours, now=services.clock(), actor=who
            )
        return _rule(rule)


def _rule(rule: approvals.ApprovalRule) -> RuleReply:
    return RuleReply(**{name: getattr(rule, name) for name in RuleReply.model_fields})


def _reply(services: HubServices, bundle_id: str) -> ModelReply:
    with reading(services.engine) as connection:
        model = registry.find_model(connection, bundle_id)
        verdicts = registry.verdicts_of(connection, bundle_id)
        decisions = registry.approvals_of(connection, bundle_id)
        due_at = approvals.due_at(connection, model)
    return ModelReply(
        **_row(model),
        approval_due_at=due_at,
        verdicts=[verdict_reply(verdict) for verdict in verdicts],
        approvals=[
            ApprovalReply(**{name: getattr(a, name) for name in Approval.__slots__})
            for a in decisions
        ],
    )


def verdict_reply(stored: StoredVerdict) -> VerdictReply:
    """A verdict as it is told."""
    return VerdictReply(**{name: getattr(stored, name) for name in StoredVerdict.__slots__})


def _row(model: StoredModel) -> dict[str, Any]:
    return {name: getattr(model, name) for name in StoredModel.__slots__}
