"""Messages about bundles: what is here, what each lane should serve, what became of it.

Flow: uplink -> BundleStaged -> bundles -> ServeBundle -> perception, basket
"""

from typing import Literal

import msgspec


class BundleStaged(msgspec.Struct, frozen=True):
    """The centre's wish lies verified on this disk; repeated while it is the centre's wish.

    Attributes:
        bundle_id: empty where nothing new is wanted.
        generation: of the assignment that names it.
        receipt: by which metadata it was verified.
        policy: name of the policy that judges it; empty leaves it to the box's own file.
        withdraws: bundles that are left at once.
        is_drill: once it has proved itself it goes back and forth once.
    """

    bundle_id: str
    generation: int
    directory: str
    at_ns: int
    receipt: dict[str, str] = {}
    policy: str = ""
    withdraws: tuple[str, ...] = ()
    is_drill: bool = False


class ServeBundle(msgspec.Struct, frozen=True):
    """Which bundle each lane serves from now on; every message replaces the one before.

    Attributes:
        lanes: lane id -> bundle id.
        directories: bundle id -> where it lies; of all that are named here.
        warm: load this one too, it serves soon; empty text means none.
    """

    lanes: dict[str, str]
    directories: dict[str, str]
    at_ns: int
    warm: str = ""


class WishProgress(msgspec.Struct, frozen=True):
    """What became of the bundle that the centre last wished for; sync/protocol.BundleProgress."""

    bundle_id: str
    generation: int
    step: Literal["fetched", "held", "refused", "swapped", "confirmed", "rolled_back"]
    reason: str = ""
    policy: str = ""
    swapped_utc: str = ""
    wins: int = 0
    losses: int = 0
    ties: int = 0
    num_open: int = 0
    log_e_worse: float = 0.0
    log_e_no_worse: float = 0.0
    baskets: int = 0
    troubled: int = 0
    drills: dict[str, str] = {}


class BundlesState(msgspec.Struct, frozen=True):
    """What runs, what waits and why; once per second.

    Attributes:
        waits_for: stable code of what holds the candidate up; empty where there is none.
        quarantined: bundle id -> why it is never tried again.
        self_test: one line about the candidate.
        shadow: numbers of the newest verdict about the candidate; empty before the first.
        policy: name of the policy that judges here; `policy_from`: who named it.
        progress: of the centre's last wish; None before the first.
    """

    active: str
    previous: str
    candidate: str
    factory: str
    phase: str
    generation: int
    at_ns: int
    reason: str = ""
    waits_for: str = ""
    baskets: int = 0
    deaths: int = 0
    quarantined: dict[str, str] = {}
    lanes: dict[str, str] = {}
    self_test: str = ""
    shadow: dict[str, str] = {}
    policy: str = ""
    policy_from: str = ""
    progress: WishProgress | None = None
