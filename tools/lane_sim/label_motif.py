"""Small pictures on the labels: fruit, leaf, grain, fish, bowl, waves, hills and patterns.

Everything is drawn with Pillow from numbers; no picture file and no brand of anybody's.
"""

import math
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]


def rgb(text: str) -> Colour:
    """RRGGBB as a colour."""
    return int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16)


def mixed(first: Colour, second: Colour, share: float) -> Colour:
    """`share` of `second` in `first`."""
    r, g, b = (round(a + (c - a) * share) for a, c in zip(first, second, strict=True))
    return r, g, b


def luminance(colour: Colour) -> float:
    """Perceived brightness in [0, 1]."""
    return (0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]) / 255


def ink_for(background: Colour) -> Colour:
    """Near-black or near-white, whichever reads on `background`."""
    return (24, 22, 26) if luminance(background) > 0.55 else (252, 250, 246)


def paint_motif(
    picture: Image.Image, motif: str, box: tuple[int, int, int, int], colour: Colour, seed: int
) -> None:
    """Draw `motif` into `box` (x1, y1, x2, y2) of `picture`."""
    painter = _PAINTERS.get(motif)
    if painter is None:
        raise ValueError(f"no motif {motif!r}; there are {', '.join(sorted(_PAINTERS))}")
    painter(ImageDraw.Draw(picture), box, colour, np.random.default_rng(seed))


Box = tuple[int, int, int, int]
Painter = Callable[[ImageDraw.ImageDraw, Box, Colour, np.random.Generator], None]


def _disc(draw: ImageDraw.ImageDraw, x: float, y: float, r: float, fill: Colour) -> None:
    draw.ellipse((x - r, y - r, x + r, y + r), fill=fill)


def _fruit(draw: ImageDraw.ImageDraw, box: Box, colour: Colour, rng: np.random.Generator) -> None:
    x1, y1, x2, y2 = box
    r = min(x2 - x1, y2 - y1) * 0.27
    middle_x, middle_y = (x1 + x2) / 2, (y1 + y2) / 2
    for dx, dy, size in ((-0.8, 0.25, 0.9), (0.85, 0.3, 0.85), (0.0, -0.1, 1.1)):
        x, y, radius = middle_x + dx * r, middle_y + dy * r, r * size
        _disc(draw, x, y, radius, mixed(colour, (0, 0, 0), 0.18))
        _disc(draw, x - radius * 0.06, y - radius * 0.06, radius * 0.9, colour)
        _disc(
            draw,
            x - radius * 0.35,
            y - radius * 0.38,
            radius * 0.22,
            mixed(colour, (255, 255, 255), 0.6),
        )
    leaf = [
        (middle_x, middle_y - r * 1.1),
        (middle_x + r * 0.9, middle_y - r * 1.8),
        (middle_x + r * 0.75, middle_y - r * 0.95),
    ]
    draw.polygon(leaf, fill=(60, 130 + int(rng.integers(30)), 50))


def _leaf(draw: ImageDraw.ImageDraw, box: Box, colour: Colour, rng: np.random.Generator) -> None:
    x1, y1, x2, y2 = box
    size = min(x2 - x1, y2 - y1) * 0.46
    for turn in (-0.75, 0.75, 0.0):
        points = []
        for side in (1, -1):
            for i in range(11):
                t = (i if side == 1 else 10 - i) / 10
                along, across = t * size * 1.9, side * math.sin(math.pi * t) * size * 0.36
                angle = turn - math.pi / 2
                points.append(
                    (
                        (x1 + x2) / 2 + along * math.cos(angle) - across * math.sin(angle),
                        y2 - size * 0.1 + along * math.sin(angle) + across * math.cos(angle),
                    )
                )
        draw.polygon(points, fill=mixed(colour, (0, 0, 0), 0.22 if turn else 0.0))
        tip = points[10]
        draw.line(
            [((x1 + x2) / 2, y2 - size * 0.1), tip],
            fill=mixed(colour, (255, 255, 255), 0.5),
            width=max(1, int(size / 30)),
        )
    rng.random()


