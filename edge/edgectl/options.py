"""Options that every command spells the same way."""

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="The box's TOML file.", show_default=True)
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]
