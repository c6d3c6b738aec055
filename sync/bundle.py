"""A model bundle on disk: manifest, files, hashes.

Flow: directory -> verified Bundle

A bundle is a directory with `manifest.json` and the files it lists. Its id is the sha256 of the
canonical manifest, which holds no floats, so two machines agree on it to the last bit. Signatures
are not here: trusted_updates.py says whether a bundle may be installed, this module whether it is
whole.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from sync.errors import BundleError

BUNDLE_FORMAT = 1
MANIFEST_NAME = "manifest.json"
LATER_FIELDS = ("detector_fine_px", "detector_fine_height_px")  # of `preprocess`
MAX_MANIFEST_BYTES = 4_000_000  # 12,600 catalogue pictures of 200 bytes each fit

Role = Literal[
    "detector", "embedder", "whitening", "gallery", "thresholds", "catalog", "prices",
    "picture", "golden", "model_card", "verdict", "child", "child_network",
]  # fmt: skip
# A look-alike family's own model: children/<family>.json and children/<family>.onnx.
CHILD_ROLES: tuple[Role, ...] = ("child", "child_network")


class BundleFile(BaseModel):
    """One file of a bundle; `target` says on which hardware it is used."""

    model_config = ConfigDict(frozen=True, extra="allow")

    path: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    size: int = Field(ge=0)
    role: Role
    target: Literal["any", "cpu", "gpu"] = "any"

    @field_validator("path")
    @classmethod
    def _stays_inside(cls, path: str) -> str:
        parts = PurePosixPath(path)
        if parts.is_absolute() or ".." in parts.parts or "\\" in path or path != str(parts):
            raise ValueError(f"path {path!r} leaves the bundle or is not plain")
        return path


class Preprocess(BaseModel):
    """Parameters of sync/preprocess.py that these models were trained with; whole numbers only.

    Attributes:
        detector_px: width of the detector's input.
        detector_height_px: its height; None means square.
        detector_fine_px: width of a second, finer input for counters on which nothing moves; None
            where there is none.
        detector_fine_height_px: its height; None means square.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    detector_px: int = Field(ge=64, le=2048)
    detector_height_px: int | None = Field(default=None, ge=64, le=2048)
    detector_fine_px: int | None = Field(default=None, ge=64, le=2048)
    detector_fine_height_px: int | None = Field(default=None, ge=64, le=2048)
    detector_strides: tuple[int, ...] = (16,)
    crop_px: int = Field(ge=32, le=512)
    crop_margin_percent: int = Field(default=5, ge=0, le=50)
    mean: int = 127
    scale: int = Field(default=128, ge=1)

    @model_validator(mode="after")
    def _fine_is_no_smaller(self) -> "Preprocess":
        if self.detector_fine_px is None and self.detector_fine_height_px is not None:
            raise ValueError("detector_fine_height_px stands without detector_fine_px")
        pairs = zip(self.detector_fine_size, self.detector_size, strict=True)
        if any(fine < usual for fine, usual in pairs):
            raise ValueError(f"finer input {self.detector_fine_size} is smaller than the usual one")
        return self

    @property
    def detector_size(self) -> tuple[int, int]:
        """Width and height of the detector's input, pixels."""
        return self.detector_px, self.detector_height_px or self.detector_px

    @property
    def detector_fine_size(self) -> tuple[int, int]:
        """The same of its finer input; the usual one where there is none."""
        if self.detector_fine_px is None:
            return self.detector_size
        return self.detector_fine_px, self.detector_fine_height_px or self.detector_fine_px


