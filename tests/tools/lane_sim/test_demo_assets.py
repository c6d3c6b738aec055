"""The shipped clips: small, complete, and what the table says."""

import json
from pathlib import Path
from typing import Any

import cv2
import pytest

pytest.importorskip("PIL", reason="Pillow comes with the extra [sim]")

from sync.catalog import load_catalog
from sync.price_list import load_price_list
from tools.lane_sim.camera_rig import read_calibration
from tools.lane_sim.demo_clips import DEMO_CLIPS, DemoClip

ASSETS = Path(__file__).parents[3] / "tools" / "demo_run" / "assets"
CLIPS = pytest.mark.parametrize("clip", DEMO_CLIPS, ids=lambda clip: clip.name)


def truth_of(clip: DemoClip) -> dict[str, Any]:
    return json.loads((ASSETS / "clips" / clip.name / "events.json").read_text())  # type: ignore[no-any-return]


def test_the_assets_stay_below_ten_megabytes() -> None:
    assert sum(p.stat().st_size for p in ASSETS.rglob("*") if p.is_file()) < 10_000_000


@CLIPS
def test_every_camera_of_a_clip_has_all_frames_and_a_calibration(clip: DemoClip) -> None:
    truth = truth_of(clip)
    assert truth["cameras"] == ["cam0", "cam1", "cam2"]
    for camera in truth["cameras"]:
        folder = ASSETS / "clips" / clip.name
        video = cv2.VideoCapture(str(folder / f"{camera}.mp4"))
        assert video.get(cv2.CAP_PROP_FRAME_COUNT) == truth["num_frames"]
        assert video.get(cv2.CAP_PROP_FPS) == truth["fps"] == 15
        video.release()
        assert read_calibration(folder / f"{camera}_calibration.json").width_px == 1280


@CLIPS
def test_a_clip_ends_with_the_basket_of_its_steps(clip: DemoClip) -> None:
    taken = {subject for kind, subject in clip.steps if kind == "take"}
    left = [sku for i, sku in enumerate(clip.skus, start=1) if f"item{i}" not in taken]
    assert truth_of(clip)["basket"] == {sku: left.count(sku) for sku in set(left)}


@CLIPS
def test_every_item_of_a_clip_is_well_seen_by_a_camera(clip: DemoClip) -> None:
    for state in truth_of(clip)["states"]:
        assert all(max(item["visible"].values()) >= 0.7 for item in state["items"])


def test_the_shipped_catalogue_has_a_price_and_a_picture_for_every_sku() -> None:
    folder = ASSETS / "catalogue"
    skus = load_catalog(folder / "catalog.json").by_id()
    prices = {entry.sku_id for entry in load_price_list(folder / "prices.json").entries}
    assert set(skus) == prices
    assert all((folder / str(sku.picture)).is_file() for sku in skus.values())
    assert {sku for clip in DEMO_CLIPS for sku in clip.skus} <= set(skus)
