"""Keys and cached results: what makes a step run again, and what is noticed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from trainer.steps.step_cache import StepCache
from trainer.steps.step_key import code_closure, environment_lock, step_key, tree_digest

FACTS = ("fit", "trainer.steps.step_voice", {"rate": 1}, {"shards": "ab"})


def maker(made: list[str]) -> Callable[[Path], None]:
    def make(out: Path) -> None:
        made.append("made")
        (out / "sub").mkdir(exist_ok=True)
        (out / "sub" / "weights").write_bytes(b"weights")

    return make


def test_a_result_is_made_once_and_verified_on_every_hit(tmp_path: Path) -> None:
    cache, made = StepCache(tmp_path), list[str]()
    first = cache.result("k", maker(made))
    again = cache.result("k", maker(made))
    assert (len(made), first.was_here, again.was_here) == (1, False, True)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        pytest.param(
            lambda f: (f / "sub/weights").write_bytes(b"weightZ"), "was changed", id="bit"
        ),
        pytest.param(lambda f: (f / "sub/weights").unlink(), "is missing", id="gone"),
        pytest.param(lambda f: (f / "more").write_bytes(b""), "was changed", id="one more"),
        pytest.param(
            lambda f: (f.parent / "receipt.json").write_text("{"), "receipt", id="receipt"
        ),
    ],
)
def test_a_damaged_result_is_noticed_and_made_again(
    tmp_path: Path, harm: Callable[[Path], None], said: str
) -> None:
    cache, made = StepCache(tmp_path), list[str]()
    harm(cache.result("k", maker(made)).folder)
    mended = cache.result("k", maker(made))
    assert (len(made), said in mended.damage) == (2, True)
    assert (mended.folder / "sub/weights").read_bytes() == b"weights"
    assert sorted(p.name for p in mended.folder.iterdir()) == ["sub"]


def test_what_a_killed_attempt_left_is_there_for_the_next(tmp_path: Path) -> None:
    cache, found = StepCache(tmp_path), list[bool]()

    def make(out: Path) -> None:
        found.append((out / "last.pt").is_file())
        (out / "last.pt").write_bytes(b"step 40")
        if len(found) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.result("k", make)
    cache.result("k", make)
    assert found == [False, True]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(("tune", *FACTS[1:]), id="step"),
        pytest.param((FACTS[0], "trainer.steps.step_cache", *FACTS[2:]), id="code"),
        pytest.param((*FACTS[:2], {"rate": 2}, FACTS[3]), id="parameter"),
        pytest.param((*FACTS[:3], {"shards": "ac"}), id="input"),
    ],
)
def test_each_thing_that_matters_makes_another_key(other: tuple[object, ...]) -> None:
    assert step_key(*other) != step_key(*FACTS) == step_key(*FACTS)  # type: ignore[arg-type]


def test_code_is_followed_through_imports_of_ours_only() -> None:
    closure = code_closure("trainer.steps.fit_step")
    assert {"sync.gallery", "trainer.export.gallery_refit", "trainer.errors"} <= closure
    assert "trainer.steps.package_step" not in closure
    assert not [name for name in closure if name.startswith(("torch", "numpy", "trainer.hub"))]


def test_the_environment_names_every_package_and_the_interpreter() -> None:
    lock = environment_lock()
    assert lock[0].startswith("python==")
    assert any(line.startswith("numpy==") for line in lock)


def test_a_folder_is_known_by_names_and_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    first = tree_digest(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    assert tree_digest(tmp_path) != first
