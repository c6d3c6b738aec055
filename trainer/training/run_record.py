"""What a run did: enough to do it again, written before the first step."""

import json
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import torch

from trainer.training.recipes import Recipe

RECORD_NAME = "run.json"
RECORDED_PACKAGES = ("torch", "torchvision", "numpy", "opencv-python-headless", "onnxruntime")


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run.

    Attributes:
        code_state: a commit, with "-dirty" behind it where files differ from it.
        facts: what this kind of run says of itself, such as `augmentation`: policy -> SKUs.
    """

    recipe: Recipe
    arguments: tuple[str, ...]
    code_state: str
    data_version: str
    started: str
    host: dict[str, str]
    packages: dict[str, str]
    facts: dict[str, object]


def describe_run(
    recipe: Recipe, arguments: tuple[str, ...], data_version: str, facts: Mapping[str, object]
) -> RunRecord:
    """Everything known at the start."""
    return RunRecord(
        recipe=recipe,
        arguments=arguments,
        code_state=code_state(Path(__file__).parent),
        data_version=data_version,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        host={
            "machine": platform.machine(),
            "python": platform.python_version(),
            "system": platform.platform(),
            "threads": str(torch.get_num_threads()),
            "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        },
        packages={name: _version(name) for name in RECORDED_PACKAGES},
        facts=dict(facts),
    )


def write_record(run_dir: Path, record: RunRecord) -> None:
    """Append to run.json: a resumed run keeps the entries of its earlier starts."""
    path = run_dir / RECORD_NAME
    earlier = json.loads(path.read_text()) if path.exists() else []
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps([*earlier, asdict(record)], indent=1))
    temporary.replace(path)


def code_state(directory: Path) -> str:
    """Commit of the code, or "unknown" outside a checkout."""
    command = ["git", "-C", str(directory), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "absent"
