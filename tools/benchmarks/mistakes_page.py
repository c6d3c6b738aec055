"""A page to look at: how honest the probabilities are, what is confused, the mistakes.

Flow: Report + Judged + photographs -> one HTML file without anything from elsewhere

Beside every mistake stands a photograph of what was answered, so that a look says whether a person
could have told them apart.
"""

import base64
import html
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.benchmarks.errors import BenchOutputError
from tools.benchmarks.recognition import Judged, confusions
from tools.benchmarks.report import Report
from trainer.dataset.photo_list import Photo, read_photo

NUM_BINS = 10
NUM_MISTAKES = 60
THUMB_PX = 160
PLOT_PX, LEFT_PX, LOW_PX = 320, 46, 40  # the plot, and room for what stands at its axes
STYLE = """:root{--ink:#1d2430;--soft:#5b6675;--line:#d9dee6;--paper:#fff;--card:#f6f7f9;
--bar:#3a6ea5}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--soft:#9aa5b5;--line:#333c49;--paper:#14181f;
--card:#1d2430;--bar:#7fb0e6}}
body{font:16px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;
color:var(--ink);background:var(--paper)}
h1{margin-bottom:.2rem}h2{margin-top:2.2rem}p,small,figcaption{color:var(--soft)}
table{border-collapse:collapse}td,th{padding:.35rem .9rem .35rem 0;text-align:left;
border-bottom:1px solid var(--line);vertical-align:middle}
td.number{font-variant-numeric:tabular-nums}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:1rem}
figure{margin:0;padding:.6rem;background:var(--card);border-radius:10px;font-size:14px}
.pair{display:flex;gap:.4rem}.pair img{width:50%;height:7.5rem;object-fit:contain}
td img{width:3.4rem;height:3.4rem;object-fit:contain;vertical-align:middle;margin-right:.6rem}
img{border-radius:6px;background:var(--line)}figcaption b{color:var(--ink)}
svg text{fill:var(--soft);font-size:12px}svg .bar{fill:var(--bar)}svg .ideal{stroke:#c0392b}
svg .axis{stroke:var(--line)}"""
HOW_TO_READ = """<p>A bar is the share that is right among answers of that sureness; under it, how
many there are. On the red line both are the same; above it, it is too modest.</p>"""


def write_page(
    path: Path, report: Report, name: str, judged: Judged, photos: Sequence[Photo],
    learned: Sequence[Photo], names: Sequence[str],
) -> None:  # fmt: skip
    """One file.

    Args:
        name: of the head whose answers are shown.
        photos: those that were judged, in order; `learned` show what the others look like.
        names: by class number, empty for numbers only.

    Raises:
        BenchOutputError: it cannot be written.
    """
    title, facts = html.escape(report.title), report.machine
    examples = _examples(judged, learned)
    body = [
        f"<h1>{title}</h1><p>{html.escape(report.input)}<br>",
        f"{report.date}, {html.escape(str(facts.get('cpu')))}, {facts.get('cores')} cores<br>",
        f"<code>{html.escape(report.command)}</code></p>",
        "<table><tr><th>head<th>class right, 95 % interval<th></tr>",
        *(f'<tr><td>{html.escape(f.name)}<td class="number">{f.value} {f.unit}'
          f"<td><small>{html.escape(f.note)}</small></tr>" for f in report.figures),
        f"</table><p>Below: {html.escape(name)}.</p>",
        "<h2>Is it as sure as it is right?</h2>", reliability_plot(judged),
        HOW_TO_READ,
        "<h2>What is confused</h2><table><tr><th>is<th>answered<th>times</tr>",
        *(f"<tr><td>{examples.get(t, '')}{_name(t, names)}"
          f'<td>{examples.get(a, "")}{_name(a, names)}<td class="number">{n}</tr>'
          for t, a, n in confusions(judged)),
        "</table>", _mistakes(judged, photos, names, examples),
    ]  # fmt: skip
    put_page(path, title, body)


def put_page(path: Path, title: str, body: Sequence[str]) -> None:
    """One file of HTML with its style inside; `title` and `body` are markup already.

    Raises:
        BenchOutputError: the file cannot be written.
    """
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{STYLE}</style></head><body>{''.join(body)}</body></html>\n"
    )
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as err:
        raise BenchOutputError(
            f"{path} cannot be written: {err.strerror}", hint="give --page a writable place"
        ) from err


