import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from edge.errors import EngineBuildError
from edge.perception.engine_build import BuildProgress, BuildRequest, build_engine, build_here, main
from edge.perception.engine_cache import MARKER, EngineCache, Hardware, ShapeProfile
from edge.perception.provider_table import CPU_PROVIDER, CUDA_PROVIDER, TENSORRT_PROVIDER
from tests.fakes.fake_onnxruntime import FakeOnnxRuntime

HARDWARE = Hardware("NVIDIA L4", "580.65", "1.31.1+10.13")
PROFILE = ShapeProfile("crops", (1, 4, 8), (3, 160, 160))
SHA = "a" * 64
ALL = (TENSORRT_PROVIDER, CUDA_PROVIDER, CPU_PROVIDER)

# What a child does, without a GPU: it writes an engine into the folder it is given.
WRITES = "import sys,pathlib; i=sys.argv.index('--folder'); "
WRITES += "(pathlib.Path(sys.argv[i+1])/'m.engine').write_bytes(b'x'*1000)"
FAILS = "import sys; print('line one', file=sys.stderr); sys.exit('no kernel for this node')"
SLEEPS = "import time; time.sleep(60)"


def request(tmp_path: Path) -> BuildRequest:
    return BuildRequest(tmp_path / "model.onnx", SHA, PROFILE)


def child(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_an_engine_is_built_in_a_child_and_published_whole(tmp_path: Path) -> None:
    cache = EngineCache(tmp_path / "engines", HARDWARE)
    told: list[BuildProgress] = []
    folder = build_engine(request(tmp_path), cache, told.append, command=child(WRITES), poll_s=0.01)
    assert cache.has(SHA)
    assert folder == cache.folder(SHA)
    assert told[-1].is_done
    assert told[-1].written_bytes >= 1000
    assert build_engine(request(tmp_path), cache, told.append, command=child(FAILS)) == folder


def test_a_build_that_fails_leaves_nothing_that_could_be_taken_for_an_engine(
    tmp_path: Path,
) -> None:
    cache = EngineCache(tmp_path / "engines", HARDWARE)
    with pytest.raises(EngineBuildError, match="no kernel for this node"):
        build_engine(request(tmp_path), cache, lambda _: None, command=child(FAILS), poll_s=0.01)
    assert not cache.has(SHA)


def test_a_build_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    cache = EngineCache(tmp_path / "engines", HARDWARE)
    with pytest.raises(EngineBuildError, match="not built within"):
        build_engine(
            request(tmp_path), cache, lambda _: None,
            command=child(SLEEPS), timeout_s=0.1, poll_s=0.02,
        )  # fmt: skip
    assert not cache.has(SHA)


def test_a_child_that_ends_without_an_engine_has_failed(tmp_path: Path) -> None:
    cache = EngineCache(tmp_path / "engines", HARDWARE)
    with pytest.raises(EngineBuildError, match="without an engine"):
        build_engine(request(tmp_path), cache, lambda _: None, command=child("pass"), poll_s=0.01)


def test_an_interrupted_build_is_no_engine_and_is_begun_anew(tmp_path: Path) -> None:
    cache = EngineCache(tmp_path, HARDWARE)
    part = cache.start_folder(SHA)
    (part / "half.engine").write_bytes(b"x")
    assert not cache.has(SHA)
    assert list(cache.start_folder(SHA).iterdir()) == []


@pytest.mark.parametrize("field", ["gpu", "driver", "runtime", "precision"])
def test_the_key_changes_with_everything_an_engine_depends_on(field: str, tmp_path: Path) -> None:
    cache = EngineCache(tmp_path, HARDWARE)
    other = EngineCache(tmp_path, replace(HARDWARE, **{field: "another"}))
    assert cache.key(SHA) != other.key(SHA)
    assert cache.key(SHA) != cache.key("b" * 64)
    assert cache.key(SHA) == EngineCache(tmp_path / "elsewhere", HARDWARE).key(SHA)


def test_the_least_recently_used_engine_goes_first_and_the_one_in_use_never(
    tmp_path: Path,
) -> None:
    cache = EngineCache(tmp_path, HARDWARE, limit_mib=1)
    shas = ["a" * 64, "b" * 64, "c" * 64]
    for age, sha in enumerate(shas):
        part = cache.start_folder(sha)
        (part / "m.engine").write_bytes(bytes(600_000))
        os.utime(cache.publish(sha, part) / MARKER, (1000 + age, 1000 + age))
    removed = cache.evict(frozenset({shas[0]}))
    assert removed == [cache.key(shas[1])]
    assert [cache.has(sha) for sha in shas] == [True, False, True]
    cache.note_use(shas[0])
    assert (cache.folder(shas[0]) / MARKER).stat().st_mtime > 2000


def test_a_profile_is_written_in_the_notation_of_tensorrt() -> None:
    assert PROFILE.text(1) == "crops:4x3x160x160"
    assert PROFILE.largest() == (8, 3, 160, 160)


@pytest.mark.parametrize(
    ("ort", "library", "reason"),
    [
        pytest.param(FakeOnnxRuntime(), "", "no TensorRT provider", id="CPU wheel"),
        pytest.param(FakeOnnxRuntime(ALL), "libnvinfer.so.10 cannot be loaded",
                     "libnvinfer", id="no library"),
        pytest.param(FakeOnnxRuntime(ALL, raises=ALL), "", "libcudart", id="no CUDA"),
        pytest.param(FakeOnnxRuntime(ALL, falls_back=ALL), "", "fell back", id="no GPU"),
    ],
)  # fmt: skip
def test_a_build_where_something_is_missing_says_what(
    ort: FakeOnnxRuntime, library: str, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(EngineBuildError, match=reason):
        build_here(request(tmp_path), tmp_path, ort, library)


def test_the_child_asks_tensorrt_for_an_engine_in_the_folder(tmp_path: Path) -> None:
    ort = FakeOnnxRuntime(ALL)
    build_here(request(tmp_path), tmp_path, ort, "")
    options = dict(ort.sessions[0].asked)[TENSORRT_PROVIDER]
    assert options["trt_engine_cache_path"] == str(tmp_path)
    assert options["trt_fp16_enable"] == "1"


def test_the_child_ends_with_one_and_a_reason_where_it_cannot_build(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = '{"input_name": "crops", "sizes": [1, 4, 8], "rest": [3, 160, 160]}'
    arguments = ["--model", "x.onnx", "--folder", str(tmp_path), "--profile", profile]
    code = main(arguments)
    assert code == 1
    assert capsys.readouterr().err.strip()
