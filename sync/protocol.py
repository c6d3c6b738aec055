"""The table of hub endpoints and the messages they carry: the wire between a store and the centre.

Reading keeps unknown fields, so an old box survives a new hub and the other way round. The hub
speaks to boxes two minor versions back. `tests/sync/golden` pins every message.
"""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

PROTOCOL_VERSION = "1.0"
SHA256_PATTERN = "^[0-9a-f]{64}$"
MAX_BATCH_ITEMS = 500
MAX_INLINE_BODY_BYTES = 256 * 1024  # larger bodies are blobs
MAX_BLOB_BYTES = 512 * 1024 * 1024
DIGEST_HEADER = "Content-Digest"  # of what is sent, RFC 9530; optional


class WireMessage(BaseModel):
    """What every message is: frozen, unknown fields kept."""

    model_config = ConfigDict(frozen=True, extra="allow")


class EnrolRequest(WireMessage):
    """A box asks to belong to this hub; signed with the key it shows.

    Attributes:
        claim_code: one-time code of a person or an installer; empty to wait for manual acceptance.
        public_key: Ed25519, hex.
    """

    box_id: str = Field(pattern="^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")
    public_key: str = Field(pattern=SHA256_PATTERN)
    claim_code: str = Field(default="", max_length=64)
    edge_version: str = ""
    protocol_version: str = PROTOCOL_VERSION


class EnrolReply(WireMessage):
    """`pending`: a person compares the six words on both screens and accepts."""

    status: Literal["enrolled", "pending", "refused"]
    fingerprint_words: str = ""
    root_sha256: str = ""
    sealing_public_key: str = ""
    store_id: str = ""
    ring: str = ""
    next_nonce: str = ""
    reason: str = ""


class RekeyRequest(WireMessage):
    """A new key, signed by the old one (the request) and by itself (`proof`, hex)."""

    public_key: str = Field(pattern=SHA256_PATTERN)
    proof: str


class BundleProgress(WireMessage):
    """What became, on this box, of the bundle it was last told to run.

    Attributes:
        step: `fetched` waits, tries or shadows; `held` was undecided or dropped by hand; the rest
            as trainer/release/rollout.py has it.
        reason: stable code first; what it waits for, or why it was refused.
        policy: name of the statistics policy that judges here.
        wins, losses, ties, num_open: baskets by who alone was right; open ones nobody has judged.
        log_e_worse, log_e_no_worse: natural logs of this box's e-values, always finite.
        baskets, troubled: since the swap, and those of them that a person had to help with.
        drills: name -> "ok ..." or what went wrong; of a lab lane.
    """

    bundle_id: str = Field(pattern=SHA256_PATTERN)
    generation: int = Field(default=0, ge=0)
    step: Literal["fetched", "held", "refused", "swapped", "confirmed", "rolled_back"]
    reason: str = Field(default="", max_length=300)
    policy: str = Field(default="", max_length=63)
    swapped_at: AwareDatetime | None = None
    wins: int = Field(default=0, ge=0)
    losses: int = Field(default=0, ge=0)
    ties: int = Field(default=0, ge=0)
    num_open: int = Field(default=0, ge=0)
    log_e_worse: float = Field(default=0.0, ge=-1e6, le=1e6)
    log_e_no_worse: float = Field(default=0.0, ge=-1e6, le=1e6)
    baskets: int = Field(default=0, ge=0)
    troubled: int = Field(default=0, ge=0)
    drills: dict[str, str] = Field(default={}, max_length=8)


class CheckIn(WireMessage):
    """How a box is doing, every minute or so.

    Attributes:
        nonce: the last `next_nonce` of the hub; a clone forks the chain and is noticed.
        facts: small figures by name: queue lengths, drops, disk, temperature, latency.
        bundles: active, previous, candidate: bundle ids, empty text where there is none.
        last_picture: sha256 of the newest redacted camera pictures, camera id -> blob.
        progress: None before the first assignment.
    """

    nonce: str
    sent_at: AwareDatetime
    edge_version: str
    protocol_version: str = PROTOCOL_VERSION
    verdict: Literal["ok", "degraded", "failed"] = "ok"
    reasons: tuple[str, ...] = ()
    boot_id: str = ""
    generation: int = 0
    bundles: dict[str, str] = {}
    facts: dict[str, float] = {}
    cameras: tuple[dict[str, Any], ...] = ()
    last_picture: dict[str, str] = {}
    quarantined: tuple[str, ...] = ()
    progress: BundleProgress | None = None


class RemoteCommand(WireMessage):
    """Something an operator asked a box to do; its result goes to `command_result`.

    Attributes:
        kind: restart, logs, support_bundle, drop_candidate, rollback, picture. Any text, so that an
            older box answers "not known here" and does not refuse the whole check-in.
    """

    command_id: str
    kind: str = Field(min_length=1, max_length=30)
    arguments: dict[str, str] = {}


