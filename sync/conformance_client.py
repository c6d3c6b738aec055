"""The box's TUF client as a command, in the form the tuf-conformance suite calls it.

Flow: init | refresh | download -> exit code 0 or 1

    python -m sync.conformance_client --metadata-dir DIR init ROOT
    python -m sync.conformance_client --metadata-dir DIR --metadata-url URL refresh
    python -m sync.conformance_client --metadata-dir DIR --metadata-url URL --target-name PATH
        --target-base-url URL --target-dir DIR download

It runs the same DurableUpdater, HTTP and file code as a box. The box's own rules (two roles must
agree, clock floor, high-water marks) are left out: the suite tests TUF alone.
"""

import argparse
import sys
from pathlib import Path
from urllib.parse import quote

import urllib3
from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.api.metadata import TargetFile
from tuf.ngclient import UpdaterConfig

from sync.durable_file import folder_lock, write_durably
from sync.durable_updater import DurableUpdater
from sync.errors import SyncError
from sync.http_pool import HttpSettings, HubHttp
from sync.update_errors import classify
from sync.update_fetcher import HubFetcher

FAILED = 1
BOOTSTRAP_NAME = "initial_root"
_FOREIGN = (RepositoryError, DownloadError, urllib3.exceptions.HTTPError, OSError, ValueError)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 if all of it succeeded."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "init":
            _init(options.metadata_dir, options.trusted_root)
        elif options.command == "refresh":
            with folder_lock(options.metadata_dir):
                _refreshed(options)
        else:
            with folder_lock(options.metadata_dir):
                _download(options)
    except (SyncError, *_FOREIGN) as err:
        reason = classify(err, options.command)
        sys.stderr.write(f"{reason.code}: {reason}\n")
        return FAILED
    return 0


def _init(folder: Path, trusted_root: Path) -> None:
    """Keep the root the client is born with; it is verified when it is first used."""
    folder.mkdir(parents=True, exist_ok=True)
    root = trusted_root.read_bytes()
    write_durably(folder / BOOTSTRAP_NAME, root)
    write_durably(folder / "root.json", root)


def _refreshed(options: argparse.Namespace) -> DurableUpdater:
    updater = DurableUpdater(
        options.metadata_dir,
        options.metadata_url,
        fetcher=HubFetcher(HubHttp(HttpSettings(user_agent="tillsight-conformance"))),
        bootstrap=(options.metadata_dir / BOOTSTRAP_NAME).read_bytes(),
        config=_config(),
    )
    updater.refresh()
    return updater


def _download(options: argparse.Namespace) -> None:
    updater = _refreshed(options)
    target = updater.get_targetinfo(options.target_name)
    if target is None:
        raise FileNotFoundError(f"no role lists {options.target_name}")
    path = options.target_dir / quote(target.path, safe="")
    if updater.find_cached_target(target, str(path)) is None:
        _fetch(options, updater, target, path)


def _fetch(
    options: argparse.Namespace, updater: DurableUpdater, target: TargetFile, path: Path
) -> None:
    folder, _, name = target.path.rpartition("/")
    if updater.root.consistent_snapshot:
        name = f"{next(iter(target.hashes.values()))}.{name}"
    url = "/".join(part for part in (options.target_base_url.rstrip("/"), folder, name) if part)
    fetcher = HubFetcher(HubHttp(HttpSettings()))
    data = fetcher.download_bytes(url, target.length)
    target.verify_length_and_hashes(data)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, data)


def _config() -> UpdaterConfig:
    """The library's own caps; the suite has roots and delegations larger than a box's."""
    return UpdaterConfig()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="conformance_client")
    parser.add_argument("--metadata-dir", type=Path, required=True)
    parser.add_argument("--metadata-url", default="")
    parser.add_argument("--target-name", default="")
    parser.add_argument("--target-base-url", default="")
    parser.add_argument("--target-dir", type=Path, default=Path())
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("init").add_argument("trusted_root", type=Path)
    commands.add_parser("refresh")
    commands.add_parser("download")
    return parser


if __name__ == "__main__":
    sys.exit(main())
