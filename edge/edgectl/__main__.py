"""edgectl: what store IT types on the box. One file per command; every command has --json."""

import typer

from edge.edgectl import (
    bundle,
    bundles,
    calibrate,
    cameras,
    catalogue,
    doctor,
    enrol,
    replay,
    shadow,
    status,
)

app = typer.Typer(
    name="edgectl",
    help="Look at and look after a Tillsight box. Exit codes: 0 ok, 1 no, 2 configuration or "
    "usage, 3 degraded, 4 refused, 5 unreachable.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("status")(status.status)
app.command("doctor")(doctor.doctor)
app.command("cameras")(cameras.cameras)
app.command("replay")(replay.replay)
app.command("enrol")(enrol.enrol)
app.command("bundles")(bundles.bundles)
app.command("shadow")(shadow.shadow)
app.command("why-not-updated")(bundles.why_not_updated)
app.command("rollback")(bundles.rollback)
app.command("forget")(catalogue.forget)
app.add_typer(bundle.app, name="bundle")
app.add_typer(catalogue.app, name="catalogue")
app.add_typer(calibrate.app, name="calibrate")


def main() -> None:
    """Entry point of the installed command."""
    app()


if __name__ == "__main__":
    main()
