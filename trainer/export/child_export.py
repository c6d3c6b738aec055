"""A family's head or network as a file the box runs, and a bundle that carries it.

Flow: FamilyHead | FittedNetwork -> children/<family>.onnx + children/<family>.json
-> bundle with one child more

The graph of a head is written node by node: the same head gives the same bytes. No other file of
the bundle is touched; older children of the same family are replaced.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from sync.boxes import FloatArray
from sync.bundle import MANIFEST_NAME, Bundle, describe_file, open_bundle
from sync.child_model import NUM_GEOMETRY, ChildCard, read_child_cards
from trainer.errors import ExportError
from trainer.export.half_precision import to_half
from trainer.export.onnx_export import export_onnx, family_interface
from trainer.training.families import LabelledLook
from trainer.training.family_head import FamilyHead, product_columns
from trainer.training.family_network_fit import CROP_MARGIN_PERCENT, FittedNetwork

FOLDER = "children"
OPSET, IR_VERSION = 17, 8  # what every ONNX Runtime since 1.12 reads
RANGE_SLACK = 0.05  # of the range seen, on either side


def write_child(
    model: FamilyHead | FittedNetwork,
    family: str,
    parent_id: str,
    looks: Sequence[LabelledLook],
    root: Path,
) -> ChildCard:
    """Both files of a child below `root`.

    Args:
        looks: it was fitted on; they give the range of box geometry it knows.

    Raises:
        ExportError: the family's name is no plain file name, or the network cannot be captured.
    """
    if not family.replace("_", "").replace("-", "").isalnum():
        raise ExportError(f"family {family!r} is no file name", hint="letters, digits, - and _")
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    network = f"{FOLDER}/{family}.onnx"
    card = ChildCard(family=family, parent_id=parent_id, sku_ids=model.sku_ids, network=network)
    if isinstance(model, FittedNetwork):
        card = card.model_copy(
            update={
                "input": "crops",
                "crop_px": model.crop_px,
                "crop_margin_percent": CROP_MARGIN_PERCENT,
            }
        )
        whole = root / FOLDER / f"{family}.fp32.onnx"
        export_onnx(model.model, family_interface(model.crop_px), whole)
        to_half(whole, root / network)  # half the bytes to every box; a CPU casts them up at load
        whole.unlink()
    else:
        if model.uses_geometry:
            members = set(model.sku_ids)
            low, high = _range(np.stack([k.geometry for k in looks if k.sku_id in members]))
            card = card.model_copy(update={"geometry_low": low, "geometry_high": high})
        (root / network).write_bytes(head_model(model).SerializeToString(deterministic=True))
    text = card.model_dump_json(indent=1) + "\n"
    (root / FOLDER / f"{family}.json").write_text(text, encoding="utf-8")
    return card


def bundle_with_child(
    champion: Bundle, child: Path, card: ChildCard, out: Path, *, created: str, version: str = ""
) -> Bundle:
    """A copy of a bundle with one child more, or another one for its family.

    Args:
        child: folder that write_child() filled.
        out: folder of the new bundle; must not exist.
        version: SemVer; the champion's where empty.

    Raises:
        ExportError: `out` is there already.
        BundleError: what was written does not verify, or the child fits not this bundle.
    """
    if out.exists():
        raise ExportError(f"{out.name} exists already", hint="name another folder")
    paths = {f"{FOLDER}/{card.family}.json", card.network}
    kept = [entry for entry in champion.manifest.files if entry.path not in paths]
    for entry in kept:
        (out / entry.path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(champion.directory / entry.path, out / entry.path)
    (out / FOLDER).mkdir(exist_ok=True)
    for path in paths:
        shutil.copyfile(child / path, out / path)
    added = (
        describe_file(out, out / FOLDER / f"{card.family}.json", "child"),
        describe_file(out, out / card.network, "child_network"),
    )
    manifest = champion.manifest.model_copy(
        update={
            "files": (*kept, *added),
            "generation": champion.manifest.generation + 1,
            "created": created,
            "version": version or champion.manifest.version,
        }
    )
    (out / MANIFEST_NAME).write_bytes(manifest.canonical())
    bundle = open_bundle(out)
    read_child_cards(bundle)
    return bundle


def head_model(head: FamilyHead) -> onnx.ModelProto:
    """Vector (B, d + NUM_GEOMETRY) -> probabilities (B, members)."""
    dim = len(head.weight) - NUM_GEOMETRY - len(product_columns(NUM_GEOMETRY)[0])
    first, second = product_columns(NUM_GEOMETRY)
    constants: dict[str, NDArray[Any]] = {
        "first": np.asarray([dim + i for i in first], np.int64),
        "second": np.asarray([dim + j for j in second], np.int64),
        "weight": head.weight.astype(np.float32),
        "bias": head.bias.astype(np.float32),
    }
    nodes = [
        helper.make_node("Gather", ["vector", "first"], ["one"], axis=1),
        helper.make_node("Gather", ["vector", "second"], ["other"], axis=1),
        helper.make_node("Mul", ["one", "other"], ["products"]),
        helper.make_node("Concat", ["vector", "products"], ["features"], axis=1),
        helper.make_node("Gemm", ["features", "weight", "bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "child",
        [_value("vector", dim + NUM_GEOMETRY)],
        [_value("probabilities", len(head.sku_ids))],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="tillsight"
    )
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model)
    return model


def _value(name: str, columns: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", columns])


def _range(geometry: FloatArray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    low, high = geometry.min(axis=0), geometry.max(axis=0)
    slack = RANGE_SLACK * (high - low)
    return (
        tuple(round(float(v), 4) for v in low - slack),
        tuple(round(float(v), 4) for v in high + slack),
    )
