"""The benches of the centre's promises run and print what they promise."""

import json

from typer.testing import CliRunner

from tools.benchmarks.__main__ import app
from tools.benchmarks.new_sku import SIDES, draw_photo
from trainer.onboarding.photo_quality import check_photo


def test_the_gates_error_rates_stand_beside_their_promises() -> None:
    told = CliRunner().invoke(app, ["gate", "--num", "20", "--json"])
    figures = json.loads(told.stdout)["figures"]
    assert [f["note"] for f in figures] == [
        "promised: at most 5%", "promised: at least 80%", "promised: at most 5%",
        "promised: at least 95%",
    ]  # fmt: skip
    assert figures[3]["value"] == 100


def test_the_drawn_photos_of_the_bench_are_good_enough_to_be_taken() -> None:
    problems = [p for side in range(len(SIDES)) for p in check_photo(draw_photo(1, side)).problems]
    assert not [p for p in problems if p.is_blocking]
