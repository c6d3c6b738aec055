"""A bundle from the hub: what a verified one on this disk has already is not fetched again."""

from pathlib import Path
from typing import Any

from sync.bundle import Bundle
from tests.fakes.recording_sender import write_parts_bundle
from trainer.hubctl.digest_file import fetch_files
from trainer.hubctl.hub_session import HubSession


class ShelfSession(HubSession):
    """A hub that has one bundle, and counts."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.fetched: list[str] = []

    def api(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return self.bundle.manifest.model_dump(mode="json")

    def fetch(self, path: str) -> bytes:
        self.fetched.append(path)
        entry = next(f for f in self.bundle.manifest.files if f.sha256 == path)
        return (self.bundle.directory / entry.path).read_bytes()


def test_only_what_differs_from_a_bundle_on_this_disk_is_fetched(tmp_path: Path) -> None:
    champion = write_parts_bundle(tmp_path / "champion", "1.0.0")
    candidate = write_parts_bundle(tmp_path / "candidate", "1.1.0", gallery=b"another")
    hub = ShelfSession(candidate)
    found = fetch_files(hub, candidate.bundle_id, tmp_path / "new", "{sha256}", champion)
    assert found.bundle_id == candidate.bundle_id
    assert len(hub.fetched) == 1
    fetch_files(hub, candidate.bundle_id, tmp_path / "whole", "{sha256}")
    assert len(hub.fetched) == 1 + len(candidate.manifest.files)
