"""The conformance command: the suite's calls, exit codes and file names."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sync.conformance_client import main
from tests.fakes.flaky_hub import Fault, FlakyHub
from tests.fakes.hostile_repository import HostileRepository, new_signer

TARGET = "bundles/abc/manifest.json"
DATA = b"a manifest"


class Suite:
    """What the suite does with a client: a repository, a server, and three commands."""

    def __init__(self, hub: FlakyHub, folder: Path) -> None:
        self.hub, self.folder = hub, folder
        self.repository = HostileRepository(datetime.now(UTC))  # the command has no other clock
        target = self.repository.list_target("bundles", TARGET, DATA)
        self.hub.content[f"/targets/bundles/abc/{target.hashes['sha256']}.manifest.json"] = DATA
        self.repository.publish("bundles")
        (folder / "trusted_root.json").write_bytes(self.repository.served["1.root.json"])
        self.serve()

    def serve(self) -> None:
        for name, raw in self.repository.served.items():
            self.hub.content[f"/metadata/{name}"] = raw

    def init(self) -> int:
        return main([*self._metadata_dir, "init", str(self.folder / "trusted_root.json")])

    def refresh(self) -> int:
        return main([*self._metadata_dir, *self._metadata_url, "refresh"])

    def download(self, name: str = TARGET) -> int:
        return main(
            [
                *self._metadata_url, *self._metadata_dir, "--target-name", name,
                "--target-dir", str(self.folder / "targets"),
                "--target-base-url", f"{self.hub.url}/targets/", "download",
            ]
        )  # fmt: skip

    def files(self) -> list[str]:
        return sorted(p.name for p in (self.folder / "metadata").glob("*.json"))

    @property
    def _metadata_dir(self) -> list[str]:
        return ["--metadata-dir", str(self.folder / "metadata")]

    @property
    def _metadata_url(self) -> list[str]:
        return ["--metadata-url", f"{self.hub.url}/metadata/"]


@pytest.fixture
def suite(tmp_path: Path) -> Iterator[Suite]:
    with FlakyHub() as hub:
        yield Suite(hub, tmp_path)


def test_init_asks_nobody_and_keeps_the_root(suite: Suite) -> None:
    assert suite.init() == 0
    assert suite.files() == ["root.json"]
    assert suite.hub.asked == []


def test_refresh_keeps_the_top_roles_under_plain_names(suite: Suite) -> None:
    assert (suite.init(), suite.refresh()) == (0, 0)
    assert suite.files() == ["root.json", "snapshot.json", "targets.json", "timestamp.json"]
    root = suite.folder / "metadata" / "root.json"
    assert root.read_bytes() == suite.repository.served["1.root.json"]


def test_download_stores_the_target_and_does_not_ask_twice(suite: Suite) -> None:
    assert (suite.init(), suite.download(), suite.download()) == (0, 0, 0)
    assert [p.read_bytes() for p in (suite.folder / "targets").iterdir()] == [DATA]
    assert len([a for a in suite.hub.asked if a.path.startswith("/targets")]) == 1


def test_a_root_rotation_is_followed(suite: Suite) -> None:
    suite.init()
    suite.repository.renew_online_keys()
    suite.serve()
    assert suite.refresh() == 0
    root = suite.folder / "metadata" / "root.json"
    assert root.read_bytes() == suite.repository.served["2.root.json"]


def test_a_forged_timestamp_fails_and_changes_nothing(suite: Suite) -> None:
    assert (suite.init(), suite.refresh()) == (0, 0)
    kept = (suite.folder / "metadata" / "timestamp.json").read_bytes()
    suite.repository.signed["timestamp"].version += 1
    suite.repository.serve("timestamp", [new_signer()])
    suite.serve()
    assert suite.refresh() == 1
    assert (suite.folder / "metadata" / "timestamp.json").read_bytes() == kept


def test_an_unknown_target_and_a_dead_server_fail_with_one(suite: Suite) -> None:
    suite.init()
    assert suite.download("bundles/abc/nothing.json") == 1
    suite.hub.script = lambda asked: Fault("status", status=503)
    assert suite.refresh() == 1


def test_it_runs_as_a_command_of_its_own(suite: Suite) -> None:
    command = [sys.executable, "-m", "sync.conformance_client"]
    done = subprocess.run([*command, "--metadata-dir", str(suite.folder / "m"), "init",
                           str(suite.folder / "trusted_root.json")], check=False)  # fmt: skip
    assert done.returncode == 0
    assert (suite.folder / "m" / "root.json").is_file()
