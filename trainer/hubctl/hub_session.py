"""How hubctl speaks to the hub: HTTPS, a token from a file, errors with their hint."""

import json
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.table import Table

from trainer.errors import DegradedError
from trainer.hubctl.shared_options import option, with_shared

HubOption = Annotated[str, typer.Option("--hub", help="Address of the hub, https://...")]
TokenFileOption = Annotated[Path, typer.Option(help="File with a token; only its owner reads it.")]
CaOption = Annotated[
    Path | None, typer.Option(help="Certificate to trust; the hub's own lies in its tls folder.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON instead of lines.")]

DEFAULT_HUB = "https://localhost:8700"
DEFAULT_TOKEN = Path("/var/lib/tillsight/hub/first-admin.token")
DEFAULT_CA = Path("/var/lib/tillsight/hub/tls/hub.crt")
TIMEOUT_S = 120.0  # a catalogue of 12,600 SKUs is taken in one request


class HubAnswerError(DegradedError):
    """The hub said no, or could not be reached."""

    code = "hub.answer"


class HubSession:
    """One command's requests."""

    def __init__(self, hub: str, token_file: Path, ca: Path | None) -> None:
        """Open a session.

        Raises:
            HubAnswerError: the token file cannot be read.
        """
        try:
            token = token_file.read_text().strip()
        except OSError as err:
            raise HubAnswerError(
                f"token file {token_file} cannot be read: {err.strerror}",
                hint="the hub writes one at its first start; give yours with --token-file",
            ) from err
        trust = ca or (DEFAULT_CA if DEFAULT_CA.is_file() else None)
        self._hub = hub
        self._headers = {"Authorization": f"Bearer {token}"}
        self._trust = _context(trust)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One request about the fleet; the JSON of the answer.

        Raises:
            HubAnswerError: refused or unreachable.
        """
        return _json_of(self._request(method, f"/v1/operator{path}", json=body))

    def api(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One request below /api/v1; the JSON of the answer.

        Raises:
            HubAnswerError: refused or unreachable.
        """
        return _json_of(self._request(method, f"/api/v1{path}", json=body))

    def send(self, method: str, path: str, data: bytes) -> Any:
        """One request below /api/v1 with a file as its body; the JSON of the answer.

        Raises:
            HubAnswerError: refused or unreachable.
        """
        headers = {"Content-Type": "application/octet-stream"}
        return _json_of(self._request(method, f"/api/v1{path}", content=data, headers=headers))

    def send_part(self, path: str, part: bytes, *, offset: int, total: int) -> None:
        """One part of a resumable upload below /api/v1.

        Raises:
            HubAnswerError: refused or unreachable.
        """
        headers = {
            "Content-Type": "application/octet-stream",
            "Upload-Offset": str(offset),
            "Upload-Length": str(total),
        }
        self._request("PUT", f"/api/v1{path}", content=part, headers=headers)

    def fetch(self, path: str) -> bytes:
        """A file below /api/v1.

        Raises:
            HubAnswerError: refused or unreachable.
        """
        return self._request("GET", f"/api/v1{path}").content

    def _request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            with httpx.Client(
                base_url=self._hub, headers=self._headers, timeout=TIMEOUT_S, verify=self._trust
            ) as client:
                reply = client.request(method, path, **arguments)
        except httpx.HTTPError as err:
            raise HubAnswerError(
                f"hub cannot be reached: {err}", hint="is it running? check --hub and --ca"
            ) from err
        if reply.is_success:
            return reply
        try:
            told = reply.json()
        except ValueError:
            told = {}
        detail = told.get("message") or told.get("detail") or reply.text[:200]
        raise HubAnswerError(f"{reply.status_code}: {detail}", hint=str(told.get("hint", "")))


class HubCall(HubSession):
    """The session of one command, and how it tells what came of it: lines, or JSON.

    Attributes:
        as_json: the person asked for JSON.
    """

    def __init__(self, hub: str, token_file: Path, ca: Path | None, as_json: bool) -> None:
        super().__init__(hub, token_file, ca)
        self.as_json = as_json

    def say(self, reply: Any, text: str) -> None:
        """What a command did: the hub's answer as JSON, or one line."""
        say_reply(self.as_json, reply, text)

    def rows(self, rows: Any, columns: Sequence[str]) -> None:
        """Rows as JSON, or as a table of some columns."""
        if self.as_json:
            typer.echo(json.dumps(rows, indent=2))
        else:
            print_table(rows, columns)


with_hub = with_shared(
    HubCall,
    (
        option("hub", HubOption, DEFAULT_HUB),
        option("token_file", TokenFileOption, DEFAULT_TOKEN),
        option("ca", CaOption, None),
        option("as_json", JsonOption, False),
    ),
)


def say_reply(as_json: bool, reply: Any, text: str) -> None:
    """What a command did: its answer as JSON, or one line."""
    if as_json:
        typer.echo(json.dumps(reply, indent=2))
    else:
        Console().print(text, highlight=False, markup=False)


def print_table(rows: Any, columns: Sequence[str]) -> None:
    """Rows as a table of some columns."""
    table = Table(*columns)
    for row in rows:
        table.add_row(*[_cell(row.get(name)) for name in columns])
    Console().print(table)


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    return "" if value is None else str(value)


def _json_of(reply: httpx.Response) -> Any:
    return reply.json() if reply.content else {}


def _context(ca: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(ca)) if ca else ssl.create_default_context()
