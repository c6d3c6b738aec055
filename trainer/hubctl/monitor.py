"""hubctl monitor: drift and expected accuracy per place, insights, service levels. Speaks HTTP."""

import json
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from trainer.hubctl.hub_session import HubCall, print_table, with_hub

app = typer.Typer(no_args_is_help=True, help="How stores, cameras and rings do.")

Days = Annotated[int, typer.Option(help="How far back.", min=1, max=90)]
COLUMNS = ("place", "signal", "state", "distance", "usual", "far", "evidence", "num_watched")


@app.command("places")
@with_hub
def places(
    session: HubCall,
    kind: Annotated[str, typer.Option(help="store, camera or ring.")] = "",
) -> None:
    """Every signal of every place, as judged last; exit code 1 where one alarms."""
    reply = session.api("GET", f"/monitoring/places?kind={kind}")
    if session.as_json:
        typer.echo(json.dumps(reply, indent=2))
    else:
        rows = [{"place": p["place"], **d} for p in reply for d in p["drift"]]
        print_table(rows, COLUMNS)
        for told in reply:
            if told["accuracy"]:
                typer.echo(f"{told['place']}: {_accuracy(told['accuracy'])}")
    if any(d["state"] == "alarm" for p in reply for d in p["drift"]):
        raise typer.Exit(1)


@app.command("history")
@with_hub
def history(
    session: HubCall,
    place: Annotated[str, typer.Argument(help="store:ID, camera:BOX/LANE/CAMERA, ring:ID.")],
    days: Annotated[int, typer.Option(help="How far back.", min=1, max=180)] = 28,
) -> None:
    """Each day of a place, a signal per line, as the hub concluded it last on that day."""
    reply = session.api("GET", f"/monitoring/history?{urlencode({'place': place, 'days': days})}")
    rows = [{"day": told["day"], **signal} for told in reply["days"] for signal in told["drift"]]
    if session.as_json:
        typer.echo(json.dumps(reply, indent=2))
    else:
        print_table(rows, ("day", *COLUMNS[1:]))


@app.command("judge")
@with_hub
def judge(session: HubCall) -> None:
    """Judge every place now instead of within the hour, and fire what falls due."""
    reply = session.api("POST", "/monitoring/judge")
    text = f"{reply['num_rows']} rows, {reply['num_places']} places, {reply['num_fired']} fired"
    session.say(reply, text)


@app.command("new-past")
@with_hub
def new_past(
    session: HubCall,
    place: Annotated[str, typer.Argument(help="store:ID, camera:BOX/LANE/CAMERA, ring:ID.")],
    note: Annotated[str, typer.Option(help="Why it looks different from now on.")],
) -> None:
    """What this place looks like from now on is normal: it learns again."""
    body = {"place": place, "note": note}
    reply = session.api("POST", "/monitoring/new-past", body)
    session.say(reply, f"{place} learns again")


@app.command("levels")
@with_hub
def levels(session: HubCall, days: Days = 30) -> None:
    """Time to label, to a new SKU, to roll back; availability of boxes."""
    reply = session.api("GET", f"/monitoring/service-levels?days={days}")
    names = ("time_to_label", "time_to_sku", "time_to_roll_back")
    lines = [_level(name, reply[name]) for name in names]
    lines += [f"{box}: {share:.2%} of hours" for box, share in reply["availability"].items()]
    session.say(reply, "\n".join(lines))


@with_hub
def insights(
    session: HubCall,
    store: Annotated[str, typer.Option(help="Of one store.")] = "",
    days: Days = 7,
) -> None:
    """Most asked, corrected, confused, never seen; time per basket by store and day."""
    asked = urlencode({"store_id": store, "days": days})
    reply = session.api("GET", f"/monitoring/insights?{asked}")
    if session.as_json:
        typer.echo(json.dumps(reply, indent=2))
        return
    columns = ("store_id", "day", "num_baskets", "num_pieces", "num_asks", "num_corrections",
               "seconds_median", "seconds_p90")  # fmt: skip
    print_table(reply["days"], columns)
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
