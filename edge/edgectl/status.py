"""edgectl status: can this box price a basket now, and if not, why.

Flow: BoxView -> findings -> one verdict line

`verdict_of` is pure. The answer is about pricing a basket, not about whether a web page is up.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer

from edge.config import EdgeConfig
from edge.config_file import read_config
from edge.edgectl.options import ConfigOption, JsonOption
from edge.edgectl.output import ExitCode, errors_for_people, print_json, print_table, say
from edge.messages.basket_messages import Phase
from edge.processes.box_view import BoxView, instance_names, look_at_box

MIN_FREE_DISK_MIB = 500  # a day of journals and hard cases
QUALITY_THAT_HURTS = ("poor", "unusable")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be; `blocks` means no basket can be priced."""

    code: str
    message: str
    hint: str
    blocks: bool


def verdict_of(view: BoxView, config: EdgeConfig, free_disk_mib: float) -> list[Finding]:
    """Everything that is wrong, worst first; empty means all is well."""
    if view.is_silent:
        hint = "start it: systemctl start tillsight-edge, or python -m edge --config FILE"
        return [Finding("box.not_running", "no box runs on this configuration", hint, True)]
    findings = [
        *_processes(view, config),
        *_perception(view),
        *_cameras(view, config),
        *_baskets(view, config),
        *_margins(view),
    ]
    if free_disk_mib < MIN_FREE_DISK_MIB:
        findings.append(
            Finding("disk.low", f"{free_disk_mib:.0f} MiB free", "free the state disk", False)
        )
    return sorted(findings, key=lambda finding: not finding.blocks)


def verdict_line(findings: list[Finding]) -> str:
    """One sentence for a person on the phone."""
    blocking = [f for f in findings if f.blocks]
    if blocking:
        return f"NO: this box cannot price a basket now: {blocking[0].message}"
    if findings:
        return f"YES, with less: this box can price a basket; {findings[0].message}"
    return "YES: this box can price a basket now"


def exit_code_of(findings: list[Finding]) -> ExitCode:
    """0 all well, 1 no basket can be priced, 3 with less, 5 no box is there."""
    if any(f.code == "box.not_running" for f in findings):
        return ExitCode.UNREACHABLE
    if any(f.blocks for f in findings):
        return ExitCode.NO
    return ExitCode.DEGRADED if findings else ExitCode.OK


def status(
    config: ConfigOption = Path("/etc/tillsight/edge.toml"),
    as_json: JsonOption = False,
    wait_s: Annotated[float, typer.Option(help="Listen at most so long.", min=0.2)] = 2.5,
) -> None:
    """Can this box price a basket now? Cameras, bundle, latency, queues, disk, one verdict."""
    with errors_for_people(as_json):
        settings = read_config(config)
        view = look_at_box(settings, wait_s)
    free_mib = shutil.disk_usage(_existing(settings.paths.state_dir)).free / 1024**2
    findings = verdict_of(view, settings, free_mib)
    facts = _facts(view, settings, free_mib)
    if as_json:
        print_json({**facts, "verdict": verdict_line(findings), "findings": _plain(findings)})
    elif view.is_silent:
        say(f"{verdict_line(findings)}\n- {findings[0].hint}")
    else:
        _print(facts, findings)
    raise typer.Exit(int(exit_code_of(findings)))


def _processes(view: BoxView, config: EdgeConfig) -> list[Finding]:
    found = []
    for name in instance_names(config):
        health = view.health.get(name)
        kind = name.split(".")[0]
        blocks = kind in ("basket", "perception")
        if health is None:
            message = f"process {name} says nothing"
            found.append(Finding("process.silent", message, "see its log: journalctl", blocks))
        elif health.verdict == "failed":
            message = f"process {name}: {health.message or health.reason}"
            found.append(Finding(health.reason or "process.failed", message, "see its log", blocks))
    return found


def _perception(view: BoxView) -> list[Finding]:
    state = view.perception
    if state is None:
        return [Finding("perception.silent", "perception says nothing", "see its log", True)]
    if not state.bundle_id:
        message = f"no bundle is loaded: {state.message or 'reason unknown'}"
        return [Finding("bundle.none", message, "edgectl doctor names the file", True)]
    return []


def _cameras(view: BoxView, config: EdgeConfig) -> list[Finding]:
    found = []
    for lane in config.lanes:
        states = [view.cameras.get((lane.lane_id, c.camera_id)) for c in lane.cameras]
        num_live = sum(s is not None and s.state == "live" for s in states)
        for knobs, state in zip(lane.cameras, states, strict=True):
            name = f"camera {lane.lane_id}/{knobs.camera_id}"
            if state is None:
                found.append(Finding("camera.silent", f"{name} says nothing", "see its log", False))
            elif state.state != "live":
                message = f"{name} is {state.state}: {state.reason or state.message}"
                found.append(Finding(f"camera.{state.reason or state.state}", message,
                                     state.message or "edgectl cameras", False))  # fmt: skip
            else:
                found += [
                    Finding(f"camera.{condition}", f"{name} is {condition}",
                            "look at it: edgectl cameras", False)
                    for condition in state.conditions
                ]  # fmt: skip
                if state.quality in QUALITY_THAT_HURTS:
                    message = f"{name} delivers {state.fps:.1f} of {state.wanted_fps:.0f} fps"
                    found.append(Finding("camera.quality", message, "check cable and link", False))
        if num_live == 0:
            message = f"no camera of lane {lane.lane_id} delivers pictures"
            found.append(Finding("lane.blind", message, "edgectl cameras names the reason", True))
    return found


