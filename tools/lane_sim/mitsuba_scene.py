"""Physically based pictures of one counter: Mitsuba scene, light, shadows, identity pass.

Flow: PlacedItems + CounterLook + CameraViews -> linear pictures and item maps

Linear light in, linear light out: exposure, noise and JPEG are sensor.py's. Mitsuba is imported
inside, so that everything else of this folder works without it.
"""

import gc
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.lane_sim.camera_rig import CameraView
from tools.lane_sim.counter_look import CounterLook
from tools.lane_sim.llvm_probe import chosen_variant, use_variant
from tools.lane_sim.pack_folder import load_mesh, load_texture
from tools.lane_sim.placement import PlacedItem
from tools.lane_sim.raster import texel_density

_ROUGHNESS = {"matte": 0.6, "satin": 0.4, "gloss": 0.18, "metal": 0.28}
_SPECULAR = {"matte": 0.25, "satin": 0.4, "gloss": 0.55, "metal": 0.7}
SLAB_CM = (112.0, 84.0)
FLOOR_CM = -88.0
MAX_DEPTH = 3  # One bounce beyond direct light; the fourth changes means by less than 2 %.
_ID_STEP = 1 / 255
_SMALL = 64  # Parameters of more numbers than this are data anyway.


@dataclass(frozen=True)
class Shot:
    """What one camera saw.

    Attributes:
        linear: float32 (H, W, 3), linear light.
        items: uint8 (H, W): 0 for none, i + 1 for item i, 255 - k for other thing k.
    """

    linear: NDArray[np.float32]
    items: NDArray[np.uint8]


@dataclass(frozen=True)
class OtherThing:
    """Something that is no item: phone, wallet, keys, arm. Its files lie in a folder of its own."""

    name: str
    mesh_path: Path
    texture_path: Path
    rotation: NDArray[np.float64]
    translation: NDArray[np.float64]
    finish: str = "satin"


