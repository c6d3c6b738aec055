"""A place that one process holds until it ends, however it ends: the kernel lets go of the lock.

Flow: path -> exclusive lock on it -> descriptor

It does not wait: a place that is held is an error of the caller's own class.
"""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from edge.errors import EdgeError


@dataclass(frozen=True, slots=True)
class ClaimWords:
    """How a refused claim is told.

    Attributes:
        error: class of what is raised.
        held: message where another process holds the place.
        held_hint: what to do then.
        setting: key of the folder in the box's configuration, for the hint where it is unwritable.
    """

    error: type[EdgeError]
    held: str
    held_hint: str
    setting: str


def claim_file(path: Path, words: ClaimWords) -> int:
    """Lock `path`, made with its folder if missing; close the descriptor to let go.

    Raises:
        words.error: the folder cannot be written, or another process holds the place.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as err:
        raise words.error(
            f"{path.parent} cannot be written: {err.strerror}", hint=f"check {words.setting}"
        ) from err
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as err:
        os.close(descriptor)
        raise words.error(words.held, hint=words.held_hint) from err
    return descriptor
