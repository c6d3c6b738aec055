"""edgectl doctor: every check with its fix, down to a test basket priced end to end.

Flow: configuration, bundle, runtime, disk, memory, cameras, box -> list of checks -> exit code

Runs beside a serving box and changes nothing.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import typer

from cameras.address import CameraAddress
from edge.basket.counter import Offer
from edge.config import EdgeConfig
from edge.config_file import read_config
from edge.edgectl.golden_basket import price_golden_basket
from edge.edgectl.options import ConfigOption, JsonOption
from edge.edgectl.output import ExitCode, errors_for_people, print_json, print_table, say
from edge.errors import EdgeError
from edge.perception.models import Models, load_models
from edge.perception.open_backend import BackendOptions
from edge.perception.runtime_checks import installed_distributions, runtime_problems
from edge.processes.box_view import look_at_box
from edge.processes.golden_run import run_golden
from edge.sqlite_file import sqlite_version
from sync.bundle import Bundle, open_bundle
from sync.catalog import load_catalog
from sync.errors import SyncError
from sync.price_list import load_price_list

MIN_FREE_MIB = 500
FIXED_SQLITE = (3, 51, 3)  # first version without the WAL-reset corruption

Outcome = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the answer."""

    name: str
    outcome: Outcome
    message: str
    fix: str = ""


@dataclass(slots=True)
class Findings:
    """What later checks need of earlier ones."""

    bundle: Bundle | None = None
    models: Models | None = None


def doctor(
    config: ConfigOption = Path("/etc/tillsight/edge.toml"), as_json: JsonOption = False
) -> None:
    """Check everything a sale needs and say how to mend what is wrong."""
    with errors_for_people(as_json):
        settings = read_config(config)
    checks = [Check("configuration", "ok", f"{config} is sound"), *run_checks(settings)]
    if as_json:
        print_json({"checks": [_plain(check) for check in checks]})
    else:
        print_table(
            f"Doctor of box {settings.box_id}",
            ("check", "", "what was found"),
            [(c.name, c.outcome, c.message) for c in checks],
        )
        for check in checks:
            if check.fix:
                say(f"- {check.name}: {check.fix}")
    raise typer.Exit(int(exit_code_of(checks)))


def exit_code_of(checks: list[Check]) -> ExitCode:
    """1 when a sale is impossible, 3 when something should be mended, else 0."""
    outcomes = {check.outcome for check in checks}
    if "failed" in outcomes:
        return ExitCode.NO
    return ExitCode.DEGRADED if "warning" in outcomes else ExitCode.OK


def run_checks(config: EdgeConfig) -> Iterator[Check]:
    """Every check, in an order in which the first failure explains the later ones."""
    findings = Findings()
    steps: list[tuple[str, Callable[[EdgeConfig, Findings], Check]]] = [
        ("runtime", _runtime),
        ("database", _database),
        ("state folder", _state_folder),
        ("memory for frames", _frame_memory),
        ("bundle", _bundle),
        ("models", _models),
        ("golden frames", _golden),
        ("test basket", _test_basket),
        ("cameras", _cameras),
        ("running box", _running_box),
    ]
    for name, step in steps:
        try:
            yield step(config, findings)
        except (EdgeError, SyncError) as err:
            yield Check(name, "failed", str(err), err.hint)


def _runtime(config: EdgeConfig, findings: Findings) -> Check:
    is_gpu_wanted = Path("/dev/nvidia0").exists() and config.perception.providers[0] != "cpu"
    problems = runtime_problems(installed_distributions(), is_gpu_wanted=is_gpu_wanted)
    if problems:
        outcome: Outcome = "failed" if problems[0].code == "runtime.missing" else "warning"
        return Check("runtime", outcome, problems[0].message, problems[0].hint)
    return Check("runtime", "ok", "one inference runtime is installed")


def _database(config: EdgeConfig, findings: Findings) -> Check:
    version = sqlite_version()
    if tuple(int(part) for part in version.split(".")) < FIXED_SQLITE:
        message = f"SQLite {version} can corrupt a journal that two connections write"
        return Check("database", "warning", message, "pip install pysqlite3")
    return Check("database", "ok", f"SQLite {version}")


def _state_folder(config: EdgeConfig, findings: Findings) -> Check:
    folder = _existing(config.paths.state_dir)
    free_mib = shutil.disk_usage(folder).free / 1024**2
    if not os.access(folder, os.W_OK):
        fix = f"chown the folder to the user of the box: {folder}"
        return Check("state folder", "failed", f"{folder} cannot be written", fix)
    if free_mib < MIN_FREE_MIB:
        message = f"{free_mib:.0f} MiB free below {folder}"
        return Check("state folder", "warning", message, "free the disk before it is full")
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"x")
            os.fsync(probe.fileno())
    except OSError as err:
        return Check("state folder", "failed", f"{folder}: {err.strerror}", "mend the disk")
    return Check("state folder", "ok", f"{free_mib / 1024:.1f} GiB free, writes reach the disk")


