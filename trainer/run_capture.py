"""What must be known to do a run again: code as it lies there, packages, machine.

Flow: folder -> code archive (tracked files, dirty ones as they are, new ones too) + commit + diff

The archive is content: the same files give the same bytes, whatever git knows about them.
"""

import io
import os
import platform
import shutil
import subprocess
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import trainer
from trainer.errors import DegradedError

MAX_FILE_BYTES = 2_000_000  # larger ones are data or models, which no code archive should hold
MAX_ARCHIVE_BYTES = 64_000_000
DIFF_NAME = "DIRTY.diff"
GIT_TIMEOUT_S = 30.0


class CaptureError(DegradedError):
    """Code that cannot be captured."""

    code = "run.capture"


@dataclass(frozen=True, slots=True)
class CapturedCode:
    """An archive and where it comes from.

    Attributes:
        root: folder that the archive's names are relative to.
        commit: of git; empty outside a checkout.
        is_dirty: files differ from the commit.
        left_out: names of files that were too large.
    """

    archive: bytes
    root: Path
    commit: str
    is_dirty: bool
    left_out: tuple[str, ...]


def capture_code(script: Path) -> CapturedCode:
    """The checkout a script lies in; outside of one, the script alone.

    Raises:
        CaptureError: the files together are too large.
    """
    folder = script.resolve().parent
    top = _git(folder, "rev-parse", "--show-toplevel")
    if not top:
        return CapturedCode(_archive(folder, [script.name], "")[0], folder, "", False, ())
    root = Path(top)
    listed = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    diff = _git(root, "diff", "HEAD")
    archive, left_out = _archive(root, [name for name in listed.split("\0") if name], diff)
    commit = _git(root, "rev-parse", "HEAD")
    return CapturedCode(archive, root, commit, bool(diff), left_out)


def own_code() -> bytes:
    """The source of `trainer` and `sync` as this process has it."""
    root = Path(trainer.__file__).parent.parent
    names = [
        path.relative_to(root).as_posix()
        for package in ("trainer", "sync")
        for path in sorted((root / package).rglob("*.py"))
    ]
    return _archive(root, names, "")[0]


def hardware() -> dict[str, str]:
    """This machine."""
    return {
        "system": platform.platform(),
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory_mib": str(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20),
        "gpus": _gpus(),
    }


def _archive(root: Path, names: Iterable[str], diff: str) -> tuple[bytes, tuple[str, ...]]:
    buffer, left_out, total = io.BytesIO(), list[str](), 0
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(set(names)):
            path = root / name
            if path.is_symlink() or not path.is_file():
                continue
            if path.stat().st_size > MAX_FILE_BYTES:
                left_out.append(name)
                continue
            data = path.read_bytes()
            total += len(data)
            _add(tar, name, data, path.stat().st_mode & 0o111)
        if diff:
            _add(tar, DIFF_NAME, diff.encode(), 0)
    if total > MAX_ARCHIVE_BYTES:
        raise CaptureError(f"{total} bytes of code", hint="ignore data folders in .gitignore")
    return buffer.getvalue(), tuple(left_out)


def _add(tar: tarfile.TarFile, name: str, data: bytes, executable: int) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o755 if executable else 0o644
    tar.addfile(info, io.BytesIO(data))


def _git(folder: Path, *arguments: str) -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    command = [git, "-C", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, timeout=GIT_TIMEOUT_S, check=False)
    text = done.stdout.decode(errors="replace") if done.returncode == 0 else ""
    return text if "-z" in arguments or "diff" in arguments else text.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor())


def _gpus() -> str:
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    command = [program, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