def _grain(draw: ImageDraw.ImageDraw, box: Box, colour: Colour, rng: np.random.Generator) -> None:
    x1, y1, x2, y2 = box
    height = y2 - y1
    for stalk in (-1, 0, 1):
        x0 = (x1 + x2) / 2 + stalk * (x2 - x1) * 0.2
        draw.line(
            [((x1 + x2) / 2 + stalk * 4, y2), (x0, y1)],
            fill=mixed(colour, (0, 0, 0), 0.3),
            width=max(2, height // 60),
        )
        for i in range(7):
            y = y1 + height * (0.04 + 0.1 * i)
            for side in (-1, 1):
                w, h = height * 0.05, height * 0.085
                cx = x0 + side * w * 0.9
                draw.ellipse(
                    (cx - w, y - h / 2, cx + w, y + h / 2),
                    fill=mixed(colour, (255, 255, 255), 0.1 * (i % 3)),
                )
    rng.random()


def _wave(draw: ImageDraw.ImageDraw, box: Box, colour: Colour, rng: np.random.Generator) -> None:
    x1, y1, x2, y2 = box
    phase = rng.uniform(0, 6.28)
    for band in range(3):
        top = []
        for i in range(33):
            t = i / 32
            y = y1 + (y2 - y1) * (0.25 + 0.22 * band + 0.12 * math.sin(phase + t * 7 + band))
            top.append((x1 + t * (x2 - x1), y))
        thick = (y2 - y1) * 0.12
        draw.polygon(
            top + [(x, y + thick) for x, y in reversed(top)],
            fill=mixed(colour, (255, 255, 255), 0.3 * band),
        )


def _hills(draw: ImageDraw.ImageDraw, box: Box, colour: Colour, rng: np.random.Generator) -> None:
    x1, y1, x2, y2 = box
    _disc(draw, x1 + (x2 - x1) * 0.7, y1 + (y2 - y1) * 0.28, (y2 - y1) * 0.17, (250, 200, 70))
    for layer in range(3):
        base = y1 + (y2 - y1) * (0.4 + 0.18 * layer)
        phase = rng.uniform(0, 6.28)
        line = [
            (x1 + t * (x2 - x1) / 24, base - (y2 - y1) * 0.11 * math.sin(phase + t / 24 * 5))
            for t in range(25)
        ]
        draw.polygon(
            [*line, (x2, y2), (x1, y2)], fill=mixed(colour, (255, 255, 255), 0.45 - 0.22 * layer)
        )


def _scatter(
    draw: ImageDraw.ImageDraw, box: Box, colour: Colour, rng: np.random.Generator, kind: str
) -> None:
    x1, y1, x2, y2 = box
    unit = min(x2 - x1, y2 - y1)
    for _ in range(34):
        x, y = rng.uniform(x1, x2), rng.uniform(y1, y2)
        r = unit * rng.uniform(0.035, 0.085)
        shade = mixed(
            colour, (255, 255, 255) if rng.random() < 0.5 else (0, 0, 0), rng.uniform(0, 0.3)
        )
        if kind == "dots":
            _disc(draw, x, y, r, shade)
        elif kind == "flakes":
            turn = rng.uniform(0, 6.28)
            points = [
                (
                    x + r * 1.5 * math.cos(turn + k) * (1 + 0.3 * math.sin(3 * k)),
                    y + r * math.sin(turn + k),
                )
                for k in np.linspace(0, 6.28, 9)[:-1]
            ]
            draw.polygon(points, fill=shade)
        else:
            draw.ellipse((x - r * 1.4, y - r, x + r * 1.4, y + r), fill=shade)
            draw.line(
                (x - r, y - r * 0.2, x + r, y + r * 0.2),
                fill=mixed(shade, (0, 0, 0), 0.4),
                width=max(1, int(r / 4)),
            )


def _dots(draw: ImageDraw.ImageDraw, box: Box, colour: Colour, rng: np.random.Generator) -> None:
    _scatter(draw, box, colour, rng, "dots")


def _flakes(draw: ImageDraw.ImageDraw, box: Box, colour: Colour, rng: np.random.Generator) -> None:
    _scatter(draw, box, colour, rng, "flakes")


def _bean(draw: ImageDraw.ImageDraw, box: Box, colour: Colour, rng: np.random.Generator) -> None:
    _scatter(draw, box, colour, rng, "bean")


def _squares(draw: ImageDraw.ImageDraw, box: Box, colour: Colour, rng: np.random.Generator) -> None:
    x1, y1, x2, y2 = box
    cell = min(x2 - x1, y2 - y1) / 3.2
    for row in range(3):
        for column in range(max(3, int((x2 - x1) / cell))):
            x, y = x1 + column * cell, y1 + row * cell
            shade = mixed(colour, (0, 0, 0), 0.12 * ((row + column) % 2) + rng.uniform(0, 0.06))
            draw.rounded_rectangle(
                (x, y, x + cell * 0.88, y + cell * 0.88), radius=cell * 0.12, fill=shade
            )


def _fish(draw: ImageDraw.ImageDraw, box: Box, colour: Colour, rng: np.random.Generator) -> None:
    x1, y1, x2, y2 = box
    w, h = (x2 - x1) * 0.36, (y2 - y1) * 0.24
    x, y = (x1 + x2) / 2 - w * 0.15, (y1 + y2) / 2
    draw.polygon(
        [(x + w * 0.8, y), (x + w * 1.5, y - h), (x + w * 1.5, y + h)],
        fill=mixed(colour, (0, 0, 0), 0.15),
    )
    draw.ellipse((x - w, y - h, x + w, y + h), fill=colour)
    _disc(draw, x - w * 0.6, y - h * 0.2, h * 0.13, ink_for(colour))
    rng.random()


def _bowl(draw: ImageDraw.ImageDraw, box: Box, colour: Colour, rng: np.random.Generator) -> None:
    x1, y1, x2, y2 = box
    w, h = (x2 - x1) * 0.4, (y2 - y1) * 0.4
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    draw.pieslice((x - w, y - h, x + w, y + h), 0, 180, fill=(246, 244, 238))
    draw.ellipse((x - w, y - h * 0.32, x + w, y + h * 0.32), fill=colour)
    for _ in range(9):
        dx, dy = rng.uniform(-0.7, 0.7), rng.uniform(-0.16, 0.16)
        _disc(draw, x + dx * w, y + dy * h, h * 0.07, mixed(colour, (255, 255, 255), 0.4))


_PAINTERS: dict[str, Painter] = {
    "fruit": _fruit, "leaf": _leaf, "grain": _grain, "wave": _wave, "hills": _hills, "dots": _dots,
    "flakes": _flakes, "bean": _bean, "squares": _squares, "fish": _fish, "bowl": _bowl,
}  # fmt: skip
