"""Files that survive a power cut: written aside, fsynced, renamed, directory fsynced.

Flow: bytes -> temporary file -> fsync -> rename -> fsync of the directory

No format and no policy. `at_step` is called after each named step, so a test can end the process
there; in production it does nothing.
"""

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sync.transport_errors import FolderBusyError

AtStep = Callable[[str], None]

LOCK_NAME = ".lock"
LOCK_POLL_S = 0.02  # short against a refresh, long against a spin


def ignore_step(step: str) -> None:
    """What production does between two steps: nothing."""


def write_durably(
    path: Path, data: bytes, *, mode: int = 0o644, at_step: AtStep = ignore_step
) -> None:
    """Replace a file by `data`; after a power cut it holds all of the old or all of the new.

    Raises:
        OSError: disk full, read-only or broken; the old file is untouched.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    at_step("created")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            at_step("written")
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        at_step("synced")
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise
    at_step("renamed")
    fsync_directory(path.parent)
    at_step("directory_synced")


def write_if_changed(
    path: Path, data: bytes, *, mode: int = 0o644, at_step: AtStep = ignore_step
) -> None:
    """Like write_durably, but spares the disk where the same bytes are there already."""
    with suppress(OSError):
        if path.read_bytes() == data:
            return
    write_durably(path, data, mode=mode, at_step=at_step)


def rename_durably(source: Path, target: Path) -> None:
    """Rename a synced file or folder and sync the directories that changed."""
    source.replace(target)
    fsync_directory(target.parent)
    if source.parent != target.parent:
        fsync_directory(source.parent)


def symlink_durably(link: Path, destination: str) -> None:
    """Point a symlink at `destination` without a moment in which it is missing."""
    if link.is_symlink() and str(link.readlink()) == destination:
        return
    temporary = link.with_name(f".link-{os.getpid()}-{link.name}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(destination)
    temporary.replace(link)
    fsync_directory(link.parent)


def fsync_directory(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fsync_file(path: Path) -> None:
    """Make the bytes of a file durable that somebody else wrote."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path) -> int:
    """Delete what an interrupted write left behind; how many files."""
    leftovers = [p for p in folder.glob(".new-*") if p.is_file()]
    for path in leftovers:
        path.unlink(missing_ok=True)
    return len(leftovers)


@contextmanager
def folder_lock(folder: Path, *, wait_s: float = 10.0) -> Iterator[None]:
    """Hold the one lock of a folder; another process waits, then is told who to look for.

    Raises:
        FolderBusyError: not free within `wait_s`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(descriptor, folder, wait_s)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, folder: Path, wait_s: float) -> None:
    give_up = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            if time.monotonic() >= give_up:
                raise FolderBusyError(
                    f"{folder} is in use by another process",
                    hint="one process owns a folder; stop the other one",
                ) from err
            time.sleep(LOCK_POLL_S)
        else:
            return
