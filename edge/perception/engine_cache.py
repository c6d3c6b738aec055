"""GPU engines that were built on this box: which exist, where they lie, which may go.

Flow: model + GPU + driver + runtime -> folder of an engine

An engine fits one model on one GPU with one driver and one runtime, so all of them are in the key;
engines are never shipped. Building is engine_build.py's work, off the serving path; a folder
appears here only when it is whole.
"""

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from edge.errors import EngineBuildError

MARKER = "engine.json"
PART_SUFFIX = ".part"
DEFAULT_LIMIT_MIB = 2048  # about 30 engines of 64 MiB
QUERY_TIMEOUT_S = 10.0

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Hardware:
    """What an engine depends on besides the model.

    Attributes:
        runtime: ONNX Runtime and TensorRT version, for example `1.31.1+10.13`.
        precision: `fp16` or `fp32`.
    """

    gpu: str
    driver: str
    runtime: str
    precision: str = "fp16"


@dataclass(frozen=True, slots=True)
class ShapeProfile:
    """Shapes that an engine is built for: smallest, usual and largest of one input.

    Attributes:
        sizes: the three batches.
        rest: the other sides.
        largest_rest: the other sides of the largest shape, where they differ.
    """

    input_name: str
    sizes: tuple[int, int, int]
    rest: tuple[int, ...]
    largest_rest: tuple[int, ...] = ()

    def text(self, index: int) -> str:
        """TensorRT's notation, for example `crops:4x3x160x160`."""
        shape = self.largest() if index == len(self.sizes) - 1 else (self.sizes[index], *self.rest)
        return f"{self.input_name}:" + "x".join(str(n) for n in shape)

    def largest(self) -> tuple[int, ...]:
        """The largest shape."""
        return (self.sizes[2], *(self.largest_rest or self.rest))


@dataclass(frozen=True, slots=True)
class EngineCache:
    """Engines below one directory.

    Attributes:
        limit_mib: least recently used engines go above this.
    """

    root: Path
    hardware: Hardware
    limit_mib: int = DEFAULT_LIMIT_MIB

    def key(self, model_sha256: str) -> str:
        """Name of the folder: changes with everything that an engine depends on."""
        parts = {"model": model_sha256, **asdict(self.hardware)}
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]

    def folder(self, model_sha256: str) -> Path:
        """Where the engine of a model lies, or would lie."""
        return self.root / self.key(model_sha256)

    def has(self, model_sha256: str) -> bool:
        """A whole engine is there."""
        folder = self.folder(model_sha256)
        return (folder / MARKER).is_file() and any(folder.glob("*.engine"))

    def start_folder(self, model_sha256: str) -> Path:
        """An empty folder to build in; what an interrupted build left is removed.

        Raises:
            EngineBuildError: it cannot be made.
        """
        part = self.folder(model_sha256).with_suffix(PART_SUFFIX)
        try:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
        except OSError as err:
            raise EngineBuildError(
                f"engine folder {part.name} cannot be made: {err.strerror}",
                hint="check space and rights of the engine directory",
            ) from err
        return part

    def publish(self, model_sha256: str, part: Path) -> Path:
        """Make a built engine visible, all or nothing.

        Raises:
            EngineBuildError: there is no engine in it, or the disk refused.
        """
        if not any(part.glob("*.engine")):
            raise EngineBuildError(
                "the build ended without an engine",
                hint="the model has nodes that TensorRT cannot run; CUDA serves",
            )
        folder = self.folder(model_sha256)
        try:
            facts = {"model": model_sha256, **asdict(self.hardware)}
            (part / MARKER).write_text(json.dumps(facts, sort_keys=True))
            for path in [*part.iterdir(), part]:
                _sync(path)
            shutil.rmtree(folder, ignore_errors=True)
            part.rename(folder)
            _sync(self.root)
        except OSError as err:
            raise EngineBuildError(
                f"engine cannot be written: {err.strerror}", hint="free space on the disk"
            ) from err
        return folder

    def note_use(self, model_sha256: str) -> None:
        """This engine serves; it goes last."""
        marker = self.folder(model_sha256) / MARKER
        if marker.exists():
            os.utime(marker)

    def evict(self, in_use: frozenset[str] = frozenset()) -> list[str]:
        """Remove least recently used engines above the limit, and what builds left behind.

        Args:
            in_use: sha256 of models whose engines must stay.

        Returns:
            Names of the folders removed.
        """
        if not self.root.is_dir():
            return []
        kept = {self.key(sha256) for sha256 in in_use}
        folders = [f for f in self.root.iterdir() if f.is_dir() and f.suffix != PART_SUFFIX]
        folders.sort(key=_last_use, reverse=True)
        removed, total = [], 0
        for folder in folders:
            total += _size(folder)
            if total > self.limit_mib * MIB and folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)
                removed.append(folder.name)
        return removed


def tensorrt_options(folder: Path, device_id: int, profile: ShapeProfile) -> dict[str, str]:
    """Options of ONNX Runtime's TensorRT provider for an engine in this folder."""
    return {
        "device_id": str(device_id),
        "trt_fp16_enable": "1",
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": str(folder),
        "trt_timing_cache_enable": "1",
        "trt_timing_cache_path": str(folder),
        "trt_profile_min_shapes": profile.text(0),
        "trt_profile_opt_shapes": profile.text(1),
        "trt_profile_max_shapes": profile.text(2),
    }


def read_gpu(device_id: int = 0) -> tuple[str, str]:
    """Name and driver version of a GPU.

    Raises:
        EngineBuildError: there is none, or its driver does not answer.
    """
    command = [
        "nvidia-smi", f"--id={device_id}", "--query-gpu=name,driver_version",
        "--format=csv,noheader",
    ]  # fmt: skip
    hint = "install the NVIDIA driver, or set [perception] providers = ['cpu']"
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=QUERY_TIMEOUT_S, check=True
        ).stdout
    except FileNotFoundError as err:
        raise EngineBuildError("no NVIDIA driver: nvidia-smi is missing", hint=hint) from err
    except (subprocess.SubprocessError, OSError) as err:
        raise EngineBuildError(f"the GPU does not answer: {err}", hint=hint) from err
    name, _, driver = answer.strip().partition(",")
    return name.strip(), driver.strip()


def _last_use(folder: Path) -> float:
    marker = folder / MARKER
    return marker.stat().st_mtime if marker.exists() else 0.0


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
