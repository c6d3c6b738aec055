"""How hubctl speaks to the hub: HTTPS, a token from a file, errors with their hint."""

import ssl
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from trainer.errors import DegradedError

HubOption = Annotated[str, typer.Option("--hub", help="Address of the hub, https://...")]
TokenFileOption = Annotated[Path, typer.Option(help="File with a token; only its owner reads it.")]
CaOption = Annotated[
    Path | None, typer.Option(help="Certificate to trust; the hub's own lies in its tls folder.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON instead of lines.")]

DEFAULT_HUB = "https://localhost:8700"
DEFAULT_TOKEN = Path("/var/lib/tillsight/hub/first-admin.token")
DEFAULT_CA = Path("/var/lib/tillsight/hub/tls/hub.crt")
TIMEOUT_S = 30.0


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
        self._client = httpx.Client(
            base_url=hub,
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT_S,
            verify=_context(trust),
        )

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One request; the JSON of the answer.

        Raises:
            HubAnswerError: refused or unreachable.
        """
        try:
            reply = self._client.request(method, f"/v1/operator{path}", json=body)
        except httpx.HTTPError as err:
            raise HubAnswerError(
                f"hub cannot be reached: {err}", hint="is it running? check --hub and --ca"
            ) from err
        if reply.is_success:
            return reply.json() if reply.content else {}
        try:
            told = reply.json()
        except ValueError:
            told = {}
        detail = told.get("message") or told.get("detail") or reply.text[:200]
        raise HubAnswerError(f"{reply.status_code}: {detail}", hint=str(told.get("hint", "")))


def _context(ca: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(ca)) if ca else ssl.create_default_context()
