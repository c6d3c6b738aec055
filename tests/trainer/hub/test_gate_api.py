"""The gate through HTTP: who may look, what a look costs, how a passed model is approved."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sync.bundle import Bundle
from sync.gate_verdict import GateVerdict
from tests.fakes.case_sender import CaseSender
from tests.fakes.people_hub import PeopleHub, people_hub, restarted_hub
from tests.fakes.recording_sender import send_recordings, write_parts_bundle
from tests.fakes.signing_hub import make_repository, open_repository, signing_hub
from trainer.store import approvals
from trainer.store.api_tokens import Role

ADMIN, APPROVER, GATE, TRAINER = Role.ADMIN, Role.APPROVER, Role.GATE, Role.TRAINER
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Clock:
    """A time that tests move."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def register(hub: PeopleHub, folder: Path, version: str, **parts: bytes) -> Bundle:
    bundle = write_parts_bundle(folder / version, version, **parts)
    body = {"manifest": bundle.manifest.model_dump(mode="json")}
    hub.ok(TRAINER, "POST", "/models", body)
    return bundle


def blind_set(hub: PeopleHub, num: int = 40, **changes: Any) -> str:
    """Recordings of a box as a version; its digest."""
    sender = CaseSender(hub)
    send_recordings(sender.box, sender.key, num)
    body = {"note": "first", **changes}
    return str(hub.ok(ADMIN, "POST", "/blind-sets", body)["blind_set_id"])


def leased(hub: PeopleHub, bundle: Bundle, champion: Bundle, policy: str = "demo") -> str:
    """A gate job that a worker has leased."""
    body = {"champion": champion.bundle_id, "policy": policy}
    hub.ok(TRAINER, "POST", f"/models/{bundle.bundle_id}/gate-jobs", body)
    lease = {"worker": "gate-1", "kinds": ["gate"]}
    return str(hub.ok(GATE, "POST", "/jobs-lease", lease)["job_id"])


def replays(hub: PeopleHub, blind: str, champion: Bundle, candidate: Bundle, **job: Any) -> Any:
    items = hub.ok(GATE, "GET", f"/blind-sets/{blind}/recordings")
    baskets = [
        {"name": i["recording_id"], "predicted": i["truth"], "best_guess": {}, "truth": i["truth"]}
        for i in items
    ]
    body: dict[str, Any] = {
        name: {"bundle_id": b.bundle_id, "edge_version": "1", "provider": "cpu", "baskets": baskets}
        for name, b in (("champion", champion), ("candidate", candidate))
    }
    return {**body, "policy": "demo", **job}


def passed(hub: PeopleHub, folder: Path) -> str:
    """A model that the gate passed."""
    blind = blind_set(hub)
    champion, candidate = (register(hub, folder, v) for v in ("1.0.0", "1.1.0"))
    job = leased(hub, candidate, champion)
    hub.ok(GATE, "POST", f"/gate-jobs/{job}/begin")
    body = replays(hub, blind, champion, candidate, job_id=job)
    url = f"/models/{candidate.bundle_id}/gate"
    assert hub.ok(GATE, "POST", url, body)["verdict"] == "pass"
    return candidate.bundle_id


def test_a_look_is_spent_when_the_worker_begins_and_once_per_job(
    any_centre: PeopleHub, tmp_path: Path
) -> None:
    hub = any_centre
    blind = blind_set(hub, budget=2)
    champion, candidate = (register(hub, tmp_path, v) for v in ("1.0.0", "1.1.0"))
    first = leased(hub, candidate, champion)
    plans = [hub.ok(GATE, "POST", f"/gate-jobs/{first}/begin") for _ in range(2)]
    assert [plan["look"] for plan in plans] == [1, 1]
    second = leased(hub, candidate, champion)
    assert hub.ok(GATE, "POST", f"/gate-jobs/{second}/begin")["look"] == 2
    third = leased(hub, candidate, champion)
    refused = hub.call(GATE, "POST", f"/gate-jobs/{third}/begin")
    assert (refused.status_code, refused.json()["code"]) == (409, "blind.refused")
    looks = hub.ok(TRAINER, "GET", f"/blind-sets/{blind}/looks")
    assert [(look["look"], look["verdict"]) for look in looks] == [(2, ""), (1, "")]
    actions = [e["action"] for e in hub.ok(ADMIN, "GET", f"/audit?subject=blind:{blind}")]
    assert actions == ["blind_look_spent", "blind_look_spent", "blind_set_created"]


