from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.errors import InferenceError
from edge.perception.backend import InferenceBackend
from edge.perception.models import Models, load_models
from edge.perception.open_backend import BackendOptions, ModelFiles, OpenedBackend
from edge.perception.provider_table import ProviderReport
from sync.bundle import BundleManifest, Role, describe_file, open_bundle
from sync.decision import DecisionParameters
from sync.errors import BundleError, GalleryMismatchError
from sync.gallery import Gallery, Whitening
from tests.fakes.counter_scene import (
    NUM_HUES,
    PREPROCESS,
    BlobDetector,
    HueEmbedder,
    Parts,
    hue_gallery,
)

EMBEDDER_ID = "hue-embedder"
IDENTITY = Whitening(np.zeros(NUM_HUES, np.float32), np.eye(NUM_HUES, dtype=np.float32))


def write_bundle(
    root: Path,
    *,
    gallery: Gallery | None = None,
    whitening: Whitening = IDENTITY,
    embedding_dim: int = NUM_HUES,
    thresholds: bytes | None = None,
) -> Path:
    parameters: DecisionParameters = Parts().models().parameters
    contents: dict[Role, bytes] = {
        "detector": b"detector",
        "embedder": b"embedder",
        "whitening": whitening.to_bytes(),
        "gallery": (gallery or hue_gallery(("red", "blue"))).to_bytes(),
        "thresholds": thresholds or parameters.model_dump_json().encode(),
    }
    root.mkdir()
    entries = []
    for role, data in contents.items():
        path = root / role
        path.write_bytes(data)
        entries.append(describe_file(root, path, role))
    manifest = BundleManifest(
        name="painted", version="1", created="2026-11-21T00:00:00Z", embedder_id=EMBEDDER_ID,
        embedding_dim=embedding_dim, preprocess=PREPROCESS, files=tuple(entries),
    )  # fmt: skip
    (root / "manifest.json").write_bytes(manifest.canonical())
    return root


def load(root: Path, embedder: InferenceBackend | None = None, **options: object) -> Models:
    backends = {"detector": BlobDetector(), "embedder": embedder or HueEmbedder()}

    def opener(files: ModelFiles, _options: BackendOptions) -> OpenedBackend:
        return OpenedBackend(backends[files.role], ProviderReport(files.role, ()))

    segments = options.get("segments", ())
    assert isinstance(segments, tuple)
    return load_models(open_bundle(root), BackendOptions(), segments=segments, opener=opener)


def test_a_bundle_whose_parts_belong_together_is_loaded_and_warm(tmp_path: Path) -> None:
    embedder = HueEmbedder()
    models = load(write_bundle(tmp_path / "b"), embedder)
    assert models.num_skus == 2
    assert models.bundle_name == "painted 1"
    assert embedder.num_crops > 0
    assert len(models.bundle_id) == 64


@pytest.mark.parametrize(
    ("parts", "error", "words"),
    [
        pytest.param({"gallery": hue_gallery(("red",), embedder_id="another-embedder")},
                     GalleryMismatchError, "gallery of embedder another-embedder",
                     id="gallery of another embedder"),
        pytest.param({"embedding_dim": 64}, GalleryMismatchError, "embeddings have 64",
                     id="whitening of another size"),
        pytest.param({"whitening": Whitening(np.zeros(NUM_HUES, np.float32),
                                             np.eye(NUM_HUES, 12, dtype=np.float32))},
                     GalleryMismatchError, "whitening gives 12", id="gallery of another size"),
        pytest.param({"gallery": Gallery(EMBEDDER_ID, (), np.zeros((0, NUM_HUES), np.float32),
                                         np.zeros(0, np.int64))},
                     BundleError, "holds no SKU", id="empty gallery"),
        pytest.param({"thresholds": b"{}"}, BundleError, "thresholds", id="no thresholds"),
    ],
)  # fmt: skip
def test_parts_that_do_not_belong_together_are_refused_with_the_reason(
    parts: dict[str, object], error: type[Exception], words: str, tmp_path: Path
) -> None:
    root = write_bundle(tmp_path / "b", **parts)  # type: ignore[arg-type]
    with pytest.raises(error, match=words):
        load(root)


def test_an_embedder_of_another_size_is_refused_before_the_first_sale(tmp_path: Path) -> None:
    root = write_bundle(tmp_path / "b")
    with pytest.raises(InferenceError, match="expected"):
        load(root, HueEmbedder(dim=NUM_HUES + 4))


def test_segments_add_products_at_load(tmp_path: Path) -> None:
    root = write_bundle(tmp_path / "b")
    segment = tmp_path / "segment.npz"
    segment.write_bytes(hue_gallery(("green",)).to_bytes())
    assert load(root, segments=(segment,)).num_skus == 3


def test_a_gallery_of_another_embedder_cannot_be_exchanged_in(tmp_path: Path) -> None:
    models = load(write_bundle(tmp_path / "b"))
    with pytest.raises(GalleryMismatchError):
        models.with_gallery(replace(models.matcher.gallery, embedder_id="another-embedder"))
    assert models.with_gallery(hue_gallery(("green",))).num_skus == 1
