"""hubctl why: a receipt line walked to its pictures and reviewers; and back. Speaks HTTP."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from trainer.hubctl.hub_session import HubCall, with_hub


@with_hub
def why(
    session: HubCall,
    basket: Annotated[str, typer.Argument(help="Basket id, as the receipt prints it.")] = "",
    line: Annotated[int, typer.Argument(min=1, help="Line of the receipt, from 1.")] = 1,
    picture: Annotated[str, typer.Option(help="sha256 of a picture: who saw it?")] = "",
    reviewer: Annotated[str, typer.Option(help="A reviewer: what became of their work?")] = "",
) -> None:
    """From a line of a receipt to bundle, run, data set, pictures and reviewers; or back."""
    if sum(map(bool, (basket, picture, reviewer))) != 1:
        raise typer.BadParameter("give a basket and a line, or --picture, or --reviewer")
    if basket:
        path = f"/provenance/baskets/{quote(basket, safe='')}/lines/{line}"
        reply = session.api("GET", path)
        session.say(reply, "\n".join(_walk(reply)))
        return
    kind, name = ("pictures", picture) if picture else ("reviewers", reviewer)
    reply = session.api("GET", f"/provenance/{kind}/{quote(name, safe='')}")
    session.say(reply, "\n".join(_back(reply)))


def _walk(reply: dict[str, Any]) -> list[str]:
    line = reply["line"]
    where = f"{line['box_id']} ({line['store_id'] or 'no store'})"
    lines = [
        f"line {line['line_no']}: {line['pieces']} x {line['sku_id']}, named by {line['named_by']}",
        f"  sold   {line['at']} at {where}",
        f"  bundle {line['bundle_id'][:12]}",
    ]
    if model := reply["model"]:
        lines.append(f"  model  {model['name']} {model['version']} ({model['stage']})")
        lines.append(f"  run    {reply['run_id'] or '-'}")
        lines.append(f"  data   {reply['dataset'][:12] or '-'}: {reply['num_pictures']} boxes")
    lines += [
        f"    {p['picture'][:12]} {p['day']} {p['store_id'] or '-'} {p['source']} {p['source_id']}"
        for p in reply["pictures"]
    ]
    lines += [f"  reviewer {name}: {count} boxes" for name, count in reply["reviewers"].items()]
    lines += [f"  onboarded by {o['by']} at {o['at']}" for o in reply["onboardings"]]
    return lines + [f"  - {text}" for text in reply["missing"]]


def _back(reply: dict[str, Any]) -> list[str]:
    lines = [f"case or onboarding {name}" for name in reply["cases"]]
    lines += [f"reviewer {name}: {count}" for name, count in reply["reviewers"].items()]
    lines += [
        f"data set {d['name']} {d['version_id'][:12]}: {d['num_pictures']} {d['split']}"
        for d in reply["datasets"]
    ]
    models = reply["models"]
    lines += [f"model {m['bundle_id'][:12]} {m['name']} {m['version']}" for m in models]
    return lines or ["no model saw it"]
