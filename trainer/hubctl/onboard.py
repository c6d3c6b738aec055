"""hubctl sku onboard: photos of a new SKU in, what is missing said, a signed segment out.

Photos are named by their side: front.jpg, back-2.jpg, left.png. Without `--publish CHANNEL` it
stops after the advice, and a later call goes on with more photos. Speaks HTTP.
"""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from trainer.hubctl.hub_session import HubCall, HubSession, with_hub

SIDES = ("front", "back", "left", "right", "top", "bottom")
ENDINGS = (".jpg", ".jpeg", ".png", ".webp")


@with_hub
def onboard(
    session: HubCall,
    sku_id: Annotated[str, typer.Argument(help="SKU of the catalogue.")],
    photos: Annotated[list[Path], typer.Argument(help="Photos, or a folder of them.")],
    publish: Annotated[str, typer.Option(help="Channel to publish into when it is enough.")] = "",
    accept_collisions: Annotated[
        bool, typer.Option(help="Publish although the box will have to ask.")
    ] = False,
) -> None:
    """Make a new SKU known by its photos; no training."""
    onboarding = _open_one(session, sku_id)
    url = f"/onboarding/{onboarding['onboarding_id']}"
    for path in _files(photos):
        onboarding = session.send("POST", f"{url}/photos?side={_side_of(path)}", path.read_bytes())
    last_photo = time.monotonic()
    report: dict[str, Any] = {"onboarding": onboarding, "published": None, "seconds": None}
    if publish:
        body = {"channel": publish, "accept_collisions": accept_collisions}
        report["published"] = session.api("POST", f"{url}/publish", body)
        report["seconds"] = round(time.monotonic() - last_photo, 3)
    session.say(report, "\n".join(_lines(onboarding, report)))


def _open_one(session: HubSession, sku_id: str) -> dict[str, Any]:
    """The onboarding that is open for this SKU, or a new one."""
    for row in session.api("GET", "/onboarding?limit=200"):
        if row["sku_id"] == sku_id and row["status"] == "open":
            known: dict[str, Any] = session.api("GET", f"/onboarding/{row['onboarding_id']}")
            return known
    made: dict[str, Any] = session.api("POST", "/onboarding", {"sku_id": sku_id})
    return made


def _files(given: list[Path]) -> list[Path]:
    found: list[Path] = []
    for path in given:
        inside = path.iterdir() if path.is_dir() else [path]
        found += sorted(p for p in inside if p.suffix.lower() in ENDINGS)
    return found


def _side_of(path: Path) -> str:
    side = path.stem.split("-")[0].lower()
    if side not in SIDES:
        raise typer.BadParameter(f"{path.name} is not named by its side: {', '.join(SIDES)}")
    return side


def _lines(onboarding: dict[str, Any], report: dict[str, Any]) -> list[str]:
    lines = [f"{onboarding['sku_id']}: done to {onboarding['done_percent']} %"]
    lines += [
        f"  {photo['side']}: {problem['message']}"
        for photo in onboarding["photos"]
        for problem in photo["problems"]
    ]
    lines += [f"  {text}" for text in onboarding["advice"]]
    if onboarding["missing_sides"]:
        lines.append(f"  missing: {', '.join(onboarding['missing_sides'])}")
    if report["published"]:
        lines += [
            f"  signed {segment['sha256'][:12]}: {segment['rows']} rows, {segment['size']} bytes"
            for segment in report["published"]["segments"]
        ]
        lines.append(f"  {report['seconds']} s after the last photo")
    return lines
