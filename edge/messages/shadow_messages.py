"""Messages of the shadow: to the candidate's own process over a pipe, and about it on the bus.

Flow: shadow process -> ToCandidate -> candidate -> FromCandidate; ShadowReport -> bundles, edgectl

Pictures lie in the spool (edge/bundles/frame_spool.py); only their places travel here.
"""

import msgspec


class SpooledFrame(msgspec.Struct, frozen=True, array_like=True):
    """One frame that the active model looked at.

    Attributes:
        offset, length: of the coded cut-out in the spool; length 0 repeats the camera's last one.
        left, top, width, height: where the cut-out lies in the frame, and the frame's size.
        latency_ms: from capture to the active model's claim; the basket heard of it then.
        has_items: the active model saw items at rest.
    """

    camera_id: str
    sequence: int
    captured_at_ns: int
    latency_ms: float
    offset: int = 0
    length: int = 0
    left: int = 0
    top: int = 0
    width: int = 0
    height: int = 0
    has_items: bool = False


class LookAt(msgspec.Struct, frozen=True, tag="look_at"):
    """Frames of one basket, oldest first.

    Attributes:
        opened_utc: RFC 3339; prices of that moment.
        tray: on the counter while these frames were taken.
    """

    basket_id: str
    lane_id: str
    opened_utc: str
    frames: tuple[SpooledFrame, ...]
    tray: int = 1


class CloseBasket(msgspec.Struct, frozen=True, tag="close"):
    """The basket is over; say what you would have charged."""

    basket_id: str


class ForgetBasket(msgspec.Struct, frozen=True, tag="forget"):
    """The basket will not be compared."""

    basket_id: str


ToCandidate = LookAt | CloseBasket | ForgetBasket


class CandidateReady(msgspec.Struct, frozen=True, tag="ready"):
    """Loaded. `latency_ratio` is CPU time on golden pictures against the active bundle's."""

    latency_ratio: float
    provider: str


class CandidateFailed(msgspec.Struct, frozen=True, tag="failed"):
    """It cannot be loaded; a verdict about the bundle, not about the machine."""

    code: str
    message: str


class Looked(msgspec.Struct, frozen=True, tag="looked"):
    """These frames were looked at, or a basket was forgotten."""

    num_frames: int


class CandidateAnswer(msgspec.Struct, frozen=True, tag="answer"):
    """What the candidate would have charged.

    Attributes:
        charged: SKU -> pieces; prices: SKU -> unit price of its own offer.
        num_null_frames: the active model saw items at rest, the candidate nothing.
        problem: stable code why this basket cannot be compared; empty where it can.
    """

    basket_id: str
    charged: dict[str, int]
    prices: dict[str, int]
    num_asks: int
    num_frames: int
    num_null_frames: int
    num_item_frames: int
    problem: str = ""


FromCandidate = CandidateReady | CandidateFailed | Looked | CandidateAnswer


class ShadowReport(msgspec.Struct, frozen=True):
    """How a candidate does beside the active model; once per second while there is one.

    Attributes:
        mode: `loading`, `live`, `waiting` (for idle time) or `failed`.
        problem: why it failed; stable code first.
        tally: edge.bundles.shadow_tally.ShadowTally as JSON: everything seen so far.
        waiting_baskets, spool_share: not looked at yet, and how full their memory is.
        active_slowdown: p95 of the active path with the candidate running against without.
        policy: name of the policy that will judge; `policy_from`: who named it.
    """

    bundle_id: str
    at_ns: int
    mode: str
    problem: str = ""
    tally: bytes = b""
    waiting_baskets: int = 0
    spool_share: float = 0.0
    active_slowdown: float = 1.0
    policy: str = ""
    policy_from: str = ""


class ShadowPicture(msgspec.Struct, frozen=True):
    """A redacted picture of one camera: goods on the empty counter, nobody on it."""

    camera_id: str
    jpeg: bytes
    width: int
    height: int
    boxes: tuple[tuple[int, int, int, int], ...]
    guesses: tuple[tuple[tuple[str, int], ...], ...] = ()


class ShadowCase(msgspec.Struct, frozen=True):
    """A basket that the two models price differently; worth a label."""

    lane_id: str
    basket_id: str
    bundle_id: str
    pictures: tuple[ShadowPicture, ...]
