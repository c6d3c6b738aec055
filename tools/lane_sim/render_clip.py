"""Clips: each state of the counter rendered once per camera, then every frame composed.

Flow: packs + ClipOptions -> plates and sprites -> frames -> H.264 + truth

Truth is documented in this folder's README.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from tools.lane_sim.camera_rig import CameraView, counter_cameras, write_calibration
from tools.lane_sim.compose_frames import CameraLayers, Plate, Sprite, composed_frames
from tools.lane_sim.counter_look import CounterLook, drawn_look
from tools.lane_sim.errors import PlacementError
from tools.lane_sim.hand_sprite import drawn_arm
from tools.lane_sim.item_visibility import hidden_items
from tools.lane_sim.mitsuba_scene import CounterRenderer, OtherThing, Shot
from tools.lane_sim.motion_path import Rest, clip_moments
from tools.lane_sim.other_things import make_thing
from tools.lane_sim.pack_folder import Pack, load_mesh
from tools.lane_sim.placement import PlacedItem, placed_items
from tools.lane_sim.sensor import captured, developed, metered_gain
from tools.lane_sim.timeline import Step, Timeline, planned, random_steps
from tools.lane_sim.truth import (
    annotation,
    basket_of,
    coco_file,
    item_record,
    seen_items,
    write_json,
)
from tools.lane_sim.video_file import encoder_path, write_video

_REGION_CM = (46.0, 28.0)  # Hands need room, so clips keep goods off the tray's edge.
_PLACING_TRIES = 20
_MIN_VISIBLE = 0.75  # In its best camera; clips show the counter at work, not its limits.


@dataclass(frozen=True)
class ClipOptions:
    """What happens in the clip and how it is filmed.

    Attributes:
        skus: put in this order; empty takes `num_items` at random.
        steps: the exact sequence, item ids being item1, item2 ...; empty draws one.
        things: phone, wallet, keys, or hand (a hand that only waves).
        max_noise: in 8-bit steps; small noise keeps small files small.
    """

    seconds: float
    fps: int = 15
    seed: int = 0
    num_cameras: int = 3
    width_px: int = 1280
    height_px: int = 720
    spp: int = 8
    skus: tuple[str, ...] = ()
    num_items: int = 3
    num_takes: int = 0
    num_moves: int = 0
    things: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    world: str = "any"
    max_noise: float = 3.0
    crf: int = 24
    title: str = ""
    crowd: float = 0.0


@dataclass(frozen=True)
class _Cast:
    """Who plays: every place of rest of every item, and the things."""

    items: dict[str, list[PlacedItem]]
    things: dict[str, OtherThing]

    def resting(self, timeline: Timeline) -> list[tuple[list[PlacedItem], list[OtherThing]]]:
        """Goods and things at rest in each state, beginning with the empty counter."""
        items: dict[str, PlacedItem] = {}
        things: dict[str, OtherThing] = {}
        visits = dict.fromkeys(self.items, 0)
        states: list[tuple[list[PlacedItem], list[OtherThing]]] = [([], [])]
        for change in timeline.changes():
            if change.subject in self.things:
                things[change.subject] = self.things[change.subject]
            elif change.is_there:
                items[change.subject] = self.items[change.subject][visits[change.subject]]
                visits[change.subject] += 1
            else:
                items.pop(change.subject)
            states.append((list(items.values()), list(things.values())))
        return states


def render_clip(
    packs: list[Pack],
    options: ClipOptions,
    out: Path,
    renderer: CounterRenderer,
    progress: Callable[[], None],
) -> dict[str, object]:
    """Render one clip into `out`; returns what stands in its events.json.

    `progress` is called once per camera rendered and once per camera encoded.

    Raises:
        EncoderMissingError: no ffmpeg on the PATH.
        PlacementError: the goods or the events do not fit.
    """
    encoder_path()
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([options.seed, 17])
    views = counter_cameras(options.num_cameras, (options.width_px, options.height_px), rng)
    look = drawn_look(options.world, rng)
    look = replace(look, noise=min(look.noise, options.max_noise))
    chosen = _chosen(packs, options, rng)
    steps = list(options.steps) or random_steps(
        list(chosen), options.num_takes, options.num_moves, list(options.things), rng
    )
    timeline = planned(steps, options.seconds, options.fps, rng)
    with tempfile.TemporaryDirectory() as work:
        cast = _placed_cast(chosen, steps, Path(work), rng, options.crowd, views, renderer)
        states = cast.resting(timeline)
        moments = clip_moments(timeline, _rests(cast))
        arm = drawn_arm(rng)
        maps = []
        for number, view in enumerate(views):
            layers, item_maps = _camera_layers(view, look, cast, states, renderer, options)
            maps.append(item_maps)
            progress()
            _write_empty(layers, out / f"{view.name}_empty.jpg", rng)
            write_calibration(view, out / f"{view.name}_calibration.json")
            frames = composed_frames(layers, moments, arm, options.seed * 31 + number)
            write_video(frames, out / f"{view.name}.mp4", options.fps, options.crf)
            progress()
    return _written_truth(out, options, timeline, cast, states, views, maps, look)


def _chosen(packs: list[Pack], options: ClipOptions, rng: np.random.Generator) -> dict[str, Pack]:
    by_sku = {pack.sku: pack for pack in packs}
    unknown = [sku for sku in options.skus if sku not in by_sku]
    if unknown:
        raise ValueError(f"no SKU {unknown[0]!r} in the packs folders")
    skus = options.skus or tuple(str(s) for s in rng.choice(list(by_sku), size=options.num_items))
    return {f"item{i}": by_sku[sku] for i, sku in enumerate(skus, start=1)}


def _placed_cast(
    chosen: dict[str, Pack],
    steps: list[Step],
    work: Path,
    rng: np.random.Generator,
    crowd: float,
    views: list[CameraView],
    renderer: CounterRenderer,
) -> _Cast:
    moved = [step.subject for step in steps if step.kind == "move"]
    for _ in range(_PLACING_TRIES):
        packs = [*chosen.values(), *(chosen[name] for name in moved)]
        placed = placed_items(packs, rng, crowd=crowd, stack=0.0, region_cm=_REGION_CM)
        if len(placed) == len(packs) and not hidden_items(placed, views, renderer, _MIN_VISIBLE):
            break
    else:
        raise PlacementError("the goods do not fit beside each other", hint="ask for fewer items")
    items = {name: [item] for name, item in zip(chosen, placed, strict=False)}
    for name, target in zip(moved, placed[len(chosen) :], strict=True):
        middle = target.centre_cm()[:2] - items[name][-1].centre_cm()[:2]
        spot = items[name][-1].translation[:2] + middle
        items[name].append(items[name][-1].moved_to(float(spot[0]), float(spot[1])))
    things: dict[str, OtherThing] = {}
    for step in steps:
        if step.kind == "thing":
            thing = make_thing(step.subject, work, rng, placed)
            if thing is None:
                raise PlacementError(f"no room for a {step.subject}", hint="ask for fewer items")
            things[step.subject] = thing
    return _Cast(items, things)


def _rests(cast: _Cast) -> dict[str, list[Rest]]:
    rests = {name: [_rest_of(p.vertices()) for p in places] for name, places in cast.items.items()}
    return rests | {name: [_rest_of(_vertices(thing))] for name, thing in cast.things.items()}


def _rest_of(points: np.ndarray) -> Rest:
    low, high = points.min(axis=0), points.max(axis=0)
    return Rest((low + high) / 2, float(high[2]), float(high[1] - low[1]))


def _vertices(thing: OtherThing) -> np.ndarray:
    mesh = load_mesh(thing.mesh_path)
    return np.asarray(mesh.vertices @ thing.rotation.T + thing.translation)


def _camera_layers(
    view: CameraView,
    look: CounterLook,
    cast: _Cast,
    states: list[tuple[list[PlacedItem], list[OtherThing]]],
    renderer: CounterRenderer,
    options: ClipOptions,
) -> tuple[CameraLayers, list[np.ndarray]]:
    def shot_of(items: list[PlacedItem], others: list[OtherThing], spp: int) -> Shot:
        return renderer.render(items, look, [view], spp=spp, seed=7, others=others)[0]

    shots = [shot_of(items, others, options.spp) for items, others in states]
    plates = [
        Plate(shot.linear, shot.items, _depths(view, items))
        for shot, (items, _) in zip(shots, states, strict=True)
    ]
    solo_spp = max(options.spp * 3 // 4, 1)
    sprites = {}
    for name, places in cast.items.items():
        shot = shot_of(places[:1], [], solo_spp)
        points, faces = places[0].vertices(), load_mesh(places[0].pack.mesh_path).faces
        sprites[name] = _sprite(shot, 1, points, faces)
    for name, thing in cast.things.items():
        shot = shot_of([], [thing], solo_spp)
        sprites[name] = _sprite(shot, 255, _vertices(thing), load_mesh(thing.mesh_path).faces)
    empty = shots[0].linear
    gain = metered_gain(empty, look)
    key = float(np.mean(look.key_radiance))
    share = min(0.6, 0.75 * key / (key + 14 * float(look.room.mean()) + 1e-6))
    # Light on the counter: what a surface of albedo one would show there, from a grey one.
    light = np.median(empty.reshape(-1, 3), axis=0) / _counter_albedo(look)
    layers = CameraLayers(view, look, gain, plates, sprites, np.asarray(light, float), share)
    return layers, [shot.items for shot in shots]


def _depths(view: CameraView, items: list[PlacedItem]) -> dict[int, float]:
    return {
        number: float(view.project(item.centre_cm()[None])[1][0])
        for number, item in enumerate(items, start=1)
    }


def _counter_albedo(look: CounterLook) -> np.ndarray:
    return np.asarray(((look.counter.reshape(-1, 3) / 255.0) ** 2.2).mean(axis=0) + 0.02)


def _sprite(shot: Shot, code: int, points: np.ndarray, faces: np.ndarray) -> Sprite:
    mask = (shot.items == code).astype(np.float32)
    soft = cv2.GaussianBlur(mask, (0, 0), 0.7)
    # Colour spreads a little beyond the edge, so that the soft rim shows no counter.
    spread = np.asarray(cv2.GaussianBlur(shot.linear * mask[..., None], (0, 0), 1.5), np.float32)
    weight = np.maximum(cv2.GaussianBlur(mask, (0, 0), 1.5), 1e-3)[..., None]
    colour = np.where(mask[..., None] > 0, shot.linear, spread / weight)
    low, high = points.min(axis=0), points.max(axis=0)
    return Sprite(
        np.asarray(colour, np.float32),
        np.asarray(soft, np.float32),
        (low + high) / 2,
        points,
        faces,
    )


def _write_empty(layers: CameraLayers, path: Path, rng: np.random.Generator) -> None:
    picture = developed(layers.plates[0].linear, layers.look, layers.gain)
    frame = captured(picture, layers.look, rng)
    path.write_bytes(cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes())


def _written_truth(
    out: Path,
    options: ClipOptions,
    timeline: Timeline,
    cast: _Cast,
    states: list[tuple[list[PlacedItem], list[OtherThing]]],
    views: list[CameraView],
    maps: list[list[np.ndarray]],
    look: CounterLook,
) -> dict[str, object]:
    starts = [0, *(change.frame for change in timeline.changes())]
    ends = [*starts[1:], timeline.num_frames]
    visible: list[dict[str, dict[str, float]]] = [{} for _ in states]
    for view, item_maps in zip(views, maps, strict=True):
        pictures: list[dict[str, object]] = []
        annotations = []
        for number, ((items, _), item_map) in enumerate(zip(states, item_maps, strict=True)):
            found = seen_items(items, item_map, view)
            for seen in found:
                visible[number].setdefault(seen.item_id, {})[view.name] = seen.visible_fraction
            pictures.append(
                {
                    "file_name": f"{view.name}.mp4",
                    "width": view.width_px,
                    "height": view.height_px,
                    "state": number,
                    "from_frame": starts[number],
                    "until_frame": ends[number],
                }
            )
            annotations.append([annotation(one, view.height_px, view.width_px) for one in found])
        write_json(out / f"{view.name}.json", coco_file(pictures, annotations))
    sku_of = {name: places[0].pack.sku for name, places in cast.items.items()}
    truth: dict[str, object] = {
        "format": 1,
        "title": options.title,
        "seed": options.seed,
        "fps": timeline.fps,
        "num_frames": timeline.num_frames,
        "cameras": [view.name for view in views],
        "look": look.summary(),
        "events": [
            {
                "kind": action.step.kind,
                "item_id": action.step.subject,
                "sku": sku_of.get(action.step.subject, ""),
                "enter_frame": action.enter,
                "touch_frame": action.touch,
                "rest_frame": action.rest,
                "leave_frame": action.leave,
                "t_s": round(action.rest / timeline.fps, 3),
            }
            for action in timeline.actions
        ],
        "states": [
            {
                "from_frame": starts[number],
                "until_frame": ends[number],
                "items": [item_record(i, visible[number].get(i.item_id, {})) for i in items],
                "others": [thing.name for thing in others],
            }
            for number, (items, others) in enumerate(states)
        ],
        "basket": basket_of([item.pack.sku for item in states[-1][0]]),
    }
    write_json(out / "events.json", truth)
    return truth
