"""The printed faces of a product: front panel, back panel with barcode, sides, wrap-around label.

Flow: Product -> Pillow pictures

Layouts of fronts are in label_layout.py; where the faces go on the mesh is product_sheet.py's work.
"""

import zlib

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tools.lane_sim.barcode_art import barcode_picture
from tools.lane_sim.label_layout import english_label, paint_front, write_text
from tools.lane_sim.label_motif import Colour, ink_for, mixed, rgb
from tools.lane_sim.product_table import Product

PX_PER_CM = 40  # An EAN-13 of 5.9 cm then has two texture pixels per module and still decodes.


def stable_seed(text: str) -> int:
    """A seed that is the same in every process and on every machine."""
    return zlib.crc32(text.encode())


def front_panel(product: Product, width: int, height: int) -> Image.Image:
    """The face a shopper reads, RGB (height, width)."""
    base, accent = rgb(product.base), rgb(product.accent)
    picture = Image.new("RGB", (width, height), base)
    seed = stable_seed(product.family or product.sku_id)
    paint_front(picture, product, base, accent, seed)
    return picture


def back_panel(product: Product, ean: str, width: int, height: int) -> Image.Image:
    """Small print, nutrition box and the barcode."""
    base, accent = rgb(product.base), rgb(product.accent)
    picture = Image.new("RGB", (width, height), base)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width, height * 0.12), fill=accent)
    write_text(
        picture,
        product.brand,
        (width * 0.05, height * 0.02, width * 0.95, height * 0.11),
        ink_for(accent),
    )
    bars = barcode_picture(ean, 2, max(40, min(int(height * 0.2), 110)))
    bar_height, bar_width = bars.shape
    side = width < bar_width + 8
    if side:
        bars = np.rot90(bars)
        bar_height, bar_width = bars.shape
    x, y = width - bar_width - 3, height - bar_height - 3
    _nutrition(
        picture,
        (
            int(width * 0.05),
            int(height * 0.17),
            int(width * (0.45 if side else 0.95)),
            int(max(y - 6, height * 0.4)),
        ),
        ink_for(base),
    )
    if x >= 0 and y >= 0:
        picture.paste(Image.fromarray(bars).convert("RGB"), (x, y))
    return picture


def side_panel(product: Product, width: int, height: int) -> Image.Image:
    """Brand and variant turned to run up the side where it is narrow."""
    base, accent = rgb(product.base), rgb(product.accent)
    tall = height > width * 1.3
    w, h = (height, width) if tall else (width, height)
    picture = Image.new("RGB", (w, h), mixed(base, accent, 0.12))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, h * 0.78, w, h), fill=accent)
    write_text(picture, product.brand, (w * 0.05, h * 0.1, w * 0.5, h * 0.7), ink_for(base))
    write_text(
        picture, english_label(product), (w * 0.54, h * 0.15, w * 0.96, h * 0.65), ink_for(base)
    )
    return picture.rotate(90, expand=True) if tall else picture


def wrap_label(product: Product, ean: str, width: int, height: int) -> Image.Image:
    """A label once around a can, bottle or jar; the front is in the middle of the sheet."""
    base = rgb(product.base)
    picture = Image.new("RGB", (width, height), base)
    front_width = int(width * 0.36)
    left = (width - front_width) // 2
    picture.paste(front_panel(product, front_width, height), (left, 0))
    # The back stays whole beside the seam, so that its barcode is not cut in two.
    picture.paste(back_panel(product, ean, left - 6, height), (0, 0))
    right = left + front_width
    picture.paste(side_panel(product, width - right - 6, height), (right + 6, 0))
    return picture


def _nutrition(picture: Image.Image, box: tuple[int, int, int, int], ink: Colour) -> None:
    x1, y1, x2, y2 = box
    if x2 - x1 < 24 or y2 - y1 < 24:
        return
    draw = ImageDraw.Draw(picture)
    draw.rectangle(box, outline=ink, width=2)
    rows = max(3, min(9, (y2 - y1) // 16))
    font = ImageFont.load_default(size=max(8, int((y2 - y1) / rows * 0.55)))
    words = (
        "Energy",
        "Fat",
        "Saturates",
        "Carbs",
        "Sugars",
        "Fibre",
        "Protein",
        "Salt",
        "Best before",
    )
    for i in range(rows):
        y = y1 + (y2 - y1) * i / rows
        draw.line((x1, y, x2, y), fill=ink, width=1)
        draw.text((x1 + 5, y + 2), words[i], font=font, fill=ink)
