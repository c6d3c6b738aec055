"""Models come without holding up the loop, change only between baskets, and are asked for again."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from edge.errors import EngineBuildError
from edge.perception.engine_build import BuildProgress, BuildRequest
from edge.perception.engine_cache import ShapeProfile
from edge.perception.models import Models
from edge.processes.engine_room import EngineRoom, open_engine_cache
from edge.processes.model_loader import LOADING, NS_PER_S, RETRY_NS, ModelLoader
from sync.errors import BundleError
from tests.system.running_box import make_config

FIRST = cast(Models, object())
FASTER = cast(Models, object())
REQUEST = BuildRequest(Path("detector.onnx"), "0" * 64, ShapeProfile("x", (1, 1, 1), (3, 8, 8)))


class Source:
    """Models on demand; `gate` holds a call up until the test lets it go."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.is_whole = True
        self.missing: list[BuildRequest] = []
        self.build_error: EngineBuildError | None = None
        self.num_loads = self.num_builds = 0

    def load(self) -> Models:
        self.gate.wait(10)
        self.num_loads += 1
        if not self.is_whole:
            raise BundleError("a file is missing", hint="fetch it")
        return FIRST

    def missing_engines(self) -> list[BuildRequest]:
        return self.missing

    def build_and_load(self, on_progress: Callable[[BuildProgress], None]) -> Models:
        self.num_builds += 1
        on_progress(BuildProgress("detector.onnx", 12.4, 3 << 20))
        self.gate.wait(10)
        if self.build_error is not None:
            raise self.build_error
        return FASTER


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def loader(source: Source) -> Iterator[ModelLoader]:
    loader = ModelLoader(source)
    yield loader
    source.gate.set()
    loader.close()


def _step_until_done(loader: ModelLoader, now_ns: int, *, is_idle: bool = True) -> Models | None:
    """Begin what is due, wait for the thread, and take what came of it."""
    early = loader.step(now_ns, is_idle=is_idle)
    if loader._attempt is not None:
        loader._attempt.exception(10)
    return early or loader.step(now_ns, is_idle=is_idle)


def test_the_loop_goes_on_while_models_are_being_loaded(
    loader: ModelLoader, source: Source
) -> None:
    source.gate.clear()
    assert [loader.step(now, is_idle=True) for now in range(5)] == [None] * 5
    assert (loader.code, loader.models) == (LOADING, None)
    source.gate.set()
    assert _step_until_done(loader, 6) is FIRST
    assert (loader.code, loader.models) == ("", FIRST)


def test_the_first_models_serve_at_once_even_while_a_basket_is_open(loader: ModelLoader) -> None:
    assert _step_until_done(loader, 0, is_idle=False) is FIRST


def test_a_refused_bundle_is_told_and_tried_again_after_a_pause(
    loader: ModelLoader, source: Source
) -> None:
    source.is_whole = False
    assert _step_until_done(loader, 0) is None
    assert (loader.code, loader.message) == ("bundle.invalid", "a file is missing")
    source.is_whole = True
    assert _step_until_done(loader, RETRY_NS - 1) is None
    assert _step_until_done(loader, RETRY_NS) is FIRST
    assert source.num_loads == 2


def test_a_missing_engine_is_built_between_baskets_only(
    loader: ModelLoader, source: Source
) -> None:
    source.missing = [REQUEST]
    _step_until_done(loader, 0)
    assert _step_until_done(loader, 1, is_idle=False) is None
    assert source.num_builds == 0
    assert _step_until_done(loader, 2, is_idle=True) is FASTER


def test_a_basket_that_is_opened_during_a_build_keeps_its_models(
    loader: ModelLoader, source: Source
) -> None:
    source.missing = [REQUEST]
    _step_until_done(loader, 0)
    source.gate.clear()
    assert loader.step(1, is_idle=True) is None
    source.gate.set()
    assert _step_until_done(loader, 2, is_idle=False) is None
    assert loader.models is FIRST
    assert loader.step(3, is_idle=True) is FASTER


def test_the_progress_of_a_build_is_told(loader: ModelLoader, source: Source) -> None:
    source.missing = [REQUEST]
    _step_until_done(loader, 0)
    source.gate.clear()
    loader.step(1, is_idle=True)
    told = threading.Event()
    while not loader.progress:
        told.wait(0.01)
    assert loader.progress == "building detector.onnx: 12 s, 3 MiB"
    source.gate.set()


def test_an_engine_that_cannot_be_built_changes_nothing_and_is_not_tried_again(
    loader: ModelLoader, source: Source
) -> None:
    source.missing = [REQUEST]
    source.build_error = EngineBuildError("no space", hint="free the disk")
    _step_until_done(loader, 0)
    for now in range(1, 5):
        assert _step_until_done(loader, now * NS_PER_S) is None
    assert source.num_builds == 1
    assert (loader.models, loader.code, loader.progress) == (FIRST, "", "")


def test_without_tensorrt_there_is_nothing_to_build(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    knobs = config.perception.model_copy(update={"providers": ("cpu",)})
    config = config.model_copy(update={"perception": knobs})
    assert open_engine_cache(config) is None
    assert EngineRoom(config).missing_engines() == []
