"""300 downloads over links that go wrong again and again: all finish within a tenth more bytes."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.fakes.flaky_hub import Asked, Fault, FlakyHub
from tests.sync.test_blob_download import PATIENT, downloader, noise, publish

NUM_DOWNLOADS = 300
BLOB_BYTES = 2_000_000
FAULTS: tuple[Fault, ...] = (
    Fault("cut"), Fault("reset"), Fault("stall"), Fault("drip"), Fault("flip"),
    Fault("status", status=403), Fault("status", status=407), Fault("status", status=429),
    Fault("status", status=503), Fault("wrong_range"), Fault("ignore_range"), Fault("no_range"),
    Fault("html"), Fault("gzip"), Fault("shorter"), Fault("redirect"),
)  # fmt: skip


@dataclass
class FlakyLife:
    """A link that goes wrong one to three times per download, each time differently."""

    dice: random.Random
    left: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Fault:
        blob = asked.path.split("/")[3]
        left = self.left.setdefault(blob, self.dice.randint(1, 3))
        if asked.path.endswith("/chunks") or not left:
            return Fault()
        self.left[blob] -= 1
        fault = self.dice.choice(FAULTS)
        self.counts[fault.kind] = self.counts.get(fault.kind, 0) + 1
        return Fault(fault.kind, self.dice.uniform(0.02, 0.98), fault.status)


def test_three_hundred_downloads_over_flaky_links_all_finish_within_a_tenth_more_bytes(
    fast_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FlakyHub() as hub:
        _run(hub, fast_folder, capsys)


def _run(hub: FlakyHub, fast_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hub.script = life = FlakyLife(random.Random(7))
    datas = [noise(BLOB_BYTES, seed) for seed in range(10)]
    names = [publish(hub, data, fast_folder) for data in datas]

    def one(i: int) -> float:
        blobs = downloader(hub, fast_folder / str(i), PATIENT)
        life.left.pop(names[i % 10], None)
        path = blobs.fetch(names[i % 10], BLOB_BYTES)
        assert path.read_bytes() == datas[i % 10]
        path.unlink()
        return blobs.num_bytes_received / BLOB_BYTES

    with ThreadPoolExecutor(8) as pool:
        shares = list(pool.map(one, range(NUM_DOWNLOADS)))
    sent = hub.num_body_bytes / (NUM_DOWNLOADS * BLOB_BYTES)
    with capsys.disabled():
        print(  # noqa: T201
            f"\nflaky downloads: {len(shares)} finished, {len(hub.asked)} requests, received "
            f"{sum(shares) / len(shares):.3f}x (worst {max(shares):.3f}x), sent {sent:.3f}x, "
            f"faults {dict(sorted(life.counts.items()))}"
        )
    assert len(shares) == NUM_DOWNLOADS
    assert max(shares) <= 1.1
    assert sent <= 1.1
