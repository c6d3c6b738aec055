"""Results of steps in a folder of this machine: used again only after every byte was hashed.

Flow: key -> receipt verified -> result | made anew in `<key>/making`, then named

A result that rotted, or was changed, is noticed and made again. What a killed step left in `making`
stays there for the next attempt of the same key, so that training goes on where it stopped. One
process at a time works on a key.
"""

import fcntl
import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sync.durable_file import write_durably

logger = logging.getLogger(__name__)

RECEIPT = "receipt.json"


@dataclass(frozen=True, slots=True)
class StepResult:
    """Where a step's result lies.

    Attributes:
        was_here: it was taken from the cache.
        damage: what was wrong with the result that lay here; empty where nothing was.
    """

    key: str
    folder: Path
    was_here: bool
    damage: str = ""


class StepCache:
    """A folder of results by key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def result(self, key: str, make: Callable[[Path], None]) -> StepResult:
        """The result of a key; `make` fills a folder where there is none that verifies."""
        place = self.folder / key
        place.mkdir(exist_ok=True)
        with _alone(place / "lock"):
            final, receipt = place / "out", place / RECEIPT
            damage = ""
            if receipt.is_file():
                damage = damage_of(final, receipt)
                if not damage:
                    return StepResult(key, final, was_here=True)
                logger.warning("cached result damaged key=%s %s", key[:12], damage)
                receipt.unlink()
            shutil.rmtree(final, ignore_errors=True)
            making = place / "making"
            making.mkdir(exist_ok=True)
            make(making)
            making.rename(final)
            files = dict(_digests(final))
            write_durably(receipt, json.dumps({"key": key, "files": files}).encode())
            return StepResult(key, final, was_here=False, damage=damage)


def damage_of(folder: Path, receipt: Path) -> str:
    """What is wrong with a result; empty where every file is there with its bytes."""
    try:
        wanted = json.loads(receipt.read_bytes())["files"]
    except (OSError, ValueError, KeyError):
        return "the receipt cannot be read"
    found = dict(_digests(folder)) if folder.is_dir() else {}
    for name in sorted({*wanted, *found}):
        if wanted.get(name) != found.get(name):
            what = "is missing" if name not in found else "was changed"
            return f"{name} {what}"
    return ""


def _digests(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        with path.open("rb") as stream:
            yield (
                path.relative_to(folder).as_posix(),
                hashlib.file_digest(stream, "sha256").hexdigest(),
            )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
