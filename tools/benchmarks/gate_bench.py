"""tools/bench gate: the error rates that the gate promises, over simulated comparisons.

Flow: simulated baskets of stores and days -> trainer/release/gate.py -> counts -> report

A/A: two equal models. A/B: the candidate is worse by the margin, or by far. Exit code 1 with
--strict where a promise is broken.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from tools.benchmarks.report import Figure, Report, machine, publish
from trainer.release.gate import GatePolicy, PairedBasket, judge

POLICY = GatePolicy("bench", margin=0.03, alpha=0.05, num_looks=1, power=0.8, slice_margin=0.1,
                    flip_budget=1.0, wrong_charged_limit=0.01, latency_ratio_limit=1.2)  # fmt: skip
NUM_CLUSTERS, PER_CLUSTER = 50, 10


@dataclass(frozen=True, slots=True)
class Comparison:
    """One kind of comparison and what was promised about it."""

    name: str
    loss: float
    verdict: str
    at_most: float = 1.0
    at_least: float = 0.0


COMPARISONS = (
    Comparison("A/A equal models: rejected", 0.0, "reject", at_most=POLICY.alpha),
    Comparison("A/A equal models: passed", 0.0, "pass", at_least=POLICY.power),
    Comparison("A/B worse by the margin: passed", POLICY.margin, "pass", at_most=POLICY.alpha),
    Comparison("A/B worse by 15 %: rejected", 0.15, "reject", at_least=0.95),
)


def simulated(random: np.random.Generator, loss: float) -> list[PairedBasket]:
    """Baskets of 50 stores and days that resemble each other; both models err on like baskets."""
    hardness = random.normal(0, 0.6, NUM_CLUSTERS).repeat(PER_CLUSTER)
    basket = random.normal(0, 1.2, NUM_CLUSTERS * PER_CLUSTER)
    own = random.normal(0, 0.4, (2, NUM_CLUSTERS * PER_CLUSTER))
    champion = hardness + basket + own[0] < 1.9
    candidate = hardness + basket + own[1] < 1.9
    candidate &= random.random(len(candidate)) >= loss / max(champion.mean(), 1e-9)
    return [
        PairedBasket(str(i), str(i // PER_CLUSTER), (), bool(a), bool(b))
        for i, (a, b) in enumerate(zip(champion, candidate, strict=True))
    ]


def verdicts(loss: float, seed: int, num: int) -> Counter[str]:
    """How often each verdict came."""
    random = np.random.default_rng(seed)
    return Counter(judge(simulated(random, loss), POLICY).verdict for _ in range(num))


def gate(
    num: Annotated[int, typer.Option(help="Comparisons of each kind.", min=1)] = 2_000,
    seed: Annotated[int, typer.Option(help="Of the simulation.")] = 1,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 on a missed bar.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    out: Annotated[Path | None, typer.Option(help="Also write the JSON document here.")] = None,
) -> None:
    """How often the gate errs, beside what its docstring promises."""
    facts = machine()
    counts = {loss: verdicts(loss, seed + i, num)
              for i, loss in enumerate({c.loss for c in COMPARISONS})}  # fmt: skip
    figures, missed = [], False
    for row in COMPARISONS:
        share = counts[row.loss][row.verdict] / num
        bound = f"at most {row.at_most:.0%}" if row.at_most < 1 else f"at least {row.at_least:.0%}"
        missed = missed or not row.at_least <= share <= row.at_most
        figures.append(Figure(row.name, round(100 * share, 2), "%", f"promised: {bound}"))
    words = f"{num} comparisons of a kind, {NUM_CLUSTERS * PER_CLUSTER} baskets in {NUM_CLUSTERS} "
    words += f"stores and days, margin {POLICY.margin:.0%}, alpha {POLICY.alpha:.0%}"
    publish(Report("Gate", words, facts, figures=figures), as_json=as_json, out=out)
    if strict and missed:
        raise typer.Exit(1)
