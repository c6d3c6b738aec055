"""A family's head: fitted on labelled looks, exported, carried by a bundle, run by the box."""

from pathlib import Path

import numpy as np
import pytest

from edge.config import FACTORY_BUNDLE
from edge.perception.models import Models, load_models
from edge.perception.open_backend import (
    BackendOptions,
    ModelFiles,
    OpenedBackend,
    open_backend,
)
from sync.bundle import open_bundle
from tests.fakes.twin_looks import LARGE, PARENT, SMALL, WATER, narrow, twins
from trainer.errors import DatasetError, ExportError
from trainer.export.child_export import head_model, write_child
from trainer.export.child_fit import families_of, fit_child, judged, router_of
from trainer.export.parity import OnnxModel
from trainer.release.part_swap import differing_parts, swap_part
from trainer.training.family_head import fit_family_head

pytestmark = pytest.mark.train

ROUTER = router_of(PARENT)
MADE_AT = "2026-11-21T00:00:00+00:00"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    out = tmp_path_factory.mktemp("child") / "bundle"
    fitted = fit_child(PARENT, twins(24, 1), WATER, out, created=MADE_AT)
    assert fitted.is_useful
    return out, fitted.report() | {"test": judged(ROUTER, fitted, twins(24, 2))}


def digests(folder: Path) -> dict[str, str]:
    return {f.path: f.sha256 for f in open_bundle(folder).manifest.files}


def test_the_child_tells_twins_apart_by_size_where_the_parent_cannot(
    made: tuple[Path, dict[str, object]],
) -> None:
    _, report = made
    told = report["test"]
    assert isinstance(told, dict)
    assert report["uses_geometry"] is True
    assert told["before"]["wrong_items"] == 24
    assert told["after"]["wrong_items"] <= 3
    assert told["fewer_wrong_items"][1] > 0.7


def loaded(folder: Path, *, is_sale: bool) -> tuple[Models, dict[str, float]]:
    """The bundle as a box loads it, and how long each network may take."""
    limits: dict[str, float] = {}

    def opener(files: ModelFiles, options: BackendOptions) -> OpenedBackend:
        limits[files.role] = options.timeout_s
        return open_backend(files, options)

    options = BackendOptions(providers=("cpu",), is_sale=is_sale)
    return load_models(open_bundle(folder), options, opener=opener), limits


def test_the_box_loads_the_bundle_and_asks_the_child(
    made: tuple[Path, dict[str, object]],
) -> None:
    models, limits = loaded(made[0], is_sale=False)
    assert limits == {"detector": 2.0, "embedder": 2.0, "child_network": 2.0}
    (child,) = (c for c in models.children.children if c.card.family == WATER.name)
    look = twins(24, 3)[0]
    row = child.run(np.concatenate([look.vector, look.geometry])[None])[0]
    assert (row.argmax(), child.card.sku_ids[0]) == (0, SMALL)


def test_in_a_sale_a_child_has_its_budget_and_no_more(
    made: tuple[Path, dict[str, object]],
) -> None:
    _, limits = loaded(made[0], is_sale=True)
    assert limits == {"detector": 2.0, "embedder": 2.0, "child_network": 0.05}


def test_retraining_one_child_leaves_every_other_file_as_it_was(
    made: tuple[Path, dict[str, object]], tmp_path: Path
) -> None:
    first, again = open_bundle(made[0]), tmp_path / "again"
    fit_child(first, twins(24, 9), WATER, again, created=MADE_AT)
    before, after = digests(made[0]), digests(again)
    changed = {path for path in before | after if before.get(path) != after.get(path)}
    assert changed == {"children/fontela_water.json", "children/fontela_water.onnx"}
    others = {path: d for path, d in digests(FACTORY_BUNDLE).items() if path not in changed}
    assert others.items() <= before.items()
    assert differing_parts(first, open_bundle(again)) == ["child:fontela_water"]


def test_the_gate_exchanges_one_child_alone(
    made: tuple[Path, dict[str, object]], tmp_path: Path
) -> None:
    candidate = open_bundle(made[0])
    assert differing_parts(PARENT, candidate) == ["child:fontela_water"]
    hybrid = swap_part(PARENT, candidate, "child:fontela_water", tmp_path / "hybrid")
    assert digests(hybrid.directory) == digests(made[0])
    back = swap_part(candidate, PARENT, "child:fontela_water", tmp_path / "back")
    assert digests(back.directory) == digests(FACTORY_BUNDLE)


def test_the_same_looks_give_the_same_file_and_it_says_what_the_head_says(tmp_path: Path) -> None:
    looks = narrow(24)
    head = fit_family_head(looks, WATER.sku_ids)
    data = head_model(head).SerializeToString(deterministic=True)
    again = head_model(fit_family_head(looks, WATER.sku_ids)).SerializeToString(deterministic=True)
    assert data == again
    (tmp_path / "child.onnx").write_bytes(data)
    vectors, geometry = np.stack([k.vector for k in looks]), np.stack([k.geometry for k in looks])
    said = OnnxModel(tmp_path / "child.onnx")(np.concatenate([vectors, geometry], axis=1))
    assert np.abs(said - head.probabilities(vectors, geometry)).max() < 1e-4


def test_families_are_those_of_the_catalogue_and_what_is_confused_on_one_shelf() -> None:
    first = families_of(ROUTER, twins(10, 1))[0]
    assert (first.name, first.num_wrong) == ("fontela_water", 10)
    assert set(first.sku_ids) >= {SMALL, LARGE}


def test_too_few_looks_and_names_that_are_no_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="a child needs 20"):
        fit_family_head(narrow(5), WATER.sku_ids)
    head = fit_family_head(narrow(24), WATER.sku_ids)
    with pytest.raises(ExportError, match="no file name"):
        write_child(head, "../water", "embedder-1", narrow(24), tmp_path)
