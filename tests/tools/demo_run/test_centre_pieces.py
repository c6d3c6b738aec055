"""The centre's demo: what it is asked, what it cuts from the clips, how it makes a model worse."""

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from edge.config import FACTORY_BUNDLE
from sync.bundle import open_bundle
from sync.gallery import load_gallery
from tools.demo_run.__main__ import demo
from tools.demo_run.centre_gate import commonest_pairs, exchanged_names, policies_line, retouched
from tools.demo_run.centre_scenes import Look, in_evening_light, looks_of, quiet_frames
from tools.demo_run.clip_folder import ASSETS, read_clips
from trainer.release.part_swap import differing_parts

CLIPS = ("02_put_back", "03_look_alikes")


@pytest.fixture(scope="module")
def looks() -> list[Look]:
    return looks_of(("cam0",), [clip for clip in read_clips() if clip.name in CLIPS])


def asked(*words: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(demo)
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.output


@pytest.mark.parametrize("words", [("--centre",), ("--once", "--centre", "--loop")])
def test_the_centre_plays_once_and_alone(words: tuple[str, ...]) -> None:
    code, told = asked(*words)
    assert (code, "--once --centre" in told) == (2, True)


def test_the_policy_of_the_demo_stands_beside_productions() -> None:
    assert "margin 0.1 (0.005)" in policies_line()
    assert "num_looks 2 (20)" in policies_line()


def test_pictures_are_taken_when_no_hand_is_over_the_counter() -> None:
    told = json.loads((ASSETS / "clips" / "02_put_back" / "events.json").read_bytes())
    for state, frame in quiet_frames(told).items():
        inside = [e for e in told["events"] if e["enter_frame"] < frame < e["leave_frame"]]
        assert not inside, state


def test_every_look_says_what_lies_there_and_where(looks: list[Look]) -> None:
    assert len(looks) > 3
    for look in looks:
        named = [look.sku_at(box) for box in look.boxes]
        assert sorted(named) == sorted(item.sku_id for item in look.items)
        assert look.sku_at((0, 0, 5, 5)) == ""


def test_the_evening_is_another_picture_of_the_same_goods(looks: list[Look]) -> None:
    (evening,) = in_evening_light(looks[:1])
    assert evening.jpeg != looks[0].jpeg
    assert (evening.basket, evening.boxes) == (looks[0].basket, looks[0].boxes)


def test_the_worse_model_differs_in_gallery_and_thresholds(
    tmp_path: Path, looks: list[Look]
) -> None:
    good = open_bundle(FACTORY_BUNDLE)
    pairs = commonest_pairs(looks, 1)
    worse = exchanged_names(good, tmp_path / "worse", pairs)
    assert differing_parts(good, worse) == ["gallery", "thresholds"]
    before, after = (load_gallery(b.file("gallery")) for b in (good, worse))
    moved = {a for a, b in zip(before.sku_ids, after.sku_ids, strict=True) if a != b}
    assert moved == {sku_id for pair in pairs for sku_id in pair}
    assert np.array_equal(before.vectors, after.vectors)


def test_the_retouched_model_differs_in_thresholds_only(tmp_path: Path) -> None:
    good = open_bundle(FACTORY_BUNDLE)
    assert differing_parts(good, retouched(good, tmp_path / "same")) == ["thresholds"]
