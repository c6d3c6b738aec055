"""A box that signs its requests for real and speaks to a hub application in this process."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2 as httpx
from fastapi.testclient import TestClient

from sync.device_identity import DeviceKey, create_key, signature_headers


class SigningBox:
    """One box with its key, epoch and counter."""

    def __init__(self, client: TestClient, box_id: str = "box-1") -> None:
        self.client = client
        self.box_id = box_id
        self.key: DeviceKey = create_key()
        self.epoch = hashlib.sha256(box_id.encode()).hexdigest()[:32]
        self.counter = 0
        self.nonce = ""
        self.skew = timedelta()

    def call(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """One signed request."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body else b""
        return self.client.request(
            method, path, content=data, headers={**self.headers(method, path, data), **headers}
            if headers else self.headers(method, path, data),
        )  # fmt: skip

    def headers(self, method: str, path: str, data: bytes) -> dict[str, str]:
        """Signature headers with the next counter."""
        self.counter += 1
        return signature_headers(
            self.key,
            box_id=self.box_id,
            epoch=self.epoch,
            counter=self.counter,
            now=datetime.now(UTC) + self.skew,
            method=method,
            path=path,
            body=data,
        )

    def enrol(self, claim_code: str = "") -> httpx.Response:
        """Ask to belong to the hub."""
        body = {
            "box_id": self.box_id,
            "public_key": self.key.public_key,
            "claim_code": claim_code,
        }
        reply = self.call("POST", "/v1/enrol", body)
        if reply.status_code == 200:
            self.nonce = reply.json()["next_nonce"]
        return reply

    def check_in(self) -> httpx.Response:
        """Tell how the box is doing."""
        body = {
            "nonce": self.nonce,
            "sent_at": datetime.now(UTC).isoformat(),
            "edge_version": "0.1.0",
        }
        reply = self.call("POST", "/v1/check-in", body)
        if reply.status_code == 200:
            self.nonce = reply.json()["next_nonce"]
        return reply

    def send(self, *items: dict[str, Any]) -> httpx.Response:
        """A batch of outbox rows."""
        return self.call("POST", "/v1/batches", {"epoch": self.epoch, "items": list(items)})


def item(seq: int, kind: str = "telemetry", **body: Any) -> dict[str, Any]:
    """One outbox row as it travels."""
    data = {"number": seq, **body}
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":")).encode()
    return {
        "seq": seq,
        "kind": kind,
        "created_at": "2026-11-21T12:00:00+00:00",
        "body_sha256": hashlib.sha256(canonical).hexdigest(),
        "body": data,
    }
