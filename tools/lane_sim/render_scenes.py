"""Still scenes: a rig of cameras over a counter with goods, and the exact truth of each picture.

Flow: packs -> lanes -> scenes -> pictures + COCO per camera + events.json

A lane is one rig, one counter, one light; its scenes follow each other on it. A run that was
stopped goes on where it ended when started again with the same arguments.
"""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from tools.lane_sim.camera_rig import CameraView, counter_cameras, write_calibration
from tools.lane_sim.counter_look import CounterLook, drawn_look
from tools.lane_sim.errors import PlacementError
from tools.lane_sim.item_visibility import hidden_items
from tools.lane_sim.mitsuba_scene import CounterRenderer, OtherThing, Shot
from tools.lane_sim.other_things import THINGS, make_thing
from tools.lane_sim.pack_folder import Pack
from tools.lane_sim.placement import PlacedItem, placed_items
from tools.lane_sim.sensor import captured, developed, metered_gain
from tools.lane_sim.truth import (
    annotation,
    basket_of,
    coco_file,
    item_record,
    seen_items,
    write_json,
)

MIN_BEST_VISIBLE = 0.3  # Of an item hidden more than this in every camera no system could know.
_FAMILY_SHARE = 0.2  # How often a chosen item brings another of its family.


@dataclass(frozen=True)
class SceneOptions:
    """What to render.

    Attributes:
        world: train, val, test or any (counter_look.py).
        scenes_per_lane: how many scenes share rig, counter and light.
        things_share: probability that a scene holds things that are no items.
        stack: probability of laying an item on a carton; None draws 0, 0.1 or 0.3 per scene.
    """

    num_scenes: int
    num_cameras: int = 3
    seed: int = 0
    width_px: int = 1280
    height_px: int = 720
    spp: int = 8
    items_min: int = 1
    items_max: int = 12
    world: str = "any"
    scenes_per_lane: int = 10
    things_share: float = 0.25
    stack: float | None = None


@dataclass(frozen=True)
class _Lane:
    name: str
    views: list[CameraView]
    look: CounterLook
    gains: list[float]


def render_scenes(
    packs: list[Pack], options: SceneOptions, out: Path, renderer: CounterRenderer
) -> Iterator[int]:
    """Render all scenes into `out`; yields the number done after each.

    Raises:
        PlacementError: not one item of a scene fits on the counter.
    """
    (out / "scenes").mkdir(parents=True, exist_ok=True)
    write_json(out / "options.json", asdict(options))
    lane: _Lane | None = None
    for index in range(options.num_scenes):
        folder = out / "scenes" / f"{index:05d}"
        if not (folder / "truth.json").is_file():
            number = index // options.scenes_per_lane
            if lane is None or lane.name != f"lane{number:03d}":
                lane = _opened_lane(number, options, out, renderer)
            _render_scene(index, packs, options, lane, folder, renderer)
        if (index + 1) % 10 == 0:
            merge_truth(out)
        yield index + 1
    merge_truth(out)


def merge_truth(out: Path) -> int:
    """Write one COCO file per camera and events.json of the scenes done; returns their number."""
    records = [
        json.loads(p.read_text(encoding="utf-8")) for p in sorted(out.glob("scenes/*/truth.json"))
    ]
    cameras = sorted({name for record in records for name in record["cameras"]})
    for name in cameras:
        kept = [record["cameras"][name] for record in records if name in record["cameras"]]
        coco = coco_file([one["picture"] for one in kept], [one["annotations"] for one in kept])
        write_json(out / f"{name}.json", coco)
    scenes = [record["scene"] for record in records]
    write_json(out / "events.json", {"format": 1, "cameras": cameras, "scenes": scenes})
    return len(records)


def _opened_lane(number: int, options: SceneOptions, out: Path, renderer: CounterRenderer) -> _Lane:
    rng = np.random.default_rng([options.seed, 7, number])
    views = counter_cameras(options.num_cameras, (options.width_px, options.height_px), rng)
    look = drawn_look(options.world, rng)
    name = f"lane{number:03d}"
    folder = out / "lanes" / name
    folder.mkdir(parents=True, exist_ok=True)
    shots = renderer.render([], look, views, spp=options.spp, seed=number)
    gains = [metered_gain(shot.linear, look) for shot in shots]
    for view, shot, gain in zip(views, shots, gains, strict=True):
        write_calibration(view, folder / f"{view.name}_calibration.json")
        _write_picture(
            folder / f"{view.name}_empty.jpg",
            captured(developed(shot.linear, look, gain), look, rng),
        )
    return _Lane(name, views, look, gains)


