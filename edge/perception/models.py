"""The networks, the gallery and the thresholds of one bundle, loaded and checked together.

Flow: Bundle -> Models

One `Models` serves every camera of the box. Parts that do not belong together are refused here, so
that the previous bundle stays; nothing is found out during a sale.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import ValidationError

from edge.perception.backend import InferenceBackend
from edge.perception.child_models import ChildModel, ChildModels, input_shape
from edge.perception.detector import Detector
from edge.perception.embedder import Embedder
from edge.perception.engine_cache import ShapeProfile
from edge.perception.gallery_matcher import GalleryMatcher
from edge.perception.open_backend import BackendOptions, ModelFiles, OpenedBackend, open_backend
from edge.perception.provider_table import CPU_PROVIDER, ProviderReport
from sync.bundle import Bundle, BundleManifest, Preprocess, Role
from sync.child_model import read_child_cards
from sync.decision import DecisionParameters
from sync.errors import BundleError, GalleryMismatchError
from sync.gallery import Gallery, Whitening, load_gallery, load_whitening

logger = logging.getLogger(__name__)

EMBEDDER_BATCHES = (1, 2, 4, 8)  # engines are prepared per shape; a CPU gains nothing by batching

BackendOpener = Callable[[ModelFiles, BackendOptions], OpenedBackend]


@dataclass(frozen=True, slots=True)
class Models:
    """Everything that recognition needs.

    Attributes:
        children: look-alike families' own models; mostly none.
        provider: what runs the detector; `reports` say why, per network.
    """

    bundle_id: str
    bundle_name: str
    embedder_id: str
    detector: Detector
    embedder: Embedder
    matcher: GalleryMatcher
    parameters: DecisionParameters
    children: ChildModels = field(default_factory=ChildModels)
    provider: str = CPU_PROVIDER
    reports: tuple[ProviderReport, ...] = ()

    @property
    def num_skus(self) -> int:
        """SKUs that can be recognised."""
        return len(self.matcher.gallery.sku_ids)

    def with_gallery(self, gallery: Gallery) -> "Models":
        """The same networks and another gallery: a segment was added or taken back.

        Raises:
            GalleryMismatchError: made by another embedder.
        """
        check_gallery(gallery, self.embedder_id, self.embedder.whitening)
        return replace(self, matcher=GalleryMatcher(gallery, self.parameters.temperature))


def load_models(
    bundle: Bundle,
    options: BackendOptions,
    *,
    segments: Sequence[Path] = (),
    opener: BackendOpener = open_backend,
) -> Models:
    """Load a verified bundle and run everything once.

    Args:
        segments: gallery segments that came after the bundle, in order.
        opener: what opens a network; tests bring their own.

    Raises:
        BundleError: a file is missing or damaged, or the gallery is empty.
        GalleryMismatchError: embedder, whitening and gallery do not belong together.
        ModelLoadError: no provider of this machine can run a network.
        InferenceError: a network answers with another form than its manifest says.
    """
    manifest = bundle.manifest
    parameters = _parameters(bundle.file("thresholds"))
    whitening = load_whitening(bundle.file("whitening"))
    gallery = load_gallery(bundle.file("gallery"))
    for path in segments:
        gallery = gallery.with_segment(load_gallery(path))
    _check_whitening(whitening, manifest)
    check_gallery(gallery, manifest.embedder_id, whitening)
    opened_detector = opener(_files(bundle, "detector"), options)
    opened_embedder = opener(_files(bundle, "embedder"), options)
    detector = Detector(opened_detector.backend, manifest.preprocess, parameters.nms_iou)
    embedder = Embedder(
        opened_embedder.backend,
        manifest.preprocess,
        whitening,
        batch_sizes=_batches(opened_embedder.backend),
    )
    detector.warm_up()
    embedder.warm_up()
    logger.info(
        "models loaded bundle=%s skus=%d provider=%s",
        bundle.bundle_id[:12], len(gallery.sku_ids), opened_detector.backend.provider,
    )  # fmt: skip
    return Models(
        bundle_id=bundle.bundle_id,
        bundle_name=f"{manifest.name} {manifest.version}",
        embedder_id=manifest.embedder_id,
        detector=detector,
        embedder=embedder,
        matcher=GalleryMatcher(gallery, parameters.temperature),
        parameters=parameters,
        children=_children(bundle, gallery, options, opener),
        provider=opened_detector.backend.provider,
        reports=(opened_detector.report, opened_embedder.report),
    )


def gpu_model_files(bundle: Bundle) -> list[ModelFiles]:
    """Networks that an engine can be built for; empty where the bundle brings none for GPUs.

    Raises:
        BundleError: a network is missing altogether.
    """
    files = [_files(bundle, "detector"), _files(bundle, "embedder")]
    return [f for f in files if f.gpu is not None]


def check_gallery(gallery: Gallery, embedder_id: str, whitening: Whitening) -> None:
    """Refuse a gallery that this embedder did not make.

    Raises:
        BundleError: it is empty.
        GalleryMismatchError: another embedder, or vectors of another length.
    """
    if not gallery.sku_ids:
        raise BundleError("the gallery holds no SKU", hint="onboard at least one product")
    if gallery.embedder_id != embedder_id:
        raise GalleryMismatchError(
            f"gallery of embedder {gallery.embedder_id[:16]}, bundle has {embedder_id[:16]}",
            hint="embed the gallery with the embedder of this bundle",
        )
    if gallery.dim != whitening.matrix.shape[1]:
        raise GalleryMismatchError(
            f"gallery rows have {gallery.dim} numbers, whitening gives {whitening.matrix.shape[1]}",
            hint="whitening and gallery must come from one bundle",
        )


def _children(
    bundle: Bundle, gallery: Gallery, options: BackendOptions, opener: BackendOpener
) -> ChildModels:
    """Families' own models, on the CPU: a look now and then is no work for an engine."""
    found = []
    for card in read_child_cards(bundle):
        if unknown := set(card.sku_ids) - set(gallery.sku_ids):
            raise BundleError(
                f"child {card.family} names {len(unknown)} SKUs that the gallery lacks, "
                f"first {min(unknown)}",
                hint="train the child again on this bundle, or leave it out",
            )
        limit_s = card.budget_ms / 1000 if options.is_sale else options.timeout_s
        limited = replace(options, providers=("cpu",), timeout_s=limit_s)
        path = bundle.directory / card.network
        shape = input_shape(card, gallery.dim)
        profile = ShapeProfile(card.input, (1, 1, 1), shape)
        opened = opener(ModelFiles("child_network", path, profile), limited)
        child = ChildModel(card, opened.backend)
        child.warm_up((1, *shape))
        found.append(child)
    return ChildModels(tuple(found), bundle.manifest.preprocess)


