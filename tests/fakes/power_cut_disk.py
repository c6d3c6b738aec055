"""A disk that loses power: SQLite on it sees exactly what a real one may leave behind.

Writes are volatile until the file is synced. A cut keeps a random part of the unsynced writes, torn
at 512-byte sectors. It is a real SQLite VFS (apsw), so the code under test is the product's own.
"""

import random
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import apsw

SECTOR = 512


class PowerCutError(apsw.IOError):
    """The power is gone."""


@dataclass
class DiskFile:
    """Bytes on the platter, bytes the system believes in, and what lies between."""

    durable: bytes = b""
    current: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)
    is_named: bool = False


class PowerCutDisk:
    """Files of one simulated disk; `cuts_in` counts down with every write and sync."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.files: dict[str, DiskFile] = {}
        self.cuts_in = -1
        self.connections: list[apsw.Connection] = []
        self.name = f"power-cut-{seed}-{id(self)}"
        self.vfs = _DiskVfs(self)

    def open(self, name: str, *, synchronous: str = "FULL") -> apsw.Connection:
        """A connection to a file of this disk, as edge.sqlite_file opens one."""
        connection = apsw.Connection(name, vfs=self.name)
        self.connections.append(connection)
        # One process: WAL without shared memory, which this disk does not have.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA wal_autocheckpoint = 20")
        return connection

    def tick(self) -> None:
        """One step of the disk; raises when its turn has come."""
        if self.cuts_in == 0:
            raise PowerCutError
        self.cuts_in -= self.cuts_in > 0

    def lose_power(self) -> None:
        """What is left after the cut becomes what is there."""
        self.cuts_in = 0  # closing writes nothing any more
        for connection in self.connections:
            with suppress(PowerCutError, apsw.Error):
                connection.close(force=True)
        self.connections.clear()
        self.cuts_in = -1
        for name, file in list(self.files.items()):
            if not file.is_named and self.random.random() < 0.5:
                del self.files[name]
                continue
            image = bytearray(file.durable)
            kept = file.pending[: self.random.randint(0, len(file.pending))]
            for offset, data in kept:
                _apply_torn(image, offset, data, self.random)
            self.files[name] = DiskFile(bytes(image), image, [], file.is_named)


def _apply_torn(image: bytearray, offset: int, data: bytes | None, dice: random.Random) -> None:
    if data is None:
        del image[offset:]
        return
    for start in range(0, len(data), SECTOR):
        if dice.random() < 0.9:
            _write(image, offset + start, data[start : start + SECTOR])


def _write(image: bytearray, offset: int, data: bytes) -> None:
    if len(image) < offset:
        image.extend(bytes(offset - len(image)))
    image[offset : offset + len(data)] = data


class _DiskVfs(apsw.VFS):
    def __init__(self, disk: PowerCutDisk) -> None:
        self.disk = disk
        super().__init__(disk.name, "")

    def xOpen(self, name: Any, flags: list[int]) -> "_OpenFile":  # noqa: N802
        text = name.filename() if isinstance(name, apsw.URIFilename) else str(name or "temp")
        flags[1] = flags[0]
        return _OpenFile(self.disk, self.disk.files.setdefault(text, DiskFile()))

    def xAccess(self, pathname: str, flags: int) -> bool:  # noqa: N802
        return pathname in self.disk.files

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        self.disk.tick()
        self.disk.files.pop(filename, None)

    def xFullPathname(self, name: str) -> str:  # noqa: N802
        return name


class _OpenFile:
    def __init__(self, disk: PowerCutDisk, file: DiskFile) -> None:
        self.disk = disk
        self.file = file

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        return bytes(self.file.current[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self.disk.tick()
        self.file.pending.append((offset, bytes(data)))
        _write(self.file.current, offset, bytes(data))

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self.disk.tick()
        self.file.pending.append((size, None))
        del self.file.current[size:]

    def xSync(self, flags: int) -> None:  # noqa: N802
        self.disk.tick()
        self.file.durable = bytes(self.file.current)
        self.file.pending.clear()
        self.file.is_named = True

    def xFileSize(self) -> int:  # noqa: N802
        return len(self.file.current)

    def xClose(self) -> None:  # noqa: N802
        return None

    def xLock(self, level: int) -> None:  # noqa: N802
        return None

    def xUnlock(self, level: int) -> None:  # noqa: N802
        return None

    def xCheckReservedLock(self) -> bool:  # noqa: N802
        return False

    def xFileControl(self, op: int, pointer: int) -> bool:  # noqa: N802
        return False

    def xSectorSize(self) -> int:  # noqa: N802
        return SECTOR

    def xDeviceCharacteristics(self) -> int:  # noqa: N802
        return 0
