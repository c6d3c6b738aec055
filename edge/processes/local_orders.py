"""What somebody at the box may ask of the uplink: a segment out, a stick in, a basket forgotten.

Flow: UplinkAction -> HubLink -> (code, text)

Runs in the uplink's network thread, or in edgectl while no uplink runs.
"""

from datetime import datetime
from pathlib import Path

from edge.errors import DegradedError
from edge.messages.command_messages import UplinkAction
from edge.processes.hub_link import HubLink
from sync.errors import SyncError

REFUSED = "uplink.refused"


def carry_out_here(link: HubLink, body: object, now: datetime) -> tuple[str, str]:
    """Do it; a stable code (empty where it is done) and a sentence."""
    if not isinstance(body, UplinkAction):
        return REFUSED, "only uplink_action is answered here"
    try:
        return _carry_out(link, body, now)
    except (SyncError, DegradedError) as err:
        return err.code, f"{err}; {err.hint}" if err.hint else str(err)


def _carry_out(link: HubLink, body: UplinkAction, now: datetime) -> tuple[str, str]:
    if body.action == "import_stick":
        return _import(link, body, now)
    if body.action == "delete_basket":
        return (
            "",
            f"{link.outbox.delete_basket(body.subject)} pictures of it are gone from this box",
        )
    if body.action in ("revert_segment", "restore_segment"):
        is_revert = body.action == "revert_segment"
        choose = link.catalogue.revert if is_revert else link.catalogue.restore
        refusal = choose(body.subject)
        return (REFUSED, refusal) if refusal else ("", "done; from the next basket on")
    return REFUSED, f"no action {body.action}"


def _import(link: HubLink, body: UplinkAction, now: datetime) -> tuple[str, str]:
    found = link.import_stick(Path(body.subject), body.root_sha256, now)
    is_empty = not found.bundle_id and not found.catalogue_generation
    code = found.problems[0].partition(":")[0] if found.problems and is_empty else ""
    parts = [f"bundle {found.bundle_id[:12]} is staged" if found.bundle_id else "no bundle"]
    if found.catalogue_generation:
        parts.append(f"catalogue {found.catalogue_generation} taken")
    return code, "; ".join([*parts, *(f"not used: {problem}" for problem in found.problems)])
