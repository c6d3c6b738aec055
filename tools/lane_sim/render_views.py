"""Single-product views as the counter cameras would crop them, each with an alpha mask.

Flow: packs -> poses -> crops + masks + index.jsonl

One product a picture, nothing in front of it: occlusion and clutter belong to scenes or to whoever
composes these. Crops are rendered at the size a counter camera resolves, then enlarged.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.lane_sim.camera_rig import CameraView, counter_cameras, looking_at
from tools.lane_sim.counter_look import CounterLook, drawn_look
from tools.lane_sim.mitsuba_scene import CounterRenderer, Shot
from tools.lane_sim.pack_folder import Pack
from tools.lane_sim.placement import PlacedItem, placed_items
from tools.lane_sim.sensor import captured, developed, metered_gain
from tools.lane_sim.truth import write_json

_VIEWS_PER_POSE = 3
_POSES_PER_LOOK = 4
# Pixels per centimetre a counter camera has on the goods: 640 px wide gives 6, 1920 px gives 20.
_PX_PER_CM = (6.0, 18.0)
_MARGIN = (1.04, 1.3)
_MIN_NATIVE_PX = 48


@dataclass(frozen=True)
class ViewOptions:
    """What to render; `size_px` is the edge length of every picture."""

    num_views: int
    size_px: int = 224
    seed: int = 0
    spp: int = 8
    world: str = "any"


def render_views(
    packs: list[Pack], options: ViewOptions, out: Path, renderer: CounterRenderer
) -> Iterator[int]:
    """Render `num_views` of every pack; yields the number of SKUs done after each.

    A SKU whose rows are complete is skipped, so a stopped run goes on where it ended.
    """
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / "options.json", asdict(options))
    for number, pack in enumerate(packs, start=1):
        folder = out / pack.sku
        rows_path = folder / "rows.json"
        if not rows_path.is_file():
            folder.mkdir(exist_ok=True)
            write_json(rows_path, _sku_views(pack, options, folder, renderer))
        _merge_rows(out, packs)
        yield number


def crop_camera(
    item: PlacedItem, eye_cm: NDArray[np.float64], native_px: int, margin: float, roll_deg: float
) -> CameraView:
    """A square camera at `eye_cm` that frames the item with `margin` (1.1 leaves 5 % each side)."""
    wide = looking_at("crop", eye_cm, item.centre_cm(), (native_px, native_px), 60.0, roll_deg)
    pixels, _ = wide.project(item.vertices())
    middle = (pixels.min(axis=0) + pixels.max(axis=0)) / 2
    ray = wide.rotation.T @ np.linalg.solve(wide.matrix, np.array([*middle, 1.0]))
    target = eye_cm + ray * 60.0
    aimed = looking_at("crop", eye_cm, target, (native_px, native_px), 60.0, roll_deg)
    pixels, _ = aimed.project(item.vertices())
    half = float(np.abs(pixels - (native_px / 2 - 0.5)).max()) * margin
    focal = aimed.matrix[0, 0] * (native_px / 2) / max(half, 1e-6)
    matrix = aimed.matrix.copy()
    matrix[0, 0] = matrix[1, 1] = focal
    return replace(aimed, matrix=matrix)


def _sku_views(
    pack: Pack, options: ViewOptions, folder: Path, renderer: CounterRenderer
) -> list[dict[str, object]]:
    rng = np.random.default_rng([options.seed, 13, *pack.sku.encode()])
    rows: list[dict[str, object]] = []
    look, gain = _metered_look(options, rng, renderer)
    for pose_number in range(-(-options.num_views // _VIEWS_PER_POSE)):
        if pose_number and pose_number % _POSES_PER_LOOK == 0:
            look, gain = _metered_look(options, rng, renderer)
        item = placed_items([pack], rng)[0]
        wanted = min(_VIEWS_PER_POSE, options.num_views - len(rows))
        views = [_random_crop(item, options, rng) for _ in range(wanted)]
        shots = renderer.render([item], look, views, spp=options.spp, seed=len(rows))
        for view, shot in zip(views, shots, strict=True):
            rows.append(_written(view, shot, item, look, gain, options, folder, len(rows), rng))
    return rows


def _metered_look(
    options: ViewOptions, rng: np.random.Generator, renderer: CounterRenderer
) -> tuple[CounterLook, float]:
    look = drawn_look(options.world, rng)
    view = counter_cameras(1, (64, 36), rng)
    shot = renderer.render([], look, view, spp=4, seed=0)[0]
    return look, metered_gain(shot.linear, look)


def _random_crop(item: PlacedItem, options: ViewOptions, rng: np.random.Generator) -> CameraView:
    high = np.radians(rng.uniform(76, 90) if rng.random() < 0.3 else rng.uniform(38, 66))
    turn, distance = rng.uniform(0, 2 * np.pi), rng.uniform(78, 98)
    eye = distance * np.array(
        [np.sin(turn) * np.cos(high), -np.cos(turn) * np.cos(high), np.sin(high)]
    )
    extent = float(np.linalg.norm(item.pack.size_cm))
    native = int(np.clip(extent * rng.uniform(*_PX_PER_CM), _MIN_NATIVE_PX, options.size_px))
    return crop_camera(item, eye, native, rng.uniform(*_MARGIN), rng.uniform(-4, 4))


def _written(
    view: CameraView,
    shot: Shot,
    item: PlacedItem,
    look: CounterLook,
    gain: float,
    options: ViewOptions,
    folder: Path,
    number: int,
    rng: np.random.Generator,
) -> dict[str, object]:
    size = (options.size_px, options.size_px)
    flicker = float(np.exp(rng.normal(0, 0.08)))
    frame = captured(developed(shot.linear, look, gain * flicker), look, rng)
    frame = np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    mask = ((shot.items == 1) * 255).astype(np.uint8)
    mask = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    name = f"{number:04d}"
    (folder / f"{name}.jpg").write_bytes(
        cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 93])[1].tobytes()
    )
    (folder / f"{name}_mask.png").write_bytes(cv2.imencode(".png", mask)[1].tobytes())
    seen_from = view.position_cm - item.centre_cm()
    flat = float(np.hypot(seen_from[0], seen_from[1]))
    return {
        "sku": item.pack.sku,
        "file": f"{item.pack.sku}/{name}.jpg",
        "mask": f"{item.pack.sku}/{name}_mask.png",
        "pose": item.pose,
        "elevation_deg": round(float(np.degrees(np.arctan2(seen_from[2], flat))), 1),
        "distance_cm": round(float(np.linalg.norm(seen_from)), 1),
        "native_px": view.width_px,
        "R": np.round(item.rotation, 5).tolist(),
        "look": look.summary(),
    }


def _merge_rows(out: Path, packs: list[Pack]) -> None:
    lines: list[str] = []
    for pack in packs:
        path = out / pack.sku / "rows.json"
        if path.is_file():
            lines += [json.dumps(row) for row in json.loads(path.read_text(encoding="utf-8"))]
    part = out / "index.jsonl.part"
    part.write_text("\n".join(lines) + "\n", encoding="utf-8")
    part.replace(out / "index.jsonl")
