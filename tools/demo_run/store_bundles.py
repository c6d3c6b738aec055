"""The bundles of the loop's demo: the store's first one, and two that are bad in a stated way.

Flow: factory bundle -> without a pack's rows; a good bundle -> labels swapped, or blind at dusk

Files are changed, hashed anew and verified; every bundle passes its golden frames. How a good
candidate is made is not here: that is the centre's work.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from edge.config import FACTORY_BUNDLE
from sync.bundle import MANIFEST_NAME, Bundle, describe_file, open_bundle, read_manifest
from sync.gallery import Gallery, load_gallery

# Mean of the detector's input, (grey - 127) / 128: the film has -0.22 by day, -0.49 at dusk.
DUSK_GREY = -0.35
SWAPPED_WITH = "gummies_200"  # cheaper than crackers: silence about it is no truth in its favour


def store_bundle(target: Path, without: str) -> Bundle:
    """The factory bundle as a store has it that sells one pack nobody has photographed yet.

    Name, price and picture of the pack stay; its rows leave the gallery.
    """
    shutil.copytree(FACTORY_BUNDLE, target)
    gallery = load_gallery(target / "gallery.npz")
    kept = [sku_id for sku_id in gallery.sku_ids if sku_id != without]
    (target / "gallery.npz").write_bytes(rows_of(gallery, kept).to_bytes())
    return seal(target, version="1.0.0-store")


def swapped_labels(source: Path, target: Path, first: str, second: str, version: str) -> Bundle:
    """Two SKUs of the gallery under each other's name; everything else to the bit."""
    shutil.copytree(source, target)
    gallery = load_gallery(target / "gallery.npz")
    other = {first: second, second: first}
    names = tuple(other.get(sku_id, sku_id) for sku_id in gallery.sku_ids)
    swapped = Gallery(gallery.embedder_id, names, gallery.vectors, gallery.starts)
    (target / "gallery.npz").write_bytes(swapped.to_bytes())
    return seal(target, version=version)


def blind_at_dusk(source: Path, target: Path, version: str) -> Bundle:
    """A detector that answers as ever by day and fails in every dark picture."""
    shutil.copytree(source, target)
    manifest = read_manifest(target / MANIFEST_NAME)
    path = next(f.path for f in manifest.files if f.role == "detector" and f.target != "gpu")
    _add_trap(target / path)
    return seal(target, version=version)


def seal(folder: Path, *, version: str, changes: Mapping[str, object] | None = None) -> Bundle:
    """Hash every file anew and verify; the bundle with its new id."""
    manifest = read_manifest(folder / MANIFEST_NAME)
    files = tuple(describe_file(folder, folder / f.path, f.role, f.target) for f in manifest.files)
    update = {"files": files, "version": version, **(changes or {})}
    text = json.dumps(manifest.model_copy(update=update).model_dump(mode="json"), indent=1)
    (folder / MANIFEST_NAME).write_text(text)
    return open_bundle(folder)


def rows_of(gallery: Gallery, sku_ids: list[str]) -> Gallery:
    """The rows of some SKUs, bit-identical."""
    ends = np.append(gallery.starts[1:], len(gallery.vectors))
    spans = [(int(gallery.starts[i]), int(ends[i])) for i in map(gallery.sku_ids.index, sku_ids)]
    starts = np.cumsum([0, *(b - a for a, b in spans)])[:-1]
    rows = np.concatenate([gallery.vectors[a:b] for a, b in spans])
    return Gallery(gallery.embedder_id, tuple(sku_ids), rows, starts.astype(np.int64))


def _add_trap(path: Path) -> None:
    """Read behind the end of a list when the picture is dark: the runtime refuses to go on."""
    import onnx  # of the extra `train`, which only the demo of the loop needs
    from onnx import TensorProto, helper

    model = onnx.load(str(path))
    graph = model.graph
    entry, exit_ = graph.input[0].name, graph.output[0].name
    for node in graph.node:
        node.output[:] = ["trap_heads" if name == exit_ else name for name in node.output]
    graph.initializer.extend(
        [
            helper.make_tensor("trap_limit", TensorProto.FLOAT, [], [DUSK_GREY]),
            helper.make_tensor("trap_zero", TensorProto.FLOAT, [1], [0.0]),
        ]
    )
    graph.node.extend(
        [
            helper.make_node("ReduceMean", [entry], ["trap_mean"], keepdims=0),
            helper.make_node("Less", ["trap_mean", "trap_limit"], ["trap_is_dark"]),
            helper.make_node("Cast", ["trap_is_dark"], ["trap_place"], to=TensorProto.INT64),
            helper.make_node("Gather", ["trap_zero", "trap_place"], ["trap_nothing"]),
            helper.make_node("Add", ["trap_heads", "trap_nothing"], [exit_]),
        ]
    )
    onnx.save(model, str(path))