def _render_scene(
    index: int,
    packs: list[Pack],
    options: SceneOptions,
    lane: _Lane,
    folder: Path,
    renderer: CounterRenderer,
) -> None:
    rng = np.random.default_rng([options.seed, 11, index])
    items = _visible_items(packs, options, lane, rng, renderer)
    look = replace(
        lane.look,
        noise=lane.look.noise * rng.uniform(0.8, 1.25),
        exposure=lane.look.exposure,
        blur_px=max(0.0, lane.look.blur_px + rng.normal(0, 0.1)),
    )
    with tempfile.TemporaryDirectory() as work:
        others = _other_things(options, Path(work), rng, items)
        shots = renderer.render(items, look, lane.views, spp=options.spp, seed=index, others=others)
    folder.mkdir(parents=True, exist_ok=True)
    flicker = float(np.exp(rng.normal(0, 0.04)))
    for view, shot, gain in zip(lane.views, shots, lane.gains, strict=True):
        frame = captured(developed(shot.linear, look, gain * flicker), look, rng)
        _write_picture(folder / f"{view.name}.jpg", frame)
    write_json(folder / "truth.json", _scene_truth(index, lane, look, items, others, shots))


def _visible_items(
    packs: list[Pack],
    options: SceneOptions,
    lane: _Lane,
    rng: np.random.Generator,
    renderer: CounterRenderer,
) -> list[PlacedItem]:
    """Placed items of which each is seen well enough by at least one camera."""
    wanted = int(rng.integers(options.items_min, options.items_max + 1))
    chosen = _chosen_packs(packs, wanted, rng)
    crowd, stack = float(rng.uniform(0.1, 0.8)), float(rng.choice([0.0, 0.1, 0.3]))
    stack = stack if options.stack is None else options.stack
    items: list[PlacedItem] = []
    for _ in range(4):
        items = placed_items(chosen, rng, crowd=crowd, stack=stack)
        hidden = hidden_items(items, lane.views, renderer, MIN_BEST_VISIBLE)
        if items and not hidden:
            return items
    kept = [item for item in items if item.item_id not in hidden and item.on not in hidden]
    if not kept:
        raise PlacementError(
            "no item of a scene fits on the counter", hint="use smaller packs or fewer items"
        )
    return kept


def _chosen_packs(packs: list[Pack], wanted: int, rng: np.random.Generator) -> list[Pack]:
    chosen: list[Pack] = []
    while len(chosen) < wanted:
        pack = packs[int(rng.integers(len(packs)))]
        chosen.append(pack)
        relatives = [p for p in packs if p.family and p.family == pack.family]
        if relatives and rng.random() < _FAMILY_SHARE and len(chosen) < wanted:
            chosen.append(relatives[int(rng.integers(len(relatives)))])
    return chosen


def _other_things(
    options: SceneOptions, work: Path, rng: np.random.Generator, items: list[PlacedItem]
) -> list[OtherThing]:
    if rng.random() >= options.things_share:
        return []
    names = rng.choice(THINGS, size=int(rng.integers(1, 3)), replace=False)
    things = [make_thing(str(name), work, rng, items) for name in names]
    return [thing for thing in things if thing is not None]


def _scene_truth(
    index: int,
    lane: _Lane,
    look: CounterLook,
    items: list[PlacedItem],
    others: list[OtherThing],
    shots: list[Shot],
) -> dict[str, object]:
    cameras: dict[str, object] = {}
    visible: dict[str, dict[str, float]] = {item.item_id: {} for item in items}
    for view, shot in zip(lane.views, shots, strict=True):
        found = seen_items(items, shot.items, view)
        for seen in found:
            visible[seen.item_id][view.name] = seen.visible_fraction
        cameras[view.name] = {
            "picture": {
                "file_name": f"scenes/{index:05d}/{view.name}.jpg",
                "width": view.width_px,
                "height": view.height_px,
                "scene": f"{index:05d}",
                "lane": lane.name,
            },
            "annotations": [annotation(seen, view.height_px, view.width_px) for seen in found],
        }
    scene = {
        "scene": f"{index:05d}",
        "lane": lane.name,
        "look": look.summary(),
        "items": [item_record(item, visible[item.item_id]) for item in items],
        "others": [thing.name for thing in others],
        "basket": basket_of([item.pack.sku for item in items]),
    }
    return {"cameras": cameras, "scene": scene}


def _write_picture(path: Path, picture: np.ndarray) -> None:
    path.write_bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 93])[1].tobytes())
