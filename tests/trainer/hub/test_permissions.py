"""The permission matrix, role by endpoint: every endpoint of people is in the table below."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.people_hub import PeopleHub, people_hub
from trainer.store.api_tokens import Role
from trainer.store.role_permissions import PERMISSIONS, Permission

# Answers to anybody: a login, and what a cookie says about itself.
OPEN = {("POST", "/api/v1/session"), ("GET", "/api/v1/session"), ("DELETE", "/api/v1/session"),
        ("POST", "/api/v1/session/password")}  # fmt: skip

# fmt: off
TABLE = [
    ("GET",    "/v1/operator/boxes",                       Permission.FLEET_READ),
    ("GET",    "/v1/operator/audit",                       Permission.AUDIT_READ),
    ("POST",   "/v1/operator/claim-codes",                 Permission.FLEET_CHANGE),
    ("POST",   "/v1/operator/boxes/{box_id}/accept",       Permission.FLEET_CHANGE),
    ("POST",   "/v1/operator/boxes/{box_id}/status",       Permission.FLEET_CHANGE),
    ("POST",   "/v1/operator/boxes/{box_id}/replace",      Permission.FLEET_CHANGE),
    ("POST",   "/v1/operator/boxes/{box_id}/commands",     Permission.FLEET_CHANGE),
    ("GET",    "/v1/operator/tokens",                      Permission.ACCOUNTS_CHANGE),
    ("POST",   "/v1/operator/tokens",                      Permission.ACCOUNTS_CHANGE),
    ("DELETE", "/v1/operator/tokens/{name}",               Permission.ACCOUNTS_CHANGE),
    ("GET",    "/api/v1/fleet/overview",                   Permission.FLEET_READ),
    ("GET",    "/api/v1/fleet/boxes",                      Permission.FLEET_READ),
    ("GET",    "/api/v1/fleet/boxes/{box_id}",             Permission.FLEET_READ),
    ("GET",    "/api/v1/fleet/boxes/{box_id}/picture",     Permission.FLEET_READ),
    ("GET",    "/api/v1/fleet/boxes/{box_id}/telemetry",   Permission.FLEET_READ),
    ("GET",    "/api/v1/fleet/sales",                      Permission.FLEET_READ),
    ("DELETE", "/api/v1/baskets/{basket_id}/pictures",     Permission.CASES_MANAGE),
    ("GET",    "/api/v1/fleet/boxes/{box_id}/commands/{command_id}/output",
     Permission.FLEET_CHANGE),
    ("GET",    "/api/v1/permissions",                      Permission.CATALOGUE_READ),
    ("GET",    "/api/v1/audit",                            Permission.AUDIT_READ),
    ("GET",    "/api/v1/accounts",                         Permission.ACCOUNTS_CHANGE),
    ("POST",   "/api/v1/accounts",                         Permission.ACCOUNTS_CHANGE),
    ("PATCH",  "/api/v1/accounts/{name}",                  Permission.ACCOUNTS_CHANGE),
    ("POST",   "/api/v1/accounts/{name}/password",         Permission.ACCOUNTS_CHANGE),
    ("GET",    "/api/v1/skus",                              Permission.CATALOGUE_READ),
    ("POST",   "/api/v1/skus",                              Permission.CATALOGUE_CHANGE),
    ("GET",    "/api/v1/categories",                        Permission.CATALOGUE_READ),
    ("GET",    "/api/v1/skus/{sku_id}",                     Permission.CATALOGUE_READ),
    ("PUT",    "/api/v1/skus/{sku_id}",                     Permission.CATALOGUE_CHANGE),
    ("DELETE", "/api/v1/skus/{sku_id}",                     Permission.CATALOGUE_CHANGE),
    ("POST",   "/api/v1/skus/{sku_id}/restore",             Permission.CATALOGUE_CHANGE),
    ("GET",    "/api/v1/skus/{sku_id}/history",             Permission.CATALOGUE_READ),
    ("GET",    "/api/v1/skus/{sku_id}/picture",             Permission.CATALOGUE_READ),
    ("PUT",    "/api/v1/skus/{sku_id}/picture",             Permission.CATALOGUE_CHANGE),
    ("GET",    "/api/v1/skus-export",                       Permission.CATALOGUE_READ),
    ("POST",   "/api/v1/skus-import",                       Permission.CATALOGUE_CHANGE),
    ("PUT",    "/api/v1/photo-archives/{sha256}",           Permission.CATALOGUE_CHANGE),
    ("POST",   "/api/v1/photo-archives/{sha256}/import",    Permission.CATALOGUE_CHANGE),
    ("GET",    "/api/v1/stores",                            Permission.CATALOGUE_READ),
    ("POST",   "/api/v1/stores",                            Permission.CATALOGUE_CHANGE),
    ("GET",    "/api/v1/stores/{store_id}",                 Permission.CATALOGUE_READ),
    ("PATCH",  "/api/v1/stores/{store_id}",                 Permission.CATALOGUE_CHANGE),
    ("POST",   "/api/v1/stores/{store_id}/clone",           Permission.CATALOGUE_CHANGE),
    ("GET",    "/api/v1/stores/{store_id}/prices",          Permission.CATALOGUE_READ),
    ("PUT",    "/api/v1/stores/{store_id}/prices/{sku_id}", Permission.CATALOGUE_CHANGE),
    ("GET",    "/api/v1/stores/{store_id}/prices-export",   Permission.CATALOGUE_READ),
    ("POST",   "/api/v1/stores/{store_id}/prices-import",   Permission.CATALOGUE_CHANGE),
    ("GET",    "/api/v1/stores/{store_id}/promotions",      Permission.CATALOGUE_READ),
    ("POST",   "/api/v1/stores/{store_id}/promotions",      Permission.CATALOGUE_CHANGE),
    ("DELETE", "/api/v1/stores/{store_id}/promotions/{promotion_id}", Permission.CATALOGUE_CHANGE),
    ("GET",    "/api/v1/stores/{store_id}/price-list",      Permission.CATALOGUE_READ),
    ("POST",   "/api/v1/stores/{store_id}/price-list/publish", Permission.PRICES_PUBLISH),
    ("GET",    "/api/v1/rollouts",                          Permission.FLEET_READ),
    ("GET",    "/api/v1/rollouts/{rollout_id}",             Permission.FLEET_READ),
    ("GET",    "/api/v1/rollouts/{rollout_id}/boxes",       Permission.FLEET_READ),
    ("POST",   "/api/v1/rollouts",                          Permission.FLEET_CHANGE),
    ("POST",   "/api/v1/rollouts/{rollout_id}/next",        Permission.MODELS_APPROVE),
    ("POST",   "/api/v1/rollouts/{rollout_id}/hold",        Permission.FLEET_CHANGE),
    ("POST",   "/api/v1/rollouts/{rollout_id}/resume",      Permission.FLEET_CHANGE),
    ("POST",   "/api/v1/rollouts/{rollout_id}/withdraw",    Permission.FLEET_CHANGE),
    ("GET",    "/api/v1/review/queue",                      Permission.CASES_READ),
    ("GET",    "/api/v1/cases",                             Permission.CASES_READ),
    ("GET",    "/api/v1/cases/{case_id}",                   Permission.CASES_READ),
    ("GET",    "/api/v1/cases/{case_id}/pictures/{camera_id}", Permission.CASES_READ),
    ("POST",   "/api/v1/cases/next",                        Permission.CASES_ANSWER),
    ("POST",   "/api/v1/cases/{case_id}/answer",            Permission.CASES_ANSWER),
    ("POST",   "/api/v1/cases/{case_id}/skip",              Permission.CASES_ANSWER),
    ("POST",   "/api/v1/review/undo",                       Permission.CASES_ANSWER),
    ("GET",    "/api/v1/review/stats/mine",                 Permission.CASES_ANSWER),
    ("GET",    "/api/v1/review/stats",                      Permission.CASES_MANAGE),
    ("GET",    "/api/v1/cases/{case_id}/answers",           Permission.CASES_MANAGE),
    ("PUT",    "/api/v1/cases/{case_id}/gold",              Permission.CASES_MANAGE),
    ("DELETE", "/api/v1/cases/{case_id}/gold",              Permission.CASES_MANAGE),
    ("GET",    "/api/v1/labels/export",                     Permission.LABELS_EXCHANGE),
    ("POST",   "/api/v1/labels/import",                     Permission.LABELS_EXCHANGE),
    ("GET",    "/api/v1/onboarding",                        Permission.CATALOGUE_READ),
    ("POST",   "/api/v1/onboarding",                        Permission.ONBOARDING_CHANGE),
    ("GET",    "/api/v1/onboarding/{onboarding_id}",        Permission.CATALOGUE_READ),
    ("POST",   "/api/v1/onboarding/{onboarding_id}/photos", Permission.ONBOARDING_CHANGE),
    ("DELETE", "/api/v1/onboarding/{onboarding_id}/photos/{photo_id}",
     Permission.ONBOARDING_CHANGE),
    ("GET", "/api/v1/onboarding/{onboarding_id}/photos/{photo_id}",
     Permission.CATALOGUE_READ),
    ("GET", "/api/v1/onboarding/{onboarding_id}/photos/{photo_id}/crop",
     Permission.CATALOGUE_READ),
    ("POST",   "/api/v1/onboarding/{onboarding_id}/publish", Permission.ONBOARDING_PUBLISH),
    ("POST",   "/api/v1/onboarding-publish",                Permission.ONBOARDING_PUBLISH),
    ("GET",    "/api/v1/models",                            Permission.MODELS_READ),
    ("POST",   "/api/v1/models",                            Permission.MODELS_DELIVER),
    ("GET",    "/api/v1/models/{bundle_id}",                Permission.MODELS_READ),
    ("GET",    "/api/v1/models/{bundle_id}/manifest",       Permission.MODELS_READ),
    ("PUT",    "/api/v1/models/{bundle_id}/files/{sha256}", Permission.MODELS_REGISTER),
    ("GET",    "/api/v1/models/{bundle_id}/files/{sha256}", Permission.GATE_RUN),
    ("POST",   "/api/v1/models/{bundle_id}/gate-jobs",      Permission.MODELS_REGISTER),
    ("POST",   "/api/v1/gate-jobs/{job_id}/begin",          Permission.GATE_RUN),
    ("POST",   "/api/v1/models/{bundle_id}/gate",           Permission.GATE_RUN),
    ("GET",    "/api/v1/approval-rules",                    Permission.MODELS_READ),
    ("PUT",    "/api/v1/approval-rules/{name}",             Permission.MODELS_APPROVE),
    ("GET",    "/api/v1/blind-sets",                        Permission.MODELS_READ),
    ("POST",   "/api/v1/blind-sets",                        Permission.BLIND_MANAGE),
    ("GET",    "/api/v1/blind-sets/{blind_set_id}/looks",   Permission.MODELS_READ),
    ("GET",    "/api/v1/blind-sets/{blind_set_id}/recordings", Permission.BLIND_READ),
    ("GET",    "/api/v1/blind-sets/{blind_set_id}/recordings/{recording_id}",
     Permission.BLIND_READ),
    ("GET",    "/api/v1/blind-sets/{blind_set_id}/recordings/{recording_id}/frames",
     Permission.BLIND_READ),
    ("POST",   "/api/v1/models/{bundle_id}/approve",        Permission.MODELS_APPROVE),
    ("POST",   "/api/v1/models/{bundle_id}/reject",         Permission.MODELS_APPROVE),
    ("POST",   "/api/v1/models/{bundle_id}/assign",         Permission.FLEET_CHANGE),
    ("GET",    "/api/v1/backups",                           Permission.STORE_CARE),
    ("POST",   "/api/v1/backups",                           Permission.STORE_CARE),
    ("POST",   "/api/v1/backups/{name}/verify",             Permission.STORE_CARE),
    ("POST",   "/api/v1/blobs-sweep",                       Permission.STORE_CARE),
    ("GET",    "/api/v1/blobs-pins",                        Permission.STORE_CARE),
    ("PUT",    "/api/v1/blobs-pins/{sha256}",               Permission.STORE_CARE),
    ("DELETE", "/api/v1/blobs-pins/{sha256}",               Permission.STORE_CARE),
    ("GET",    "/api/v1/metrics",                           Permission.MONITORING_READ),
    ("GET",    "/api/v1/monitoring/places",                 Permission.MONITORING_READ),
    ("GET",    "/api/v1/monitoring/history",                Permission.MONITORING_READ),
    ("POST",   "/api/v1/monitoring/judge",                  Permission.MONITORING_CHANGE),
    ("POST",   "/api/v1/monitoring/new-past",               Permission.MONITORING_CHANGE),
    ("GET",    "/api/v1/monitoring/insights",               Permission.MONITORING_READ),
    ("GET",    "/api/v1/monitoring/service-levels",         Permission.MONITORING_READ),
    ("GET",    "/api/v1/alerts",                            Permission.MONITORING_READ),
    ("POST",   "/api/v1/alerts/{alert_id}/acknowledge",     Permission.MONITORING_CHANGE),
    ("POST",   "/api/v1/alerts/{alert_id}/close",           Permission.MONITORING_CHANGE),
    ("GET",    "/api/v1/webhooks",                          Permission.WEBHOOKS_CHANGE),
    ("POST",   "/api/v1/webhooks",                          Permission.WEBHOOKS_CHANGE),
    ("DELETE", "/api/v1/webhooks/{webhook_id}",             Permission.WEBHOOKS_CHANGE),
    ("POST",   "/api/v1/webhooks/{webhook_id}/test",        Permission.WEBHOOKS_CHANGE),
    ("GET",    "/api/v1/webhooks/{webhook_id}/deliveries",  Permission.WEBHOOKS_CHANGE),
    ("GET",    "/api/v1/triggers",                          Permission.JOBS_READ),
    ("POST",   "/api/v1/triggers",                          Permission.JOBS_CHANGE),
    ("GET",    "/api/v1/triggers/{trigger_id}",             Permission.JOBS_READ),
    ("PATCH",  "/api/v1/triggers/{trigger_id}",             Permission.JOBS_CHANGE),
    ("DELETE", "/api/v1/triggers/{trigger_id}",             Permission.JOBS_CHANGE),
    ("GET",    "/api/v1/triggers/{trigger_id}/firings",     Permission.JOBS_READ),
    ("POST",   "/api/v1/triggers/{trigger_id}/fire",        Permission.JOBS_CHANGE),
    ("GET",    "/api/v1/jobs",                              Permission.JOBS_READ),
    ("POST",   "/api/v1/jobs",                              Permission.JOBS_CHANGE),
    ("GET",    "/api/v1/jobs/{job_id}",                     Permission.JOBS_READ),
    ("GET",    "/api/v1/jobs/{job_id}/logs",                Permission.JOBS_READ),
    ("POST",   "/api/v1/jobs/{job_id}/cancel",              Permission.JOBS_CHANGE),
    ("GET",    "/api/v1/workers",                           Permission.JOBS_READ),
    ("POST",   "/api/v1/jobs-lease",                        Permission.JOBS_WORK),
    ("POST",   "/api/v1/jobs/{job_id}/heartbeat",           Permission.JOBS_WORK),
    ("POST",   "/api/v1/jobs/{job_id}/logs",                Permission.JOBS_WORK),
    ("POST",   "/api/v1/jobs/{job_id}/finish",              Permission.JOBS_WORK),
    ("GET",    "/api/v1/datasets",                          Permission.DATASETS_READ),
    ("POST",   "/api/v1/datasets",                          Permission.DATASETS_CHANGE),
    ("POST",   "/api/v1/datasets/measure",                  Permission.DATASETS_CHANGE),
    ("GET",    "/api/v1/datasets/{version}",                Permission.DATASETS_READ),
    ("DELETE", "/api/v1/datasets/{version}",                Permission.DATASETS_CHANGE),
    ("GET",    "/api/v1/datasets/{version}/manifest",       Permission.DATASETS_FETCH),
    ("GET",    "/api/v1/datasets/{version}/items",          Permission.DATASETS_READ),
    ("GET",    "/api/v1/datasets/{version}/quarantine",     Permission.DATASETS_READ),
    ("GET",    "/api/v1/datasets/{version}/diff/{other}",   Permission.DATASETS_READ),
    ("GET",    "/api/v1/datasets/{version}/shares",         Permission.DATASETS_READ),
    ("POST",   "/api/v1/datasets/{version}/rebuild",        Permission.DATASETS_CHANGE),
    ("PUT",    "/api/v1/datasets/{version}/pin",            Permission.DATASETS_CHANGE),
    ("GET",    "/api/v1/datasets/{version}/pictures/{picture}", Permission.DATASETS_FETCH),
    ("GET",    "/api/v1/provenance/baskets/{basket_id}/lines/{line_no}",
     Permission.DATASETS_READ),
    ("POST",   "/api/v1/weak-labels/vet",                   Permission.CASES_MANAGE),
    ("GET",    "/api/v1/weak-labels",                       Permission.CASES_MANAGE),
    ("GET",    "/api/v1/provenance/pictures/{picture}",     Permission.DATASETS_READ),
    ("GET",    "/api/v1/provenance/reviewers/{reviewer}",   Permission.DATASETS_READ),
    ("POST",   "/api/v1/stores/{store_id}/forget",          Permission.STORES_FORGET),
    ("GET",    "/api/v1/stores/{store_id}/margins",         Permission.MONITORING_READ),
    ("PUT",    "/api/v1/stores/{store_id}/margins",         Permission.MODELS_APPROVE),
    ("POST",   "/api/v1/stores/{store_id}/margins/compute", Permission.MONITORING_CHANGE),
    ("HEAD",   "/api/v1/artifacts/{sha256}",                Permission.ARTIFACTS_READ),
    ("GET",    "/api/v1/artifacts/{sha256}",                Permission.ARTIFACTS_READ),
    ("PUT",    "/api/v1/artifacts/{sha256}",                Permission.ARTIFACTS_WRITE),
    ("GET",    "/api/v1/runs",                              Permission.RUNS_READ),
    ("POST",   "/api/v1/runs",                              Permission.RUNS_REPORT),
    ("GET",    "/api/v1/runs/{run_id}",                     Permission.RUNS_READ),
    ("PATCH",  "/api/v1/runs/{run_id}",                     Permission.RUNS_CHANGE),
    ("GET",    "/api/v1/runs/{run_id}/scalars",             Permission.RUNS_READ),
    ("POST",   "/api/v1/runs/{run_id}/scalars",             Permission.RUNS_REPORT),
    ("GET",    "/api/v1/runs/{run_id}/compare/{other_id}",  Permission.RUNS_READ),
    ("POST",   "/api/v1/runs/{run_id}/clone",               Permission.RUNS_CHANGE),
    ("POST",   "/api/v1/runs/{run_id}/enqueue",             Permission.RUNS_CHANGE),
    ("POST",   "/api/v1/runs/{run_id}/start",               Permission.RUNS_REPORT),
    ("POST",   "/api/v1/runs/{run_id}/files",               Permission.RUNS_REPORT),
    ("POST",   "/api/v1/runs/{run_id}/finish",              Permission.RUNS_REPORT),
]
# fmt: on


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PeopleHub]:
    folder: Path = tmp_path_factory.mktemp("hub")
    with people_hub(folder) as opened:
        yield opened


def ask(hub: PeopleHub, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
    """Status and code of a request whose body is of no endpoint's form."""
    concrete = path.replace("{", "none-").replace("}", "")
    body = None if method == "GET" else {"no": "form"}
    reply = hub.client.request(method, concrete, json=body, headers=headers)
    if method == "HEAD":  # an answer without a body
        return reply.status_code, {403: "token.forbidden"}.get(reply.status_code, "")
    is_json = reply.headers.get("content-type") == "application/json"
    told = reply.json() if is_json and reply.content else {}
    return reply.status_code, str(told.get("code", "")) if isinstance(told, dict) else ""


