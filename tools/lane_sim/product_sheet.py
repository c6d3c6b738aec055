"""One product's mesh and texture sheet: which printed face goes where on which shape.

Flow: Product -> (ProductMesh, texture picture)

Sizes and colours come from product_table.py; nothing is written to disk here.
"""

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tools.lane_sim.label_art import (
    PX_PER_CM,
    back_panel,
    front_panel,
    side_panel,
    stable_seed,
    wrap_label,
)
from tools.lane_sim.label_motif import Colour, mixed, rgb
from tools.lane_sim.product_mesh import (
    CartonNet,
    ProductMesh,
    blob_mesh,
    carton_mesh,
    centred,
    lathe_mesh,
    pouch_mesh,
    profile_v,
    tube_mesh,
)
from tools.lane_sim.product_table import Product

Profile = list[tuple[float, float]]
STEEL: Colour = (196, 198, 202)


def shaped_product(product: Product, ean: str) -> tuple[ProductMesh, Image.Image]:
    """Mesh and texture of one row of the table."""
    if product.shape in ("carton", "gable"):
        return _carton(product, ean)
    if product.shape == "pouch":
        return _pouch(product, ean)
    if product.shape in ("tube", "blob"):
        return _produce(product)
    return _turned(product, ean)


def _carton(product: Product, ean: str) -> tuple[ProductMesh, Image.Image]:
    w, d, h = product.size_cm
    roof = h * 0.13 if product.shape == "gable" else 0.0
    net = CartonNet(w, d, h - roof * 1.35)
    px = min(PX_PER_CM, 2048 / max(net.sheet_cm))
    sheet = Image.new(
        "RGB", (int(net.sheet_cm[0] * px), int(net.sheet_cm[1] * px)), rgb(product.base)
    )
    for face in ("front", "right", "back", "left", "top", "bottom"):
        x, y, fw, fh = (round(value * px) for value in net.face_cm(face))
        if face == "front":
            panel = front_panel(product, fw, fh)
        elif face == "back":
            panel = back_panel(product, ean, fw, fh)
        else:
            panel = side_panel(product, fw, fh)
        sheet.paste(panel, (x, y))
    return carton_mesh(net, roof), sheet


def _pouch(product: Product, ean: str) -> tuple[ProductMesh, Image.Image]:
    w, d, h = product.size_cm
    px = min(PX_PER_CM, 1024 / w, 2048 / h)
    width, height = int(w * px), int(h * px)
    sheet = Image.new("RGB", (2 * width, height))
    sheet.paste(front_panel(product, width, height), (0, 0))
    sheet.paste(back_panel(product, ean, width, height), (width, 0))
    crimp = max(4, int(height * 0.035))
    strip = Image.new("RGB", (2 * width, crimp), mixed(rgb(product.base), (255, 255, 255), 0.35))
    sheet.paste(strip, (0, 0))
    sheet.paste(strip, (0, height - crimp))
    return pouch_mesh(w, d, h, stable_seed(product.sku_id)), sheet


def _turned(product: Product, ean: str) -> tuple[ProductMesh, Image.Image]:
    w, d, h = product.size_cm
    profile, low, high, parts = _PROFILES[product.shape](w / 2, h, product)
    mesh = lathe_mesh(profile)
    if d != w:
        mesh = centred(
            ProductMesh(mesh.vertices * np.array([1.0, d / w, 1.0]), mesh.uvs, mesh.faces)
        )
    v = profile_v(profile)
    length_cm = float(np.hypot(*np.diff(np.array(profile), axis=0).T).sum())
    width = int(min(2048, np.pi * w * PX_PER_CM))
    height = int(min(2048, length_cm * PX_PER_CM))
    sheet = Image.new("RGB", (width, height), rgb(product.base))
    for first, last, colour in parts:
        top, bottom = round((1 - v[last]) * height), round((1 - v[first]) * height)
        sheet.paste(Image.new("RGB", (width, max(bottom - top, 1)), colour), (0, top))
    top, bottom = round((1 - v[high]) * height), round((1 - v[low]) * height)
    sheet.paste(wrap_label(product, ean, width, bottom - top), (0, top))
    return mesh, sheet


Parts = list[tuple[int, int, Colour]]


def _can_profile(r: float, h: float, product: Product) -> tuple[Profile, int, int, Parts]:
    n = r * 0.88
    profile = [
        (0, 0.3),
        (n * 0.9, 0.3),
        (n, 0),
        (n, 0),
        (r, 0.6),
        (r, 0.6),
        (r, h - 0.7),
        (r, h - 0.7),
        (n, h),
        (n, h),
        (n * 0.94, h - 0.4),
        (0, h - 0.4),
    ]
    return profile, 5, 6, [(0, 5, STEEL), (6, 11, STEEL)]


