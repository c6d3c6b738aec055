"""Step `package`: the candidate as a whole bundle, ready to be registered, gated and signed.

Flow: export + calibrate + evaluate + fit + champion -> bundle/manifest.json + files, package.json

Detector, prices and pictures are the champion's. Golden frames keep their pictures and get the
candidate's own answers. Signing is the keepers' affair, judging the gate's.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from sync.bundle import (
    CHILD_ROLES,
    MANIFEST_NAME,
    BundleFile,
    BundleManifest,
    describe_file,
    open_bundle,
)
from sync.catalog import Catalog, load_catalog
from sync.decision import DecisionParameters
from sync.golden import GOLDEN_NAME, load_golden
from trainer.dataset.coco_scenes import read_picture
from trainer.errors import ExportError
from trainer.export.golden_answers import ShippedFiles, golden_items
from trainer.export.parity import OnnxModel
from trainer.steps.calibrate_step import THRESHOLDS
from trainer.steps.candidate import Candidate, open_candidate
from trainer.steps.candidate_card import write_candidate_card
from trainer.steps.champion import Champion, open_champion
from trainer.steps.export_step import REPORT as EXPORT_REPORT
from trainer.steps.fit_parameters import WEIGHTS
from trainer.steps.step_voice import StepVoice

BUNDLE, REPORT = "bundle", "package.json"
REPLACED = frozenset({"embedder", "whitening", "gallery", "thresholds", "golden", "model_card",
                      "catalog", "verdict"})  # fmt: skip


class Parameters(BaseModel):
    """How the bundle is called; `created` is given, so that packing twice gives one id.

    Attributes:
        lineage: run, data set and so on, for the model card; the registry holds them too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="", max_length=100)
    version: str = Field(default="", max_length=40)
    created: str = Field(default="2026-01-01T00:00:00+00:00", max_length=40)
    lineage: dict[str, str] = Field(default={}, max_length=20)


def run(inputs: Mapping[str, Path], parameters: Parameters, out: Path, voice: StepVoice) -> None:
    """Write the bundle's folder.

    Raises:
        ExportError: an SKU of the gallery is in no catalogue, so nobody could sell it.
        BundleError: what was written does not verify.
    """
    shutil.rmtree(out / BUNDLE, ignore_errors=True)
    folder = out / BUNDLE
    folder.mkdir()
    champion, candidate = open_champion(inputs["champion"]), open_candidate(inputs["export"])
    replaced = REPLACED | _foreign(champion, candidate)
    entries = [_kept(champion, entry, folder) for entry in champion.bundle.manifest.files
               if entry.role not in replaced]  # fmt: skip
    entries += _embedder(inputs["export"], folder)
    for source, role in (("whitening.npz", "whitening"), ("gallery.npz", "gallery")):
        shutil.copyfile(inputs["export"] / source, folder / source)
        entries.append(describe_file(folder, folder / source, role))  # type: ignore[arg-type]
    shutil.copyfile(inputs["calibrate"] / THRESHOLDS, folder / THRESHOLDS)
    entries.append(describe_file(folder, folder / THRESHOLDS, "thresholds"))
    entries.append(_catalog(champion, candidate, inputs.get("catalogue"), folder))
    voice.progress(40, "asking the golden frames")
    chosen = DecisionParameters.model_validate_json((folder / THRESHOLDS).read_bytes())
    entries += _golden(champion, candidate, chosen, folder)
    write_candidate_card(inputs, champion, parameters.lineage, folder / "MODEL_CARD.md")
    entries.append(describe_file(folder, folder / "MODEL_CARD.md", "model_card"))
    manifest = _manifest(champion, candidate, parameters, entries)
    (folder / MANIFEST_NAME).write_bytes(manifest.canonical())
    bundle = open_bundle(folder)
    weights = inputs["fit"] / WEIGHTS
    if weights.is_file():
        shutil.copyfile(weights, out / WEIGHTS)
    report = {
        "bundle_id": bundle.bundle_id,
        "num_bytes": sum(entry.size for entry in manifest.files),
        "embedder_id": manifest.embedder_id,
        "has_weights": weights.is_file(),
    }
    (out / REPORT).write_text(json.dumps(report, indent=1))