def test_renewing_one_recording_is_no_new_budget(centre: PeopleHub, tmp_path: Path) -> None:
    first = blind_set(centre, 40, budget=20)
    champion, candidate = (register(centre, tmp_path, v) for v in ("1.0.0", "1.1.0"))
    for _ in range(10):
        centre.ok(GATE, "POST", f"/gate-jobs/{leased(centre, candidate, champion)}/begin")
    kept = {f"recording-{n:04d}": None for n in range(39)}
    body = {"note": "one less", "recordings": kept}
    second = centre.ok(ADMIN, "POST", "/blind-sets", body)
    assert (second["version"], second["looks_used"], second["blind_set_id"] != first) == (2, 10, 1)
    half = {f"recording-{n:04d}": {"milk": 9} for n in range(20)}
    assert centre.call(
        ADMIN, "POST", "/blind-sets", {"note": "x" * 3, "recordings": half}
    ).is_success
    missing = {"note": "typo", "recordings": {"recording-9999": None}}
    assert centre.call(ADMIN, "POST", "/blind-sets", missing).status_code == 404


@pytest.mark.parametrize("role", [r for r in Role if r is not GATE])
def test_only_the_gate_reads_blind_pictures_and_truths(
    centre: PeopleHub, role: Role, tmp_path: Path
) -> None:
    blind = blind_set(centre, 1)
    for path in ("", "/recording-0000", "/recording-0000/frames"):
        reply = centre.call(role, "GET", f"/blind-sets/{blind}/recordings{path}")
        assert (reply.status_code, reply.json()["code"]) == (403, "token.forbidden")
    recording = centre.ok(GATE, "GET", f"/blind-sets/{blind}/recordings/recording-0000")
    for path in (f"/artifacts/{recording['blob']}", f"/models/{'ab' * 32}/files/{blind}"):
        assert centre.call(role, "GET", path).status_code in (403, 404)


def test_a_trainer_cannot_lease_begin_or_report_a_gate_job(
    centre: PeopleHub, tmp_path: Path
) -> None:
    blind = blind_set(centre)
    champion, candidate = (register(centre, tmp_path, v) for v in ("1.0.0", "1.1.0"))
    job = leased(centre, candidate, champion)
    lease = {"worker": "w", "kinds": ["step.fit", "gate"]}
    body = replays(centre, blind, champion, candidate, job_id=job)
    for method, path, said in (
        ("POST", "/jobs-lease", lease),
        ("POST", f"/gate-jobs/{job}/begin", None),
        ("POST", f"/models/{candidate.bundle_id}/gate", body),
    ):
        assert centre.call(TRAINER, method, path, said).status_code == 403


def test_what_was_replayed_must_be_the_blind_set_with_its_truths(
    centre: PeopleHub, tmp_path: Path
) -> None:
    blind = blind_set(centre)
    champion, candidate = (register(centre, tmp_path, v) for v in ("1.0.0", "1.1.0"))
    job = leased(centre, candidate, champion)
    body = replays(centre, blind, champion, candidate, job_id=job)
    url = f"/models/{candidate.bundle_id}/gate"
    assert "not begun" in centre.call(GATE, "POST", url, body).json()["message"]
    centre.ok(GATE, "POST", f"/gate-jobs/{job}/begin")
    less = {**body["candidate"], "baskets": body["candidate"]["baskets"][1:]}
    reply = centre.call(GATE, "POST", url, {**body, "candidate": less})
    assert reply.json()["code"] == "gate.input"
    centre.ok(GATE, "POST", url, body)
    assert "reported already" in centre.call(GATE, "POST", url, body).json()["message"]