def _jar_profile(r: float, h: float, product: Product) -> tuple[Profile, int, int, Parts]:
    lid = rgb(product.accent)
    profile = [
        (0, 0.2),
        (r * 0.85, 0),
        (r, 0.7),
        (r, 0.7),
        (r, h * 0.2),
        (r, h * 0.72),
        (r * 0.97, h * 0.78),
        (r * 0.84, h * 0.84),
        (r * 0.84, h * 0.84),
        (r * 0.9, h * 0.85),
        (r * 0.9, h * 0.98),
        (r * 0.86, h),
        (r * 0.86, h),
        (0, h),
    ]
    return profile, 4, 5, [(8, 13, lid)]


def _bottle_profile(r: float, h: float, product: Product) -> tuple[Profile, int, int, Parts]:
    cap = rgb(product.accent)
    profile = [
        (0, 0.4),
        (r * 0.8, 0),
        (r, 0.9),
        (r, h * 0.3),
        (r * 0.97, h * 0.32),
        (r * 0.97, h * 0.6),
        (r, h * 0.62),
        (r * 0.95, h * 0.7),
        (r * 0.7, h * 0.82),
        (r * 0.4, h * 0.9),
        (r * 0.4, h * 0.92),
        (r * 0.46, h * 0.92),
        (r * 0.46, h * 0.99),
        (r * 0.42, h),
        (r * 0.42, h),
        (0, h),
    ]
    return profile, 4, 5, [(10, 15, cap)]


def _wine_profile(r: float, h: float, product: Product) -> tuple[Profile, int, int, Parts]:
    cap = rgb(product.accent)
    profile = [
        (0, 0.5),
        (r * 0.85, 0),
        (r, 0.8),
        (r, h * 0.16),
        (r, h * 0.5),
        (r, h * 0.6),
        (r * 0.85, h * 0.68),
        (r * 0.45, h * 0.76),
        (r * 0.37, h * 0.82),
        (r * 0.36, h * 0.95),
        (r * 0.42, h * 0.955),
        (r * 0.42, h),
        (r * 0.42, h),
        (0, h),
    ]
    return profile, 3, 4, [(8, 13, cap)]


def _squeeze_profile(r: float, h: float, product: Product) -> tuple[Profile, int, int, Parts]:
    cap = rgb(product.accent)
    profile = [
        (0, 0),
        (r * 0.9, 0),
        (r * 0.9, 0),
        (r, 0.8),
        (r, h * 0.12),
        (r * 0.96, h * 0.68),
        (r * 0.75, h * 0.8),
        (r * 0.5, h * 0.84),
        (r * 0.5, h * 0.84),
        (r * 0.52, h * 0.85),
        (r * 0.45, h * 0.99),
        (r * 0.4, h),
        (r * 0.4, h),
        (0, h),
    ]
    return profile, 4, 5, [(8, 13, cap)]


_PROFILES = {
    "can": _can_profile,
    "jar": _jar_profile,
    "bottle": _bottle_profile,
    "wine": _wine_profile,
    "squeeze": _squeeze_profile,
}


def _produce(product: Product) -> tuple[ProductMesh, Image.Image]:
    w, d, h = product.size_cm
    if product.shape == "tube":
        bend, taper = (1.3, 6.0) if product.noun == "banana" else (0.12, 8.0)
        radius = min(d, h) / 2
        mesh = tube_mesh(w, radius, bend, taper)
    else:
        mesh = blob_mesh(
            product.size_cm,
            dent={"apple": 0.3, "pepper": 0.34, "tomato": 0.22}.get(product.noun, 0.0),
            lobes={"pepper": 4, "potato": 3}.get(product.noun, 0),
            square={"loaf": 2.7, "pepper": 2.5}.get(product.noun, 2.0),
        )
    return mesh, Image.fromarray(_skin(product))


def _skin(product: Product) -> NDArray[np.uint8]:
    """Noise in two colours; the kind decides its scale and direction."""
    rng = np.random.default_rng(stable_seed(product.sku_id))
    height, width = 512, 512
    base = np.array(rgb(product.base), np.float32)
    accent = np.array(rgb(product.accent), np.float32)
    kx, ky = {"stripes": (4, 26), "crust": (9, 7), "skin": (26, 3), "speckle": (24, 24)}.get(
        product.motif, (60, 60)
    )
    soft = _noise(rng, height, width, kx, ky)
    fine = _noise(rng, height, width, 120, 120)
    share = np.clip(0.35 * soft + 0.12 * fine, 0, 1)
    if product.motif == "speckle":
        share = np.clip(share * 0.4 + (fine > 1.75) * 0.7, 0, 1)
    if product.motif == "crust":
        share = np.clip(share + 0.55 * (np.sin(np.linspace(0, 26, width)) > 0.86), 0, 1)
    picture = base + (accent - base) * share[..., None]
    if product.noun == "pepper":
        picture[-46:] = accent
    if product.noun in ("apple", "tomato", "orange"):
        picture[-14:] = (84, 66, 34)
    if product.noun == "banana":
        picture[:, :14] = picture[:, -10:] = (70, 54, 24)
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def _noise(
    rng: np.random.Generator, height: int, width: int, kx: int, ky: int
) -> NDArray[np.float32]:
    coarse = rng.normal(0, 1, (max(ky, 2), max(kx, 2))).astype(np.float32)
    coarse[:, -1] = coarse[:, 0]
    return np.asarray(
        cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32
    )
