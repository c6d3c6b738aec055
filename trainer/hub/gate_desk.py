"""How the hub judges: two replays, or a job's look at a blind set, become a verdict that is kept.

Flow: plan of a job -> look spent ; replays + evidence -> report -> verdict, files settled, signed

Who may ask is gate_api.py's business; the arithmetic is release/gate.py's.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError
from sqlalchemy import Connection

from sync.replay_result import ReplayResult
from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import Body, Reply
from trainer.hub.verdict_signing import sign_verdict
from trainer.release.gate import (
    POLICIES,
    GateInputError,
    GatePolicy,
    GateReport,
    judge,
    pair_baskets,
    safety_of,
)
from trainer.release.gate_evidence import (
    Evidence,
    blamed,
    evidence_document,
    evidence_rejects,
    part_effects,
)
from trainer.store import blind_sets, job_queue, registry, sku_table, staged_models
from trainer.store.database import writing
from trainer.store.job_queue import JobError
from trainer.store.registry import ModelError, StoredVerdict

GATE_KIND = "gate"
PolicyName = Literal["production", "demo"]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class GateJobRequest(Body):
    """What to judge.

    Attributes:
        champion: compared with this model; the newest approved one where empty.
        blind_set: digest of a version; the newest where empty.
        with_parts: also replay the champion with one part of the candidate at a time.
    """

    champion: Digest | Literal[""] = ""
    blind_set: Digest | Literal[""] = ""
    policy: PolicyName = "production"
    with_parts: bool = True


class GatePlan(Reply):
    """What a gate worker does; its look is spent."""

    job_id: str
    candidate: str
    champion: str
    blind_set: str
    look: int
    policy: PolicyName
    with_parts: bool


class GateRequest(Body):
    """The same blind recordings replayed with champion and candidate.

    Attributes:
        clusters: recording -> store and day; by default what stands before the last `/` of its
            name, else each recording on its own. A job's are taken from its blind set.
        job_id: the gate job whose look this is; empty where the recordings lie elsewhere.
    """

    champion: ReplayResult
    candidate: ReplayResult
    policy: PolicyName = "production"
    clusters: dict[str, str] = {}
    job_id: str = Field(default="", max_length=40)
    evidence: Evidence = Evidence()


def begin_look(services: HubServices, job_id: str, who: str) -> GatePlan:
    """Spend the look of a leased job; a job that runs again has spent its own already.

    Raises:
        JobError: it is no gate job, or nobody has leased it.
        BlindSetError: every look is spent.
    """
    with writing(services.engine) as connection:
        plan = _plan_of(connection, job_id)
        look = blind_sets.spend(
            connection, plan.blind_set, job_id=job_id, bundle_id=plan.candidate,
            now=services.clock(), actor=who,
        )  # fmt: skip
    return plan.model_copy(update={"look": look})


def judge_replays(
    services: HubServices, bundle_id: str, body: GateRequest, who: str
) -> StoredVerdict:
    """The verdict, kept and signed; the candidate's staged files are published or deleted.

    Raises:
        ModelError: the replay is of another model.
        GateInputError: the replays do not go together, or are not of the job's blind set.
    """
    if body.candidate.bundle_id != bundle_id:
        raise ModelError(
            f"the candidate's replay is of {body.candidate.bundle_id[:12]}", hint="replay this one"
        )
    policy = POLICIES[body.policy]
    doomed: list[str] = []
    with writing(services.engine) as connection:
        report, blind_set, look = _report(connection, bundle_id, body, policy)
        stored = registry.note_verdict(
            connection, bundle_id, champion_id=body.champion.bundle_id, blind_set=blind_set,
            policy=policy.name, verdict=report.verdict, document=_document(body, report),
            now=services.clock(), actor=who, look=look,
        )  # fmt: skip
        if report.verdict == "pass":
            staged_models.publish(connection, bundle_id, now=services.clock(), actor=who)
        if report.verdict == "reject":
            doomed = staged_models.discard(connection, bundle_id)
    for sha256 in doomed:
        services.blobs.forget(sha256)  # never what is published: candidates share files with it
    sign_verdict(services, bundle_id)
    return stored


def _report(
    connection: Connection, bundle_id: str, body: GateRequest, policy: GatePolicy
) -> tuple[GateReport, str, int]:
    """The report, what was asked, and the look it used (0: the next one)."""
    slices = {sku.sku_id: _slices_of(sku) for sku in sku_table.all_active(connection)}
    blind_set, clusters, look = _asked(body.champion), body.clusters, 0
    if body.job_id:
        plan = _plan_of(connection, body.job_id)
        if (plan.candidate, plan.champion) != (bundle_id, body.champion.bundle_id):
            raise GateInputError("the job is about other models", hint="report its own replays")
        blind_set = plan.blind_set
        look = _look_of(connection, plan)
        clusters = _require_whole(connection, blind_set, body)
    pairs = pair_baskets(
        body.champion, body.candidate, cluster_of=_cluster(clusters), slices_of=slices
    )
    used = look - 1 if look else registry.looks_used(connection, blind_set)
    found = safety_of(body.champion, body.candidate, policy)
    found += evidence_rejects(body.candidate, body.evidence, policy)
    return judge(pairs, policy, looks_used=used, safety=found), blind_set, look


def _plan_of(connection: Connection, job_id: str) -> GatePlan:
    job = job_queue.find_job(connection, job_id)
    if job.kind != GATE_KIND or job.status != "leased":
        raise JobError(f"job {job_id[:12]} is {job.kind}, {job.status}", hint="lease it first")
    try:
        return GatePlan.model_validate({**job.parameters, "job_id": job_id, "look": 0})
    except ValidationError as err:
        raise JobError(
            f"job {job_id[:12]} does not say what to judge", hint="ask with hubctl gate"
        ) from err


def _look_of(connection: Connection, plan: GatePlan) -> int:
    for look in blind_sets.ledger(connection, plan.blind_set):
        if look.job_id == plan.job_id and look.verdict:
            raise GateInputError(f"look {look.look} is reported already", hint="ask for another")
        if look.job_id == plan.job_id:
            return look.look
    raise GateInputError("this job has not begun", hint="POST gate-jobs/<id>/begin first")


def _require_whole(connection: Connection, blind_set: str, body: GateRequest) -> dict[str, str]:
    """The clusters of a blind set; its recordings, and its truths, are what was replayed."""
    items = {item.recording_id: item for item in blind_sets.items_of(connection, blind_set)}
    for replay in (body.champion, body.candidate):
        told = {basket.name: basket.truth for basket in replay.baskets}
        if told != {name: dict(item.truth) for name, item in items.items()}:
            raise GateInputError(
                "what was replayed is not the blind set with its truths", hint="replay all of it"
            )
    return {name: item.cluster for name, item in items.items()}


def _document(body: GateRequest, report: GateReport) -> dict[str, Any]:
    """Every figure as JSON keeps it, with what each part does alone."""
    parts = part_effects(body.champion, body.evidence)
    document = {
        **report.document(),
        "evidence": dict(evidence_document(body.candidate, body.evidence, parts)),
        "blamed": blamed(parts, report.num_baskets),
    }
    kept: dict[str, Any] = json.loads(json.dumps(document))
    return kept


def _cluster(clusters: dict[str, str]) -> Callable[[str], str]:
    def cluster_of(name: str) -> str:
        return clusters.get(name) or (name.rsplit("/", 1)[0] if "/" in name else name)

    return cluster_of


def _slices_of(sku: sku_table.CatalogueSku) -> list[str]:
    """Its parent category, and whether a wrong sale of it breaks a law."""
    found = [sku.category_path[0]] if sku.category_path else []
    return [*found, "age-restricted"] if sku.age_limit else found


def _asked(replay: ReplayResult) -> str:
    """What was asked where no version is named: recordings and truths, whatever the order."""
    asked = sorted((b.name, sorted((b.truth or {}).items())) for b in replay.baskets)
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()
