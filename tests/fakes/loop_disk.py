"""A real file system on a loop device that loses its power at a chosen moment.

The image is a sparse file. `cut()` is the kernel's own FS_IOC_SHUTDOWN without flushing the log:
what was not yet on the disk is gone, every later write fails. Mounting again replays the journal.
"""

import fcntl
import os
import shutil
import struct
import subprocess
from contextlib import suppress
from pathlib import Path

FS_IOC_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32)
NO_LOG_FLUSH = 2
MIB = 1024 * 1024
PACKAGES = {"ext4": "e2fsprogs", "xfs": "xfsprogs"}
SIZES = {"ext4": 64 * MIB, "xfs": 320 * MIB}  # the least that mkfs.xfs takes is 300 MB


class LoopUnavailableError(Exception):
    """This machine cannot mount a file system of this kind; the message says why."""


class LoopDisk:
    """An image, a file system on it, a place where it is mounted."""

    def __init__(self, folder: Path, kind: str) -> None:
        """Make it; nothing is mounted yet.

        Raises:
            LoopUnavailableError: no root, no mkfs of this kind, or mounting is forbidden here.
        """
        if os.geteuid() != 0:
            raise LoopUnavailableError("mounting a loop device needs root")
        if shutil.which(f"mkfs.{kind}") is None:
            hint = f"apt-get install {PACKAGES[kind]}"
            raise LoopUnavailableError(f"mkfs.{kind} is not installed: {hint}")
        self.kind = kind
        self.place = folder / f"{kind}-place"
        self.place.mkdir()
        self._image = folder / f"{kind}.img"
        with self._image.open("wb") as stream:
            stream.truncate(SIZES[kind])
        _run(f"mkfs.{kind}", "-q", str(self._image))

    def mount(self) -> None:
        """Mount it; after a cut this replays the journal.

        Raises:
            LoopUnavailableError: the kernel or the container forbids it.
        """
        _run("mount", "-o", "loop", str(self._image), str(self.place))

    def cut(self) -> None:
        """The power is gone: nothing reaches the disk any more."""
        directory = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(directory, FS_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(directory)

    def unmount(self) -> None:
        """Take it off; whoever still had files open there has ended by then."""
        with suppress(LoopUnavailableError):
            _run("umount", str(self.place))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LoopUnavailableError(f"{command[0]}: {(done.stderr or done.stdout).strip()[:200]}")
