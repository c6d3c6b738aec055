"""How every edgectl command answers: a table for people, JSON for machines, one exit code."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from cameras.errors import CameraError
from edge.errors import ConfigError, EdgeError
from sync.errors import PublisherError, SyncError, TransportError
from sync.hub_client import HubRefusalError


class ExitCode(IntEnum):
    """What a script can rely on (DESIGN section 0)."""

    OK = 0
    NO = 1
    CONFIG = 2
    DEGRADED = 3
    REFUSED = 4
    UNREACHABLE = 5


STYLES = {
    "ok": "green", "live": "green", "excellent": "green", "fair": "yellow", "degraded": "yellow",
    "connecting": "yellow", "poor": "yellow", "failed": "red", "lost": "red", "unusable": "red",
    "warning": "yellow", "skipped": "dim",
}  # fmt: skip


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    plain = msgspec.to_builtins(value)
    sys.stdout.write(json.dumps(plain, indent=2, ensure_ascii=False) + "\n")


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table on standard output; known words get a colour."""
    table = Table(title=title, title_justify="left", title_style="bold", expand=False)
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*[_styled(str(cell)) for cell in row])
    Console().print(table)


def say(text: str) -> None:
    """A line for a person on standard output."""
    Console().print(text, highlight=False)


@contextmanager
def errors_for_people(as_json: bool) -> Iterator[None]:
    """Turns the errors this product raises into one clear message and the right exit code.

    Raises:
        SystemExit: with 2 for configuration, 4 for what was refused, 5 for what is unreachable.
    """
    try:
        yield
    except (EdgeError, SyncError, CameraError) as err:
        report_error(err, as_json)
        raise SystemExit(_exit_code(err)) from err


def report_error(err: EdgeError | SyncError | CameraError, as_json: bool) -> None:
    """Message, hint and code on standard error, or as JSON on standard output."""
    if as_json:
        print_json({"error": err.code, "message": str(err), "hint": err.hint})
        return
    console = Console(stderr=True)
    console.print(f"[red]{err}[/red]", highlight=False)
    if err.hint:
        console.print(f"What to do: {err.hint}", highlight=False)


def _exit_code(err: Exception) -> int:
    table: tuple[tuple[type[Exception], ExitCode], ...] = (
        (ConfigError, ExitCode.CONFIG),
        (TransportError, ExitCode.UNREACHABLE),
        (PublisherError, ExitCode.REFUSED),
        (HubRefusalError, ExitCode.REFUSED),
    )
    return next((int(code) for kind, code in table if isinstance(err, kind)), int(ExitCode.NO))


def _styled(text: str) -> str:
    style = STYLES.get(text.split(" ")[0].lower())
    return f"[{style}]{text}[/{style}]" if style else text


def as_facts(value: Any) -> dict[str, Any]:
    """A message as a plain dictionary for JSON."""
    facts: dict[str, Any] = msgspec.to_builtins(value)
    return facts