def _frame_memory(config: EdgeConfig, findings: Findings) -> Check:
    folder = _existing(config.paths.ring_dir)
    num_cameras = sum(len(lane.cameras) for lane in config.lanes)
    needed_mib = num_cameras * config.frame_ring.slots * 1920 * 1080 * 3 / 1024**2
    free_mib = shutil.disk_usage(folder).free / 1024**2
    if free_mib < needed_mib:
        message = f"{free_mib:.0f} MiB free in {folder}, {needed_mib:.0f} needed at 1080p"
        fix = "enlarge it (mount -o remount,size=...) or lower frame_ring.slots"
        return Check("memory for frames", "warning", message, fix)
    return Check("memory for frames", "ok", f"{free_mib:.0f} MiB free for {num_cameras} cameras")


def _bundle(config: EdgeConfig, findings: Findings) -> Check:
    findings.bundle = open_bundle(config.paths.serving_bundle)
    manifest = findings.bundle.manifest
    message = f"{manifest.name} {manifest.version} ({findings.bundle.bundle_id[:12]}), all whole"
    return Check("bundle", "ok", message)


def _models(config: EdgeConfig, findings: Findings) -> Check:
    if findings.bundle is None:
        return Check("models", "skipped", "there is no bundle")
    options = BackendOptions(
        providers=config.perception.providers, num_threads=config.perception.threads
    )
    findings.models = load_models(findings.bundle, options)
    lines = [line for report in findings.models.reports[:1] for line in report.lines()]
    return Check("models", "ok", f"run on {findings.models.provider}; {'; '.join(lines)}")


def _golden(config: EdgeConfig, findings: Findings) -> Check:
    if findings.bundle is None or findings.models is None:
        return Check("golden frames", "skipped", "no models are loaded")
    result = run_golden(findings.bundle, findings.models)
    if result.is_passed:
        return Check("golden frames", "ok", result.summary())
    return Check("golden frames", "failed", result.summary(), "fetch or build the bundle again")


def _test_basket(config: EdgeConfig, findings: Findings) -> Check:
    if findings.bundle is None or findings.models is None:
        return Check("test basket", "skipped", "no models are loaded")
    offer = Offer(
        load_catalog(findings.bundle.file("catalog")),
        load_price_list(config.paths.prices_file or findings.bundle.file("prices")),
        findings.models.parameters,
        findings.bundle.bundle_id,
    )
    priced = price_golden_basket(findings.bundle, findings.models, offer)
    if priced is None:
        return Check("test basket", "skipped", "the bundle holds no golden basket")
    if priced.best_guess == priced.truth:
        message = f"{sum(priced.best_guess.values())} goods seen and priced: {priced.total_minor}"
        return Check("test basket", "ok", message)
    message = f"saw {priced.best_guess}, on the counter lay {priced.truth}"
    return Check("test basket", "warning", message, "compare with edgectl replay on a clip")


def _cameras(config: EdgeConfig, findings: Findings) -> Check:
    addresses = [
        c.camera_config(lane.lane_id).address for lane in config.lanes for c in lane.cameras
    ]
    missing = [a.safe_url for a in addresses if _is_missing_file(a)]
    if missing:
        fix = "check the path of the clip or the plug of the camera"
        return Check("cameras", "warning", f"not there: {', '.join(missing)}", fix)
    without = [c.camera_id for lane in config.lanes for c in lane.cameras if c.calibration is None]
    if without and len(addresses) > 1:
        message = f"not calibrated: {', '.join(without)}"
        return Check("cameras", "warning", message, "edgectl calibrate, so that views can be fused")
    return Check("cameras", "ok", f"{len(addresses)} addresses can be asked")


def _running_box(config: EdgeConfig, findings: Findings) -> Check:
    view = look_at_box(config, 1.5)
    if view.is_silent:
        return Check("running box", "skipped", "no box runs on this configuration")
    bad = [name for name, health in view.health.items() if health.verdict != "ok"]
    if bad:
        fix = "edgectl status says more"
        return Check("running box", "warning", f"not well: {', '.join(sorted(bad))}", fix)
    return Check("running box", "ok", f"{len(view.health)} processes are well")


def _is_missing_file(address: CameraAddress) -> bool:
    return address.kind == "clip" and not address.path.is_file()


def _plain(check: Check) -> dict[str, str]:
    return {
        "name": check.name, "outcome": check.outcome, "message": check.message, "fix": check.fix
    }  # fmt: skip


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)