def _baskets(view: BoxView, config: EdgeConfig) -> list[Finding]:
    found = []
    for lane in config.lanes:
        snapshot = view.baskets.get(lane.lane_id)
        if snapshot is not None and snapshot.phase is Phase.REFUSED:
            message = f"lane {lane.lane_id} refuses sales: {', '.join(snapshot.notices)}"
            found.append(Finding("journal.unwritable", message, "free the disk", True))
    return found


def _margins(view: BoxView) -> list[Finding]:
    """Margins of the store that were signed and must not be used."""
    return [
        Finding(said, f"{name}: the store's margins are looser than the bundle's own, which count",
                "look at the hub: hubctl store margins STORE", False)
        for name, health in sorted(view.health.items())
        if (said := health.facts.get("margins", "")).startswith("update.")
    ]  # fmt: skip


def _facts(view: BoxView, config: EdgeConfig, free_mib: float) -> dict[str, Any]:
    state = view.perception
    return {
        "box_id": config.box_id,
        "cameras": [
            {
                "lane": lane_id, "camera": camera_id, "state": s.state, "reason": s.reason,
                "fps": round(s.fps, 1), "quality": s.quality, "conditions": list(s.conditions),
                "reconnects": s.num_reconnects, "dropped": s.num_dropped,
            }
            for (lane_id, camera_id), s in sorted(view.cameras.items())
        ],
        "bundle": {"id": state.bundle_id, "name": state.bundle_name, "skus": state.num_skus,
                   "provider": state.provider} if state else None,
        "latency_ms": {"p50": round(state.latency_p50_ms, 1),
                       "p95": round(state.latency_p95_ms, 1)} if state else None,
        "failures": state.num_failures if state else None,
        "baskets": {
            lane_id: {"phase": b.phase, "lines": len(b.lines), "asks": len(b.asks),
                      "rest_to_line_ms": round(b.last_line_latency_ms, 1),
                      "notices": list(b.notices)}
            for lane_id, b in sorted(view.baskets.items())
        },
        "margins": {
            name.partition(".")[2]: health.facts["margins"]
            for name, health in sorted(view.health.items())
            if "margins" in health.facts
        },
        "processes": {name: health.verdict for name, health in sorted(view.health.items())},
        "rss_mib": round(sum(h.rss_mib for h in view.health.values()), 1),
        "free_disk_mib": round(free_mib),
        "temperature_c": _temperature_c(),
    }  # fmt: skip


def _print(facts: dict[str, Any], findings: list[Finding]) -> None:
    print_table(
        f"Box {facts['box_id']}",
        ("camera", "state", "fps", "quality", "conditions", "reconnects"),
        [
            (f"{c['lane']}/{c['camera']}", f"{c['state']} {c['reason']}".strip(), c["fps"],
             c["quality"], " ".join(c["conditions"]), c["reconnects"])
            for c in facts["cameras"]
        ],
    )  # fmt: skip
    bundle, latency = facts["bundle"], facts["latency_ms"]
    rows = [("bundle", f"{bundle['name']} {bundle['id'][:12]}" if bundle else "none")]
    if bundle and latency:
        rows += [("runs on", bundle["provider"]), ("SKUs", bundle["skus"])]
        rows += [("frame latency p50 / p95", f"{latency['p50']} / {latency['p95']} ms")]
    for lane_id, basket in facts["baskets"].items():
        text = f"{basket['phase']}, {basket['lines']} lines, {basket['asks']} questions"
        rows.append((f"basket {lane_id}", text))
    rows += [(f"margins {lane_id}", whose) for lane_id, whose in facts["margins"].items()]
    rows.append(("memory", f"{facts['rss_mib']} MiB"))
    rows.append(("free disk", f"{facts['free_disk_mib']} MiB"))
    if facts["temperature_c"] is not None:
        rows.append(("temperature", f"{facts['temperature_c']} C"))
    print_table("", ("", ""), rows)
    for finding in findings:
        say(f"- {finding.message}. {finding.hint}")
    say(verdict_line(findings))


def _plain(findings: list[Finding]) -> list[dict[str, Any]]:
    return [
        {"code": f.code, "message": f.message, "hint": f.hint, "blocks": f.blocks} for f in findings
    ]


def _temperature_c() -> float | None:
    """The hottest sensor that can be read, None on machines that have none."""
    sensors: dict[str, Any] = getattr(psutil, "sensors_temperatures", dict)()
    readings = [reading.current for group in sensors.values() for reading in group]
    return round(max(readings), 1) if readings else None


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)
