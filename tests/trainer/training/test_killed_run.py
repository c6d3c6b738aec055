"""Real training processes killed with -9, and the same command again: identical weights."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from trainer.training.checkpoint import LAST_NAME, load_checkpoint
from trainer.training.launch import torchrun_command

pytestmark = [pytest.mark.train, pytest.mark.slow, pytest.mark.timeout(5000)]
ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 1500.0


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten photographs of two colours, in a list."""
    folder, random = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    lines = []
    for number in range(10):
        colour = ((30, 40, 200), (200, 60, 30))[number % 2]
        picture = np.clip(random.normal(colour, 25, (72, 72, 3)), 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), picture)
        lines.append(f"{number}.png, {number % 2}, {number % 2}")
    (folder / "list.txt").write_text("\n".join(lines))
    # Features first: two ranks that make them at once differ in the last bit of a float16.
    finished([*command(folder, folder / "first"), "--epochs", "1"])
    return folder


def command(photos: Path, out: Path, *more: str) -> list[str]:
    """`photos` with two checkpoints; 8 photographs are learned, 256 samples a step."""
    options = {"--train": photos / "list.txt", "--out": out, "--cache": photos / "features",
               "--recipe": "head_on_cached_features", "--epochs": 6400}  # fmt: skip
    words = [str(word) for pair in options.items() for word in pair]
    return [sys.executable, "-m", "trainer.training", "photos", *words, *more]


def finished(words: list[str]) -> None:
    subprocess.run(words, check=True, cwd=ROOT, env=_quiet(), timeout=PATIENCE_S)


def killed(words: list[str], out: Path, victim: str) -> int:
    """Start it, kill -9 one process once there is a checkpoint; its step."""
    started = subprocess.Popen(words, cwd=ROOT, env=_quiet(), start_new_session=True)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not (out / LAST_NAME).exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(_process(started.pid, victim), signal.SIGKILL)
        assert started.wait(PATIENCE_S) != 0
    finally:
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGKILL)
    assert not (out / "weights.pt").exists()
    return int(load_checkpoint(out / LAST_NAME)["step"])


@pytest.mark.parametrize(
    ("more", "victim"),
    [
        pytest.param((), "alone", id="the only process"),
        pytest.param(("--processes", "2"), "rank 1", id="one of two"),
    ],
)
def test_a_killed_run_ends_with_the_weights_of_one_that_was_left_alone(
    photos: Path, tmp_path: Path, more: tuple[str, ...], victim: str
) -> None:
    finished(command(photos, tmp_path / "whole", *more))
    step = killed(command(photos, tmp_path / "run", *more), tmp_path / "run", victim)
    assert 0 < step < 200
    finished(command(photos, tmp_path / "run", *more))
    whole, again = (load_checkpoint(tmp_path / run / "weights.pt") for run in ("whole", "run"))
    assert whole.keys() == again.keys()
    assert all(torch.equal(whole[name], again[name]) for name in whole)


MIXTURE = """
import dataclasses, sys
from pathlib import Path
from tests.trainer.training.test_train import Points, SignTask, short_recipe
from trainer.dataset.sampler import MixedSource, Part
from trainer.training.launch import joined_place
from trainer.training.train import train

class Told(Points):
    def __init__(self, name, out):
        self.name, self.out = name, out
    def sample(self, index, random):
        drawn = super().sample(index, random)
        self.out.write(f"{self.name} {index} {float(drawn[0][1]):.9f}\\n")
        return drawn

run, stop = Path(sys.argv[1]), int(sys.argv[2])
with joined_place(device="cpu") as place:
    out = (run.parent / f"{stop}-{place.shard.rank}").open("w", buffering=1)
    parts = [Part("old", Told("old", out), 40), Part("new", Told("new", out), 30),
             Part("hard", Told("hard", out), 30)]
    recipe = dataclasses.replace(short_recipe(), num_steps=12, batch_size=12)
    train(recipe, SignTask(), MixedSource(parts, 50), run, place=place, stop_after=stop)
"""


def test_a_mixture_goes_on_with_the_very_same_samples_in_one_two_and_three_processes(
    tmp_path: Path,
) -> None:
    (tmp_path / "mixture_of_a_run.py").write_text(MIXTURE)
    samples: dict[str, list[str]] = {}
    for run, stops in (("alone", ((12, 1),)), ("changing", ((3, 1), (7, 2), (12, 3)))):
        place, first, samples[run] = tmp_path / run / "run", 0, []
        place.parent.mkdir()
        for stop, world_size in stops:
            subprocess.run(
                torchrun_command(world_size, "mixture_of_a_run", [str(place), str(stop)]),
                cwd=tmp_path, env=_quiet(tmp_path), check=True, timeout=PATIENCE_S,
            )  # fmt: skip
            ranks = [
                (place.parent / f"{stop}-{r}").read_text().split("\n") for r in range(world_size)
            ]
            share = 12 // world_size
            for step in range(stop - first):
                for rank in ranks:
                    samples[run] += rank[step * share : (step + 1) * share]
            first = stop
    assert len(samples["alone"]) == 144
    assert samples["changing"] == samples["alone"]


def _process(ancestor: int, victim: str) -> int:
    """The process itself, or the rank below it that torchrun started."""
    if victim == "alone":
        return ancestor
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            told = (entry / "environ").read_bytes().split(b"\0")
            group = os.getpgid(int(entry.name))
        except OSError:
            continue
        if b"RANK=1" in told and (group == ancestor or _is_below(int(entry.name), ancestor)):
            return int(entry.name)
    raise AssertionError(f"no {victim} below {ancestor}")


def _is_below(pid: int, ancestor: int) -> bool:
    while pid > 1:
        if pid == ancestor:
            return True
        pid = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    return False


def _quiet(*folders: Path) -> dict[str, str]:
    places = ":".join(str(folder) for folder in (ROOT, *folders))
    return {"PATH": "/usr/bin:/bin", "PYTHONPATH": places, "OMP_NUM_THREADS": "1"}
