"""hubctl audit: who changed what, when."""

from typing import Annotated
from urllib.parse import urlencode

import typer

from trainer.hubctl.hub_session import HubCall, with_hub

COLUMNS = ("audit_id", "at", "actor", "action", "subject", "details")


@with_hub
def audit(
    session: HubCall,
    subject: Annotated[str, typer.Option(help="Such as sku:milk, model:..., account:ada.")] = "",
    actor: Annotated[str, typer.Option(help="Only what this one did.")] = "",
    action: Annotated[str, typer.Option(help="Such as sku_changed.")] = "",
    before: Annotated[int, typer.Option(min=0, help="Older than this entry.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
) -> None:
    """Changes, the newest first."""
    asked = {"subject": subject, "actor": actor, "action": action, "limit": limit}
    asked |= {"before": before} if before else {}
    session.rows(session.api("GET", f"/audit?{urlencode(asked)}"), COLUMNS)
