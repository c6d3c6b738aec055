"""Blobs over bad links: all arrive, none wrong, at little more than their own size."""

import hashlib
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from sync.blob_download import ExportedBlobs, HubBlobs, RetryPolicy
from sync.blob_store import BlobStore
from sync.chunk_list import CHUNK_BYTES, chunk_list
from sync.download_turn import FIRST_BYTES, DownloadTurn, TurnOverError
from sync.errors import PublisherError, SyncError, TransportError
from sync.http_pool import HttpSettings, HubHttp
from sync.transport_errors import (
    BadReplyError,
    CaptivePortalError,
    HubBusyError,
    HubRefusedError,
    LinkLostError,
    LocalDiskError,
    NotFoundError,
    ProxyRefusedError,
    StalledError,
)
from sync.update_errors import AlteredError, OversizedError
from tests.fakes.flaky_hub import Asked, Fault, FlakyHub, Kind

SETTINGS = HttpSettings(
    connect_timeout_s=5.0, gap_timeout_s=0.4, min_bytes_per_s=2_000, rate_window_s=0.4
)
IMPATIENT = RetryPolicy(max_failures=3, base_s=0.0, cap_s=0.0)
PATIENT = RetryPolicy(max_failures=8, base_s=0.0, cap_s=0.0)
SIZE = 200_000


def noise(size: int, seed: int = 0) -> bytes:
    """Bytes that do not compress."""
    return np.random.default_rng(seed).bytes(size)


def publish(hub: FlakyHub, data: bytes, folder: Path | None = None) -> str:
    """Serve a blob and, where a folder is given, its chunk list."""
    sha256 = hashlib.sha256(data).hexdigest()
    hub.content[f"/v1/blobs/{sha256}"] = data
    if folder is not None:
        scratch = folder / f"{sha256}.published"
        scratch.write_bytes(data)
        hub.content[f"/v1/blobs/{sha256}/chunks"] = chunk_list(scratch)
        scratch.unlink()
    return sha256


def downloader(hub: FlakyHub, folder: Path, retry: RetryPolicy = IMPATIENT) -> HubBlobs:
    """A box that does not sleep between tries."""
    return HubBlobs(
        HubHttp(SETTINGS),
        f"{hub.url}/v1/blobs",
        BlobStore(folder / "cas"),
        retry=retry,
        sleep=lambda _: None,
        seed=1,
    )


def once(*faults: Fault) -> "Script":
    """These faults, one per request for the blob, then an honest link."""
    return Script(list(faults))


@dataclass
class Script:
    faults: list[Fault]

    def __call__(self, asked: Asked) -> Fault:
        if asked.path.endswith("/chunks") or not self.faults:
            return Fault()
        return self.faults.pop(0)


@pytest.fixture
def hub() -> Iterator[FlakyHub]:
    with FlakyHub() as running:
        yield running


def test_a_blob_arrives_and_is_not_fetched_again(hub: FlakyHub, tmp_path: Path) -> None:
    data = noise(SIZE)
    sha256 = publish(hub, data)
    blobs = downloader(hub, tmp_path)
    assert blobs.fetch(sha256, SIZE).read_bytes() == data
    assert blobs.fetch(sha256, SIZE).read_bytes() == data
    assert len(hub.asked) == 1


# fmt: off
SURVIVED: dict[str, Fault] = {
    "cut in the middle": Fault("cut", 0.5),
    "cut before the first byte": Fault("cut", 0.0),
    "cut before the last byte": Fault("cut", 0.99999),
    "reset before the headers": Fault("reset"),
    "stall": Fault("stall", 0.3),
    "drip": Fault("drip", 0.3),
    "403": Fault("status", status=403),
    "407": Fault("status", status=407),
    "429": Fault("status", status=429),
    "503": Fault("status", status=503),
    "web page": Fault("html"),
    "unasked compression": Fault("gzip"),
    "redirect": Fault("redirect"),
    "shorter body": Fault("shorter"),
    "no length": Fault("no_length"),
}
# fmt: on


@pytest.mark.parametrize("fault", SURVIVED.values(), ids=SURVIVED.keys())
def test_one_fault_is_survived_at_little_cost(hub: FlakyHub, tmp_path: Path, fault: Fault) -> None:
    data = noise(SIZE)
    sha256 = publish(hub, data)
    hub.script = once(fault)
    blobs = downloader(hub, tmp_path)
    assert blobs.fetch(sha256, SIZE).read_bytes() == data
    assert blobs.num_bytes_received <= 1.1 * SIZE


