"""Runs every check and prints one table: format, lint, types, layers, web, tests, no torch.

Flow: python -m tools.checks -> table, exit 0 only if every check passed
"""

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tools.checks.web_build import WebBuildError, build_web

ROOT = Path(__file__).resolve().parent.parent.parent
PYTEST_LIMIT_S = 13 * 60  # two idle cores need 9 to 10 minutes, and some days differ by one
PACKAGES = ("cameras", "sync", "edge", "trainer")


@dataclass(frozen=True)
class Outcome:
    """How one check ended."""

    name: str
    is_passed: bool
    seconds: float
    note: str = ""


def main() -> int:
    """Run the checks; 0 when all passed."""
    arguments = _parse()
    bin_dir = Path(sys.executable).parent
    python = sys.executable
    sources = [*PACKAGES, "tools", "tests"]
    packages = [part for name in PACKAGES for part in ("-p", name)]
    outcomes = [
        _check("format", [bin_dir / "ruff", "format", "--check", *sources]),
        _check("lint", [bin_dir / "ruff", "check", *sources]),
        _check("layers", [bin_dir / "lint-imports"]),
        _check("types", [bin_dir / "mypy", *packages]),
        _web(),
        _check(
            "box and hub without torch", [arguments.small_python, "-m", "tools.checks.no_torch"]
        ),
    ]
    if not arguments.fast:
        outcomes.append(_pytest(python, arguments.all))
    return _report(outcomes)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/test", description=__doc__)
    parser.add_argument("--small-python", default=sys.executable, help=argparse.SUPPRESS)
    parser.add_argument("--all", action="store_true", help="also the slow tests, without a limit")
    parser.add_argument("--fast", action="store_true", help="everything but pytest")
    return parser.parse_args()


def _check(name: str, command: list[object], limit_s: float | None = None) -> Outcome:
    print(f"\n=== {name}", flush=True)
    started = time.monotonic()
    try:
        code = subprocess.run(
            [str(part) for part in command], cwd=ROOT, timeout=limit_s, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        return Outcome(
            name, False, time.monotonic() - started, f"over the limit of {limit_s:.0f} s"
        )
    return Outcome(name, code == 0, time.monotonic() - started, "" if code == 0 else f"exit {code}")


def _web() -> Outcome:
    print("\n=== web", flush=True)
    started = time.monotonic()
    try:
        result = build_web(ROOT)
    except WebBuildError as err:
        return Outcome("web", False, time.monotonic() - started, str(err))
    note = f"built with {result.node}" if result.is_fresh else "up to date"
    return Outcome("web", True, time.monotonic() - started, note)


def _pytest(python: str, with_slow: bool) -> Outcome:
    command: list[object] = [python, "-m", "pytest", "-q", "--durations=15", "-n", "2"]
    # A short place: sockets of the tests lie below it, and their paths are limited.
    # In the order of the tree: files of few long tests last would leave one core idle at the end.
    command += ["--dist", "loadfile", "--no-loadscope-reorder"]
    command += ["--basetemp", tempfile.mkdtemp(prefix="ts")]
    if with_slow:
        return _check("pytest --all", command)
    return _check("pytest", [*command, "-m", "not slow"], PYTEST_LIMIT_S)


def _report(outcomes: list[Outcome]) -> int:
    print("\n=== what was checked")
    for outcome in outcomes:
        word = "passed" if outcome.is_passed else "FAILED"
        print(f"{word:7} {outcome.seconds:7.1f} s  {outcome.name}  {outcome.note}")
    num_failed = sum(not o.is_passed for o in outcomes)
    print("what was skipped, and why, stands in pytest's short summary above")
    print(f"checks: {len(outcomes) - num_failed} passed, {num_failed} failed")
    return 1 if num_failed else 0


if __name__ == "__main__":
    sys.exit(main())
