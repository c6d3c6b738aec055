"""How a model is approved after it passed: by itself, by itself unless vetoed, or by a person.

Flow: passed + mode of its name + now -> approved (exactly once) | waiting until | a person decides

Set per model name by somebody who may approve; `manual` where nobody set anything. Time is the
caller's; whoever reads models settles what is due first, so a restart neither loses nor doubles it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, insert, select, update

from trainer.store import audit, registry
from trainer.store.model_tables import MODELS
from trainer.store.registry import StoredModel
from trainer.store.release_tables import APPROVAL_MODES

Mode = Literal["automatic", "veto", "manual"]
MAX_VETO_HOURS = 24 * 14
RULED_POLICY = "production"  # what passed wider margins waits for a person


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """How models of one name are approved.

    Attributes:
        veto_hours: after a pass, a person may still reject for so long; of mode `veto` only.
    """

    name: str
    mode: Mode
    veto_hours: int
    changed_by: str
    changed_at: datetime | None


def rule_of(connection: Connection, name: str) -> ApprovalRule:
    """The rule of a model's name; manual where none is set."""
    row = (
        connection.execute(select(APPROVAL_MODES).where(APPROVAL_MODES.c.name == name))
        .mappings()
        .first()
    )
    return ApprovalRule(name, "manual", 0, "", None) if row is None else ApprovalRule(**row)


def list_rules(connection: Connection) -> list[ApprovalRule]:
    """Every rule that somebody set."""
    rows = connection.execute(select(APPROVAL_MODES).order_by(APPROVAL_MODES.c.name)).mappings()
    return [ApprovalRule(**row) for row in rows]


def set_rule(
    connection: Connection, name: str, mode: Mode, veto_hours: int, *, now: datetime, actor: str
) -> ApprovalRule:
    """Set the rule of a model's name; it holds for what waits now too."""
    hours = veto_hours if mode == "veto" else 0
    values = {"mode": mode, "veto_hours": hours, "changed_by": actor, "changed_at": now}
    where = APPROVAL_MODES.c.name == name
    if connection.execute(update(APPROVAL_MODES).where(where).values(**values)).rowcount == 0:
        connection.execute(insert(APPROVAL_MODES).values(name=name, **values))
    audit.record(
        connection, now=now, actor=actor, action="approval_rule_set", subject=f"model:{name}",
        details={"mode": mode, "veto_hours": str(hours)},
    )  # fmt: skip
    return rule_of(connection, name)


def due_at(connection: Connection, model: StoredModel) -> datetime | None:
    """When a passed model is approved by its rule; None where a person decides or did."""
    if model.stage != "passed":
        return None
    rule = rule_of(connection, model.name)
    if rule.mode == "manual":
        return None
    decided = registry.approvals_of(connection, model.bundle_id)
    if decided and decided[0].decision == "reject":  # no later pass takes a person's no back
        return None
    verdict = registry.require_pass(registry.verdicts_of(connection, model.bundle_id))
    if verdict.policy != RULED_POLICY:
        return None
    return verdict.at + timedelta(hours=rule.veto_hours)


def num_due(connection: Connection, *, now: datetime) -> int:
    """How many models are due; read before a write transaction is begun for them."""
    return len(_due(connection, now))


def settle_due(connection: Connection, *, now: datetime) -> list[str]:
    """Approve everything that is due; the ids. Call it as often as you like."""
    approved: list[str] = []
    for model in _due(connection, now):
        rule = rule_of(connection, model.name)
        note = f"passed the gate; rule set by {rule.changed_by}"
        note += f"; no veto in {rule.veto_hours} h" if rule.mode == "veto" else ""
        is_first = registry.approve_by_rule(
            connection, model.bundle_id, mode=rule.mode, note=note, now=now
        )
        approved += [model.bundle_id] if is_first else []
    return approved


def _due(connection: Connection, now: datetime) -> list[StoredModel]:
    rows = connection.execute(select(MODELS.c.bundle_id).where(MODELS.c.stage == "passed"))
    waiting = [registry.find_model(connection, bundle_id) for bundle_id in rows.scalars()]
    return [
        model for model in waiting if (at := due_at(connection, model)) is not None and at <= now
    ]
