"""What an operator may ask a box to do from afar, and how the box does it.

Flow: RemoteCommand -> CommandResult

Runs in the uplink's network thread. A restart is an ordinary end of a process, which the supervisor
brings back; nothing here reaches into a sale.
"""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edge.config import EdgeConfig
from edge.messages.command_messages import BundleAction
from sync.protocol import CommandResult, RemoteCommand

JOURNAL_LINES = 2_000
JOURNAL_TIMEOUT_S = 10.0
JOURNAL_UNIT = "tillsight-edge"


@dataclass(frozen=True, slots=True)
class Hands:
    """What a command may use.

    Attributes:
        upload: brings bytes to the hub; their sha256.
        ask_bundles: hands an action to the bundles process; empty text, or why not.
        status: a page of facts for a support bundle.
        renew_pictures: has a new last picture of every camera taken, by the path of all pictures.
    """

    upload: Callable[[bytes], str]
    ask_bundles: Callable[[BundleAction], str]
    status: Callable[[], Mapping[str, object]]
    renew_pictures: Callable[[], None]


def carry_out(command: RemoteCommand, config: EdgeConfig, hands: Hands) -> CommandResult:
    """Do it and say what became of it.

    Raises:
        TransportError: the output could not be brought to the hub; the command is asked again.
    """
    if command.kind == "restart":
        return _restart(command, config)
    if command.kind == "picture":
        hands.renew_pictures()
        return _result(command, True, "a picture comes as soon as nobody is in it")
    if command.kind == "rollback" or command.kind == "drop_candidate":
        reason = command.arguments.get("reason", "asked by the hub")
        refusal = hands.ask_bundles(BundleAction(command.kind, reason))
        return _result(command, not refusal, refusal or "done")
    if command.kind not in ("logs", "support_bundle"):
        return _result(command, False, f"{command.kind} is not known here: update the box")
    pages: dict[str, object] = {"log": _log_lines()}
    if command.kind == "support_bundle":
        pages["status"] = dict(hands.status())
        pages["config"] = _shown_config(config)
    data = json.dumps(pages, indent=1, default=str).encode()
    return _result(command, True, f"{len(data)} bytes", hands.upload(data))


def _restart(command: RemoteCommand, config: EdgeConfig) -> CommandResult:
    """End one process, or all of one kind, in order; the supervisor starts it again."""
    wanted = command.arguments.get("process", "perception")
    try:
        status = json.loads((config.paths.run_dir / "supervisor.json").read_bytes())
    except (OSError, ValueError) as err:
        return _result(command, False, f"no supervisor to be found: {err}")
    pids = [
        int(child["pid"])
        for child in status["processes"]
        if child["pid"] and str(child["name"]).split(".")[0] == wanted.split(".")[0]
        and str(child["name"]).startswith(wanted)
    ]  # fmt: skip
    ended = [pid for pid in pids if pid != os.getpid()]
    for pid in ended:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    return _result(command, bool(ended), f"{len(ended)} processes of {wanted} end and come back")


def _log_lines() -> list[str]:
    """The box's lines of the system log; what stands in the way where they cannot be read."""
    command = [
        "journalctl",
        "-u",
        JOURNAL_UNIT,
        "-n",
        str(JOURNAL_LINES),
        "--no-pager",
        "-o",
        "short-iso",
    ]
    try:
        done = subprocess.run(command, capture_output=True, timeout=JOURNAL_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as err:
        return [f"journalctl cannot be read: {err}"]
    return done.stdout.decode(errors="replace").splitlines()


def _shown_config(config: EdgeConfig) -> dict[str, object]:
    """The configuration without addresses of cameras and proxies: they hold passwords."""
    data = config.model_dump(mode="json", by_alias=True)
    data["hub"]["proxy_url"] = "set" if config.hub.proxy_url else ""
    data["kiosk"]["attendant_pin_hash"] = "set" if config.kiosk.attendant_pin_hash else ""
    for lane in data["lanes"]:
        for camera in lane["cameras"]:
            camera["url"] = str(camera["url"]).split(":", 1)[0]
    return data


def _result(command: RemoteCommand, is_done: bool, message: str, blob: str = "") -> CommandResult:
    return CommandResult(
        command_id=command.command_id, is_done=is_done, message=message[:4096], blob=blob
    )
