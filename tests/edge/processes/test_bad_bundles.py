"""Every kind of bad bundle: the old one keeps serving, the right reason is told, none comes back.

Thirty-two kinds in the order in which a box meets them; `tools/bench bad-bundles` repeats
them.
"""

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from edge.bundles.comparison import BasketOutcome, Winner
from edge.bundles.shadow_tally import Comparison, ShadowTally
from edge.bundles.store import BundleStore
from edge.config import FACTORY_BUNDLE
from edge.messages.bundle_messages import BundleStaged
from edge.messages.perception_messages import PerceptionState
from edge.messages.shadow_messages import ShadowReport
from edge.processes.bundle_keeper import SelfTestAnswer
from edge.processes.golden_child import try_bundle
from sync.bundle import file_sha256, open_bundle
from sync.errors import SyncError
from sync.swap_policy import SwapPolicy
from tests.edge.processes.bundle_shop import Shop, shadowing, tally_of
from tests.edge.processes.test_shadow_session import Bench, RunnerLimits, script

SABOTAGED = ("embedder.int8.onnx", "detector.int8.onnx", "gallery.npz", "whitening.npz")


@dataclass(frozen=True)
class Kind:
    """A way to be bad."""

    name: str
    sabotage: Callable[..., None]
    reason: str


def in_file(name: str, change: Callable[[bytes], bytes], folder: Path) -> None:
    path = folder / name
    path.write_bytes(change(path.read_bytes()))


def in_manifest(change: Callable[[dict], None], folder: Path) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def flip(data: bytes) -> bytes:
    return data[:40] + bytes([data[40] ^ 1]) + data[41:]


def as_link(folder: Path) -> None:
    (folder / "prices.json").rename(folder.parent / "elsewhere.json")
    (folder / "prices.json").symlink_to(folder.parent / "elsewhere.json")


def path_in_manifest(path: str) -> Callable[[Path], None]:
    return partial(in_manifest, lambda m: m["files"][0].update(path=path))


def twice(manifest: dict) -> None:
    entry = dict(manifest["files"][0])
    manifest["files"].append({**entry, "path": entry["path"].upper()})


