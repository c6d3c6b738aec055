"""THE TABLE of what each role may do; every endpoint of people names one permission.

An account may hold several roles and may do what any of them allows; a token holds one. Roles are
duties, not ranks: whoever trains a model does not approve it, unless one person holds both roles.
"""

from dataclasses import dataclass
from enum import StrEnum

from trainer.store.api_tokens import ForbiddenError, Role


class Permission(StrEnum):
    """One thing a person or a worker may do."""

    FLEET_READ = "fleet.read"
    FLEET_CHANGE = "fleet.change"
    AUDIT_READ = "audit.read"
    ACCOUNTS_CHANGE = "accounts.change"
    CATALOGUE_READ = "catalogue.read"
    CATALOGUE_CHANGE = "catalogue.change"
    PRICES_PUBLISH = "prices.publish"
    CASES_READ = "cases.read"
    CASES_ANSWER = "cases.answer"
    CASES_MANAGE = "cases.manage"
    LABELS_EXCHANGE = "labels.exchange"
    ONBOARDING_CHANGE = "onboarding.change"
    ONBOARDING_PUBLISH = "onboarding.publish"
    MODELS_READ = "models.read"
    MODELS_REGISTER = "models.register"
    MODELS_DELIVER = "models.deliver"
    MODELS_APPROVE = "models.approve"
    DATASETS_READ = "datasets.read"
    DATASETS_FETCH = "datasets.fetch"
    DATASETS_CHANGE = "datasets.change"
    MONITORING_READ = "monitoring.read"
    MONITORING_CHANGE = "monitoring.change"
    WEBHOOKS_CHANGE = "webhooks.change"
    STORE_CARE = "store.care"
    STORES_FORGET = "stores.forget"
    JOBS_READ = "jobs.read"
    JOBS_CHANGE = "jobs.change"
    JOBS_WORK = "jobs.work"
    ARTIFACTS_READ = "artifacts.read"
    ARTIFACTS_WRITE = "artifacts.write"
    RUNS_READ = "runs.read"
    RUNS_CHANGE = "runs.change"
    RUNS_REPORT = "runs.report"
    GATE_RUN = "gate.run"
    BLIND_READ = "blind.read"
    BLIND_MANAGE = "blind.manage"


_VIEWER, _REVIEWER, _TRAINER = Role.VIEWER, Role.REVIEWER, Role.TRAINER
_APPROVER, _OPERATOR, _ADMIN = Role.APPROVER, Role.OPERATOR, Role.ADMIN
_GATE, _WORKER = Role.GATE, Role.WORKER
_EVERYBODY = frozenset(Role)
_NO_WORKER = _EVERYBODY - {_WORKER}

# fmt: off
PERMISSIONS: dict[Permission, frozenset[Role]] = {
    Permission.FLEET_READ:         _NO_WORKER,
    Permission.FLEET_CHANGE:       frozenset({_OPERATOR, _ADMIN}),
    Permission.AUDIT_READ:         frozenset({_OPERATOR, _APPROVER, _ADMIN}),
    Permission.ACCOUNTS_CHANGE:    frozenset({_ADMIN}),
    Permission.CATALOGUE_READ:     _EVERYBODY,
    Permission.CATALOGUE_CHANGE:   frozenset({_OPERATOR, _ADMIN}),
    Permission.PRICES_PUBLISH:     frozenset({_OPERATOR, _ADMIN}),
    Permission.CASES_READ:         frozenset({_REVIEWER, _TRAINER, _APPROVER, _OPERATOR, _ADMIN}),
    Permission.CASES_ANSWER:       frozenset({_REVIEWER, _ADMIN}),
    Permission.CASES_MANAGE:       frozenset({_TRAINER, _ADMIN}),
    Permission.LABELS_EXCHANGE:    frozenset({_TRAINER, _ADMIN}),
    Permission.ONBOARDING_CHANGE:  frozenset({_TRAINER, _OPERATOR, _ADMIN}),
    Permission.ONBOARDING_PUBLISH: frozenset({_OPERATOR, _ADMIN}),
    Permission.MODELS_READ:        _EVERYBODY,
    Permission.MODELS_REGISTER:    frozenset({_TRAINER, _ADMIN}),
    Permission.MODELS_DELIVER:     frozenset({_TRAINER, _WORKER, _ADMIN}),
    Permission.MODELS_APPROVE:     frozenset({_APPROVER, _ADMIN}),
    Permission.DATASETS_READ:      frozenset({_TRAINER, _APPROVER, _OPERATOR, _ADMIN}),
    Permission.DATASETS_CHANGE:    frozenset({_TRAINER, _ADMIN}),
    Permission.MONITORING_READ:    _NO_WORKER,
    Permission.MONITORING_CHANGE:  frozenset({_TRAINER, _OPERATOR, _ADMIN}),
    Permission.WEBHOOKS_CHANGE:    frozenset({_OPERATOR, _ADMIN}),
    Permission.STORE_CARE:         frozenset({_OPERATOR, _ADMIN}),
    Permission.STORES_FORGET:      frozenset({_ADMIN}),
    Permission.JOBS_READ:          _NO_WORKER,
    Permission.JOBS_CHANGE:        frozenset({_TRAINER, _OPERATOR, _ADMIN}),
    Permission.JOBS_WORK:          frozenset({_TRAINER, _WORKER, _GATE, _ADMIN}),
    Permission.ARTIFACTS_READ:     frozenset({_TRAINER, _WORKER, _APPROVER, _OPERATOR, _ADMIN}),
    Permission.ARTIFACTS_WRITE:    frozenset({_TRAINER, _WORKER, _ADMIN}),
    Permission.DATASETS_FETCH:     frozenset({_TRAINER, _WORKER, _APPROVER, _OPERATOR, _ADMIN}),
    Permission.RUNS_READ:          _EVERYBODY,
    Permission.RUNS_CHANGE:        frozenset({_TRAINER, _ADMIN}),
    Permission.RUNS_REPORT:        frozenset({_TRAINER, _WORKER, _ADMIN}),
    Permission.GATE_RUN:           frozenset({_GATE, _ADMIN}),
    Permission.BLIND_READ:         frozenset({_GATE}),
    Permission.BLIND_MANAGE:       frozenset({_APPROVER, _OPERATOR, _ADMIN}),
}
# fmt: on


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling: an account, or a token as `token:<name>`."""

    name: str
    roles: frozenset[Role]

    def permissions(self) -> list[str]:
        """Names of everything this caller may do, sorted."""
        return sorted(p.value for p, roles in PERMISSIONS.items() if roles & self.roles)


def require(principal: Principal, permission: Permission) -> None:
    """Let the caller pass, or say who may.

    Raises:
        ForbiddenError: none of the caller's roles may do this.
    """
    allowed = PERMISSIONS[permission]
    if not allowed & principal.roles:
        raise ForbiddenError(
            f"{principal.name} may not do this: {permission.value}",
            hint="needs one of: " + ", ".join(role.value for role in Role if role in allowed),
        )
