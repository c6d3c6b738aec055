"""Six layouts of a front panel, and text that fits its box.

Flow: Product -> a painted front

Which faces a product has is label_art.py's work. Fonts are Pillow's built-in outline font, so the
same labels come out on every machine.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tools.lane_sim.label_motif import Colour, ink_for, luminance, mixed, paint_motif
from tools.lane_sim.product_table import Product
from tools.lane_sim.product_words import WORDS


def paint_front(
    picture: Image.Image, product: Product, base: Colour, accent: Colour, seed: int
) -> None:
    """Paint the layout of the product's style over the whole `picture`."""
    _LAYOUTS[product.style](picture, product, base, accent, seed)


def write_text(
    picture: Image.Image,
    text: str,
    box: tuple[float, float, float, float],
    fill: Colour,
    outline: Colour | None = None,
    slant: float = 0.0,
) -> None:
    """Write `text` as large as fits into `box`, centred; `slant` leans it like an italic."""
    if not text:
        return
    width, height = max(int(box[2] - box[0]), 8), max(int(box[3] - box[1]), 8)
    lines = text.split("\n")
    font = ImageFont.load_default(size=100)
    stroke = 0 if outline is None else 5
    probe = ImageDraw.Draw(Image.new("L", (8, 8))).multiline_textbbox(
        (0, 0), text, font=font, stroke_width=stroke + 2
    )
    tile = Image.new("L", (int(probe[2] - probe[0]) + 8, int(probe[3] - probe[1]) + 8))
    ink = ImageDraw.Draw(tile)
    at = (4 - probe[0], 4 - probe[1])
    ink.multiline_text(at, text, font=font, fill=255, stroke_width=2, align="center")
    rim = tile.copy()
    if outline is not None:
        ImageDraw.Draw(rim).multiline_text(
            at, text, font=font, fill=255, stroke_width=8, align="center"
        )
    scale = min(width / tile.width, height / tile.height, 2.2 if len(lines) > 1 else 3.0)
    size = (max(int(tile.width * scale), 2), max(int(tile.height * scale), 2))
    corner = (int(box[0] + (width - size[0]) / 2), int(box[1] + (height - size[1]) / 2))
    for mask, colour in ((rim, outline), (tile, fill)):
        if colour is None:
            continue
        if slant:
            mask = mask.transform(
                mask.size, Image.Transform.AFFINE, (1, slant, -slant * mask.height / 2, 0, 1, 0)
            )
        small = mask.resize(size, Image.Resampling.LANCZOS)
        picture.paste(Image.new("RGB", size, colour), corner, small)


def english_label(product: Product) -> str:
    """Noun and, on a second line, the variant."""
    noun, variant = WORDS[product.noun][0], WORDS[product.variant][0]
    return f"{noun}\n{variant}" if variant else noun


def _variant_band(
    picture: Image.Image, product: Product, box: tuple[float, float, float, float], accent: Colour
) -> None:
    draw = ImageDraw.Draw(picture)
    radius = int((box[3] - box[1]) * 0.3)
    draw.rounded_rectangle(box, radius=radius, fill=accent)
    label = WORDS[product.variant][0] or WORDS[product.noun][0]
    inset = (box[3] - box[1]) * 0.14
    write_text(
        picture,
        label.upper(),
        (box[0] + inset, box[1] + inset, box[2] - inset, box[3] - inset),
        ink_for(accent),
    )


def _size_mark(picture: Image.Image, product: Product, base: Colour) -> None:
    w, h = picture.size
    write_text(picture, product.size_text, (w * 0.62, h * 0.93, w * 0.96, h * 0.985), ink_for(base))


def _band_layout(
    picture: Image.Image, product: Product, base: Colour, accent: Colour, seed: int
) -> None:
    w, h = picture.size
    draw = ImageDraw.Draw(picture)
    swoosh = [
        (0, h * 0.1),
        (w * 0.5, h * 0.03),
        (w, h * 0.12),
        (w, h * 0.33),
        (w * 0.5, h * 0.4),
        (0, h * 0.31),
    ]
    draw.polygon(swoosh, fill=accent)
    write_text(
        picture, product.brand, (w * 0.06, h * 0.11, w * 0.94, h * 0.32), ink_for(accent), slant=0.2
    )
    write_text(
        picture, WORDS[product.noun][0], (w * 0.1, h * 0.41, w * 0.9, h * 0.52), ink_for(base)
    )
    paint_motif(
        picture,
        product.motif,
        (int(w * 0.12), int(h * 0.53), int(w * 0.88), int(h * 0.8)),
        accent if abs(luminance(accent) - luminance(base)) > 0.08 else ink_for(base),
        seed,
    )
    _variant_band(picture, product, (w * 0.08, h * 0.81, w * 0.92, h * 0.92), accent)
    _size_mark(picture, product, base)


