"""edgectl bundle import, diff: a bundle from a stick, and what differs between two.

Flow: folder -> uplink ; two bundles -> differences
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from edge.bundles.state import BundleStateFile
from edge.config import EdgeConfig
from edge.config_file import read_config
from edge.edgectl.catalogue import order
from edge.edgectl.options import ConfigOption, JsonOption
from edge.edgectl.output import ExitCode, errors_for_people, print_json, print_table, say
from edge.messages.command_messages import UplinkAction
from edge.processes.hub_road import bundles_folder, slot_of
from sync.bundle import Bundle, open_bundle, read_manifest
from sync.catalog import load_catalog
from sync.decision import DecisionParameters
from sync.errors import BundleError
from sync.price_list import load_price_list

app = typer.Typer(no_args_is_help=True, help="One bundle.")

DEFAULT_CONFIG = Path("/etc/tillsight/edge.toml")
ROLES = ("active", "previous", "candidate", "factory")

_V = TypeVar("_V")
Change = tuple[str, str, str]
"""What, before, after; empty text where it is not there."""


@app.command("import")
def import_bundle(
    folder: Annotated[Path, typer.Argument(help="On the stick, of hubctl keys export-stick.")],
    config: ConfigOption = DEFAULT_CONFIG,
    root_sha256: Annotated[
        str, typer.Option(help="Of hubctl keys export-root; for a box never enrolled.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Take what is on a stick; it is verified as what comes over the network is."""
    order(config, UplinkAction("import_stick", str(folder.absolute()), root_sha256), as_json)


@app.command()
def diff(
    before: Annotated[str, typer.Argument(help="A role, an id or its beginning, or a folder.")],
    after: Annotated[str, typer.Argument(help="As before.")],
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """What differs between two bundles: files, SKUs, prices, thresholds."""
    with errors_for_people(as_json):
        settings = read_config(config)
        one, other = find_bundle(settings, before), find_bundle(settings, after)
        found = differences(one, other)
    if as_json:
        print_json({
            "before": one.bundle_id, "after": other.bundle_id,
            "changes": {name: [list(c) for c in changes] for name, changes in found.items()},
        })  # fmt: skip
    else:
        say(f"{one.bundle_id[:12]} {one.manifest.version} -> "
            f"{other.bundle_id[:12]} {other.manifest.version}")  # fmt: skip
        for name, changes in found.items():
            if changes:
                print_table(name, ("", "before", "after"), changes)
    raise typer.Exit(int(ExitCode.NO if any(found.values()) else ExitCode.OK))


def find_bundle(config: EdgeConfig, name: str) -> Bundle:
    """A bundle of this box by role, id or beginning of it, or one in a folder; verified.

    Raises:
        BundleError: none or several are meant, or it is not whole.
    """
    if Path(name).is_dir():
        return open_bundle(Path(name))
    factory = read_manifest(config.paths.serving_bundle / "manifest.json").bundle_id()
    wanted = name
    state_path = bundles_folder(config) / "state.db"
    if name in ROLES:
        wanted = factory
        if state_path.is_file():
            state_file = BundleStateFile(state_path, factory)
            wanted = str(getattr(state_file.read(), name))
            state_file.close()
    slots = bundles_folder(config) / "slots"
    here = {factory, *(p.name for p in slots.glob("[0-9a-f]*"))}
    found = [bundle_id for bundle_id in sorted(here) if wanted and bundle_id.startswith(wanted)]
    if len(found) != 1:
        raise BundleError(
            f"{len(found)} bundles of this box are meant by {name!r}", hint="see edgectl bundles"
        )
    is_factory = found[0] == factory
    return open_bundle(config.paths.serving_bundle if is_factory else slot_of(config, found[0]))


def differences(before: Bundle, after: Bundle) -> dict[str, list[Change]]:
    """Changes by kind, each sorted by name; empty lists where nothing changed."""
    return {
        "files": _changes(_files(before), _files(after)),
        "SKUs": _changes(*(_of(b, "catalog", _sku_names) for b in (before, after))),
        "prices": _changes(*(_of(b, "prices", _prices) for b in (before, after))),
        "thresholds": _changes(*(_of(b, "thresholds", _thresholds) for b in (before, after))),
    }


def _files(bundle: Bundle) -> dict[str, str]:
    return {f.path: f"{f.sha256[:12]} {f.size} bytes" for f in bundle.manifest.files}


def _of(bundle: Bundle, role: str, read: Callable[[Path], _V]) -> "_V | dict[str, str]":
    files = [f.path for f in bundle.manifest.files if f.role == role]
    return read(bundle.directory / files[0]) if files else {}


def _sku_names(path: Path) -> dict[str, str]:
    return {sku.sku_id: sku.name("en") for sku in load_catalog(path).skus}


def _prices(path: Path) -> dict[str, str]:
    """Every entry, not only today's: a bundle is compared as a whole."""
    return {
        f"{e.sku_id} from {e.valid_from:%Y-%m-%d}": "stopped"
        if e.is_stopped
        else f"{e.amount_minor}"
        for e in load_price_list(path).entries
    }


def _thresholds(path: Path) -> dict[str, str]:
    found = DecisionParameters.model_validate_json(path.read_bytes()).model_dump()
    return {name: str(value) for name, value in found.items()}


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    names = sorted({*before, *after})
    return [
        (name, before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name) != after.get(name)
    ]
