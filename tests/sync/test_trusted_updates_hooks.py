"""The private places of python-tuf that durable_updater.py stands on: moved means a red test."""

import inspect
from pathlib import Path

import tuf
from tuf.ngclient import Updater
from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet
from tuf.ngclient.fetcher import FetcherInterface

from sync.durable_updater import DurableUpdater
from tests.fakes.hostile_repository import URL, HostileRepository, MemoryFetcher


def test_python_tuf_is_the_version_that_was_read() -> None:
    assert tuf.__version__.startswith("7.0.")


def test_the_methods_we_replace_are_where_they_were() -> None:
    assert list(inspect.signature(Updater._persist_file).parameters) == ["self", "filename", "data"]
    assert list(inspect.signature(Updater._persist_root).parameters) == ["self", "version", "data"]
    assert list(inspect.signature(Updater._update_root_symlink).parameters) == ["self"]


def test_every_write_of_python_tuf_goes_through_the_method_we_replace() -> None:
    source = inspect.getsource(Updater)
    assert source.count("os.replace(") == 1
    assert source.count("open(") - source.count('open(filepath, "wb")') == source.count('"rb") as')
    assert "_persist_file(filename, data)" in inspect.getsource(Updater._persist_metadata)


def test_the_reference_time_is_an_attribute_that_is_read_when_needed() -> None:
    source = inspect.getsource(TrustedMetadataSet)
    assert source.count("self.reference_time = ") == 1
    assert source.count("is_expired(self.reference_time)") == 4


def test_the_fetcher_has_the_two_methods_we_fill() -> None:
    assert list(inspect.signature(FetcherInterface._fetch).parameters) == ["self", "url"]
    assert list(inspect.signature(FetcherInterface.download_bytes).parameters) == [
        "self", "url", "max_length",
    ]  # fmt: skip


def test_every_file_is_synced_before_and_its_folder_after_the_rename(fast_folder: Path) -> None:
    steps: list[str] = []
    repository = HostileRepository()
    updater = DurableUpdater(
        fast_folder / "metadata",
        URL,
        fetcher=MemoryFetcher(repository),
        bootstrap=repository.served["1.root.json"],
        reference_time=repository.now,
        at_step=steps.append,
    )
    updater.refresh()
    one_file = ["created", "written", "synced", "renamed", "directory_synced"]
    files = [step for step in steps if step != "root_linked"]
    assert files == one_file * 4  # root, timestamp, snapshot, targets


def test_what_is_unchanged_is_not_written_again(fast_folder: Path) -> None:
    repository = HostileRepository()
    for _ in range(2):
        steps: list[str] = []
        updater = DurableUpdater(
            fast_folder / "metadata",
            URL,
            fetcher=MemoryFetcher(repository),
            bootstrap=repository.served["1.root.json"],
            reference_time=repository.now,
            at_step=steps.append,
        )
        updater.refresh()
    assert "written" not in steps


def test_zero_length_files_of_a_power_cut_heal(fast_folder: Path) -> None:
    repository = HostileRepository()

    def refreshed() -> DurableUpdater:
        updater = DurableUpdater(
            fast_folder / "metadata",
            URL,
            fetcher=MemoryFetcher(repository),
            bootstrap=repository.served["1.root.json"],
            reference_time=repository.now,
        )
        updater.refresh()
        return updater

    expected = refreshed().versions()
    for path in (fast_folder / "metadata").rglob("*.json"):
        path.write_bytes(b"")
    (fast_folder / "metadata" / ".new-left-over").write_bytes(b"half")
    assert refreshed().versions() == expected
    assert not (fast_folder / "metadata" / ".new-left-over").exists()