def _burst_layout(
    picture: Image.Image, product: Product, base: Colour, accent: Colour, seed: int
) -> None:
    w, h = picture.size
    draw = ImageDraw.Draw(picture)
    lighter = mixed(base, (255, 255, 255), 0.28)
    for k in range(12):
        a, b = k / 12 * 6.2832, (k + 0.5) / 12 * 6.2832
        reach = w + h
        draw.polygon(
            [
                (w / 2, h * 0.6),
                (w / 2 + reach * np.cos(a), h * 0.6 + reach * np.sin(a)),
                (w / 2 + reach * np.cos(b), h * 0.6 + reach * np.sin(b)),
            ],
            fill=lighter,
        )
    paint_motif(
        picture,
        product.motif,
        (int(w * 0.06), int(h * 0.48), int(w * 0.94), int(h * 0.92)),
        accent,
        seed,
    )
    draw.ellipse((w * 0.03, h * 0.04, w * 0.97, h * 0.3), fill=mixed(base, (0, 0, 0), 0.55))
    write_text(
        picture,
        product.brand,
        (w * 0.12, h * 0.07, w * 0.88, h * 0.27),
        (255, 255, 255),
        outline=mixed(base, (0, 0, 0), 0.8),
    )
    _variant_band(picture, product, (w * 0.1, h * 0.33, w * 0.9, h * 0.46), accent)
    _size_mark(picture, product, base)


def _herbal_layout(
    picture: Image.Image, product: Product, base: Colour, accent: Colour, seed: int
) -> None:
    w, h = picture.size
    draw = ImageDraw.Draw(picture)
    edge = max(3, int(min(w, h) * 0.03))
    draw.rectangle((edge, edge, w - edge, h - edge), outline=accent, width=edge)
    paint_motif(
        picture,
        product.motif,
        (int(w * 0.08), int(h * 0.3), int(w * 0.42), int(h * 0.9)),
        accent,
        seed,
    )
    write_text(picture, product.brand, (w * 0.1, h * 0.1, w * 0.9, h * 0.28), ink_for(base))
    write_text(
        picture,
        english_label(product),
        (w * 0.44, h * 0.34, w * 0.93, h * 0.66),
        accent if abs(luminance(accent) - luminance(base)) > 0.25 else ink_for(base),
    )
    draw.rectangle((w * 0.44, h * 0.72, w * 0.93, h * 0.86), fill=accent)
    write_text(picture, product.size_text, (w * 0.5, h * 0.74, w * 0.87, h * 0.84), ink_for(accent))


def _landscape_layout(
    picture: Image.Image, product: Product, base: Colour, accent: Colour, seed: int
) -> None:
    w, h = picture.size
    draw = ImageDraw.Draw(picture)
    paint_motif(picture, product.motif, (0, int(h * 0.55), w, h), accent, seed)
    draw.rectangle((0, h * 0.08, w, h * 0.27), fill=accent)
    write_text(picture, product.brand, (w * 0.06, h * 0.1, w * 0.94, h * 0.25), ink_for(accent))
    write_text(
        picture, english_label(product), (w * 0.1, h * 0.3, w * 0.9, h * 0.52), ink_for(base)
    )
    draw.ellipse(
        (w * 0.6, h * 0.53, w * 0.6 + w * 0.34, h * 0.53 + w * 0.34),
        fill=accent,
        outline=ink_for(accent),
        width=2,
    )
    write_text(
        picture,
        product.size_text,
        (w * 0.65, h * 0.53 + w * 0.1, w * 0.89, h * 0.53 + w * 0.24),
        ink_for(accent),
    )


def _diagonal_layout(
    picture: Image.Image, product: Product, base: Colour, accent: Colour, seed: int
) -> None:
    w, h = picture.size
    draw = ImageDraw.Draw(picture)
    draw.polygon([(w * 0.56, 0), (w, 0), (w, h), (w * 0.36, h)], fill=accent)
    motif_colour = (
        mixed(accent, (0, 0, 0), 0.3)
        if luminance(accent) > 0.35
        else mixed(accent, (255, 255, 255), 0.45)
    )
    paint_motif(
        picture,
        product.motif,
        (int(w * 0.6), int(h * 0.1), int(w * 0.96), int(h * 0.6)),
        motif_colour,
        seed,
    )
    write_text(
        picture, product.brand, (w * 0.04, h * 0.1, w * 0.56, h * 0.42), ink_for(base), slant=0.15
    )
    write_text(
        picture, english_label(product), (w * 0.05, h * 0.5, w * 0.44, h * 0.86), ink_for(base)
    )
    write_text(picture, product.size_text, (w * 0.7, h * 0.8, w * 0.95, h * 0.93), ink_for(accent))


def _window_layout(
    picture: Image.Image, product: Product, base: Colour, accent: Colour, seed: int
) -> None:
    w, h = picture.size
    draw = ImageDraw.Draw(picture)
    draw.rectangle(
        (w * 0.08, h * 0.36, w * 0.92, h * 0.76), fill=mixed(accent, (255, 255, 255), 0.35)
    )
    paint_motif(
        picture,
        product.motif,
        (int(w * 0.14), int(h * 0.38), int(w * 0.86), int(h * 0.74)),
        mixed(accent, (0, 0, 0), 0.35),
        seed,
    )
    draw.line((w * 0.08, h * 0.33, w * 0.92, h * 0.33), fill=accent, width=max(2, h // 80))
    write_text(picture, product.brand, (w * 0.08, h * 0.05, w * 0.92, h * 0.22), ink_for(base))
    write_text(
        picture, WORDS[product.noun][0], (w * 0.12, h * 0.23, w * 0.88, h * 0.32), ink_for(base)
    )
    _variant_band(picture, product, (w * 0.14, h * 0.79, w * 0.86, h * 0.9), accent)
    _size_mark(picture, product, base)


_LAYOUTS = (
    _band_layout,
    _burst_layout,
    _herbal_layout,
    _landscape_layout,
    _diagonal_layout,
    _window_layout,
)