class SettledBasket(WireMessage):
    """A basket of this box that two models priced differently, and what really lay there.

    Attributes:
        truth: SKU -> pieces, as a reviewer labelled the redacted pictures.
    """

    basket_id: str
    truth: dict[str, int]


class CheckInReply(WireMessage):
    """What the hub answers; `server_time` moves the box's clock floor, never its clock."""

    next_nonce: str
    server_time: AwareDatetime
    interval_s: int = Field(default=60, ge=1, le=86_400)
    commands: tuple[RemoteCommand, ...] = ()
    updates_version: int = 0
    """Version of the signed timestamp; a box that knows it need not ask for metadata."""
    settled: tuple[SettledBasket, ...] = Field(default=(), max_length=100)
    """Newest first; sent while the box has that candidate, so taking one twice changes nothing."""


class BatchItem(WireMessage):
    """One row of the outbox: a hard case, a recording, a sale or telemetry.

    Attributes:
        seq: grows by one per row within an epoch; (box, epoch, seq) is unique at the hub.
        body_sha256: of the canonical body; another digest under the same seq is a clone or a
            restored disk, answered with 409.
        blobs: sha256 of the sealed pictures that belong to it, uploaded before.
    """

    seq: int = Field(ge=1)
    kind: Literal["case", "recording", "telemetry", "sale", "verdict", "dropped"]
    created_at: AwareDatetime
    body_sha256: str = Field(pattern=SHA256_PATTERN)
    body: dict[str, Any]
    blobs: tuple[str, ...] = ()


class Batch(WireMessage):
    """Rows of one epoch, ascending; sent again until acknowledged."""

    epoch: str = Field(pattern="^[0-9a-f]{32}$")
    items: tuple[BatchItem, ...] = Field(max_length=MAX_BATCH_ITEMS)


class BatchReply(WireMessage):
    """Acknowledged after the hub's own commit: the rows `acked`, and no others.

    Attributes:
        acked_through: below this the hub misses nothing of the epoch; for people who look on. A box
            deletes by `acked` alone: after a restored disk the same numbers hold other rows.
    """

    epoch: str
    acked_through: int
    acked: tuple[int, ...] = ()
    missing_blobs: tuple[str, ...] = ()
    refused: dict[str, str] = {}
    """seq as text -> reason; the box keeps the row and reports it instead of sending it again."""


class CommandResult(WireMessage):
    """What became of a remote command; larger output is a blob."""

    command_id: str
    is_done: bool
    message: str = Field(default="", max_length=4096)
    blob: str = ""


class ErrorReply(WireMessage):
    """Every refusal: a stable code, what is wrong, what to do."""

    code: str
    message: str
    hint: str = ""


Authentication = Literal["none", "self_signed", "box", "token"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row of the wire.

    Attributes:
        authentication: `none` is health alone; `self_signed` proves the key it shows; `box` is a
            request signed by an enrolled key.
        max_bytes: of the request body.
    """

    method: Literal["GET", "POST", "PUT", "HEAD"]
    path: str
    request: type[WireMessage] | None
    reply: type[WireMessage] | None
    authentication: Authentication
    max_bytes: int


# fmt: off
ENDPOINTS: dict[str, Endpoint] = {
    #  name              method  path                        request         reply         authentication  max_bytes
    "health":         Endpoint("GET",  "/health",                 None,          None,         "none",        0),
    "enrol":          Endpoint("POST", "/v1/enrol",               EnrolRequest,  EnrolReply,   "self_signed", 8_192),
    "rekey":          Endpoint("POST", "/v1/rekey",               RekeyRequest,  EnrolReply,   "box",         8_192),
    "check_in":       Endpoint("POST", "/v1/check-in",            CheckIn,       CheckInReply, "box",         65_536),
    "batch":          Endpoint("POST", "/v1/batches",             Batch,         BatchReply,   "box",         8_388_608),
    "command_result": Endpoint("POST", "/v1/command-results",     CommandResult, None,         "box",         16_384),
    "upload_offset":  Endpoint("HEAD", "/v1/blobs/{sha256}",      None,          None,         "box",         0),
    "upload":         Endpoint("PUT",  "/v1/blobs/{sha256}",      None,          None,         "box",         MAX_BLOB_BYTES),
    "download":       Endpoint("GET",  "/v1/blobs/{sha256}",      None,          None,         "box",         0),
    "chunk_list":     Endpoint("GET",  "/v1/blobs/{sha256}/chunks", None,        None,          "box",         0),
    "metadata":       Endpoint("GET",  "/v1/tuf/{name}",          None,          None,         "box",         0),
}
# fmt: on
