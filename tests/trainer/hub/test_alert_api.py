"""Alerts and webhooks through HTTP: opened, signed, tried again, kept away from private places."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.people_hub import PeopleHub, people_hub
from trainer.hub.webhook_sender import (
    WebhookAddressError,
    check_address,
    send_due,
    signature,
)
from trainer.store import alerts, webhooks
from trainer.store.api_tokens import Role
from trainer.store.database import reading, writing

OPERATOR, VIEWER, TRAINER = Role.OPERATOR, Role.VIEWER, Role.TRAINER
NOW = datetime.now(UTC)


class Ear:
    """Somebody who is told; answers with the next of `answers`, then with 204."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], str]] = []
        self.answers: list[int] = []


@contextmanager
def listening() -> Iterator[tuple[Ear, str]]:
    ear = Ear()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            ear.heard.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(ear.answers.pop(0) if ear.answers else 204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield ear, f"http://localhost:{server.server_port}/hook"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def open_hub(tmp_path: Path) -> Iterator[PeopleHub]:
    with people_hub(tmp_path, extra='webhook_private_hosts = ["localhost"]') as hub:
        yield hub


def raise_one(hub: PeopleHub, place: str = "store:s1") -> alerts.Alert | None:
    with writing(hub.services.engine) as connection:
        return alerts.raise_alert(connection, "drift", place, "looks different", {"n": 1}, now=NOW)


def test_an_alert_is_opened_once_acknowledged_and_closed(any_centre: PeopleHub) -> None:
    hub = any_centre
    assert raise_one(hub) is not None
    assert raise_one(hub) is None
    (one,) = hub.ok(VIEWER, "GET", "/alerts?state=active")["items"]
    path = f"/alerts/{one['alert_id']}"
    assert hub.ok(TRAINER, "POST", f"{path}/acknowledge", {"note": "new lamps"})["note"]
    assert hub.call(TRAINER, "POST", f"{path}/acknowledge", {}).status_code == 409
    assert hub.ok(OPERATOR, "POST", f"{path}/close", {})["state"] == "closed"
    assert hub.call(OPERATOR, "POST", f"{path}/close", {}).json()["code"] == "alert.refused"
    assert hub.ok(VIEWER, "GET", "/alerts?state=active")["total"] == 0
    assert raise_one(hub) is not None
    trail = hub.ok(Role.ADMIN, "GET", f"/audit?subject=alert:{one['alert_id']}")
    assert [e["action"] for e in trail] == ["alert_closed", "alert_acknowledged", "alert_opened"]


def test_a_webhook_is_told_with_a_signature_its_owner_can_check(
    open_hub: PeopleHub, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with listening() as (ear, url):
        made = open_hub.ok(OPERATOR, "POST", "/webhooks", {"url": url})
        raise_one(open_hub)
        send_due(open_hub.services.engine, ("localhost",), now=NOW)
        (headers, body) = ear.heard[0]
        timestamp = int(headers["x-tillsight-timestamp"])
        delivery = headers["x-tillsight-delivery"]
        wanted = signature(made["secret"], delivery, timestamp, body)
        assert headers["x-tillsight-signature"] == wanted
        assert '"place": "store:s1"' in body
        told = open_hub.ok(OPERATOR, "POST", f"/webhooks/{made['webhook_id']}/test")
        assert {(t["event"], t["status"]) for t in told} == {
            ("alert.opened", "done"), ("webhook.test", "done")}  # fmt: skip
    listed = open_hub.ok(OPERATOR, "GET", "/webhooks")
    trail = open_hub.ok(Role.ADMIN, "GET", f"/audit?subject=webhook:{made['webhook_id']}")
    assert made["secret"] not in f"{listed} {told} {trail} {caplog.text} {made | {'secret': ''}}"
    open_hub.ok(OPERATOR, "DELETE", f"/webhooks/{made['webhook_id']}")
    assert open_hub.ok(OPERATOR, "GET", "/webhooks") == []


def test_what_fails_is_tried_again_later_with_growing_waits_and_given_up(
    open_hub: PeopleHub,
) -> None:
    engine, now, waits = open_hub.services.engine, NOW, []
    with listening() as (ear, url):
        made = open_hub.ok(OPERATOR, "POST", "/webhooks", {"url": url})
        raise_one(open_hub)
        ear.answers = [500] * (webhooks.MAX_ATTEMPTS + 1)
        for _ in range(webhooks.MAX_ATTEMPTS):
            now += timedelta(hours=3)
            send_due(engine, ("localhost",), now=now)
            with reading(engine) as connection:
                (told,) = webhooks.deliveries_of(connection, made["webhook_id"])
            waits.append((told.next_at - datetime.now(UTC)).total_seconds())
        assert len(ear.heard) == webhooks.MAX_ATTEMPTS
        assert len({headers["x-tillsight-delivery"] for headers, _ in ear.heard}) == 1
    assert (told.status, told.last_error) == ("failed", "answered 500")
    assert [round(w / 10) for w in waits[:4]] == [1, 2, 4, 8]


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://[::1]/x",
        "https://[::ffff:169.254.169.254]/latest/meta-data",
        "https://[64:ff9b::a9fe:a9fe]/latest/meta-data",
        "https://[2002:a01:203::]/x",
        "https://169.254.169.254/latest/meta-data",
        "https://10.1.2.3/x",
        "https://192.168.0.1/x",
        "https://100.64.0.1/x",
        "https://0.0.0.0/x",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "http://93.184.216.34/x",
        "https://user:pass@93.184.216.34/x",
        "ftp://93.184.216.34/x",
        "https:///x",
        "https://93.184.216.34:99999/x",
    ],
)
def test_an_address_inside_is_refused(url: str) -> None:
    with pytest.raises(WebhookAddressError):
        check_address(url)


def test_a_public_address_is_taken_and_a_private_one_only_by_name() -> None:
    assert check_address("https://93.184.216.34/x") == ("https", "93.184.216.34", 443)
    assert check_address("http://localhost:81/x", ("localhost",))[2] == 81


def test_the_hub_refuses_a_private_webhook_and_stays_silent_to_one_that_moved(
    centre: PeopleHub,
) -> None:
    with listening() as (ear, url):
        refused = centre.call(OPERATOR, "POST", "/webhooks", {"url": url})
        assert (refused.status_code, refused.json()["code"]) == (422, "webhook.address")
        with writing(centre.services.engine) as connection:  # as if its name had moved since
            webhooks.create_webhook(connection, url, ["alert.opened"], now=NOW, actor="test")
        raise_one(centre)
        assert send_due(centre.services.engine, (), now=NOW) == 0
        assert ear.heard == []
