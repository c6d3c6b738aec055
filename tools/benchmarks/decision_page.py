"""A page to look at: the decision's figures, how honest its sureness is, which SKUs are confused.

Flow: Report + Outcomes + the bundle's catalogue pictures -> one HTML file

Look and plot are mistakes_page.py's. Scenes hold no picture of an item alone, so a mistake is shown
by the catalogue's pictures of what it is and of what was answered.
"""

import base64
import html
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sync.bundle import Bundle
from sync.catalog import load_catalog
from tools.benchmarks.decision_quality import Outcome, named_sku
from tools.benchmarks.mistakes_page import HOW_TO_READ, put_page, reliability_plot
from tools.benchmarks.recognition import Judged, confusions
from tools.benchmarks.report import Report


def write_decision_page(
    path: Path, report: Report, outcomes: Sequence[Outcome], bundle: Bundle
) -> None:
    """One file.

    Raises:
        BenchOutputError: it cannot be written.
    """
    names = sorted({o.sku_id for o in outcomes} | {named_sku(o) for o in outcomes})
    judged, pictures = _judged(outcomes, names), _pictures(bundle)
    title, facts = html.escape(report.title), report.machine
    body = [
        f"<h1>{title}</h1><p>{html.escape(report.input)}<br>",
        f"{report.date}, {html.escape(str(facts.get('cpu')))}, {facts.get('cores')} cores<br>",
        f"<code>{html.escape(report.command)}</code></p>",
        "<table><tr><th>what<th>value<th></tr>",
        *(f'<tr><td>{html.escape(f.name)}<td class="number">{_value(f.value)} {f.unit}'
          f"<td><small>{html.escape(f.note)}</small></tr>" for f in report.figures),
        "</table><h2>Is it as sure as it is right?</h2>", reliability_plot(judged), HOW_TO_READ,
        "<h2>What is confused, asked about or not</h2>",
        "<table><tr><th>is<th>answered<th>times</tr>",
        *(f"<tr><td>{_sku(names[t], pictures)}<td>{_sku(names[a], pictures)}"
          f'<td class="number">{n}</tr>' for t, a, n in confusions(judged)),
        "</table>",
    ]  # fmt: skip
    put_page(path, title, body)


def _judged(outcomes: Sequence[Outcome], names: Sequence[str]) -> Judged:
    """The decisions in the form of recognition's answers: one sureness, at what was named."""
    number = {name: i for i, name in enumerate(names)}
    probabilities = np.zeros((len(outcomes), len(names)), np.float32)
    for row, outcome in enumerate(outcomes):
        probabilities[row, number[named_sku(outcome)]] = outcome.decision.confidence
    labels = np.asarray([number[o.sku_id] for o in outcomes], np.int64)
    return Judged(probabilities, labels, labels, np.arange(len(labels)))


def _pictures(bundle: Bundle) -> dict[str, str]:
    """Catalogue pictures as HTML; SKUs without one are left out."""
    found = {}
    for sku in load_catalog(bundle.file("catalog")).skus:
        path = bundle.directory / sku.picture if sku.picture else None
        if path is not None and path.is_file():
            data = base64.b64encode(path.read_bytes()).decode()
            found[sku.sku_id] = f'<img alt="" src="data:image/jpeg;base64,{data}">'
    return found


def _sku(name: str, pictures: Mapping[str, str]) -> str:
    return f"{pictures.get(name, '')}{html.escape(name)}"


def _value(value: float | str) -> str:
    return f"{value:.4g}" if isinstance(value, float) else html.escape(str(value))
