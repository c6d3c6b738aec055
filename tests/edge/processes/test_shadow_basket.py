"""A bundle that shadows itself on recorded frames prices every basket alike; a bad one does not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.bundles.comparison import Winner
from edge.config import FACTORY_BUNDLE
from edge.edgectl.recordings import Recording, find_recordings
from edge.perception.gallery_matcher import GalleryMatcher
from edge.perception.models import Models, load_models
from edge.perception.open_backend import BackendOptions
from sync.bundle import open_bundle
from tests.edge.processes.shadow_lane import ShadowedClip, clip_config, shadow_clip

CLIPS = Path(__file__).resolve().parents[3] / "tools" / "demo_run" / "assets" / "clips"
CLIP = "03_look_alikes"
EVERY = 3  # 5 frames per second of each camera: what a busy box gets to look at


@pytest.fixture(scope="module")
def models() -> Models:
    return load_models(open_bundle(FACTORY_BUNDLE), BackendOptions(providers=("cpu",)))


@pytest.fixture(scope="module")
def recording() -> Recording:
    return next(r for r in find_recordings(CLIPS) if r.name == CLIP)


def shadowed(recording: Recording, active: Models, candidate: Models, folder: Path) -> ShadowedClip:
    calibrations = {c: CLIPS / CLIP / f"{c}_calibration.json" for c in recording.maps}
    config = clip_config(recording, calibrations, folder)
    bundle = open_bundle(FACTORY_BUNDLE)
    return shadow_clip(recording, config, bundle, active, candidate, folder / "spool", EVERY)


def test_a_model_that_shadows_itself_prices_the_same_from_the_spool(
    recording: Recording, models: Models, tmp_path: Path
) -> None:
    clip = shadowed(recording, models, models, tmp_path)
    assert clip.answer.problem == ""
    assert clip.answer.num_frames == clip.recorded.num_frames > 0
    assert clip.outcome.winner is Winner.NOBODY
    assert not clip.outcome.is_priced_differently
    assert clip.answer.num_null_frames <= 0.02 * clip.answer.num_item_frames
    assert clip.stored < clip.num_frames  # frames at rest repeat and cost no room
    assert clip.spool_left == 0.0


def test_permuted_labels_that_passed_the_gate_are_caught_by_the_first_baskets(
    recording: Recording, models: Models, tmp_path: Path
) -> None:
    gallery = models.matcher.gallery
    permuted = replace(gallery, sku_ids=tuple(np.roll(np.asarray(gallery.sku_ids), 7).tolist()))
    matcher = GalleryMatcher(permuted, models.parameters.temperature)
    clip = shadowed(recording, models, replace(models, matcher=matcher), tmp_path)
    assert clip.outcome.is_priced_differently
    assert clip.answer.charged != clip.recorded.active.charged  # type: ignore[union-attr]
