"""People log in, may do what their roles allow, and leave a trail."""

import pytest

from tests.fakes.people_hub import PASSWORD, PeopleHub
from trainer.store.api_tokens import Role


def code_of(reply: object) -> str:
    return str(reply.json()["code"])  # type: ignore[attr-defined]


def test_a_person_logs_in_acts_and_logs_out(any_centre: PeopleHub) -> None:
    any_centre.add_person("ada", Role.OPERATOR, Role.REVIEWER)
    reply = any_centre.log_in("ada")
    session = reply.json()
    cookie = reply.headers["set-cookie"]
    assert session["roles"] == ["reviewer", "operator"]
    assert "fleet.change" in session["permissions"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    client = any_centre.client
    assert client.get("/api/v1/session").json()["name"] == "ada"
    assert client.get("/v1/operator/boxes").status_code == 200
    csrf = {"X-CSRF-Token": session["csrf_token"]}
    made = client.post("/v1/operator/claim-codes", json={}, headers=csrf)
    assert made.json()["claim_code"]
    assert client.delete("/api/v1/session", headers=csrf).status_code == 204
    assert client.get("/v1/operator/boxes").status_code == 401


@pytest.mark.parametrize("token", ["", "guess"])
def test_a_cookie_alone_changes_nothing(centre: PeopleHub, token: str) -> None:
    centre.add_person("ada", Role.ADMIN)
    centre.log_in("ada")
    headers = {"X-CSRF-Token": token} if token else {}
    reply = centre.client.post("/v1/operator/claim-codes", json={}, headers=headers)
    assert (reply.status_code, code_of(reply)) == (403, "session.csrf")


def test_a_wrong_name_and_a_wrong_password_look_the_same(centre: PeopleHub) -> None:
    centre.add_person("ada", Role.VIEWER)
    wrong = centre.log_in("ada", "not the password")
    nobody = centre.log_in("bob")
    assert wrong.status_code == nobody.status_code == 401
    assert wrong.json() == nobody.json()


def test_guessing_is_stopped_after_five_and_others_may_still_come_in(centre: PeopleHub) -> None:
    centre.add_person("ada", Role.VIEWER)
    centre.add_person("bob", Role.VIEWER)
    guesses = [centre.log_in("ada", "guess number one").status_code for _ in range(6)]
    assert guesses == [401] * 5 + [429]
    assert centre.log_in("ada").status_code == 429
    assert centre.log_in("bob").status_code == 200


def test_a_closed_account_is_out_at_once(centre: PeopleHub) -> None:
    centre.add_person("ada", Role.OPERATOR)
    centre.log_in("ada")
    assert centre.client.get("/api/v1/session").status_code == 200
    centre.ok(Role.ADMIN, "PATCH", "/accounts/ada", {"is_active": False})
    assert centre.client.get("/api/v1/session").status_code == 401
    assert centre.log_in("ada").status_code == 401


def test_a_new_password_ends_every_session(centre: PeopleHub) -> None:
    centre.add_person("ada", Role.VIEWER)
    csrf = {"X-CSRF-Token": centre.log_in("ada").json()["csrf_token"]}
    body = {"old_password": PASSWORD, "new_password": "another fine password"}
    reply = centre.client.post("/api/v1/session/password", json=body, headers=csrf)
    assert reply.status_code == 204
    assert centre.client.get("/api/v1/session").status_code == 401
    assert centre.log_in("ada", "another fine password").status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({"name": "x y", "roles": ["viewer"], "password": PASSWORD}, 422, id="name"),
        pytest.param({"name": "eve", "roles": [], "password": PASSWORD}, 422, id="no role"),
        pytest.param({"name": "eve", "roles": ["king"], "password": PASSWORD}, 422, id="role"),
        pytest.param({"name": "eve", "roles": ["viewer"], "password": "short"}, 409, id="password"),
        pytest.param({"name": "ada", "roles": ["viewer"], "password": PASSWORD}, 409, id="taken"),
    ],
)
def test_a_bad_account_is_refused(centre: PeopleHub, body: dict[str, object], status: int) -> None:
    centre.add_person("ada", Role.VIEWER)
    assert centre.call(Role.ADMIN, "POST", "/accounts", body).status_code == status


def test_the_last_administrator_stays_one(centre: PeopleHub) -> None:
    centre.add_person("ada", Role.ADMIN)
    demote = {"roles": ["viewer"]}
    assert centre.call(Role.ADMIN, "PATCH", "/accounts/ada", demote).status_code == 409
    centre.add_person("bob", Role.ADMIN)
    assert centre.call(Role.ADMIN, "PATCH", "/accounts/ada", demote).status_code == 200


def test_logins_and_changes_are_in_the_audit_without_any_password(centre: PeopleHub) -> None:
    centre.add_person("ada", Role.VIEWER)
    centre.log_in("ada", "a wrong password")
    centre.log_in("ada")
    entries = centre.ok(Role.ADMIN, "GET", "/audit?subject=account:ada")
    assert [e["action"] for e in entries] == ["login", "login_refused", "account_created"]
    assert entries[2]["actor"] == "token:admin"
    assert "password" not in str(entries[1]["details"]) + str(entries[2]["details"])
    older = centre.ok(Role.ADMIN, "GET", f"/audit?before={entries[1]['audit_id']}&limit=1")
    assert older[0]["audit_id"] < entries[1]["audit_id"]