@pytest.mark.parametrize("kind", ["wrong_range", "ignore_range", "no_range"])
def test_a_wrong_answer_to_a_range_costs_one_more_question(
    hub: FlakyHub, tmp_path: Path, kind: Kind
) -> None:
    data = noise(SIZE)
    sha256 = publish(hub, data)
    hub.script = once(Fault("cut", 0.5), Fault(kind))
    blobs = downloader(hub, tmp_path)
    assert blobs.fetch(sha256, SIZE).read_bytes() == data
    assert blobs.num_bytes_received <= 1.1 * SIZE
    assert len(hub.asked) == 3


def test_a_hub_that_cannot_do_ranges_still_delivers(hub: FlakyHub, tmp_path: Path) -> None:
    data = noise(SIZE)
    sha256 = publish(hub, data)
    hub.script = once(Fault("cut", 0.5), *[Fault("ignore_range")] * 9)
    assert downloader(hub, tmp_path, PATIENT).fetch(sha256, SIZE).read_bytes() == data


def test_a_flipped_bit_costs_one_chunk(hub: FlakyHub, tmp_path: Path) -> None:
    data = noise(20 * CHUNK_BYTES)
    sha256 = publish(hub, data, tmp_path)
    hub.script = once(Fault("flip", 0.4))
    blobs = downloader(hub, tmp_path)
    assert blobs.fetch(sha256, len(data)).read_bytes() == data
    assert blobs.num_bytes_received == len(data) + CHUNK_BYTES + 20 * 32


def test_without_a_chunk_list_a_flipped_bit_costs_the_file(hub: FlakyHub, tmp_path: Path) -> None:
    data = noise(SIZE)
    sha256 = publish(hub, data)
    hub.script = once(Fault("flip", 0.4))
    blobs = downloader(hub, tmp_path)
    assert blobs.fetch(sha256, SIZE).read_bytes() == data
    assert blobs.num_bytes_received == 2 * SIZE


def test_a_download_goes_on_after_a_restart(hub: FlakyHub, tmp_path: Path) -> None:
    data = noise(SIZE)
    sha256 = publish(hub, data)
    hub.script = once(*[Fault("cut", 0.5), *[Fault("reset")] * 3])
    with pytest.raises(LinkLostError):
        downloader(hub, tmp_path).fetch(sha256, SIZE)
    second = downloader(hub, tmp_path)
    assert second.fetch(sha256, SIZE).read_bytes() == data
    assert second.num_bytes_received == SIZE // 2


def test_a_part_that_a_power_cut_filled_with_zeros_is_repaired(
    hub: FlakyHub, tmp_path: Path
) -> None:
    data = noise(10 * CHUNK_BYTES)
    sha256 = publish(hub, data, tmp_path)
    blobs = downloader(hub, tmp_path)
    half = bytearray(data[: 5 * CHUNK_BYTES])
    half[CHUNK_BYTES : 2 * CHUNK_BYTES] = bytes(CHUNK_BYTES)
    blobs.store.part_path(sha256).write_bytes(half)
    assert blobs.fetch(sha256, len(data)).read_bytes() == data
    assert blobs.num_bytes_received == 6 * CHUNK_BYTES + 10 * 32


def test_a_part_longer_than_the_blob_starts_anew(hub: FlakyHub, tmp_path: Path) -> None:
    data = noise(SIZE)
    sha256 = publish(hub, data)
    blobs = downloader(hub, tmp_path)
    blobs.store.part_path(sha256).write_bytes(data + b"more")
    assert blobs.fetch(sha256, SIZE).read_bytes() == data


def test_a_part_that_is_a_link_is_not_followed(hub: FlakyHub, tmp_path: Path) -> None:
    data = noise(SIZE)
    sha256 = publish(hub, data)
    blobs = downloader(hub, tmp_path)
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    blobs.store.part_path(sha256).symlink_to(victim)
    assert blobs.fetch(sha256, SIZE).read_bytes() == data
    assert victim.read_bytes() == b"precious"


# fmt: off
HOPELESS: dict[str, tuple[Fault, type[SyncError]]] = {
    "always cut at once": (Fault("cut", 0.0), LinkLostError),
    "always reset": (Fault("reset"), LinkLostError),
    "always stalled": (Fault("stall", 0.0), StalledError),
    "always dripping": (Fault("drip", 0.0), StalledError),
    "always 403": (Fault("status", status=403), HubRefusedError),
    "always 404": (Fault("status", status=404), NotFoundError),
    "always 407": (Fault("status", status=407), ProxyRefusedError),
    "always 429": (Fault("status", status=429), HubBusyError),
    "always 503": (Fault("status", status=503), HubBusyError),
    "captive portal": (Fault("html"), CaptivePortalError),
    "redirect": (Fault("redirect"), CaptivePortalError),
    "unasked compression": (Fault("gzip"), BadReplyError),
    "offered too long": (Fault("longer"), OversizedError),
    "endless body": (Fault("extra"), OversizedError),
}
# fmt: on


