"""edgectl bundles, why-not-updated, rollback: what runs, what waits, and the way back.

Flow: BoxView -> findings; Command -> bundles process
"""

import secrets
from pathlib import Path
from typing import Annotated, Any

import typer

from edge.config import EdgeConfig
from edge.config_file import read_config
from edge.edgectl.options import ConfigOption, JsonOption
from edge.edgectl.output import ExitCode, as_facts, errors_for_people, print_json, print_table, say
from edge.edgectl.shadow import NEEDS
from edge.messages.bundle_messages import BundlesState
from edge.messages.command_messages import BundleAction, Command
from edge.processes.box_view import BoxView, ask_lane, look_at_box

NEXT_STEPS = {
    "shadow": "it looks at the baskets of this box: edgectl shadow",
    "self_test": "it is trying its golden frames on this box",
    "warming": "perception is loading it",
    "between_baskets": "every lane is in a sale; it swaps when one ends",
}

DEFAULT_CONFIG = Path("/etc/tillsight/edge.toml")


def bundles(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """What runs, what waits, and why."""
    with errors_for_people(as_json):
        settings = read_config(config)
        view = look_at_box(settings)
    serving = view.perception.bundle_id if view.perception else ""
    state = view.bundles
    if as_json:
        print_json({"serving": serving, "bundles": as_facts(state) if state else None})
    elif state is None:
        say(f"serving {serving[:12] or 'nothing'}; {_silence(settings)}")
    else:
        rows = [
            ("active", state.active, state.phase), ("previous", state.previous, ""),
            ("candidate", state.candidate, state.waits_for), ("factory", state.factory, ""),
            *[(f"lane {lane}", bundle, "") for lane, bundle in sorted(state.lanes.items())],
            *[("quarantined", bundle, why) for bundle, why in sorted(state.quarantined.items())],
        ]  # fmt: skip
        print_table("Bundles", ("", "bundle", ""), [(a, b[:12], c) for a, b, c in rows])
        say(f"last step: {state.reason or 'none'}; generation {state.generation}")
        for line in (state.self_test, NEXT_STEPS.get(state.waits_for, ""), shadow_line(state)):
            if line:
                say(f"- {line}")
    raise typer.Exit(int(ExitCode.OK if state or not settings.hub.url else ExitCode.DEGRADED))


def why_not_updated(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Why this box does not run what its centre wants; the first reason that holds."""
    with errors_for_people(as_json):
        settings = read_config(config)
        view = look_at_box(settings)
    code, message = reason_not_updated(settings, view)
    if as_json:
        print_json({"reason": code, "message": message})
    else:
        say(message)
    raise typer.Exit(int(ExitCode.OK if code == "up_to_date" else ExitCode.NO))


def rollback(
    config: ConfigOption = DEFAULT_CONFIG,
    reason: Annotated[str, typer.Option(help="Stands in the record.")] = "by hand",
    as_json: JsonOption = False,
) -> None:
    """Go back to the previous bundle, else to the factory's, between baskets."""
    command = Command("", secrets.token_hex(8), BundleAction("rollback", reason), "edgectl")
    with errors_for_people(as_json):
        reply = ask_lane(read_config(config), command)
    if as_json:
        print_json({"is_done": reply.is_done, "code": reply.code, "hint": reply.hint})
    else:
        say("rolled back" if reply.is_done else f"{reply.code}: {reply.hint}")
    raise typer.Exit(int(ExitCode.OK if reply.is_done else ExitCode.REFUSED))


def shadow_line(state: BundlesState) -> str:
    """How far the shadow is, in one line; empty where it has said nothing yet."""
    told = state.shadow
    if not told or not state.candidate:
        return ""
    needs = [NEEDS[reason] for reason in told["reasons"].split(",") if reason in NEEDS]
    still = f"; still needed: {', '.join(needs)}" if needs else ""
    return (
        f"{told['baskets']} baskets compared ({told['winners']}), coverage {told['coverage']}, "
        f"e-value no worse {told['no_worse_e']}, worse {told['worse_e']}, "
        f"policy {told['policy']}{still}"
    )


def reason_not_updated(config: EdgeConfig, view: BoxView) -> tuple[str, str]:
    """Stable code and sentence."""
    if not config.hub.url:
        return "no_hub", _silence(config)
    uplink, state = view.health.get("uplink"), view.bundles
    if uplink is None:
        return "uplink.silent", "the uplink process says nothing: is the box running?"
    if state is None:
        return "bundles.silent", "the bundles process says nothing: see its log"
    if uplink.verdict != "ok":
        return uplink.reason, f"uplink: {uplink.message or uplink.reason}"
    if state.candidate:
        message = NEXT_STEPS.get(state.waits_for, f"it waits for {state.waits_for}")
        return state.waits_for, "; ".join(filter(None, (message, shadow_line(state))))
    problem: Any = uplink.facts.get("problem", "")
    if problem:
        return "publisher", f"the centre published what must not be used: {problem}"
    wanted = uplink.facts.get("wanted", "")
    if wanted and wanted != state.active:
        why = state.quarantined.get(wanted) or state.reason or "it is being fetched"
        return "not_taken", f"bundle {wanted[:12]} is wanted, not taken: {why}"
    return "up_to_date", f"up to date: {state.active[:12]}"


def _silence(config: EdgeConfig) -> str:
    return "the bundles process is silent" if config.hub.url else "no hub is set (hub.url)"