DAMAGED = [
    Kind("truncated", partial(in_file, "catalog.json", lambda d: d[:-9]), "bytes, the manifest"),
    Kind("one bit flipped", partial(in_file, "catalog.json", flip), "was altered"),
    Kind("a file missing", lambda f: (f / "prices.json").unlink(), "is missing or a link"),
    Kind("a symlink", as_link, "is missing or a link"),
    Kind("path traversal", path_in_manifest("../../etc/passwd"), "leaves the bundle"),
    Kind("absolute path", path_in_manifest("/etc/passwd"), "leaves the bundle"),
    Kind("names that clash in case", partial(in_manifest, twice), "differ only in case"),
    Kind("a format of the future", partial(in_manifest, lambda m: m.update(format=99)), "format"),
    Kind("no manifest", lambda f: (f / "manifest.json").unlink(), "cannot be read"),
    Kind("manifest cut short", partial(in_file, "manifest.json", lambda d: d[:60]), "manifest"),
]  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGED, ids=lambda kind: kind.name)
def test_what_is_not_whole_is_never_installed(kind: Kind, tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    kind.sabotage(tmp_path / "new")
    store = BundleStore(tmp_path / "other")
    with pytest.raises(SyncError, match=kind.reason):
        store.import_directory(tmp_path / "new")
    assert store.bundle_ids() == ()
    assert shop.keeper.words(0).lanes["a"] == shop.keeper.state.factory
    shop.keeper.close()


def rewrite(name: str, change: Callable[[dict[str, np.ndarray]], None], folder: Path) -> None:
    with np.load(folder / name, allow_pickle=False) as archive:
        arrays = {key: archive[key] for key in archive.files}
    change(arrays)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    (folder / name).write_bytes(buffer.getvalue())


def sign_again(folder: Path) -> None:
    """A publisher that signs what it broke: every hash is right."""
    manifest = json.loads((folder / "manifest.json").read_text())
    for entry in manifest["files"]:
        path = folder / entry["path"]
        entry["size"], entry["sha256"] = path.stat().st_size, file_sha256(path)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def not_numbers(arrays: dict[str, np.ndarray]) -> None:
    arrays["matrix"] = np.full_like(arrays["matrix"], np.nan)


def permuted(arrays: dict[str, np.ndarray]) -> None:
    arrays["sku_ids"] = np.roll(arrays["sku_ids"], 3)


def unlist_golden(folder: Path) -> None:
    shutil.rmtree(folder / "golden")
    in_manifest(
        lambda m: m.update(files=[f for f in m["files"] if not f["path"].startswith("golden")]),
        folder,
    )


def no_items(folder: Path) -> None:
    path = folder / "golden" / "golden.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "frames": []}))


SICK = [
    Kind("a network of another ABI", partial(in_file, SABOTAGED[0], lambda d: b"\x08\x63" + d[2:]),
         "inference"),
    Kind("a network of random bytes", partial(in_file, SABOTAGED[1], lambda d: bytes(9) + d[9:]),
         "inference"),
    Kind("NaN in its weights", partial(rewrite, SABOTAGED[3], not_numbers), ""),
    Kind("labels permuted", partial(rewrite, SABOTAGED[2], permuted), "sure looks differ"),
    Kind("no golden frames", unlist_golden, ""),
    Kind("golden frames that expect nothing", no_items, ""),
]  # fmt: skip


@pytest.mark.parametrize("kind", SICK, ids=lambda kind: kind.name)
def test_what_is_signed_and_sick_fails_its_golden_frames(kind: Kind, tmp_path: Path) -> None:
    folder = tmp_path / "sick"
    shutil.copytree(FACTORY_BUNDLE, folder)
    kind.sabotage(folder)
    sign_again(folder)
    open_bundle(folder)  # whole and rightly hashed: only trying it can tell
    told = try_bundle(folder)
    assert told["is_passed"] is False
    assert kind.reason in str(told["summary"])
    (tmp_path / "s").mkdir()
    shop = Shop(tmp_path / "s")
    shop.answer = SelfTestAnswer(False, str(told["summary"]))
    shop.stage()
    shop.step()
    assert_out(shop, "self-test")


HANG = RunnerLimits(cpu_s=0.3, clock_s=0.5)
PROCESSES = [
    pytest.param(script("sys.exit(3)"), None, 500.0, "shadow.crashed", id="crash at load"),
    pytest.param(
        script(looking="seen > 50 and __import__('os').abort()"), None, 500.0, "shadow.crashed",
        id="crash after 50 frames",
    ),
    pytest.param(script(looking="time.sleep(99)"), HANG, 500.0, "shadow.hang", id="hang"),
    pytest.param(
        script(looking="h = bytearray(200 << 20); time.sleep(9)"), None, 100.0, "shadow.memory",
        id="memory hog",
    ),
    pytest.param(
        script(looking="print('[' * 70000, flush=True)"), None, 500.0, "shadow.garbled",
        id="huge outputs",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("command", "limits", "max_mib", "reason"), PROCESSES)
def test_what_breaks_at_work_breaks_alone(
    command: list[str], limits: RunnerLimits | None, max_mib: float, reason: str, tmp_path: Path
) -> None:
    (tmp_path / "b").mkdir()
    bench = Bench(tmp_path / "b")
    session = bench.open(command, limits, max_mib)
    bench.sell("milk", num_frames=80)
    bench.run()
    report = session.report(0, 1.0)
    session.close()
    (tmp_path / "s").mkdir()
    shop = Shop(tmp_path / "s")
    shadowing(shop)
    shop.keeper.on_shadow(ShadowReport(shop.new.bundle_id, 0, report.mode, report.problem))
    shop.step()
    assert_out(shop, reason)


def tally(num_baskets: int = 60, **changes: float) -> bytes:
    made = ShadowTally.from_json(tally_of(Winner.NOBODY, num_baskets))
    for name, value in changes.items():
        setattr(made, name, value)
    return made.to_json()


def two_percent_worse() -> bytes:
    """Paired outcomes of 6,000 baskets of a candidate that is wrong in 2 % more of them."""
    made = ShadowTally("new", wins=60, losses=180, ties=5760, frames_seen=1, frames_looked=1)
    return made.to_json()


def one_dead_class() -> bytes:
    made = ShadowTally.from_json(tally_of(Winner.NOBODY, 200))
    for number in range(30):
        outcome = BasketOutcome(Winner.NOBODY, losses=("gum",), num_items=2)
        made.add(Comparison(f"g{number}", outcome, {"gum": 1}, {}, 30, 0, 20))
    return made.to_json()


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        pytest.param(tally(latency_ratio=10.0), "too_slow", id="ten times slower"),
        pytest.param(two_percent_worse(), "priced_worse", id="2 % worse"),
        pytest.param(one_dead_class(), "sku_worse:gum", id="one dead class"),
        pytest.param(tally(null_frames=900), "null_outputs", id="sees nothing"),
        pytest.param(tally(extra_asks=90), "asks_too_often", id="asks about everything"),
        pytest.param(tally(silent_s=1e6), "silent", id="goes silent"),
        pytest.param(tally(rss_mib=9000.0), "too_much_memory", id="leaks"),
    ],
)
def test_what_prices_badly_is_out_by_its_baskets(shown: bytes, reason: str, tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shadowing(shop)
    shop.keeper.on_shadow(ShadowReport(shop.new.bundle_id, 0, "live", tally=shown))
    shop.step()
    assert_out(shop, reason)


def test_an_old_generation_is_refused_and_a_quarantined_one_stays_out(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.answer = SelfTestAnswer(False, "blind")
    shop.stage(5)
    shop.step()
    for generation in (0, 4, 5):
        shop.stage(generation)
        assert shop.keeper.state.candidate == ""
    assert_out(shop, "blind")


@pytest.mark.parametrize(
    ("p95_ms", "num_failures", "num_deaths", "reason"),
    [
        pytest.param(900.0, 0, 0, "too_slow", id="slow after the swap"),
        pytest.param(30.0, 500, 0, "null_outputs", id="blind after the swap"),
        pytest.param(30.0, 0, 2, "died", id="crashes after the swap"),
    ],
)
def test_what_turns_bad_after_the_swap_is_rolled_back(
    p95_ms: float, num_failures: int, num_deaths: int, reason: str, tmp_path: Path
) -> None:
    shop = Shop(tmp_path)
    shop.reopen(SwapPolicy(confirm_baskets=50))
    shop.keeper.on_perception(perceived(shop.keeper.state.active, 30.0, 100, 0))
    shop.swap()
    for _ in range(num_deaths):
        shop.keeper.on_death()
    shop.keeper.on_perception(perceived(shop.new.bundle_id, p95_ms, 1100, num_failures))
    shop.step()
    assert_out(shop, reason)


def perceived(active: str, p95_ms: float, num_frames: int, num_failures: int) -> PerceptionState:
    return PerceptionState(0, active, "", "", num_frames, 0, 0, 10.0, p95_ms, num_failures, 9)


def assert_out(shop: Shop, reason: str) -> None:
    """The old one serves, the reason is told, the bad one is in quarantine and stays there."""
    report = shop.keeper.report(0)
    assert report.active == report.factory
    assert shop.keeper.words(0).lanes == {"a": report.factory}
    assert reason in report.quarantined[shop.new.bundle_id]
    shop.keeper.on_staged(BundleStaged(shop.new.bundle_id, 5, "", 0))
    assert shop.keeper.state.candidate == ""
    shop.keeper.close()
