"""The interpreter and the code a job runs with: built once per lock, used again.

Flow: packages -> environment by lock hash ; code artefact -> folder by digest

Without extra packages a job runs in the worker's own environment. With some, uv lays them over it
in a folder named by the hash of all that is then installed: editing a list costs one install.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Sequence
from pathlib import Path

from trainer.errors import DegradedError
from trainer.steps.step_key import environment_lock

# A name, extras, a version range; no address, no path, no option of the installer.
REQUIREMENT = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9,._-]+\])?([ ]?[<>=!~]=?[^;@ ]+)?"
)
READY = "ready.json"
INSTALL_TIMEOUT_S = 1800.0


class EnvironmentRefusedError(DegradedError):
    """Packages or code that a job cannot run with."""

    code = "worker.environment"


def python_for(packages: Sequence[str], folder: Path, index: str = "") -> Path:
    """The interpreter of an environment that also holds `packages`; built where it is missing.

    Args:
        folder: of all environments of this worker.
        index: address or folder to install from; uv's own default where empty.

    Raises:
        EnvironmentRefusedError: a name is no plain requirement, uv is missing, or it failed.
    """
    if not packages:
        return Path(sys.executable)
    strange = [name for name in packages if not REQUIREMENT.fullmatch(name)]
    if strange:
        raise EnvironmentRefusedError(
            f"{strange[0][:80]!r} is no plain requirement", hint='such as "polars==1.8"'
        )
    wanted = sorted(set(packages))
    lock = "\n".join([*environment_lock(), *wanted])
    place = folder / hashlib.sha256(lock.encode()).hexdigest()[:32]
    python = place / "bin" / "python"
    if not (place / READY).is_file():
        shutil.rmtree(place, ignore_errors=True)
        _build(place, python, wanted, index)
        (place / READY).write_text(json.dumps({"packages": wanted}))
    return python


def unpack_code(archive: Path, sha256: str, folder: Path) -> Path:
    """The folder of a code archive; links and paths that leave it are refused.

    Raises:
        EnvironmentRefusedError: it is no such archive.
    """
    place = folder / sha256
    if place.is_dir():
        return place
    scratch = place.with_name(f".new-{sha256}")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(scratch, filter="data")
    except (tarfile.TarError, OSError) as err:
        raise EnvironmentRefusedError(
            f"code {sha256[:12]}: {err}", hint="capture it again"
        ) from err
    scratch.rename(place)
    return place


def _build(place: Path, python: Path, packages: Sequence[str], index: str) -> None:
    uv = shutil.which("uv")
    if uv is None:
        raise EnvironmentRefusedError("uv is not installed", hint="pip install uv")
    place.parent.mkdir(parents=True, exist_ok=True)
    _uv([uv, "venv", "--quiet", "--python", sys.executable, str(place)])
    own = Path(sysconfig.get_path("purelib"))
    below = next((place / "lib").glob("python*/site-packages"))
    (below / "worker.pth").write_text(f"{own}\n")  # the worker's own packages stay visible
    chosen = ["--index-url", index] if index.startswith("http") else []
    if index and not chosen:
        chosen = ["--no-index", "--find-links", index]
    _uv([uv, "pip", "install", "--quiet", "--python", str(python), *chosen, *packages])


def _uv(command: Sequence[str]) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=False
    )
    if done.returncode != 0:
        raise EnvironmentRefusedError(
            f"{command[1]} failed: {done.stderr.strip()[-300:]}", hint="look at the package list"
        )