def reliability_plot(judged: Judged) -> str:
    """Bars of the share that is right per bin of confidence, beside the diagonal, as SVG."""
    confidence = judged.probabilities.max(axis=1)
    is_right = judged.probabilities.argmax(axis=1) == judged.labels
    bins = np.minimum((confidence * NUM_BINS).astype(int), NUM_BINS - 1)
    step = PLOT_PX / NUM_BINS
    parts = [_axes()]
    for b in range(NUM_BINS):
        here = bins == b
        if not here.any():
            continue
        share, left = float(is_right[here].mean()), LEFT_PX + b * step
        parts.append(
            f'<rect class="bar" x="{left + 2:.0f}" y="{PLOT_PX * (1 - share):.0f}" '
            f'width="{step - 4:.0f}" height="{PLOT_PX * share:.0f}"><title>{int(here.sum())} '
            f"photographs, {100 * share:.0f} % right</title></rect>"
            f'<text x="{left + step / 2:.0f}" y="{PLOT_PX + 15}" text-anchor="middle">'
            f"{int(here.sum())}</text>"
        )
    width, height = LEFT_PX + PLOT_PX + 20, PLOT_PX + LOW_PX
    return (
        f'<svg viewBox="0 -8 {width} {height + 8}" width="{width}" role="img" '
        f'aria-label="share right by confidence">{"".join(parts)}<line class="ideal" '
        f'x1="{LEFT_PX}" y1="{PLOT_PX}" x2="{LEFT_PX + PLOT_PX}" y2="0"/></svg>'
    )


def _axes() -> str:
    marks = []
    for percent in (0, 25, 50, 75, 100):
        y, x = PLOT_PX * (1 - percent / 100), LEFT_PX + PLOT_PX * percent / 100
        marks.append(
            f'<line class="axis" x1="{LEFT_PX}" x2="{LEFT_PX + PLOT_PX}" y1="{y:.0f}"'
            f' y2="{y:.0f}"/>'
            f'<text x="{LEFT_PX - 6}" y="{y + 4:.0f}" text-anchor="end">{percent} %</text>'
            f'<text x="{x:.0f}" y="{PLOT_PX + 33}" text-anchor="middle">{percent} %</text>'
        )
    return "".join(marks)


def _mistakes(
    judged: Judged, photos: Sequence[Photo], names: Sequence[str], examples: dict[int, str]
) -> str:
    answers = judged.probabilities.argmax(axis=1)
    confidence = judged.probabilities.max(axis=1)
    wrong = np.flatnonzero(answers != judged.labels)
    shown = wrong[np.argsort(-confidence[wrong], kind="stable")][:NUM_MISTAKES]
    cards = "".join(
        f'<figure><div class="pair">{_thumb(photos[i])}{examples.get(int(answers[i]), "")}</div>'
        f"<figcaption>is <b>{_name(judged.labels[i], names)}</b>, answered "
        f"<b>{_name(answers[i], names)}</b>, {100 * confidence[i]:.0f} % sure</figcaption></figure>"
        for i in shown
    )
    return (
        f"<h2>Mistakes, the surest first</h2><p>{len(shown)} of {len(wrong)}; left what was "
        f'judged, right a photograph of what was answered.</p><div class="grid">{cards}</div>'
    )


def _examples(judged: Judged, photos: Sequence[Photo]) -> dict[int, str]:
    """A picture of each class that occurs in a mistake."""
    answers = judged.probabilities.argmax(axis=1)
    wrong = answers != judged.labels
    wanted = {int(label) for label in (*judged.labels[wrong], *answers[wrong])}
    found: dict[int, str] = {}
    for photo in photos:
        if photo.label in wanted and photo.label not in found:
            found[photo.label] = _thumb(photo)
    return found


def _thumb(photo: Photo) -> str:
    picture: NDArray[np.uint8] = read_photo(photo.path)
    scale = min(1.0, THUMB_PX / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(data).decode()}">'


def _name(label: int, names: Sequence[str]) -> str:
    return html.escape(names[label]) if label < len(names) else str(label)
