"""Attacks on the road itself, over a real socket: each ends in time and names the link."""

import time
from collections.abc import Iterator

import pytest

from sync.errors import SyncError, TransportError
from sync.http_pool import HttpSettings, HubHttp
from sync.transport_errors import (
    BadReplyError,
    CaptivePortalError,
    DeadlineError,
    HubBusyError,
    HubRefusedError,
    LinkLostError,
    ProxyRefusedError,
    StalledError,
)
from sync.trusted_updates import TrustedUpdates, UpdateRoad
from sync.update_errors import MalformedError, OversizedError
from sync.update_fetcher import HubFetcher
from tests.fakes.flaky_hub import Asked, Fault, FlakyHub
from tests.fakes.hostile_repository import BOX, BUILD_TIME, RING
from tests.fakes.update_world import World

DEADLINE_S = 0.8
SETTINGS = HttpSettings(
    connect_timeout_s=2.0, gap_timeout_s=0.4, min_bytes_per_s=2_000, rate_window_s=0.3
)


@pytest.fixture
def hub() -> Iterator[FlakyHub]:
    with FlakyHub() as running:
        yield running


def over_the_wire(world: World, hub: FlakyHub, settings: HttpSettings = SETTINGS) -> TrustedUpdates:
    """The same box, now with real HTTP for its metadata."""
    for name, raw in world.repository.served.items():
        hub.content[f"/v1/tuf/{name}"] = raw
    return TrustedUpdates(
        UpdateRoad(
            folder=world.box.folder / "updates",
            metadata_url=f"{hub.url}/v1/tuf/",
            fetcher=HubFetcher(HubHttp(settings), deadline_s=DEADLINE_S),
            blobs=world.box.blobs,
            root=world.box.root,
            box_id=BOX,
            ring=RING,
            build_time=BUILD_TIME,
        )
    )


def test_over_the_wire_the_honest_update_is_offered(world: World, hub: FlakyHub) -> None:
    assert over_the_wire(world, hub).check(world.now).bundle_id == world.bundle_b


# fmt: off
ATTACKS: dict[str, tuple[Fault, type[SyncError]]] = {
    "captive portal": (Fault("html"), CaptivePortalError),
    "captive portal that redirects": (Fault("redirect"), CaptivePortalError),
    "proxy that forbids everything": (Fault("status", status=403), HubRefusedError),
    "proxy that wants a password": (Fault("status", status=407), ProxyRefusedError),
    "hub that wants to know who": (Fault("status", status=401), HubRefusedError),
    "busy hub": (Fault("status", status=429), HubBusyError),
    "broken hub": (Fault("status", status=503), HubBusyError),
    "silence instead of an answer": (Fault("hang"), StalledError),
    "silence in the middle": (Fault("stall", 0.5), StalledError),
    "drip-fed body": (Fault("drip", 0.2), StalledError),
    "drip-fed headers": (Fault("slow_headers"), DeadlineError),
    "cut in the middle": (Fault("cut", 0.5), LinkLostError),
    "reset": (Fault("reset"), LinkLostError),
    "unasked compression": (Fault("gzip"), BadReplyError),
    "body without an end": (Fault("no_length"), BadReplyError),
    "body longer than any timestamp": (Fault("bloated"), OversizedError),
    "half a body, honestly counted": (Fault("shorter"), MalformedError),
}
# fmt: on


@pytest.mark.parametrize(("fault", "reason"), ATTACKS.values(), ids=ATTACKS.keys())
def test_an_attack_on_the_link_ends_in_time_with_the_right_reason(
    world: World, hub: FlakyHub, fault: Fault, reason: type[SyncError]
) -> None:
    hub.script = lambda asked: fault if "timestamp" in asked.path else Fault()
    updates = over_the_wire(world, hub)
    begun = time.monotonic()
    with pytest.raises(SyncError) as caught:
        updates.check(world.now)
    assert type(caught.value) is reason
    assert time.monotonic() - begun < 5.0


def test_a_proxy_cannot_hide_a_key_rotation_by_forbidding_it(world: World, hub: FlakyHub) -> None:
    hub.script = lambda asked: Fault("status", status=403) if "root" in asked.path else Fault()
    with pytest.raises(HubRefusedError):
        over_the_wire(world, hub).check(world.now)


def test_no_hub_at_all_is_the_links_fault(world: World, hub: FlakyHub) -> None:
    updates = over_the_wire(world, hub)
    hub.__exit__(None, None, None)
    with pytest.raises(TransportError):
        updates.check(world.now)


def test_after_every_link_attack_the_next_check_succeeds(world: World, hub: FlakyHub) -> None:
    faults = [fault for fault, _ in ATTACKS.values() if fault.kind not in ("hang", "slow_headers")]

    def script(asked: Asked) -> Fault:
        return faults.pop() if faults and "timestamp" in asked.path else Fault()

    hub.script = script
    updates = over_the_wire(world, hub)
    for _ in range(len(faults)):
        with pytest.raises(SyncError):
            updates.check(world.now)
    assert updates.check(world.now).bundle_id == world.bundle_b
