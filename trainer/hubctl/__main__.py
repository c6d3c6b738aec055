"""`hubctl`: the hub on the command line.

Mounts one sub-app per file of this folder and turns our errors into a line with a hint and an exit
code: 0 ok, 1 no, 2 usage, 3 degraded, 4 refused, 5 unreachable. It does nothing itself.
"""

import sys

import typer

from sync.errors import SyncError, TransportError
from trainer.errors import TrainerError
from trainer.hubctl import (
    account,
    alerts,
    audit,
    backup,
    blind,
    bundle,
    catalogue,
    dataset,
    fleet,
    gate,
    gate_worker,
    job,
    keys,
    model,
    monitor,
    prices,
    review,
    rollout,
    run,
    sku,
    store,
    token,
    trigger,
    why,
    worker,
)

REFUSED = 4
UNREACHABLE = 5

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Tillsight hub.")
app.add_typer(keys.app, name="keys")
app.add_typer(fleet.app, name="fleet")
app.add_typer(bundle.app, name="bundle")
app.add_typer(account.app, name="account")
app.add_typer(sku.app, name="sku")
app.add_typer(store.app, name="store")
app.add_typer(review.app, name="review")
app.add_typer(model.app, name="model")
app.add_typer(rollout.app, name="rollout")
app.add_typer(blind.app, name="blind")
app.add_typer(dataset.app, name="dataset")
app.add_typer(catalogue.app, name="catalogue")
app.add_typer(prices.app, name="prices")
app.add_typer(backup.app, name="backup")
app.add_typer(backup.sweep_app, name="gc")
app.add_typer(trigger.app, name="trigger")
app.add_typer(alerts.app, name="alerts")
app.add_typer(monitor.app, name="monitor")
app.add_typer(worker.app, name="worker")
app.add_typer(run.app, name="run")
app.add_typer(job.app, name="job")
app.add_typer(token.app, name="token")
app.command("audit")(audit.audit)
app.command("insights")(monitor.insights)
app.command("assign")(bundle.assign)
app.command("why")(why.why)
app.command("gate")(gate.gate)
app.command("gate-worker")(gate_worker.gate_worker)


@app.callback()
def _hub() -> None:
    """Tillsight hub."""


def main() -> None:
    """Run a command."""
    try:
        app()
    except (TrainerError, SyncError) as err:
        typer.echo(f"{err.code}: {err}", err=True)
        if err.hint:
            typer.echo(f"  {err.hint}", err=True)
        sys.exit(UNREACHABLE if isinstance(err, TransportError) else REFUSED)


if __name__ == "__main__":
    main()
