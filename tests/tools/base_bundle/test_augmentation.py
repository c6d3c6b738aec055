"""The recogniser's stage changes each SKU's pictures as asked, and the run can say how."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tools.base_bundle.inputs import Inputs
from trainer.dataset.coco_scenes import ScenePicture
from trainer.dataset.views import ViewSet

torch = pytest.importorskip("torch", reason="torch is not installed")
pytestmark = pytest.mark.train

VIEWS = ViewSet(("milk", "tea"), ((b"", b""), (b"", b"")))


def items(folder: Path, *counts: int) -> list[list[object]]:
    from trainer.dataset.metric_samples import SceneItem

    none = np.zeros((0, 4), np.float32)
    path = folder / "scene.jpg"
    cv2.imwrite(str(path), np.full((90, 120, 3), 128, np.uint8))
    scene = ScenePicture(path, "s", "cam0", none, (), (), none[:, 0], none)
    box = np.asarray([10, 10, 50, 60], np.float32)
    return [[SceneItem(scene, box)] * count for count in counts]


def test_all_are_changed_alike_unless_asked_for_otherwise_and_the_run_says_so(
    tmp_path: Path,
) -> None:
    from tools.base_bundle.augmentation import choose_policies

    chosen = choose_policies(Inputs(tmp_path, tmp_path), VIEWS, items(tmp_path, 50, 3))
    assert chosen.by_label == {}
    assert chosen.facts == {"augmentation": {"usual": ["milk", "tea"]}}


def test_an_sku_with_few_items_is_changed_more_and_invented_products_are_not_counted(
    tmp_path: Path,
) -> None:
    from tools.base_bundle.augmentation import choose_policies

    inputs = Inputs(tmp_path, tmp_path, augmentation="per_sku")
    chosen = choose_policies(inputs, VIEWS, items(tmp_path, 50, 3, 0, 0))
    assert {label: policy.name for label, policy in chosen.by_label.items()} == {
        0: "usual", 1: "few",
    }  # fmt: skip
    assert chosen.facts == {
        "augmentation": {"usual": ["milk"], "few": ["tea"]},
        "items_by_sku": {"milk": 50, "tea": 3}, "errors_by_sku": {},
    }  # fmt: skip


@pytest.mark.slow
def test_what_an_earlier_recogniser_gets_wrong_keeps_its_colours(tmp_path: Path) -> None:
    from tools.base_bundle.augmentation import choose_policies
    from trainer.training.checkpoint import save_checkpoint
    from trainer.training.embedder_model import EmbedderModel

    torch.manual_seed(0)
    save_checkpoint(tmp_path / "start.pt", EmbedderModel().state_dict())
    looks = []
    for colour in ((20, 20, 200, 255), (128, 128, 128, 255)):
        sprite = np.full((90, 60, 4), colour, np.uint8)
        looks.append((bytes(cv2.imencode(".png", sprite)[1].data),))
    views = ViewSet(("milk", "tea"), tuple(looks))
    inputs = Inputs(
        tmp_path, tmp_path, augmentation="per_sku", embedder_start=tmp_path / "start.pt"
    )
    chosen = choose_policies(inputs, views, items(tmp_path, 12, 12))  # all show the same grey
    assert sorted(chosen.facts["errors_by_sku"].values()) == [0.0, 1.0]  # type: ignore[attr-defined]
    assert sorted(policy.name for policy in chosen.by_label.values()) == ["confused", "usual"]
