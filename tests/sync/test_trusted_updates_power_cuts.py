"""kill -9 at every step of an update: what is on disk can always be loaded and gone on with.

The children are forked, not started anew: 150 interpreters would take a minute.
"""

import os
import signal
from pathlib import Path

import pytest

from sync.blob_store import file_digest
from sync.update_state import load_state, verify_installed
from tests.fakes.hostile_repository import HostileRepository
from tests.fakes.power_cut_box import Killer, install
from tests.fakes.update_world import manifest_of


def write_hub(folder: Path, repository: HostileRepository) -> None:
    """The repository as an exported folder."""
    for name, content in (("metadata", repository.served), ("blobs", repository.blobs)):
        (folder / "hub" / name).mkdir(parents=True, exist_ok=True)
        for file, raw in content.items():
            (folder / "hub" / name / file).write_bytes(raw)


def release(repository: HostileRepository, generation: int) -> None:
    """A bundle of the next generation, assigned."""
    files = {"card.json": b"%d" % generation * 3000, "golden/1.json": b"{}"}
    for data in files.values():
        repository.put(data)
    repository.assign(generation, repository.release(
        manifest_of(files, generation=generation).canonical()))  # fmt: skip
    repository.publish("bundles", "assign")


def killed_at(folder: Path, step: int) -> bool:
    """Run the update in a child that dies at a step; whether it died."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            install(folder, Killer(step))
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert not (os.WIFEXITED(status) and os.WEXITSTATUS(status))
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_box_killed_at_any_step_goes_on(
    fast_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repository = HostileRepository()
    release(repository, 1)
    write_hub(fast_folder, repository)
    counter = Killer(-1)
    first = install(fast_folder, counter)
    num_cuts = 0
    for step in range(1, 400):
        release(repository, step + 1)
        write_hub(fast_folder, repository)
        died = killed_at(fast_folder, step)
        verify(fast_folder, first)
        first = install(fast_folder, Killer(-1))
        verify(fast_folder, first)
        if not died:
            break
        num_cuts += 1
    with capsys.disabled():
        print(f"\npower cuts by kill -9: {num_cuts}, every step of an update")  # noqa: T201
    assert num_cuts >= 40
    assert not died


def verify(folder: Path, bundle_id: str) -> None:
    """The last finished installation is whole, blobs are what they are called, marks never sink."""
    box = folder / "box"
    verify_installed(box / "bundles" / bundle_id, box / "updates" / "receipts", bundle_id)
    for path in (box / "cas").iterdir():
        assert len(path.name) != 64 or file_digest(path) == path.name
    state = load_state(box / "updates" / "update_state.json")
    assert state.root_version == 1
    assert state.roles["assign"].version > 1
    for bundle in (box / "bundles").iterdir():
        assert bundle.name.startswith(".new-") or (bundle / "manifest.json").is_file()


def test_named_steps_are_what_the_readme_says(fast_folder: Path) -> None:
    repository = HostileRepository()
    release(repository, 1)
    write_hub(fast_folder, repository)
    counter = Killer(-1)
    install(fast_folder, counter)
    assert set(counter.names) == {
        "created", "written", "synced", "renamed", "directory_synced", "root_linked",
        "part_synced", "blob_named", "filled", "verified", "named", "placed",
    }  # fmt: skip
