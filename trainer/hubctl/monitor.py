"""hubctl monitor: drift and expected accuracy per place, insights, service levels. Speaks HTTP."""

import json
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from trainer.hubctl.hub_session import (
    DEFAULT_HUB,
    DEFAULT_TOKEN,
    CaOption,
    HubOption,
    HubSession,
    JsonOption,
    TokenFileOption,
    print_rows,
    say_reply,
)

app = typer.Typer(no_args_is_help=True, help="How stores, cameras and rings do.")

Days = Annotated[int, typer.Option(help="How far back.", min=1, max=90)]
COLUMNS = ("place", "signal", "state", "distance", "usual", "far", "evidence", "num_watched")


@app.command("places")
def places(
    kind: Annotated[str, typer.Option(help="store, camera or ring.")] = "",
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every signal of every place, as judged last; exit code 1 where one alarms."""
    reply = HubSession(hub, token_file, ca).api("GET", f"/monitoring/places?kind={kind}")
    if as_json:
        typer.echo(json.dumps(reply, indent=2))
    else:
        rows = [{"place": p["place"], **d} for p in reply for d in p["drift"]]
        print_rows(False, rows, COLUMNS)
        for told in reply:
            if told["accuracy"]:
                typer.echo(f"{told['place']}: {_accuracy(told['accuracy'])}")
    if any(d["state"] == "alarm" for p in reply for d in p["drift"]):
        raise typer.Exit(1)


@app.command("judge")
def judge(
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Judge every place now instead of within the hour, and fire what falls due."""
    reply = HubSession(hub, token_file, ca).api("POST", "/monitoring/judge")
    text = f"{reply['num_rows']} rows, {reply['num_places']} places, {reply['num_fired']} fired"
    say_reply(as_json, reply, text)


@app.command("new-past")
def new_past(
    place: Annotated[str, typer.Argument(help="store:ID, camera:BOX/LANE/CAMERA, ring:ID.")],
    note: Annotated[str, typer.Option(help="Why it looks different from now on.")],
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """What this place looks like from now on is normal: it learns again."""
    body = {"place": place, "note": note}
    reply = HubSession(hub, token_file, ca).api("POST", "/monitoring/new-past", body)
    say_reply(as_json, reply, f"{place} learns again")


@app.command("levels")
def levels(
    days: Days = 30,
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Time to label, to a new SKU, to roll back; availability of boxes."""
    reply = HubSession(hub, token_file, ca).api("GET", f"/monitoring/service-levels?days={days}")
    names = ("time_to_label", "time_to_sku", "time_to_roll_back")
    lines = [_level(name, reply[name]) for name in names]
    lines += [f"{box}: {share:.2%} of hours" for box, share in reply["availability"].items()]
    say_reply(as_json, reply, "\n".join(lines))


def insights(
    store: Annotated[str, typer.Option(help="Of one store.")] = "",
    days: Days = 7,
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Most asked, corrected, confused, never seen; time per basket by store and day."""
    asked = urlencode({"store_id": store, "days": days})
    reply = HubSession(hub, token_file, ca).api("GET", f"/monitoring/insights?{asked}")
    if as_json:
        typer.echo(json.dumps(reply, indent=2))
        return
    columns = ("store_id", "day", "num_baskets", "num_pieces", "num_asks", "num_corrections",
               "seconds_median", "seconds_p90")  # fmt: skip
    print_rows(False, reply["days"], columns)
    for name in ("most_asked", "most_corrected", "most_confused"):
        typer.echo(f"{name}: " + ", ".join(f"{e['name']} {e['count']}" for e in reply[name]))
    typer.echo(f"never sold: {reply['num_never_seen']}")


def _level(name: str, level: dict[str, Any]) -> str:
    words = f"{level['num']} times, median {level['median_s']:.0f} s, p90 {level['p90_s']:.0f} s"
    return f"{name}: {words}"


def _accuracy(told: dict[str, Any]) -> str:
    checked = "" if told["is_checked"] else ", the models' own opinion: too few random reviews"
    return (
        f"expected accuracy {told['expected']:.2%} ({told['lower']:.2%} to {told['upper']:.2%}), "
        f"{told['num_reviewed']} random reviews{checked}"
    )
