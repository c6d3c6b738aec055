"""A hub application in this process with a token per role and, on demand, people who log in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2 as httpx
from fastapi.testclient import TestClient

from trainer.config import load_hub_config
from trainer.hub.edge_api import EdgeServices
from trainer.hub.hub_app import create_hub_app
from trainer.hub.hub_services import utc_now
from trainer.hub.serve import open_hub_services, open_services
from trainer.store.api_tokens import Role, create_token
from trainer.store.database import writing

PASSWORD = "correct horse battery"


@dataclass
class PeopleHub:
    """The application, what it stands on, and who may call it."""

    client: TestClient
    services: EdgeServices
    tokens: dict[Role, str]

    def call(
        self, role: Role, method: str, path: str, body: Any = None, *, data: bytes | None = None
    ) -> httpx.Response:
        """One request with the token of a role; `data` is a raw body."""
        headers = {"Authorization": f"Bearer {self.tokens[role]}"}
        if data is not None:
            headers["Content-Type"] = "application/octet-stream"
            return self.client.request(method, f"/api/v1{path}", content=data, headers=headers)
        return self.client.request(method, f"/api/v1{path}", json=body, headers=headers)

    def ok(self, role: Role, method: str, path: str, body: Any = None) -> Any:
        """The JSON of a request that must succeed."""
        reply = self.call(role, method, path, body)
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None

    def document(self) -> dict[str, Any]:
        """The OpenAPI document, as somebody known reads it."""
        headers = {"Authorization": f"Bearer {self.tokens[Role.VIEWER]}"}
        told: dict[str, Any] = self.client.get("/openapi.json", headers=headers).json()
        return told

    def add_person(self, name: str, *roles: Role) -> None:
        """An account with PASSWORD."""
        body = {"name": name, "roles": list(roles), "password": PASSWORD}
        assert self.call(Role.ADMIN, "POST", "/accounts", body).status_code == 201

    def log_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        """Log in; the client keeps the cookie."""
        return self.client.post("/api/v1/session", json={"name": name, "password": password})


@contextmanager
def people_hub(
    folder: Path, database_url: str = "", extra: str = "", clock: Callable[[], datetime] = utc_now
) -> Iterator[PeopleHub]:
    """Open a hub below a folder, close it at the end; `clock` decides when approvals are due."""
    path = folder / "hub.toml"
    path.write_text(
        f'schema = 1\nstate_dir = "{folder / "hub"}"\ndatabase_url = "{database_url}"\n{extra}'
    )
    services = open_services(load_hub_config(path))
    now = datetime.now(UTC)
    with writing(services.engine) as connection:
        tokens = {r: create_token(connection, r, r, now=now, actor="test") for r in Role}
    services.engine.dispose()
    with restarted_hub(folder, clock, tokens) as hub:
        yield hub


@contextmanager
def restarted_hub(
    folder: Path, clock: Callable[[], datetime], tokens: dict[Role, str]
) -> Iterator[PeopleHub]:
    """The hub of a folder, opened again."""
    config = load_hub_config(folder / "hub.toml")
    services = open_services(config)
    centre = replace(open_hub_services(config, services), clock=clock)
    with TestClient(create_hub_app(services, centre)) as client:
        yield PeopleHub(client, services, tokens)
    services.engine.dispose()
