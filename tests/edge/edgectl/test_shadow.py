"""What edgectl says about a candidate that looks at this box's baskets."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.bundles.comparison import BasketOutcome, Winner
from edge.bundles.shadow_tally import Comparison, ShadowTally
from edge.edgectl.__main__ import app
from edge.edgectl.bundles import shadow_line
from edge.edgectl.shadow import figures_of
from edge.messages.bundle_messages import BundlesState
from edge.messages.shadow_messages import ShadowReport
from sync.swap_policy import POLICIES
from tests.system.running_box import make_config

NEW = "b" * 64


def tally(*winners: Winner) -> ShadowTally:
    made = ShadowTally(NEW)
    for number, winner in enumerate(winners):
        outcome = BasketOutcome(winner, num_items=1)
        made.add(Comparison(f"b{number}", outcome, {"milk": 1}, {"gum": 1}, 10))
    return made


@pytest.fixture
def config_path(tmp_path: Path) -> Path:
    make_config(tmp_path)
    return tmp_path / "edge.toml"


def test_the_figures_say_what_is_still_needed() -> None:
    report = ShadowReport(NEW, 0, "live", tally=tally(Winner.NOBODY, Winner.OPEN).to_json())
    figures = figures_of(report, POLICIES["production"])
    assert figures["verdict"] == "watch"
    assert figures["still_needed"] == [
        "more baskets", "more baskets with a known winner, or audits of the open ones",
    ]  # fmt: skip
    assert figures["open_baskets"] == [
        {"basket_id": "b1", "paid": {"milk": 1}, "candidate": {"gum": 1}, "money_minor": 0}
    ]


def test_why_not_updated_tells_the_progress_in_one_line() -> None:
    told = {
        "reasons": "too_few_baskets", "baskets": "7 of 200", "winners": "nobody 7",
        "coverage": "98.0%", "no_worse_e": "1.02 of 100", "worse_e": "1 (out at 100)",
        "policy": "production (alpha 0.01, margin 0.005)",
    }  # fmt: skip
    state = BundlesState("a", "", NEW, "a", "shadow", 1, 0, waits_for="shadow", shadow=told)
    assert shadow_line(state) == (
        "7 of 200 baskets compared (nobody 7), coverage 98.0%, e-value no worse 1.02 of 100, "
        "worse 1 (out at 100), policy production (alpha 0.01, margin 0.005); "
        "still needed: more baskets"
    )


def test_without_a_candidate_nothing_is_shadowed(config_path: Path) -> None:
    result = CliRunner().invoke(app, ["shadow", "-c", str(config_path), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["shadow"] is None
