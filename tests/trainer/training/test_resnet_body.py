import dataclasses
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
from torchvision import models

from sync.preprocess import normalise
from trainer.training.freeze import freeze_low_layers, num_trainable, set_train_mode
from trainer.training.recipes import resnet50_metric, resnet152_frozen_low
from trainer.training.resnet_body import (
    ResNetBody,
    WeightsUnreachableError,
    load_resnet_weights,
    renamed_from_torchvision,
)
from trainer.training.tasks import metric_task

pytestmark = pytest.mark.train

NUM_SKUS = 12_600  # the scale of DESIGN: 12,000 and one month's growth


def test_the_published_grocery_recipe_has_its_published_size() -> None:
    recipe = resnet152_frozen_low()
    task = metric_task(recipe, NUM_SKUS, from_imagenet=False)
    freeze_low_layers(task.layer_groups(), recipe.num_frozen_groups)
    num_parameters = sum(p.numel() for p in task.parameters())
    assert round(num_parameters / 1e6) == 66
    assert round(num_trainable(task) / 1e6, 1) == 22.5


def test_frozen_stages_keep_their_statistics_and_the_last_learns() -> None:
    recipe = dataclasses.replace(resnet152_frozen_low(), body="resnet50")
    task = metric_task(recipe, 4, from_imagenet=False)
    groups = task.layer_groups()
    freeze_low_layers(groups, recipe.num_frozen_groups)
    set_train_mode(task, groups, recipe.num_frozen_groups, freeze_batch_norm=True)
    body = task.exported.body
    assert isinstance(body, ResNetBody)
    assert not body.stem[1].training
    assert not any(p.requires_grad for p in body.stages[2].parameters())
    assert all(p.requires_grad for p in body.stages[3].parameters())


def test_a_body_answers_as_torchvision_does_on_the_same_picture() -> None:
    """The entrance undoes the box's preparation and does ImageNet's."""
    torch.manual_seed(0)
    network = models.resnet50(weights=None).eval()
    body = ResNetBody("resnet50").eval()
    body.load_state_dict(renamed_from_torchvision(network.state_dict()))
    picture = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    ours = torch.from_numpy(normalise([picture]))
    rgb = torch.from_numpy(picture[..., ::-1].copy()).permute(2, 0, 1)[None].float() / 255.0
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    theirs = (rgb - mean.view(1, 3, 1, 1)) / deviation.view(1, 3, 1, 1)
    network.fc = torch.nn.Identity()  # type: ignore[assignment]
    with torch.no_grad():
        assert torch.allclose(body(ours), network(theirs), atol=1e-4)


def test_weights_from_a_file_fill_the_body(tmp_path: Path) -> None:
    network = models.resnet50(weights=None)
    torch.save(network.state_dict(), tmp_path / "resnet50.pth")
    body = ResNetBody("resnet50")
    load_resnet_weights(body, "resnet50", tmp_path / "resnet50.pth")
    assert torch.equal(body.stem[0].weight, network.conv1.weight)


def test_weights_that_cannot_be_fetched_say_which_file_to_fetch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unreachable(*args: object, **kwargs: object) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", unreachable)
    with pytest.raises(WeightsUnreachableError) as caught:
        metric_task(resnet50_metric(), 4)
    assert "resnet50" in caught.value.hint
