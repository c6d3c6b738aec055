"""What a benchmark answers: a table for people, one JSON document for machines and for the record.

Flow: Rows or figures -> Report -> terminal, file

Every report names machine, load, input, command and date: a number without them is none.
"""

import json
import os
import platform
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tools.benchmarks.errors import BenchOutputError
from tools.benchmarks.ratio import Row

FILE_WIDTH = 170
PARTS = ("onnxruntime", "torch", "opencv-python-headless", "numpy", "faiss-cpu", "supervision")


@dataclass(frozen=True)
class Figure:
    """A measured value that is no ratio: an accuracy, a rate."""

    name: str
    value: float | str
    unit: str = ""
    note: str = ""


@dataclass(frozen=True)
class Report:
    """One run of one benchmark.

    Attributes:
        input: what was measured on, in words.
        machine: CPU, cores, Python; load average at start and end.
    """

    title: str
    input: str
    machine: dict[str, object]
    rows: Sequence[Row] = ()
    figures: Sequence[Figure] = ()
    date: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    command: str = field(default_factory=lambda: command_line())
    versions: dict[str, str] = field(default_factory=lambda: versions())


def machine() -> dict[str, object]:
    """What is measured on; call before measuring, so that the load is the others'."""
    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_average_before": [round(value, 2) for value in os.getloadavg()],
    }


def command_line() -> str:
    """The command that printed this, as a person would type it."""
    return shlex.join(["tools/bench", *sys.argv[1:]])


def versions() -> dict[str, str]:
    """Of the parts that decide about speed; those not installed are left out."""
    found = {}
    for name in PARTS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def publish(report: Report, *, as_json: bool, out: Path | None) -> None:
    """Print, and write the JSON document where asked.

    Raises:
        BenchOutputError: the file cannot be written.
    """
    document = json.dumps(asdict(report), indent=2, ensure_ascii=False) + "\n"
    if as_json:
        sys.stdout.write(document)
    else:
        _print(report)
    if out is not None:
        try:
            out.write_text(document)
        except OSError as err:
            raise BenchOutputError(
                f"{out} cannot be written: {err.strerror}", hint="give --out a writable place"
            ) from err


def _print(report: Report) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=FILE_WIDTH)  # a file has no width of its own
    console.print(f"[bold]{report.title}[/bold], {report.date}")
    facts = report.machine
    console.print(
        f"machine: {facts['cpu']}, {facts['cores']} cores, Python {facts['python']}, "
        f"load average before: {facts['load_average_before']}",
        highlight=False,
    )
    console.print(f"input: {report.input}", highlight=False)
    console.print(f"command: {report.command}", highlight=False)
    if report.rows:
        console.print(_row_table([row for row in report.rows if not row.skipped]))
    if report.figures:
        console.print(_figure_table(report.figures))
    for row in report.rows:
        if row.skipped:
            console.print(f"skipped: {row.name}: {row.skipped}", highlight=False)


def _row_table(rows: Sequence[Row]) -> Table:
    table = Table()
    for column in ("what", "peer", "ours", "peer's", "ratio (range)", "bar", "", "note"):
        table.add_column(column, no_wrap=column in ("ours", "peer's", "ratio (range)", ""))
    for row in rows:
        has_ratio = row.ratio > 0
        table.add_row(
            row.name,
            row.peer_name,
            f"{row.ours:.3g} {row.unit}",
            f"{row.peer:.3g} {row.unit}" if row.peer_name else "",
            f"{row.ratio:.2f}x{_range(row)}" if has_ratio else "",
            row.bar,
            {True: "[green]met[/green]", False: "[red]below[/red]", None: ""}[row.is_met],
            row.note,
        )
    return table


def _range(row: Row) -> str:
    return f" ({row.least:.2f}-{row.most:.2f})" if row.num_repeats > 1 else ""


def _figure_table(figures: Sequence[Figure]) -> Table:
    table = Table()
    for column in ("what", "value", "note"):
        table.add_column(column)
    for figure in figures:
        value = f"{figure.value:.4g}" if isinstance(figure.value, float) else figure.value
        table.add_row(figure.name, f"{value} {figure.unit}".strip(), figure.note)
    return table


def _cpu_name() -> str:
    path = Path("/proc/cpuinfo")
    if path.is_file():
        for line in path.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