def _foreign(champion: Champion, candidate: Candidate) -> frozenset[str]:
    """Families' children read their parent's vectors: of another embedder they are void."""
    is_same = candidate.gallery.embedder_id == champion.gallery.embedder_id
    return frozenset() if is_same else frozenset(CHILD_ROLES)


def _kept(champion: Champion, entry: BundleFile, folder: Path) -> BundleFile:
    """A file of the champion, as it is."""
    target = folder / entry.path
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(champion.bundle.directory / entry.path, target)
    return entry


def _embedder(export: Path, folder: Path) -> list[BundleFile]:
    files: dict[str, str] = json.loads((export / EXPORT_REPORT).read_text())["embedder"]
    entries = []
    for target, name in sorted(files.items()):
        shutil.copyfile(export / name, folder / name)
        entries.append(describe_file(folder, folder / name, "embedder", target))  # type: ignore[arg-type]
    return entries


def _catalog(
    champion: Champion, candidate: Candidate, catalogue: Path | None, folder: Path
) -> BundleFile:
    """The champion's catalogue and, from the centre's, what the gallery names besides."""
    known = champion.catalog.by_id()
    centre = load_catalog(catalogue).by_id() if catalogue is not None else {}
    fresh = [s for s in candidate.gallery.sku_ids if s not in known]
    missing = [s for s in fresh if s not in centre]
    if missing:
        raise ExportError(
            f"{len(missing)} SKUs of the gallery are in no catalogue, first {missing[0]}",
            hint="import them at the centre, or give the step the input `catalogue`",
        )
    # A picture path belongs to the centre's own files, which are not in the bundle.
    added = tuple(centre[s].model_copy(update={"picture": None}) for s in fresh)
    path = folder / "catalog.json"
    skus = (*champion.catalog.skus, *added)
    path.write_text(Catalog(skus=skus).model_dump_json(indent=1))
    return describe_file(folder, path, "catalog")


def _golden(
    champion: Champion, candidate: Candidate, chosen: DecisionParameters, folder: Path
) -> list[BundleFile]:
    """The champion's pictures with the candidate's answers."""
    source = champion.bundle.directory
    golden = load_golden(source / GOLDEN_NAME)
    manifest = champion.bundle.manifest
    files = ShippedFiles(
        detector=OnnxModel(champion.bundle.file("detector", "cpu")),
        embedder=OnnxModel(candidate.embedder_file),
        whitening=candidate.whitening,
        gallery=candidate.gallery,
        thresholds=chosen,
        preprocess=manifest.preprocess,
    )
    entries, frames = [], []
    for frame in golden.frames:
        target = folder / frame.picture
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / frame.picture, target)
        items = golden_items(files, read_picture(target))
        frames.append(frame.model_copy(update={"items": items}))
        entries.append(describe_file(folder, target, "golden"))
    path = folder / GOLDEN_NAME
    path.write_text(golden.model_copy(update={"frames": tuple(frames)}).model_dump_json(indent=1))
    return [*entries, describe_file(folder, path, "golden")]


def _manifest(
    champion: Champion, candidate: Candidate, parameters: Parameters, entries: list[BundleFile]
) -> BundleManifest:
    old = champion.bundle.manifest
    return BundleManifest(
        name=parameters.name or old.name,
        version=parameters.version or old.version,
        created=parameters.created,
        generation=old.generation + 1,
        min_edge=old.min_edge,
        embedder_id=candidate.gallery.embedder_id,
        embedding_dim=old.embedding_dim,
        preprocess=old.preprocess,
        files=tuple(entries),
    )
