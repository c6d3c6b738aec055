"""A hub as a process of its own on a free port; people sign in to it, boxes speak to it."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any, cast

import httpx2 as httpx
from fastapi.testclient import TestClient

from tests.fakes.people_hub import PASSWORD
from tests.fakes.signing_box import SigningBox

START_LIMIT_S = 60.0
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class HubProcess:
    """The process, its address, and an administrator's hand on it."""

    address: str
    admin: httpx.Client
    boxes: dict[str, SigningBox] = field(default_factory=dict)
    sealing_key: str = ""

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of a request of the administrator that must succeed."""
        reply = self.admin.request(method, path, json=body)
        assert reply.is_success, f"{method} {path}: {reply.status_code} {reply.text}"
        return reply.json() if reply.content else None

    def add_person(self, name: str, *roles: str, display_name: str = "") -> None:
        """An account with PASSWORD."""
        body = {"name": name, "display_name": display_name, "roles": roles, "password": PASSWORD}
        self.ok("POST", "/api/v1/accounts", body)

    def add_box(
        self, box_id: str, *, ring: str = "", store_id: str = "", with_code: bool = True
    ) -> SigningBox:
        """A box that asks to belong here; let in where it has a code."""
        box = SigningBox(cast(TestClient, httpx.Client(base_url=self.address)), box_id)
        body = {"box_id": box_id, "ring": ring, "store_id": store_id or None}
        code = self.ok("POST", "/v1/operator/claim-codes", body)["claim_code"] if with_code else ""
        reply = box.enrol(code)
        assert reply.status_code == 200, reply.text
        self.boxes[box_id] = box
        self.sealing_key = reply.json()["sealing_public_key"]
        return box

    def check_in(self, box_id: str, **told: Any) -> dict[str, Any]:
        """A box tells how it is doing; the hub's reply."""
        box = self.boxes[box_id]
        sent_at = datetime.now(UTC).isoformat()
        body = {"nonce": box.nonce, "sent_at": sent_at, "edge_version": "0.1.0", **told}
        reply = box.call("POST", "/v1/check-in", body)
        assert reply.status_code == 200, reply.text
        box.nonce = reply.json()["next_nonce"]
        return dict(reply.json())


@contextmanager
def hub_process(folder: Path, extra: str = "") -> Iterator[HubProcess]:
    """Start `python -m trainer.hub.serve`, wait until it answers, stop it at the end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    config = folder / "hub.toml"
    config.write_text(
        f'schema = 1\nstate_dir = "{folder / "hub"}"\nport = {port}\nis_behind_proxy = true\n'
        f'log_level = "warning"\n{extra}'
    )
    command = [sys.executable, "-m", "trainer.hub.serve", "--config", str(config)]
    process = subprocess.Popen(command, cwd=ROOT)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_up(address, process)
        token = (folder / "hub" / "first-admin.token").read_text().strip()
        with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}) as admin:
            running = HubProcess(address, admin)
            yield running
            for box in running.boxes.values():
                box.client.close()
    finally:
        process.terminate()
        process.wait(15)


def _wait_until_up(address: str, process: subprocess.Popen[bytes]) -> None:
    until = monotonic() + START_LIMIT_S
    while True:
        try:
            httpx.get(f"{address}/health")
        except httpx.TransportError:
            if process.poll() is not None or monotonic() > until:
                raise
            sleep(0.05)
        else:
            return
