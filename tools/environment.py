"""Makes the environments that the tools run in; needs nothing but Python 3.11+ and its own library.

`.venv` holds what a box and a hub run with (no torch); `.venv-test` holds everything. Both are made
once and again only when pyproject.toml or constraints.txt change, so later runs need no network.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Pages are built by the machine's Node, or by one from the package index where there is none.
RUN_EXTRAS = ("edge", "cpu", "centre", "demo", *(() if shutil.which("npm") else ("web",)))
TEST_EXTRAS = ("edge", "cpu", "centre", "train", "sim", "s3", "postgres", "rtx", "dev")
MIN_PYTHON = (3, 11)


def ensure_environment(name: str, extras: tuple[str, ...]) -> Path:
    """The Python of an environment with this checkout and `extras` installed.

    Exits with 2 and the way out where the machine's Python is too old or the install fails.
    """
    if sys.version_info < MIN_PYTHON:
        found = ".".join(str(part) for part in sys.version_info[:3])
        sys.exit(f"Python 3.11 or newer is needed, this is {found}. Start it with python3.11.")
    directory = ROOT / name
    python = directory / "bin" / "python"
    stamp = directory / "installed.sha256"
    wanted = _fingerprint(extras)
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return python
    if not python.exists():
        print(f"making {name} ...", file=sys.stderr, flush=True)
        venv.create(directory, with_pip=True)
    words = f"installing into {name}: {', '.join(extras)} (once) ..."
    print(words, file=sys.stderr, flush=True)
    _run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"])
    target = f"{ROOT}[{','.join(extras)}]"
    uv = [python, "-m", "uv", "pip", "install", "--quiet", "--python", python]
    _run([*uv, "--constraint", ROOT / "constraints.txt", "--editable", target])
    stamp.write_text(wanted)
    return python


def child_environment() -> dict[str, str]:
    """The environment for child processes: no interpreter downloads, no telemetry, few threads."""
    return {
        **os.environ,
        "UV_PYTHON_DOWNLOADS": "never",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "RAY_USAGE_STATS_ENABLED": "0",
    }


def _run(command: list[object]) -> None:
    done = subprocess.run([str(part) for part in command], env=child_environment(), check=False)
    if done.returncode != 0:
        words = "The first install needs the package registry; later runs need no network."
        print(words, file=sys.stderr)
        sys.exit(2)


def _fingerprint(extras: tuple[str, ...]) -> str:
    digest = hashlib.sha256(" ".join((sys.version, *extras)).encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()