@pytest.mark.parametrize(("fault", "reason"), HOPELESS.values(), ids=HOPELESS.keys())
def test_a_hopeless_link_ends_with_the_right_reason(
    hub: FlakyHub, tmp_path: Path, fault: Fault, reason: type[SyncError]
) -> None:
    sha256 = publish(hub, noise(SIZE))
    hub.script = lambda asked: fault
    with pytest.raises(SyncError) as caught:
        downloader(hub, tmp_path).fetch(sha256, SIZE)
    assert type(caught.value) is reason
    assert not (tmp_path / "cas" / sha256).exists()


def test_a_blob_that_is_not_what_was_signed_is_the_publishers_fault(
    hub: FlakyHub, tmp_path: Path
) -> None:
    sha256 = publish(hub, noise(SIZE))
    hub.content[f"/v1/blobs/{sha256}"] = noise(SIZE, seed=9)
    with pytest.raises(AlteredError) as caught:
        downloader(hub, tmp_path).fetch(sha256, SIZE)
    assert isinstance(caught.value, PublisherError)
    assert list((tmp_path / "cas").iterdir()) == []


def test_a_full_disk_is_said_before_the_first_byte(hub: FlakyHub, tmp_path: Path) -> None:
    with pytest.raises(LocalDiskError) as caught:
        downloader(hub, tmp_path).fetch("0" * 64, 10**15)
    assert isinstance(caught.value, TransportError)
    assert hub.asked == []


def test_a_store_refuses_a_name_that_is_no_digest(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no sha256"):
        BlobStore(tmp_path).path("../../etc/passwd")


def test_a_blob_that_rotted_on_disk_is_noticed_and_dropped(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    sha256 = store.put(b"golden")
    store.path(sha256).write_bytes(b"g0lden")
    with pytest.raises(AlteredError):
        store.read(sha256, 6)
    assert not store.has(sha256, 6)


def test_the_hub_may_ask_for_a_pause_and_gets_it(hub: FlakyHub, tmp_path: Path) -> None:
    policy = RetryPolicy(cap_s=60.0)
    dice = random.Random(0)
    assert policy.wait_s(1, 7.0, dice) == 7.0
    assert policy.wait_s(1, 4_000.0, dice) == 60.0
    assert max(policy.wait_s(30, None, dice) for _ in range(1000)) <= 60.0


def test_an_export_is_verified_like_the_hub(tmp_path: Path) -> None:
    data = noise(SIZE)
    sha256 = hashlib.sha256(data).hexdigest()
    stick = tmp_path / "stick" / "blobs"
    stick.mkdir(parents=True)
    blobs = ExportedBlobs(tmp_path / "stick", BlobStore(tmp_path / "cas"))
    with pytest.raises(NotFoundError):
        blobs.fetch(sha256, SIZE)
    (stick / sha256).write_bytes(data[::-1])
    with pytest.raises(AlteredError):
        blobs.fetch(sha256, SIZE)
    (stick / sha256).unlink()
    (stick / "real").write_bytes(data)
    (stick / sha256).symlink_to(stick / "real")
    with pytest.raises(NotFoundError):
        blobs.fetch(sha256, SIZE)
    (stick / sha256).unlink()
    (stick / "real").rename(stick / sha256)
    assert blobs.fetch(sha256, SIZE).read_bytes() == data


def test_a_long_download_comes_in_turns_that_pay_for_no_byte_twice(tmp_path: Path) -> None:
    ticks = count()  # a second goes by with every look: time for one range in a turn
    with FlakyHub() as hub:
        size, num_turns = 6 * FIRST_BYTES, 0
        sha256 = publish(hub, noise(size))
        blobs = downloader(hub, tmp_path)
        while not blobs.store.has(sha256, size):
            num_turns += 1
            turn = DownloadTurn(1.5, clock=lambda: float(next(ticks)))
            with suppress(TurnOverError), blobs.in_turn(turn):
                blobs.fetch(sha256, size)
        assert (blobs.num_bytes_received, num_turns) == (size, 6)


@pytest.mark.parametrize("kind", ["no_range", "ignore_range"])
def test_a_hub_that_knows_no_ranges_is_read_in_one_go(tmp_path: Path, kind: Kind) -> None:
    size = 3 * FIRST_BYTES
    with FlakyHub(script=lambda asked: Fault(kind)) as hub:
        sha256 = publish(hub, noise(size))
        blobs = downloader(hub, tmp_path, PATIENT)
        with blobs.in_turn(DownloadTurn(60.0)):
            blobs.fetch(sha256, size)
    assert blobs.num_bytes_received <= 2 * size
