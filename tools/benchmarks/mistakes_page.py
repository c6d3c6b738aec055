"""A page to look at: how honest the probabilities are, what is confused, the mistakes.

Flow: Judged + photographs -> one HTML file without anything from elsewhere
"""

import base64
import html
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.benchmarks.recognition import Judged, confusions
from tools.benchmarks.report import Figure
from trainer.dataset.photo_list import Photo, read_photo

NUM_BINS = 10
NUM_MISTAKES = 60
THUMB_PX = 128
PLOT_PX = 320
STYLE = """body{font:16px system-ui;margin:2rem auto;max-width:70rem;
color:#1d2430;background:#fff}
table{border-collapse:collapse}td,th{padding:.3rem .8rem;text-align:left;
border-bottom:1px solid #ddd}
figure{display:inline-block;margin:.4rem;width:140px;font-size:13px;vertical-align:top}
img{border-radius:6px}svg{background:#f6f7f9;border-radius:8px}
@media(prefers-color-scheme:dark){body{color:#e6e9ef;background:#14181f}svg{background:#1d2430}}"""


def write_page(
    path: Path, title: str, figures: Sequence[Figure], judged: Judged, photos: Sequence[Photo],
    names: Sequence[str],
) -> None:  # fmt: skip
    """One file; `names` by class number, empty for numbers only."""
    rows = "".join(
        f"<tr><td>{html.escape(f.name)}<td>{f.value} {f.unit}<td>{html.escape(f.note)}</tr>"
        for f in figures
    )
    pairs = "".join(
        f"<tr><td>{_name(t, names)}<td>{_name(a, names)}<td>{n}</tr>"
        for t, a, n in confusions(judged)
    )
    path.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{STYLE}</style><h1>{html.escape(title)}</h1><table>{rows}</table>"
        f"<h2>Is it as sure as it is right?</h2>{reliability_plot(judged)}"
        f"<h2>What is confused</h2><table><tr><th>is<th>answered<th>times</tr>{pairs}</table>"
        f"<h2>Mistakes, the surest first</h2>{_mistakes(judged, photos, names)}</html>\n",
        encoding="utf-8",
    )


def reliability_plot(judged: Judged) -> str:
    """Bars of the share that is right per bin of confidence, beside the diagonal, as SVG."""
    confidence = judged.probabilities.max(axis=1)
    is_right = judged.probabilities.argmax(axis=1) == judged.labels
    bins = np.minimum((confidence * NUM_BINS).astype(int), NUM_BINS - 1)
    step = PLOT_PX / NUM_BINS
    bars = []
    for b in range(NUM_BINS):
        here = bins == b
        if not here.any():
            continue
        share = float(is_right[here].mean())
        bars.append(
            f'<rect x="{b * step + 2:.0f}" y="{PLOT_PX * (1 - share):.0f}" width="{step - 4:.0f}" '
            f'height="{PLOT_PX * share:.0f}" fill="#3a6ea5"><title>{int(here.sum())} photographs, '
            f"{100 * share:.0f} % right</title></rect>"
        )
    return (
        f'<svg viewBox="0 0 {PLOT_PX} {PLOT_PX}" width="{PLOT_PX}" role="img" '
        f'aria-label="share right by confidence">{"".join(bars)}'
        f'<line x1="0" y1="{PLOT_PX}" x2="{PLOT_PX}" y2="0" stroke="#c0392b"/></svg>'
    )


def _mistakes(judged: Judged, photos: Sequence[Photo], names: Sequence[str]) -> str:
    answers = judged.probabilities.argmax(axis=1)
    confidence = judged.probabilities.max(axis=1)
    wrong = np.flatnonzero(answers != judged.labels)
    shown = wrong[np.argsort(-confidence[wrong], kind="stable")][:NUM_MISTAKES]
    return "".join(
        f'<figure><img alt="" src="data:image/jpeg;base64,{_thumb(photos[i])}">'
        f"<figcaption>{_name(judged.labels[i], names)}, answered {_name(answers[i], names)} "
        f"({100 * confidence[i]:.0f} %)</figcaption></figure>"
        for i in shown
    )


def _thumb(photo: Photo) -> str:
    picture: NDArray[np.uint8] = read_photo(photo.path)
    scale = THUMB_PX / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return base64.b64encode(cv2.imencode(".jpg", small)[1].tobytes()).decode()


def _name(label: int, names: Sequence[str]) -> str:
    return html.escape(names[label]) if label < len(names) else str(label)
