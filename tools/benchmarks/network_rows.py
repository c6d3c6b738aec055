"""The networks alone: embedder against torch, detector against YOLOX-nano, one thread each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.perception.gallery_matcher import GalleryMatcher
from edge.perception.onnxruntime_backend import first_line, load_runtime, runtime_failures
from sync.bundle import Bundle
from sync.decision import DecisionParameters
from sync.gallery import load_gallery, load_whitening
from sync.golden import GOLDEN_NAME, GoldenFrame, load_golden
from sync.preprocess import crop_square, letterbox, normalise
from tools.benchmarks.errors import BenchInputError
from tools.benchmarks.ratio import Bar, Row, compared
from tools.benchmarks.yolox import YOLOX_PX, YoloxNano, open_session, prepare

FloatArray = NDArray[np.float32]
Picture = NDArray[np.uint8]

EMBEDDER_BAR = Bar(5)
DETECTOR_BAR = Bar(1.5)
AGREEMENT = 0.99  # of the first guesses of int8 and fp16 (reference, A12)


@dataclass(frozen=True)
class _Parity:
    """Whether INT8 costs answers, and how that was found out."""

    is_kept: bool | None
    words: str


def golden_pictures(bundle: Bundle) -> list[tuple[GoldenFrame, Picture]]:
    """The pictures that every bundle carries, with what its models found in them.

    Raises:
        BenchInputError: there are none, or one cannot be read.
    """
    pictures = []
    for frame in load_golden(bundle.directory / GOLDEN_NAME).frames:
        picture = cv2.imread(str(bundle.directory / frame.picture))
        if picture is None:
            raise BenchInputError(f"{frame.picture} cannot be read", hint="fetch the bundle again")
        pictures.append((frame, np.asarray(picture, dtype=np.uint8)))
    if not pictures:
        raise BenchInputError("the bundle holds no golden pictures", hint="build it again")
    return pictures


def embedder_row(bundle: Bundle, repeats: int) -> Row:
    """The bundle's embedder against the same body in torch eager, one crop at a time."""
    name = "embedder INT8, batch 1, one thread"
    try:
        import torch

        from trainer.training.embedder_model import EmbedderModel
    except ImportError:
        return Row(name, bar=EMBEDDER_BAR.words(), skipped="torch is not here (extra train)")
    crops = _golden_crops(bundle)
    ours = open_session(bundle.file("embedder", "cpu"))
    torch.set_num_threads(1)
    network = EmbedderModel().eval()  # its weights decide nothing about its speed
    first = crops[:1]
    tensor = torch.from_numpy(first)

    def eager() -> Any:
        with torch.inference_mode():
            return network(tensor)

    parity = _parity(bundle, crops)
    return compared(
        name,
        "torch eager fp32, same body",
        lambda: ours.run(None, {"crops": first}),
        eager,
        EMBEDDER_BAR,
        repeats=repeats,
        is_right=parity.is_kept,
        note=f"{first.shape[2]} px; {parity.words}",
    )


def detector_row(bundle: Bundle, yolox: Path | None, repeats: int) -> Row:
    """The bundle's detector against YOLOX-nano fp32 on the same pictures, each at its own size."""
    name = "detector INT8, network alone, one thread"
    if yolox is None or not yolox.is_file():
        reason = "no YOLOX-nano file: --yolox yolox_nano.onnx (its releases, Apache-2.0)"
        return Row(name, bar=DETECTOR_BAR.words(), skipped=reason)
    preprocess = bundle.manifest.preprocess
    width, height = preprocess.detector_size
    ours, peer = open_session(bundle.file("detector", "cpu")), YoloxNano(yolox)
    pictures = [picture for _, picture in golden_pictures(bundle)]
    mine = [
        normalise([letterbox(p, width, height)[0]], preprocess.mean, preprocess.scale)
        for p in pictures
    ]
    theirs = [prepare(picture)[0] for picture in pictures]
    return compared(
        name,
        f"YOLOX-nano fp32, {YOLOX_PX} x {YOLOX_PX}",
        lambda: [ours.run(None, {"images": array}) for array in mine],
        lambda: [peer.forward(array) for array in theirs],
        DETECTOR_BAR,
        repeats=repeats,
        note=f"{width} x {height}; {len(pictures)} golden pictures per repeat; AP50: "
        "tools/bench detector",
    )


def _golden_crops(bundle: Bundle) -> FloatArray:
    preprocess = bundle.manifest.preprocess
    margin = preprocess.crop_margin_percent / 100
    crops = [
        crop_square(picture, np.asarray(item.xyxy, np.float32), preprocess.crop_px, margin)
        for frame, picture in golden_pictures(bundle)
        for item in frame.items
    ]
    if not crops:
        raise BenchInputError("no items in the golden pictures", hint="build the bundle again")
    return normalise(crops, preprocess.mean, preprocess.scale)


def _parity(bundle: Bundle, crops: FloatArray) -> _Parity:
    """Whether the golden crops get the same first guess from both precisions."""
    half = bundle.files("embedder", "gpu")
    if not half:
        return _Parity(None, "the bundle has no fp16 embedder to compare answers with")
    parameters = DecisionParameters.model_validate_json(bundle.file("thresholds").read_bytes())
    matcher = GalleryMatcher(load_gallery(bundle.file("gallery")), parameters.temperature)
    whitening = load_whitening(bundle.file("whitening"))
    guesses = []
    for path in (bundle.file("embedder", "cpu"), half[0]):
        try:
            network = open_session(path)
        except runtime_failures(load_runtime()) as err:
            why = first_line(err).rpartition("Error: ")[2][:80]
            return _Parity(None, f"answers not compared, {path.name} does not load: {why}")
        rows = np.asarray(network.run(None, {"crops": crops})[0], dtype=np.float32)
        guesses.append([scores.sku_ids[0] for scores in matcher.match(whitening.apply(rows))])
    same = sum(a == b for a, b in zip(*guesses, strict=True))
    words = f"same first guess as the fp16 file on {same} of {len(crops)} golden crops"
    return _Parity(same >= AGREEMENT * len(crops), words)