def _check_whitening(whitening: Whitening, manifest: BundleManifest) -> None:
    if len(whitening.mean) != manifest.embedding_dim:
        raise GalleryMismatchError(
            f"whitening takes {len(whitening.mean)} numbers, "
            f"the manifest says embeddings have {manifest.embedding_dim}",
            hint="embedder and whitening must come from one bundle",
        )


def _parameters(path: Path) -> DecisionParameters:
    try:
        return DecisionParameters.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as err:
        raise BundleError(f"{path.name} is damaged: {err}", hint="fetch the bundle again") from err


def _files(bundle: Bundle, role: Role) -> ModelFiles:
    gpu = bundle.files(role, "gpu")
    digests = {bundle.directory / f.path: f.sha256 for f in bundle.manifest.files}
    cpu = bundle.file(role, "cpu")
    return ModelFiles(
        role=role,
        cpu=cpu,
        profile=engine_profile(role, bundle.manifest.preprocess),
        gpu=gpu[0] if gpu else None,
        gpu_sha256=digests[gpu[0]] if gpu else "",
    )


def engine_profile(role: Role, preprocess: Preprocess) -> ShapeProfile:
    """Shapes a network is used with; input names are those of trainer/training/README.md."""
    if role == "detector":
        (width, height), (fine_width, fine_height) = (
            preprocess.detector_size,
            preprocess.detector_fine_size,
        )
        usual, fine = (3, height, width), (3, fine_height, fine_width)
        return ShapeProfile("images", (1, 1, 1), usual, () if fine == usual else fine)
    side = preprocess.crop_px
    smallest, largest = EMBEDDER_BATCHES[0], EMBEDDER_BATCHES[-1]
    return ShapeProfile("crops", (smallest, 4, largest), (3, side, side))


def _batches(backend: InferenceBackend) -> tuple[int, ...]:
    return () if backend.provider == CPU_PROVIDER else EMBEDDER_BATCHES
