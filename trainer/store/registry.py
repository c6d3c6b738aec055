"""Models by the digest of their manifest: registered, judged, approved or rejected by a person.

Flow: manifest + lineage -> registered -> verdict -> passed | rejected | inconclusive -> approved

Whoever registered a model does not approve it. Where the hub has one person only, that is allowed
and written into the approval. Every look at a blind set is kept: it spends alpha (release/gate.py).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from sync.bundle import BundleManifest
from trainer.errors import DegradedError
from trainer.store import audit
from trainer.store.accounts import list_accounts
from trainer.store.model_tables import APPROVALS, MODELS, VERDICTS

STAGE_AFTER = {"pass": "passed", "reject": "rejected", "inconclusive": "inconclusive"}


class ModelError(DegradedError):
    """A model that cannot be registered, judged or approved so."""

    code = "model.refused"


class UnknownModelError(ModelError):
    """No such model."""

    code = "not_found"


class OwnModelError(ModelError):
    """Whoever registered a model wants to approve it."""

    code = "model.own"


@dataclass(frozen=True, slots=True)
class StoredModel:
    """One model; `stage` is registered, passed, rejected, inconclusive, approved or refused."""

    bundle_id: str
    name: str
    version: str
    embedder_id: str
    lineage: dict[str, str]
    note: str
    stage: str
    registered_by: str
    registered_at: datetime


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """What the gate said."""

    verdict_id: int
    champion_id: str
    blind_set: str
    look: int
    policy: str
    verdict: str
    document: dict[str, Any]
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Approval:
    """What a person decided."""

    decision: str
    note: str
    is_single_operator: bool
    mode: str
    verdict_id: int | None
    by: str
    at: datetime


def register(
    connection: Connection, manifest: BundleManifest, lineage: dict[str, str], note: str, *,
    now: datetime, actor: str,
) -> StoredModel:  # fmt: skip
    """A new model, known by the digest of its manifest.

    Raises:
        ModelError: it is registered already.
        BundleError: the manifest holds a float.
    """
    bundle_id = manifest.bundle_id()
    known = connection.execute(select(MODELS.c.name).where(MODELS.c.bundle_id == bundle_id))
    if known.scalar() is not None:
        raise ModelError(f"model {bundle_id[:12]} is registered already", hint="look at it")
    connection.execute(
        insert(MODELS).values(
            bundle_id=bundle_id,
            name=manifest.name,
            version=manifest.version,
            embedder_id=manifest.embedder_id,
            manifest=manifest.model_dump(mode="json"),
            lineage=lineage,
            note=note,
            stage="registered",
            registered_by=actor,
            registered_at=now,
        )
    )
    _audit(connection, now, actor, "model_registered", bundle_id, version=manifest.version)
    return find_model(connection, bundle_id)


def find_model(connection: Connection, bundle_id: str) -> StoredModel:
    """A model by its whole id.

    Raises:
        UnknownModelError: there is none.
    """
    where = MODELS.c.bundle_id == bundle_id
    row = connection.execute(select(MODELS).where(where)).mappings().first()
    if row is None:
        raise UnknownModelError(f"no model {bundle_id[:64]!r}", hint="see hubctl model list")
    return StoredModel(**{name: row[name] for name in StoredModel.__slots__})


def newest_approved(connection: Connection, candidate: str) -> str:
    """What a candidate is compared with where nobody names it.

    Raises:
        ModelError: no other model was ever approved.
    """
    query = (
        select(MODELS.c.bundle_id)
        .join(APPROVALS, APPROVALS.c.bundle_id == MODELS.c.bundle_id)
        .where(MODELS.c.stage == "approved", MODELS.c.bundle_id != candidate)
        .order_by(APPROVALS.c.approval_id.desc())
        .limit(1)
    )
    found: str | None = connection.execute(query).scalar()
    if found is None:
        raise ModelError("there is no champion yet", hint="name one: --champion")
    return found


def list_models(connection: Connection, limit: int) -> list[StoredModel]:
    """The newest first."""
    query = select(MODELS).order_by(MODELS.c.registered_at.desc(), MODELS.c.bundle_id).limit(limit)
    rows = connection.execute(query).mappings()
    return [StoredModel(**{name: row[name] for name in StoredModel.__slots__}) for row in rows]


def verdicts_of(connection: Connection, bundle_id: str) -> list[StoredVerdict]:
    """Every verdict about a model, newest first."""
    rows = connection.execute(
        select(VERDICTS)
        .where(VERDICTS.c.bundle_id == bundle_id)
        .order_by(VERDICTS.c.verdict_id.desc())
    ).mappings()
    return [StoredVerdict(**{name: row[name] for name in StoredVerdict.__slots__}) for row in rows]


def approvals_of(connection: Connection, bundle_id: str) -> list[Approval]:
    """Every decision about a model, newest first."""
    rows = connection.execute(
        select(APPROVALS)
        .where(APPROVALS.c.bundle_id == bundle_id)
        .order_by(APPROVALS.c.approval_id.desc())
    ).mappings()
    return [Approval(**{name: row[name] for name in Approval.__slots__}) for row in rows]


def looks_used(connection: Connection, blind_set: str) -> int:
    """How often a blind set was asked."""
    query = select(func.max(VERDICTS.c.look)).where(VERDICTS.c.blind_set == blind_set)
    return connection.execute(query).scalar() or 0


def note_verdict(
    connection: Connection, bundle_id: str, *, champion_id: str, blind_set: str, policy: str,
    verdict: str, document: dict[str, Any], now: datetime, actor: str, look: int = 0,
) -> StoredVerdict:  # fmt: skip
    """Keep a verdict and spend one look at the blind set.

    Args:
        look: that was spent when the gate's job began; 0 spends the next one now.

    Raises:
        UnknownModelError: there is no such model.
    """
    model = find_model(connection, bundle_id)
    look = look or looks_used(connection, blind_set) + 1
    connection.execute(
        insert(VERDICTS).values(
            bundle_id=bundle_id, champion_id=champion_id, blind_set=blind_set, look=look,
            policy=policy, verdict=verdict, document=document, by=actor, at=now,
        )
    )  # fmt: skip
    if model.stage != "approved":
        _set_stage(connection, bundle_id, STAGE_AFTER[verdict])
    _audit(connection, now, actor, "model_judged", bundle_id, verdict=verdict, look=str(look))
    return verdicts_of(connection, bundle_id)[0]


def decide(
    connection: Connection, bundle_id: str, *, is_approval: bool, note: str, now: datetime,
    actor: str,
) -> Approval:  # fmt: skip
    """A person approves or rejects a model.

    Raises:
        UnknownModelError: there is no such model.
        ModelError: it has not passed the gate.
        OwnModelError: this person registered it, and there are others.
    """
    model = find_model(connection, bundle_id)
    verdicts = verdicts_of(connection, bundle_id)
    is_single = False
    if is_approval:
        require_pass(verdicts)
        if model.registered_by == actor:
            is_single = sum(account.is_active for account in list_accounts(connection)) <= 1
            if not is_single:
                raise OwnModelError(
                    f"{actor} registered this model", hint="somebody else approves it"
                )
    connection.execute(
        insert(APPROVALS).values(
            bundle_id=bundle_id,
            verdict_id=verdicts[0].verdict_id if verdicts else None,
            decision="approve" if is_approval else "reject",
            note=note,
            is_single_operator=is_single,
            by=actor,
            at=now,
        )
    )
    _set_stage(connection, bundle_id, "approved" if is_approval else "refused")
    action = "model_approved" if is_approval else "model_refused"
    _audit(connection, now, actor, action, bundle_id, note=note[:300])
    return approvals_of(connection, bundle_id)[0]


def require_pass(verdicts: list[StoredVerdict]) -> StoredVerdict:
    """The newest verdict, where it is a pass.

    Raises:
        ModelError: it is none.
    """
    if not verdicts or verdicts[0].verdict != "pass":
        said = verdicts[0].verdict if verdicts else "never asked"
        raise ModelError(f"the gate said: {said}", hint="only what passed can be approved")
    return verdicts[0]


def approve_by_rule(
    connection: Connection, bundle_id: str, *, mode: str, note: str, now: datetime
) -> bool:
    """Approve what passed by its rule; False where somebody was faster. Exactly once."""
    taken = connection.execute(
        update(MODELS)
        .where(MODELS.c.bundle_id == bundle_id, MODELS.c.stage == "passed")
        .values(stage="approved")
    )
    if taken.rowcount != 1:
        return False
    actor = f"rule:{mode}"
    connection.execute(
        insert(APPROVALS).values(
            bundle_id=bundle_id, verdict_id=verdicts_of(connection, bundle_id)[0].verdict_id,
            decision="approve", note=note, is_single_operator=False, mode=mode, by=actor, at=now,
        )
    )  # fmt: skip
    _audit(connection, now, actor, "model_approved", bundle_id, mode=mode, note=note[:300])
    return True


def note_assignment(
    connection: Connection, bundle_id: str, ring: str, generation: int, *, now: datetime,
    actor: str,
) -> None:  # fmt: skip
    """Audit that a ring was assigned a model."""
    _audit(
        connection, now, actor, "model_assigned", bundle_id, ring=ring, generation=str(generation)
    )


def _set_stage(connection: Connection, bundle_id: str, stage: str) -> None:
    connection.execute(update(MODELS).where(MODELS.c.bundle_id == bundle_id).values(stage=stage))


def _audit(
    connection: Connection, now: datetime, actor: str, action: str, bundle_id: str, **details: str
) -> None:
    audit.record(
        connection, now=now, actor=actor, action=action, subject=f"model:{bundle_id}",
        details=details,
    )  # fmt: skip