@pytest.mark.parametrize(("method", "path", "permission"), TABLE)
def test_a_role_may_do_what_the_table_allows_and_nothing_more(
    hub: PeopleHub, method: str, path: str, permission: Permission
) -> None:
    answers = {
        role: ask(hub, method, path, {"Authorization": f"Bearer {hub.tokens[role]}"})
        for role in Role
    }
    refused = {role for role, answer in answers.items() if answer == (403, "token.forbidden")}
    assert refused == set(Role) - PERMISSIONS[permission]
    assert not [answer for answer in answers.values() if answer[0] in (401, 500)]


@pytest.mark.parametrize(("method", "path", "permission"), TABLE)
def test_nothing_is_done_without_a_good_token(
    hub: PeopleHub, method: str, path: str, permission: Permission
) -> None:
    bad = ({}, {"Authorization": "Bearer tsh_guess"}, {"Authorization": "Basic eDp5"})
    assert [ask(hub, method, path, headers)[0] for headers in bad] == [401, 401, 401]


def test_every_endpoint_of_people_is_in_the_table(hub: PeopleHub) -> None:
    served = {
        (method.upper(), path)
        for path, methods in hub.document()["paths"].items()
        for method in methods
        if path.startswith(("/api/", "/v1/operator"))
    }
    assert served - OPEN == {(method, path) for method, path, _ in TABLE}


def test_the_document_itself_needs_a_login(hub: PeopleHub) -> None:
    bad = ({}, {"Authorization": "Bearer tsh_guess"})
    assert [ask(hub, "GET", "/openapi.json", headers)[0] for headers in bad] == [401, 401]


def test_nobody_but_an_administrator_trains_and_approves() -> None:
    register = PERMISSIONS[Permission.MODELS_REGISTER]
    assert register & PERMISSIONS[Permission.MODELS_APPROVE] == {Role.ADMIN}