@dataclass
class CounterRenderer:
    """Holds the chosen variant and what was loaded; one per process.

    Attributes:
        texels_per_cm: textures are reduced to this density (the camera resolves less).
        threads: 0 for all cores.
    """

    variant: str = "auto"
    texels_per_cm: float = 20.0
    threads: int = 0
    _textures: dict[Path, NDArray[np.uint8]] = field(default_factory=dict)
    _ready: str = ""

    def start(self) -> str:
        """Choose and load the variant; returns its name. The first render calls it too."""
        if not self._ready:
            chosen = chosen_variant(self.variant)
            use_variant(chosen)
            import mitsuba as mi

            mi.set_log_level(mi.LogLevel.Error)
            if self.threads:
                import drjit

                drjit.set_thread_count(self.threads)
            self._ready = chosen.name
        return self._ready

    def render(
        self,
        items: list[PlacedItem],
        look: CounterLook,
        views: list[CameraView],
        *,
        spp: int,
        seed: int,
        others: list[OtherThing] | None = None,
        has_slab: bool = True,
    ) -> list[Shot]:
        """One shot per view.

        Args:
            items: at most 200.
            look: light and counter.
            views: all cameras; the scene is built once.
            spp: samples per pixel.
            seed: of the sampler.
            others: things that are no items.
            has_slab: False leaves the counter and floor out (sprites).
        """
        self.start()
        import mitsuba as mi

        things = others or []
        scene = mi.load_dict(self._scene(items, things, look, has_slab))
        identity = mi.load_dict(self._identity(items, things, has_slab))
        colours = mi.load_dict({"type": "aov", "aovs": "albedo:albedo"})
        _share_kernels(mi, scene)
        _share_kernels(mi, identity)
        shots = []
        for k, view in enumerate(views):
            # Light and surface colour in one pass would trace every path twice.
            light = _rendered(mi, scene, view, spp, seed + k)
            albedo = _rendered(mi, scene, view, spp, seed + k, colours)[..., :3]
            codes = _rendered(mi, identity, view, 1, seed + k)[..., 0]
            linear = _smoothed(light, albedo)
            shots.append(Shot(linear, np.round(codes * 255).astype(np.uint8)))
        return shots

    def items_seen(
        self, items: list[PlacedItem], view: CameraView, seed: int = 0
    ) -> NDArray[np.uint8]:
        """Only the item map of one view; a few hundredths of a second."""
        self.start()
        import mitsuba as mi

        identity = mi.load_dict(self._identity(items, [], has_slab=True))
        _share_kernels(mi, identity)
        return np.asarray(np.round(_rendered(mi, identity, view, 1, seed)[..., 0] * 255), np.uint8)

    def _scene(
        self, items: list[PlacedItem], others: list[OtherThing], look: CounterLook, has_slab: bool
    ) -> dict[str, Any]:
        import mitsuba as mi

        scene: dict[str, Any] = {
            "type": "scene",
            "integrator": {"type": "path", "max_depth": MAX_DEPTH, "rr_depth": 99},
            "room": {"type": "envmap", "bitmap": mi.Bitmap(look.room), "to_world": _z_up(mi)},
            "key": _key_light(mi, look),
        }  # fmt: skip
        if has_slab:
            scene["slab"] = _slab(mi, _principled(mi, mi.Bitmap(look.counter), look.roughness, 0.4))
            scene["floor"] = {
                "type": "cube",
                "to_world": mi.ScalarTransform4f()
                .translate([0, 0, FLOOR_CM])
                .scale([400, 400, 0.5]),
                "bsdf": {
                    "type": "diffuse",
                    "reflectance": {"type": "rgb", "value": list(look.floor)},
                },
            }
        for i, item in enumerate(items):
            surface = self._surface(item.pack.mesh_path, item.pack.texture_path, item.pack.finish)
            scene[f"item{i}"] = _body(
                mi, item.pack.mesh_path, item.rotation, item.translation, surface
            )
        for i, thing in enumerate(others):
            surface = self._surface(thing.mesh_path, thing.texture_path, thing.finish)
            scene[f"other{i}"] = _body(
                mi, thing.mesh_path, thing.rotation, thing.translation, surface
            )
        return scene

    def _identity(
        self, items: list[PlacedItem], others: list[OtherThing], has_slab: bool
    ) -> dict[str, Any]:
        """The same bodies, each with its number as colour; `albedo` reads it exactly."""
        import mitsuba as mi

        scene: dict[str, Any] = {
            "type": "scene",
            "integrator": {"type": "aov", "aovs": "albedo:albedo"},
        }
        if has_slab:
            scene["slab"] = _slab(mi, _flat(0))
        for i, item in enumerate(items):
            scene[f"item{i}"] = _body(
                mi, item.pack.mesh_path, item.rotation, item.translation, _flat(i + 1)
            )
        for i, thing in enumerate(others):
            scene[f"other{i}"] = _body(
                mi, thing.mesh_path, thing.rotation, thing.translation, _flat(255 - i)
            )
        if len(scene) == 2:
            scene["nothing"] = _slab(mi, _flat(0))
        return scene

    def _surface(self, mesh_path: Path, texture_path: Path, finish: str) -> dict[str, Any]:
        import mitsuba as mi

        if texture_path not in self._textures:
            texture = load_texture(texture_path)
            mesh = load_mesh(mesh_path)
            height, width = texture.shape[:2]
            density = texel_density(mesh.vertices, mesh.uvs, mesh.faces, width, height)
            share = min(1.0, self.texels_per_cm / max(density, 1e-6))
            size = (max(int(width * share), 8), max(int(height * share), 8))
            small = cv2.resize(texture, size, interpolation=cv2.INTER_AREA)
            self._textures[texture_path] = np.asarray(np.ascontiguousarray(small), np.uint8)
        bitmap = mi.Bitmap(self._textures[texture_path])
        return _principled(mi, bitmap, _ROUGHNESS.get(finish, 0.4), _SPECULAR.get(finish, 0.4))


def _share_kernels(mi: Any, scene: Any) -> None:
    """Turn every number of the scene into data, so that scenes of as many bodies share one kernel.

    Compiling takes longer than rendering a small picture. It also needs that no body of an earlier
    scene is alive, which is why textures are kept as arrays and not as Mitsuba objects.
    """
    if mi.variant() == "scalar_rgb":
        return
    import drjit as dr

    gc.collect()
    parameters = mi.traverse(scene)
    for key in parameters.keys():  # noqa: SIM118 (not a dict)
        value = parameters[key]
        if dr.is_jit_v(type(value)) and dr.width(value) <= _SMALL:
            dr.make_opaque(value)
            parameters[key] = value
    parameters.update()