def test_a_file_that_a_box_sent_is_never_taken_for_a_model(
    centre: PeopleHub, tmp_path: Path
) -> None:
    blind = blind_set(centre, 1)
    recording = centre.ok(GATE, "GET", f"/blind-sets/{blind}/recordings/recording-0000")
    bundle = write_parts_bundle(tmp_path / "evil", "6.6.6")
    manifest = bundle.manifest.model_dump(mode="json")
    size = centre.services.blobs.size(recording["blob"])
    manifest["files"][0] |= {"sha256": recording["blob"], "size": size}
    model = centre.ok(TRAINER, "POST", "/models", {"manifest": manifest})["bundle_id"]
    headers = {"Upload-Offset": "0", "Upload-Length": str(size)}
    headers["Authorization"] = f"Bearer {centre.tokens[TRAINER]}"
    url = f"/api/v1/models/{model}/files/{recording['blob']}"
    reply = centre.client.put(url, content=b"x", headers=headers)
    assert reply.json()["code"] == "model.refused"


def test_a_rejected_candidate_takes_no_published_file_along(
    centre: PeopleHub, tmp_path: Path
) -> None:
    blind = blind_set(centre)
    champion, candidate = (register(centre, tmp_path, v) for v in ("1.0.0", "1.1.0"))
    shared = candidate.manifest.files[0]
    data = (candidate.directory / shared.path).read_bytes()
    published = centre.services.repository.parent / "blobs" / shared.sha256
    published.write_bytes(data)
    headers = {"Upload-Offset": "0", "Upload-Length": str(len(data))}
    headers["Authorization"] = f"Bearer {centre.tokens[TRAINER]}"
    url = f"/models/{candidate.bundle_id}"
    staged = centre.client.put(f"/api/v1{url}/files/{shared.sha256}", content=data, headers=headers)
    assert staged.status_code == 201
    body = replays(centre, blind, champion, candidate)
    told = body["candidate"]["baskets"]
    body["candidate"]["baskets"] = [{**basket, "predicted": {}} for basket in told]
    assert centre.ok(GATE, "POST", f"{url}/gate", body)["verdict"] == "reject"
    assert published.read_bytes() == data


def test_a_pass_is_signed_by_the_gate_key_with_its_policy_and_again_once_approved(
    tmp_path: Path,
) -> None:
    make_repository(tmp_path)
    with signing_hub(tmp_path) as hub:
        model = passed(hub, tmp_path)
        before = signed(tmp_path, model)
        hub.ok(APPROVER, "POST", f"/models/{model}/approve", {"note": "looked at it"})
        after = signed(tmp_path, model)
    assert (before.verdict, before.policy, before.look, before.num_baskets) == (
        "pass",
        "demo",
        1,
        40,
    )
    assert before.margins["margin"] == "0.1"
    assert (before.approval, after.approval, after.is_single_operator) == ("", "manual", False)


def signed(folder: Path, model: str) -> GateVerdict:
    found = open_repository(folder).verdict(model)
    assert found is not None
    return found


@pytest.fixture
def demo_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty baskets pass under the demo's margins only; here a rule may go by those."""
    monkeypatch.setattr(approvals, "RULED_POLICY", "demo")


def test_a_pass_by_wider_margins_waits_for_a_person_whatever_the_rule(
    any_centre: PeopleHub, tmp_path: Path
) -> None:
    hub = any_centre
    hub.ok(APPROVER, "PUT", "/approval-rules/counter", {"mode": "automatic"})
    told = hub.ok(TRAINER, "GET", f"/models/{passed(hub, tmp_path)}")
    assert (told["stage"], told["approvals"], told["approval_due_at"]) == ("passed", [], None)


@pytest.mark.usefixtures("demo_rules")
def test_an_automatic_model_is_approved_by_its_pass(any_centre: PeopleHub, tmp_path: Path) -> None:
    hub = any_centre
    hub.ok(APPROVER, "PUT", "/approval-rules/counter", {"mode": "automatic"})
    model = passed(hub, tmp_path)
    for _ in range(2):
        told = hub.ok(TRAINER, "GET", f"/models/{model}")
        assert (told["stage"], len(told["approvals"])) == ("approved", 1)
    assert (told["approvals"][0]["mode"], told["approvals"][0]["by"]) == (
        "automatic",
        "rule:automatic",
    )
    assert "token:approver" in told["approvals"][0]["note"]


