"""The bundle's directory: files, golden frames with their answers, model card, manifest.

Flow: work/* -> out/manifest.json + files
"""

import json
import logging
import shutil
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import cv2

from sync.bundle import MANIFEST_NAME, BundleFile, BundleManifest, Role, describe_file
from sync.bundle import open_bundle as verified
from sync.child_model import read_child_cards
from sync.golden import GOLDEN_NAME, GoldenFrame, GoldenSet
from tools.base_bundle.children_stage import fitted_children
from tools.base_bundle.export_stages import chosen_file
from tools.base_bundle.gallery_stage import opened_gallery, shipped, shipped_preprocess
from tools.base_bundle.inputs import Inputs
from tools.base_bundle.model_card import write_model_card
from tools.base_bundle.training_stages import validation_scenes
from trainer.dataset.coco_scenes import ScenePicture, read_picture
from trainer.errors import ExportError
from trainer.export.child_export import FOLDER as CHILDREN
from trainer.export.golden_answers import golden_items
from trainer.export.half_precision import to_half

logger = logging.getLogger(__name__)

MAX_BUNDLE_BYTES = 20_000_000
NUM_GOLDEN_SCENES = 3
GOLDEN_JPEG_QUALITY = 90


def package(inputs: Inputs, out: Path, version: str) -> str:
    """Write the bundle and return its id.

    Raises:
        ExportError: larger than MAX_BUNDLE_BYTES.
        BundleError: what was written does not verify.
    """
    if out.exists():
        shutil.rmtree(out)
    out.mkdir(parents=True)
    files = [*_copy_models(inputs, out), *copy_children(inputs, out)]
    _copy(inputs.packs / "catalog.json", out / "catalog.json")
    _copy(inputs.packs / "prices.json", out / "prices.json")
    files += [("catalog.json", "catalog", "any"), ("prices.json", "prices", "any")]
    for picture in sorted((inputs.packs / "pictures").glob("*.jpg")):
        _copy(picture, out / "pictures" / picture.name)
        files.append((f"pictures/{picture.name}", "picture", "any"))
    files += _write_golden(inputs, out)
    write_model_card(inputs, out / "MODEL_CARD.md")
    files.append(("MODEL_CARD.md", "model_card", "any"))
    manifest = _manifest(out, files, version, opened_gallery(inputs)[1].embedder_id)
    text = json.dumps(manifest.model_dump(mode="json"), indent=1, sort_keys=True)
    (out / MANIFEST_NAME).write_text(text + "\n")
    total = sum(f.size for f in manifest.files)
    if total > MAX_BUNDLE_BYTES:
        raise ExportError(f"bundle has {total} bytes, more than {MAX_BUNDLE_BYTES}")
    bundle = verified(out)
    read_child_cards(bundle)
    logger.info("bundle written id=%s bytes=%d files=%d", bundle.bundle_id, total, len(files))
    return bundle.bundle_id


Entry = tuple[str, Role, str]  # path in the bundle, role, target


def _copy_models(inputs: Inputs, out: Path) -> list[Entry]:
    """The chosen file for CPUs; a 16-bit one for GPUs."""
    files: list[Entry] = []
    roles: Sequence[tuple[str, Role]] = (("detector", "detector"), ("embedder", "embedder"))
    for name, role in roles:
        chosen = chosen_file(inputs, name)
        _copy(chosen, out / chosen.name)
        to_half(chosen.with_name(f"{name}.onnx"), out / f"{name}.fp16.onnx")
        files += [(chosen.name, role, "cpu"), (f"{name}.fp16.onnx", role, "gpu")]
    for file, kind in (("whitening.npz", "whitening"), ("gallery.npz", "gallery")):
        _copy(inputs.work / "gallery" / file, out / file)
        files.append((file, kind, "any"))  # type: ignore[arg-type]
    _copy(inputs.work / "gallery" / "thresholds.json", out / "thresholds.json")
    files.append(("thresholds.json", "thresholds", "any"))
    return files


def copy_children(inputs: Inputs, out: Path) -> list[Entry]:
    """Card and network of every family that got a model of its own, into the bundle."""
    files: list[Entry] = []
    for family in fitted_children(inputs):
        card, network = f"{CHILDREN}/{family}.json", f"{CHILDREN}/{family}.onnx"
        _copy(inputs.work / card, out / card)
        _copy(inputs.work / network, out / network)
        files += [(card, "child", "any"), (network, "child_network", "any")]
    return files


def _write_golden(inputs: Inputs, out: Path) -> list[Entry]:
    """Pictures of the first scenes with three to six items, and what the shipped files answer."""
    scenes = validation_scenes(inputs)
    by_scene: dict[str, list[ScenePicture]] = {}
    for scene in scenes:
        by_scene.setdefault(scene.scene, []).append(scene)
    usable = [s for s in by_scene.values() if 3 <= max(len(p.boxes) for p in s) <= 6]
    files_of_box = shipped(inputs)
    frames: list[GoldenFrame] = []
    files: list[Entry] = []
    baskets: dict[str, dict[str, int]] = {}
    for pictures in usable[:NUM_GOLDEN_SCENES]:
        truth = {
            item: sku for p in pictures for item, sku in zip(p.item_ids, p.sku_ids, strict=True)
        }
        baskets[pictures[0].scene] = dict(sorted(Counter(truth.values()).items()))
        for picture in pictures:
            name = f"golden/{picture.scene}_{picture.camera}.jpg".replace(" ", "_")
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            quality = [cv2.IMWRITE_JPEG_QUALITY, GOLDEN_JPEG_QUALITY]
            cv2.imwrite(str(out / name), read_picture(picture.path), quality)
            items = golden_items(files_of_box, read_picture(out / name))
            frame = GoldenFrame(
                picture=name, scene=picture.scene, camera=picture.camera, items=items
            )
            frames.append(frame)
            files.append((name, "golden", "any"))
    golden = GoldenSet(frames=tuple(frames), baskets=baskets)
    (out / GOLDEN_NAME).parent.mkdir(parents=True, exist_ok=True)
    (out / GOLDEN_NAME).write_text(golden.model_dump_json(indent=1))
    return [*files, (GOLDEN_NAME, "golden", "any")]


def _manifest(out: Path, files: Sequence[Entry], version: str, embedder_id: str) -> BundleManifest:
    entries: list[BundleFile] = [
        describe_file(out, out / path, role, target)  # type: ignore[arg-type]
        for path, role, target in files
    ]
    return BundleManifest(
        name="tillsight-base",
        version=version,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        embedder_id=embedder_id,
        embedding_dim=int(embedder_id.split("-")[1]),
        preprocess=shipped_preprocess(),
        files=tuple(entries),
    )


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