def _principled(mi: Any, bitmap: Any, roughness: float, specular: float) -> dict[str, Any]:
    return {
        "type": "twosided",
        "body": {
            "type": "principled",
            "base_color": {"type": "bitmap", "bitmap": bitmap, "raw": False},
            "roughness": roughness,
            "specular": specular,
        },
    }


def _flat(code: int) -> dict[str, Any]:
    return {
        "type": "twosided",
        "body": {
            "type": "diffuse",
            "reflectance": {"type": "rgb", "value": [code * _ID_STEP, 0.0, 0.0]},
        },
    }


def _slab(mi: Any, surface: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "cube",
        "to_world": mi.ScalarTransform4f()
        .translate([0, 0, -2])
        .scale([SLAB_CM[0] / 2, SLAB_CM[1] / 2, 2]),
        "bsdf": surface,
    }


def _body(
    mi: Any,
    mesh_path: Path,
    rotation: NDArray[np.float64],
    translation: NDArray[np.float64],
    surface: Any,
) -> dict[str, Any]:
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    matrix[:3, 3] = translation
    return {
        "type": "obj",
        "filename": str(mesh_path),
        "to_world": mi.ScalarTransform4f(matrix),
        "bsdf": surface,
    }


def _key_light(mi: Any, look: CounterLook) -> dict[str, Any]:
    origin = 210 * np.array(look.key_from)
    up = [0, 1, 0] if abs(look.key_from[2]) > 0.9 else [0, 0, 1]
    placed = mi.ScalarTransform4f().look_at(origin=origin.tolist(), target=[0, 0, 0], up=up)
    return {
        "type": "cube",
        "to_world": placed @ mi.ScalarTransform4f().scale([32, 22, 0.5]),
        "emitter": {"type": "area", "radiance": {"type": "rgb", "value": list(look.key_radiance)}},
    }


def _z_up(mi: Any) -> Any:
    return mi.ScalarTransform4f().rotate([1, 0, 0], 90)


def _rendered(
    mi: Any, scene: Any, view: CameraView, spp: int, seed: int, integrator: Any = None
) -> NDArray[np.float32]:
    forward, down = view.rotation[2], view.rotation[1]
    eye = view.position_cm
    sensor = mi.load_dict({
        "type": "perspective",
        "fov": view.fov_x_deg,
        "fov_axis": "x",
        "near_clip": 5.0,
        "to_world": mi.ScalarTransform4f().look_at(
            origin=eye.tolist(), target=(eye + forward * 10).tolist(), up=(-down).tolist()
        ),
        "film": {
            "type": "hdrfilm", "width": view.width_px, "height": view.height_px,
            "rfilter": {"type": "box"}, "pixel_format": "rgb", "component_format": "float32",
        },
        "sampler": {"type": "multijitter", "sample_count": spp},
    })  # fmt: skip
    return np.array(
        mi.render(scene, sensor=sensor, integrator=integrator, spp=spp, seed=seed), np.float32
    )


def _smoothed(radiance: NDArray[np.float32], colour: NDArray[np.float32]) -> NDArray[np.float32]:
    """Noise taken out of the light only: divide by the surface colour, filter, multiply again."""
    albedo = np.clip(colour, 0, 1) + 0.03
    light = np.ascontiguousarray(radiance / albedo)
    # Fireflies: no pixel brighter than twice its neighbourhood.
    light = np.minimum(light, 2 * cv2.medianBlur(light, 5) + 0.02)
    level = float(np.median(light)) + 1e-3
    # Two passes: the second has less noise to mistake for an edge, so it keeps shadows' borders.
    smooth = cv2.bilateralFilter(light, 9, 1.2 * level, 3.0)
    smooth = cv2.bilateralFilter(smooth, 7, 0.35 * level, 2.5)
    return np.asarray(np.clip(smooth * albedo, 0, None), np.float32)