class BundleManifest(BaseModel):
    """What a bundle holds and what it needs.

    Attributes:
        embedder_id: names embedder and whitening together; the gallery carries the same text.
        min_edge: oldest box software that can run it, SemVer.
        generation: grows with every release; a box never goes back without a signed assignment.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    format: Literal[1] = 1
    name: str = Field(min_length=1, max_length=100)
    version: str = Field(min_length=1, max_length=40)
    created: str
    generation: int = Field(default=1, ge=0)
    min_edge: str = "0.1.0"
    embedder_id: str = Field(min_length=8, max_length=80)
    embedding_dim: int = Field(ge=8, le=4096)
    preprocess: Preprocess
    files: tuple[BundleFile, ...]

    @field_validator("files")
    @classmethod
    def _paths_are_unique(cls, files: tuple[BundleFile, ...]) -> tuple[BundleFile, ...]:
        lowered = [f.path.lower() for f in files]
        if len(set(lowered)) != len(lowered):
            raise ValueError("two files differ only in case or stand twice")
        return files

    def canonical(self) -> bytes:
        """The bytes whose sha256 is the bundle's id.

        Raises:
            BundleError: a float hides in an unknown field.
        """
        data = self.model_dump(mode="json")
        for name in LATER_FIELDS:  # unset, they are left out: ids of older bundles stay
            if data["preprocess"][name] is None:
                del data["preprocess"][name]
        if _has_float(data):
            raise BundleError("manifest holds a float", hint="move it into a file")
        return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()

    def bundle_id(self) -> str:
        """sha256 of the canonical manifest, hex."""
        return hashlib.sha256(self.canonical()).hexdigest()


@dataclass(frozen=True, slots=True)
class Bundle:
    """A verified bundle in a directory."""

    directory: Path
    manifest: BundleManifest
    bundle_id: str

    def files(self, role: Role, target: Literal["cpu", "gpu"] | None = None) -> list[Path]:
        """Paths of one role; those of another target are left out."""
        return [
            self.directory / f.path
            for f in self.manifest.files
            if f.role == role and (target is None or f.target in ("any", target))
        ]

    def file(self, role: Role, target: Literal["cpu", "gpu"] | None = None) -> Path:
        """The one file of a role.

        Raises:
            BundleError: none or several.
        """
        found = self.files(role, target)
        if len(found) != 1:
            raise BundleError(
                f"bundle {self.bundle_id[:12]} has {len(found)} files of role {role}, not one",
                hint="build the bundle again",
            )
        return found[0]


def open_bundle(directory: Path, *, verify_files: bool = True) -> Bundle:
    """Read and verify a bundle.

    Args:
        directory: holds manifest.json.
        verify_files: hash every file; False only where a receipt was checked a moment ago.

    Raises:
        BundleError: manifest or a file is missing, altered, a link, or not listed; says which.
    """
    manifest = read_manifest(directory / MANIFEST_NAME)
    bundle = Bundle(directory, manifest, manifest.bundle_id())
    for entry in manifest.files:
        _check_file(bundle, entry, verify_files)
    return bundle


def read_manifest(path: Path) -> BundleManifest:
    """Read a manifest file.

    Raises:
        BundleError: missing, too large, no JSON or against the rules.
    """
    hint = "fetch the bundle again or build it again"
    try:
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise BundleError(f"{path.name} is larger than {MAX_MANIFEST_BYTES} bytes", hint=hint)
        raw = path.read_bytes()
    except OSError as err:
        raise BundleError(f"{path} cannot be read: {err.strerror}", hint=hint) from err
    try:
        return BundleManifest.model_validate_json(raw)
    except ValidationError as err:
        first = err.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BundleError(f"{path.name}: {place}: {first['msg']}", hint=hint) from err


def describe_file(
    root: Path, path: Path, role: Role, target: Literal["any", "cpu", "gpu"] = "any"
) -> BundleFile:
    """The manifest entry of a file below `root`."""
    return BundleFile(
        path=path.relative_to(root).as_posix(),
        sha256=file_sha256(path),
        size=path.stat().st_size,
        role=role,
        target=target,
    )


def file_sha256(path: Path) -> str:
    """sha256 of a file's bytes, hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _check_file(bundle: Bundle, entry: BundleFile, verify: bool) -> None:
    path = bundle.directory / entry.path
    name = f"bundle {bundle.bundle_id[:12]}: {entry.path}"
    hint = "fetch the bundle again; the one in use stays"
    if path.is_symlink() or not path.is_file():
        raise BundleError(f"{name} is missing or a link", hint=hint)
    size = path.stat().st_size
    if size != entry.size:
        raise BundleError(f"{name} has {size} bytes, the manifest says {entry.size}", hint=hint)
    if verify and file_sha256(path) != entry.sha256:
        raise BundleError(f"{name} was altered: its sha256 is not the manifest's", hint=hint)


def _has_float(value: object) -> bool:
    if isinstance(value, float):
        return True
    if isinstance(value, dict):
        return any(_has_float(v) for v in value.values())
    if isinstance(value, (list, tuple)):
        return any(_has_float(v) for v in value)
    return False
