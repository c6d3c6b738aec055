"""Bundles with one part exchanged: which module of a candidate made the difference.

Flow: champion + one part of the candidate -> hybrid bundle -> replay -> PartEffect

The whole counter is judged, so a loss says nothing about where it comes from; a hybrid per part
does. Whitening, gallery and families' children belong to their embedder: where it differs, all of
them are one part; where it is the same, every child is a part of its own. Hybrids are never
registered and never leave the gate worker.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sync.bundle import CHILD_ROLES, MANIFEST_NAME, Bundle, BundleFile, Role, open_bundle
from sync.replay_result import ReplayResult

PARTS: dict[str, tuple[Role, ...]] = {
    "detector": ("detector",),
    "embedder": ("embedder", "whitening", "gallery", "child", "child_network"),
    "gallery": ("gallery",),
    "thresholds": ("thresholds",),
}
CHILD = "child:"  # and the family's name: card and network of one child


@dataclass(frozen=True, slots=True)
class PartEffect:
    """What one part of the candidate does in the champion's place.

    Attributes:
        difference: exact baskets with the part minus those of the champion, as a share.
    """

    part: str
    difference: float
    num_lost: int
    num_won: int


def differing_parts(champion: Bundle, candidate: Bundle) -> list[str]:
    """Parts that can be exchanged alone and are not the same in both."""
    same_embedder = champion.manifest.embedder_id == candidate.manifest.embedder_id
    fitting = [p for p in PARTS if p != ("embedder" if same_embedder else "gallery")]
    if same_embedder:
        names = {*_families(champion), *_families(candidate)}
        fitting += [CHILD + name for name in sorted(names)]
    return [p for p in fitting if _digests(champion, p) != _digests(candidate, p)]


def swap_part(champion: Bundle, candidate: Bundle, part: str, folder: Path) -> Bundle:
    """The champion with one part of the candidate, in a folder of its own."""
    kept = [(champion, f) for f in champion.manifest.files if not _is_of(f, part)]
    taken = [(candidate, f) for f in candidate.manifest.files if _is_of(f, part)]
    changes: dict[str, object] = {"name": f"swap-{part}"[:100]}
    if part in ("detector", "embedder"):
        changes["preprocess"] = _preprocess(champion, candidate, part)
    if part == "embedder":
        changes["embedder_id"] = candidate.manifest.embedder_id
        changes["embedding_dim"] = candidate.manifest.embedding_dim
    return _write(champion, [*kept, *taken], changes, folder)


def reference_export(candidate: Bundle, folder: Path) -> Bundle | None:
    """The candidate with its GPU files on every target: what its CPU export must agree with.

    None where it has one export only.
    """
    gpu = [f for f in candidate.manifest.files if f.target == "gpu"]
    if not gpu:
        return None
    kept = [(candidate, f) for f in candidate.manifest.files if f.target == "any"]
    moved = [(candidate, f.model_copy(update={"target": "any"})) for f in gpu]
    return _write(candidate, [*kept, *moved], {"name": "reference-export"}, folder)


def effects(champion: ReplayResult, swapped: Mapping[str, ReplayResult]) -> list[PartEffect]:
    """What each part does, the worst first."""
    right = {b.name: b.is_exact for b in champion.baskets}
    found: list[PartEffect] = []
    for part, replay in swapped.items():
        now = {b.name: b.is_exact for b in replay.baskets if b.name in right}
        lost = sum(right[name] and not is_right for name, is_right in now.items())
        won = sum(is_right and not right[name] for name, is_right in now.items())
        found.append(PartEffect(part, (won - lost) / len(now) if now else 0.0, lost, won))
    return sorted(found, key=lambda effect: (effect.difference, effect.part))


def share_alike(one: ReplayResult, other: ReplayResult) -> float:
    """Share of recordings of which both say the same basket."""
    told = {b.name: b.predicted for b in other.baskets}
    alike = [told.get(b.name) == b.predicted for b in one.baskets]
    return sum(alike) / len(alike) if alike else 0.0


def _is_of(entry: BundleFile, part: str) -> bool:
    if part.startswith(CHILD):
        family = part.removeprefix(CHILD)
        return entry.role in CHILD_ROLES and PurePosixPath(entry.path).stem == family
    return entry.role in PARTS[part]


def _families(bundle: Bundle) -> set[str]:
    files = bundle.manifest.files
    return {PurePosixPath(f.path).stem for f in files if f.role in CHILD_ROLES}


def _digests(bundle: Bundle, part: str) -> set[tuple[str, str]]:
    return {(f.target, f.sha256) for f in bundle.manifest.files if _is_of(f, part)}


def _preprocess(champion: Bundle, candidate: Bundle, part: str) -> object:
    """Preprocessing belongs to the network that was trained with it."""
    theirs, ours = candidate.manifest.preprocess, champion.manifest.preprocess
    mine = {k: v for k, v in theirs.model_dump().items() if k.startswith("detector")}
    if part == "detector":
        return ours.model_copy(update=mine)
    return theirs.model_copy(
        update={k: v for k, v in ours.model_dump().items() if k.startswith("detector")}
    )


def _write(
    base: Bundle, entries: list[tuple[Bundle, BundleFile]], changes: dict[str, object], folder: Path
) -> Bundle:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for bundle, entry in entries:
        target = folder / entry.path
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(bundle.directory / entry.path, target)
    files = tuple(entry for _, entry in entries)
    manifest = base.manifest.model_copy(update={**changes, "files": files})
    (folder / MANIFEST_NAME).write_bytes(manifest.canonical())
    return open_bundle(folder, verify_files=False)
