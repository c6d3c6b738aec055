"""Which families of a build get a model of their own, and that the bundle says so."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")

from sync.decision import SkuScores
from tests.fakes.twin_looks import LARGE, PARENT, SMALL, narrow
from tools.base_bundle.children_stage import fit_children, fitted_children
from tools.base_bundle.inputs import Inputs
from tools.base_bundle.packaging import copy_children
from trainer.errors import DatasetError
from trainer.export.child_fit import Router, router_of
from trainer.training.families import LabelledLook

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def router() -> Router:
    """The factory's, its catalogue cut to the two bottles."""
    found = router_of(PARENT)
    twins = tuple(s for s in found.catalog.skus if s.sku_id in (SMALL, LARGE))
    return replace(found, catalog=found.catalog.model_copy(update={"skus": twins}))


def told_right(look: LabelledLook) -> LabelledLook:
    other = LARGE if look.sku_id == SMALL else SMALL
    sure = SkuScores((look.sku_id, other), (-0.01, -4.6), -20.0, 0.95)
    return replace(look, scores=sure)


def test_a_costly_family_gets_a_child_and_the_bundle_carries_it(
    router: Router, tmp_path: Path
) -> None:
    told = fit_children(router, narrow(24), ["auto"], tmp_path)
    assert list(told) == ["fontela_water"]
    (tmp_path / "children" / "report.json").write_text(json.dumps(told))
    inputs = Inputs(tmp_path, tmp_path, children=("auto",))
    entries = copy_children(inputs, tmp_path / "out")
    assert [role for _, role, _ in entries] == ["child", "child_network"]
    assert all((tmp_path / "out" / path).is_file() for path, _, _ in entries)
    assert copy_children(replace(inputs, children=()), tmp_path / "plain") == []


def test_a_family_that_is_hardly_ever_confused_is_left_alone(
    router: Router, tmp_path: Path
) -> None:
    looks = [told_right(look) for look in narrow(24)]
    assert fit_children(router, looks, ["auto"], tmp_path) == {}
    assert not (tmp_path / "children").exists()


def test_a_child_that_was_not_fitted_and_a_family_nobody_knows_are_refused(
    router: Router, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match="no family 'socks'"):
        fit_children(router, narrow(1), ["socks"], tmp_path)
    with pytest.raises(DatasetError, match="not fitted"):
        fitted_children(Inputs(tmp_path, tmp_path, children=("auto",)))