@pytest.mark.usefixtures("demo_rules")
def test_a_veto_window_ends_by_the_clock_and_once_over_restarts(tmp_path: Path) -> None:
    clock = Clock()
    with people_hub(tmp_path, clock=clock) as hub:
        rule = {"mode": "veto", "veto_hours": 24}
        hub.ok(APPROVER, "PUT", "/approval-rules/counter", rule)
        model = passed(hub, tmp_path)
        waiting = hub.ok(TRAINER, "GET", f"/models/{model}")
        assert (waiting["stage"], waiting["approval_due_at"]) == ("passed", "2026-11-22T12:00:00Z")
        clock.now += timedelta(hours=23, minutes=59)
        assert hub.ok(TRAINER, "GET", f"/models/{model}")["stage"] == "passed"
        tokens = hub.tokens
    clock.now += timedelta(days=3)
    for _ in range(2):
        with restarted_hub(tmp_path, clock, tokens) as hub:
            told = hub.ok(TRAINER, "GET", f"/models/{model}")
            assert (told["stage"], [a["mode"] for a in told["approvals"]]) == ("approved", ["veto"])


@pytest.mark.usefixtures("demo_rules")
def test_a_veto_in_time_stops_it(tmp_path: Path) -> None:
    clock = Clock()
    with people_hub(tmp_path, clock=clock) as hub:
        hub.ok(APPROVER, "PUT", "/approval-rules/counter", {"mode": "veto", "veto_hours": 24})
        model = passed(hub, tmp_path)
        hub.ok(APPROVER, "POST", f"/models/{model}/reject", {"note": "a flip on the wine"})
        clock.now += timedelta(days=9)
        assert hub.ok(TRAINER, "GET", f"/models/{model}")["stage"] == "refused"
        assert (
            hub.call(TRAINER, "PUT", "/approval-rules/counter", {"mode": "manual"}).is_success
            is False
        )
        zero = {"mode": "veto", "veto_hours": 0}
        assert hub.call(APPROVER, "PUT", "/approval-rules/counter", zero).status_code == 409


@pytest.mark.usefixtures("demo_rules")
def test_a_later_pass_takes_no_refusal_of_a_person_back(tmp_path: Path) -> None:
    with people_hub(tmp_path) as hub:
        hub.ok(APPROVER, "PUT", "/approval-rules/counter", {"mode": "veto", "veto_hours": 24})
        model = passed(hub, tmp_path)
        hub.ok(APPROVER, "POST", f"/models/{model}/reject", {"note": "a flip on the wine"})
        hub.ok(APPROVER, "PUT", "/approval-rules/counter", {"mode": "automatic"})
        verdict = hub.ok(TRAINER, "GET", f"/models/{model}")["verdicts"][0]
        champion = {"bundle_id": verdict["champion_id"]}
        baskets = [{"name": f"b{n}", "predicted": {"a": 1}, "truth": {"a": 1}, "best_guess": {}}
                   for n in range(40)]  # fmt: skip
        like = {"edge_version": "1", "provider": "cpu", "baskets": baskets}
        body = {"champion": {**champion, **like}, "candidate": {"bundle_id": model, **like}}
        url = f"/models/{model}/gate"
        assert hub.ok(GATE, "POST", url, {**body, "policy": "demo"})["verdict"] == "pass"
        told = hub.ok(TRAINER, "GET", f"/models/{model}")
        assert (told["stage"], told["approval_due_at"]) == ("passed", None)
        assert [a["decision"] for a in told["approvals"]] == ["reject"]


def test_a_refusal_is_signed_even_where_the_newest_look_was_inconclusive(tmp_path: Path) -> None:
    make_repository(tmp_path)
    with signing_hub(tmp_path) as hub:
        model = passed(hub, tmp_path)
        champion = hub.ok(TRAINER, "GET", f"/models/{model}")["verdicts"][0]["champion_id"]
        basket = {"name": "b", "predicted": {"a": 1}, "truth": {"a": 1}, "best_guess": {}}
        like = {"edge_version": "1", "provider": "cpu", "baskets": [basket]}
        body = {
            "champion": {"bundle_id": champion, **like},
            "candidate": {"bundle_id": model, **like},
        }
        url = f"/models/{model}/gate"
        assert hub.ok(GATE, "POST", url, body)["verdict"] == "inconclusive"
        assert signed(tmp_path, model).verdict == "pass"
        hub.ok(APPROVER, "POST", f"/models/{model}/reject", {"note": "a flip on the wine"})
        assert signed(tmp_path, model).verdict == "reject"
