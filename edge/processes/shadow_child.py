"""The candidate at work, in a process of its own: a hang, a leak or a crash ends only this.

Flow: stdin (EdgeConfig, then ToCandidate, a JSON per line) -> ShadowBasket -> FromCandidate, stdout

Idle priority, one thread, a memory limit set before anything is loaded; dies with the shadow
process. Judges nothing and touches neither bus nor disk.
"""

import argparse
import ctypes
import os
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.bundles.frame_spool import SpoolReader
from edge.config import EdgeConfig
from edge.errors import EdgeError
from edge.messages.shadow_messages import (
    CandidateAnswer,
    CandidateFailed,
    CandidateReady,
    ForgetBasket,
    FromCandidate,
    LookAt,
    Looked,
    ToCandidate,
)
from edge.perception.models import Models, load_models
from edge.perception.open_backend import BackendOptions
from edge.processes.gallery_growth import GalleryGrowth
from edge.processes.lane_offer import LaneOffer
from edge.processes.serving_bundle import offer_of
from edge.processes.shadow_basket import ShadowBasket, ShadowLane
from edge.processes.worker import die_with, set_up_logging
from sync.bundle import Bundle, open_bundle
from sync.errors import SyncError
from sync.golden import GOLDEN_NAME, load_golden

IDLE_NICE = 19
MIB = 1 << 20
# Heap of this process, not its code and its maps: what a hog fills. The rest is watched from
# outside by its resident size.
LIMITED = resource.RLIMIT_DATA
NUM_TIMINGS = 9  # median of so many pictures, both models in turns of their own
# A pass may wait for minutes at idle priority; whoever watches from outside sees a hang by its
# processor time.
PASS_LIMIT_S = 1_800.0
BOXES = np.asarray([[40.0, 40.0, 200.0, 200.0], [220.0, 60.0, 420.0, 260.0]], dtype=np.float32)

Picture = NDArray[np.uint8]


class Candidate:
    """The loaded candidate and the baskets it is looking at."""

    def __init__(self, config: EdgeConfig, bundle: Bundle, models: Models, spool: Path) -> None:
        self._models, self._growth = models, GalleryGrowth(config)
        self._offer = LaneOffer(config)
        self._offer.take_bundle(offer_of(config, bundle))
        self._lanes = {lane.lane_id: ShadowLane(config, lane) for lane in config.lanes}
        self._spool = SpoolReader(spool)
        self._baskets: dict[str, ShadowBasket] = {}

    def answer(self, message: ToCandidate) -> FromCandidate:
        """What the shadow process is told."""
        if isinstance(message, LookAt):
            return self._look(message)
        basket = self._baskets.pop(message.basket_id, None)
        if isinstance(message, ForgetBasket):
            return Looked(0)
        if basket is None:
            return CandidateAnswer(message.basket_id, {}, {}, 0, 0, 0, 0, "frames_missing")
        return basket.close()

    def _look(self, message: LookAt) -> FromCandidate:
        basket = self._baskets.get(message.basket_id)
        if basket is None:
            self._baskets[message.basket_id] = basket = self._begin(message)
        for frame in message.frames:
            picture = self._spool.picture(frame.offset, frame.length) if frame.length else None
            basket.look(frame, picture, message.tray)
        return Looked(len(message.frames))

    def _begin(self, message: LookAt) -> ShadowBasket:
        """A basket with the centre's new SKUs and prices, as the active model has them."""
        self._growth.look()
        opened = datetime.fromisoformat(message.opened_utc)
        offer = self._offer.offer_at(opened)
        assert offer is not None
        lane, models = self._lanes[message.lane_id], self._growth.of(self._models)
        return ShadowBasket(message.basket_id, lane, models, offer, opened)


def main() -> int:
    """Entry of `python -m edge.processes.shadow_child`."""
    arguments = _arguments()
    set_up_logging("warning", "shadow.candidate")
    if not die_with(arguments.parent_pid):
        return 1
    stand_back(arguments.memory_mib)
    cv2.setNumThreads(1)
    try:
        config = EdgeConfig.model_validate_json(sys.stdin.buffer.readline())
        active, bundle = open_bundle(arguments.active), open_bundle(arguments.directory)
        ready, models = prepare(active, bundle, tuple(arguments.providers.split(",")))
        candidate = Candidate(config, bundle, models, arguments.spool)
    except (EdgeError, SyncError) as err:
        _say(CandidateFailed(err.code, str(err)))
        return 0
    except MemoryError:
        _say(CandidateFailed("shadow.memory", f"needs more than {arguments.memory_mib} MiB"))
        return 0
    _say(ready)
    decoder = msgspec.json.Decoder(ToCandidate)
    for line in sys.stdin.buffer:
        _say(candidate.answer(decoder.decode(line)))
    return 0


def stand_back(memory_mib: int) -> None:
    """Run only when nobody else wants the processor, and within this much heap."""
    os.nice(IDLE_NICE)
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    resource.setrlimit(LIMITED, (memory_mib * MIB, memory_mib * MIB))
    ctypes.CDLL(None).mallopt(-8, 1)  # M_ARENA_MAX: one heap, so that the limit means something


def prepare(
    active: Bundle, bundle: Bundle, providers: Sequence[str]
) -> tuple[CandidateReady, Models]:
    """Load the candidate; how long it computes against the active one on the same pictures.

    CPU time, because this process waits for everybody: a clock on the wall would blame the box's
    other work on the candidate. The active model is let go before the candidate is loaded.

    Raises:
        SyncError: a bundle is not whole.
        EdgeError: a network cannot be loaded or fails.
    """
    options = BackendOptions(providers=tuple(providers), timeout_s=PASS_LIMIT_S)
    pictures = _golden_pictures(bundle) or _golden_pictures(active)
    active_ms = cpu_ms(load_models(active, options), pictures)
    models = load_models(bundle, options)
    ratio = cpu_ms(models, pictures) / max(active_ms, 0.1)
    return CandidateReady(round(ratio, 3), models.provider), models


def cpu_ms(models: Models, pictures: Sequence[Picture]) -> float:
    """Median CPU time of detector and embedder on one picture."""
    if not pictures:
        return 0.0
    took = []
    for number in range(NUM_TIMINGS):
        picture = pictures[number % len(pictures)]
        started = time.process_time()
        models.detector.detect(picture, models.parameters.detector_score, 0, 0)
        models.matcher.match(models.embedder.embed(picture, BOXES))
        took.append((time.process_time() - started) * 1000)
    return statistics.median(took)


def _golden_pictures(bundle: Bundle) -> list[Picture]:
    path = bundle.directory / GOLDEN_NAME
    if not path.is_file():
        return []
    found = (cv2.imread(str(bundle.directory / f.picture)) for f in load_golden(path).frames[:3])
    return [np.asarray(picture, dtype=np.uint8) for picture in found if picture is not None]


def _say(message: FromCandidate) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
    sys.stdout.buffer.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path, help="of the candidate")
    parser.add_argument("--active", type=Path, required=True, help="the bundle that serves")
    parser.add_argument("--spool", type=Path, required=True)
    parser.add_argument("--memory-mib", type=int, required=True)
    parser.add_argument("--providers", default="cpu")
    parser.add_argument("--parent-pid", type=int, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
