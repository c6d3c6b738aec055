"""The box's side of sync/protocol.py: signed requests, each either answered or named as failed.

Flow: message -> signed HTTP request -> reply message

Counters go to disk in blocks before they are used, so a crash never sends one twice. Retries and
schedules belong to the caller; this module sends a request once. Uploads go in small parts until
the link has shown that it carries larger ones: a cut costs one part.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from sync.device_identity import DeviceKey, create_key, load_key, save_key, signature_headers
from sync.durable_file import write_durably
from sync.errors import SyncError
from sync.http_pool import HttpReply, HttpSettings, HubHttp
from sync.protocol import (
    DIGEST_HEADER,
    ENDPOINTS,
    Batch,
    BatchReply,
    CheckIn,
    CheckInReply,
    CommandResult,
    EnrolReply,
    EnrolRequest,
    RekeyRequest,
    WireMessage,
)
from sync.transport_errors import BadReplyError, ReplayedError
from sync.upload_pace import UploadPace

ReplyT = TypeVar("ReplyT", bound=WireMessage)

COUNTER_BLOCK = 500  # counters reserved per fsync; a crash skips at most so many
MAX_REPLY_BYTES = 2 * 1024 * 1024
REQUEST_DEADLINE_S = 30.0
UPLOAD_DEADLINE_S = 300.0
REPLAYED = "identity.replayed"
DAMAGED = "request.damaged"
OFFSET_MOVED = "upload.offset"
KEY_NAME = "device.pem"
STATE_NAME = "identity.json"


class HubRefusalError(SyncError):
    """The hub answered and said no; `hub_code` is its stable code."""

    code = "hub.refused"

    def __init__(self, message: str, *, hub_code: str, status: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.hub_code = hub_code
        self.status = status


@dataclass(frozen=True, slots=True)
class IdentityState:
    """What the box remembers about its hub; one JSON file.

    Attributes:
        reserved_through: counters up to here may have been used.
    """

    box_id: str
    epoch: str
    hub_url: str
    reserved_through: int = 0
    nonce: str = ""
    store_id: str = ""
    ring: str = ""
    root_sha256: str = ""
    sealing_public_key: str = ""


class BoxIdentity:
    """Key, counters and nonce of this box in one folder; one process uses it: uplink."""

    def __init__(self, folder: Path, state: IdentityState, key: DeviceKey) -> None:
        self._path = folder / STATE_NAME
        self._folder = folder
        self.state = state
        self.key = key
        self._next = state.reserved_through + 1

    @classmethod
    def create(cls, folder: Path, box_id: str, hub_url: str) -> "BoxIdentity":
        """A new key and epoch, on disk when this returns.

        Raises:
            FileExistsError: this folder has an identity already.
        """
        folder.mkdir(parents=True, exist_ok=True)
        key = create_key()
        save_key(key, folder / KEY_NAME)
        identity = cls(folder, IdentityState(box_id, secrets.token_hex(16), hub_url), key)
        identity.update()
        return identity

    @classmethod
    def load(cls, folder: Path) -> "BoxIdentity":
        """The identity of this box.

        Raises:
            IdentityError: there is none, or it is damaged.
            BadReplyError: never; the state file is our own.
        """
        key = load_key(folder / KEY_NAME)
        state = IdentityState(**json.loads((folder / STATE_NAME).read_bytes()))
        return cls(folder, state, key)

    def update(self, **changes: str | int) -> None:
        """Change the state; on disk when this returns."""
        self.state = replace(self.state, **changes)  # type: ignore[arg-type]
        write_durably(self._path, json.dumps(asdict(self.state)).encode(), mode=0o600)

    def use_key(self, key: DeviceKey) -> None:
        """Replace the key after the hub accepted the new one."""
        (self._folder / KEY_NAME).unlink()
        save_key(key, self._folder / KEY_NAME)
        self.key = key

    def begin_epoch(self) -> None:
        """Count anew: the hub has seen these counters, so this disk was copied or restored.

        No replay gets in by it: the epoch is signed, and an old request stays in its old epoch.
        """
        self.update(epoch=secrets.token_hex(16), reserved_through=0)
        self._next = 1

    def sign(self, method: str, path: str, body: bytes) -> Mapping[str, str]:
        """Headers for one request, with a counter that was never used before."""
        counter = self._next
        if counter > self.state.reserved_through:
            self.update(reserved_through=counter + COUNTER_BLOCK)
        self._next = counter + 1
        return signature_headers(
            self.key,
            box_id=self.state.box_id,
            epoch=self.state.epoch,
            counter=counter,
            now=datetime.now(UTC),
            method=method,
            path=path,
            body=body,
        )


class HubClient:
    """Every call of the table. Raises TransportError for the road, HubRefusalError for a no."""

    def __init__(self, identity: BoxIdentity, settings: HttpSettings) -> None:
        self.identity = identity
        self.http = HubHttp(settings, identity.sign)
        self._pace = UploadPace()

    def enrol(self, claim_code: str, edge_version: str) -> EnrolReply:
        """Ask to belong to the hub; what it says is remembered."""
        request = EnrolRequest(
            box_id=self.identity.state.box_id,
            public_key=self.identity.key.public_key,
            claim_code=claim_code,
            edge_version=edge_version,
        )
        reply = self._post("enrol", request, EnrolReply)
        self.identity.update(
            nonce=reply.next_nonce or self.identity.state.nonce,
            store_id=reply.store_id,
            ring=reply.ring,
            root_sha256=reply.root_sha256,
            sealing_public_key=reply.sealing_public_key,
        )
        return reply

    def check_in(self, message: CheckIn) -> CheckInReply:
        """Tell how the box is doing; the next nonce is on disk before it is ever used."""
        reply = self._post("check_in", message, CheckInReply)
        self.identity.update(nonce=reply.next_nonce)
        return reply

    def send_batch(self, batch: Batch) -> BatchReply:
        """Rows of the outbox; what is in the reply's `acked` may be deleted."""
        return self._post("batch", batch, BatchReply)

    def send_result(self, result: CommandResult) -> None:
        """What became of a remote command."""
        self._post("command_result", result, None)

    def rekey(self) -> None:
        """Change to a new key; the old one is worth nothing after the new one's first use."""
        key = create_key()
        proof = f"tillsight-rekey-1\n{self.identity.state.box_id}\n{key.public_key}".encode()
        request = RekeyRequest(public_key=key.public_key, proof=key.sign(proof))
        self._post("rekey", request, EnrolReply)
        self.identity.use_key(key)

    def upload(self, data: bytes) -> str:
        """Bring a blob to the hub, going on where an earlier try stopped; its sha256.

        Raises:
            TransportError: the road broke; call again, what arrived is kept.
            HubRefusalError: the hub does not want it.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        url = self._url("upload").replace("{sha256}", sha256)
        offset, is_complete = self._upload_offset(url, len(data))
        while not is_complete:
            end = min(offset + self._pace.part_bytes(len(data)), len(data))
            self._pace.note_failure()  # until the answer is here
            offset, is_complete = self._upload_part(url, data, offset, end)
            self._pace.note_success()
        return sha256

    def _upload_part(self, url: str, data: bytes, offset: int, end: int) -> tuple[int, bool]:
        """Send one part; (where the hub now stands, whether the blob is whole).

        Raises:
            BadReplyError: an answer that cannot be the hub's.
        """
        part = data[offset:end]
        headers = {
            "Upload-Offset": str(offset),
            "Upload-Length": str(len(data)),
            DIGEST_HEADER: _digest_of(part),
        }
        try:
            with self.http.request(
                "PUT", url, deadline_s=UPLOAD_DEADLINE_S, body=part, headers=headers
            ) as reply:
                self._refuse_unless_ok(reply)
                told = _offset_of(reply)
        except HubRefusalError as err:
            if err.hub_code != OFFSET_MOVED:
                raise
            # An answer of ours was lost: what it told is asked for again.
            return self._upload_offset(url, len(data))
        if told not in ((end, end == len(data)), (len(data), True)):
            raise BadReplyError(f"upload answered with offset {told[0]} after {end}")
        return told

    def close(self) -> None:
        """Drop every connection."""
        self.http.close()

    def _upload_offset(self, url: str, size: int) -> tuple[int, bool]:
        with self.http.request("HEAD", url, deadline_s=REQUEST_DEADLINE_S) as reply:
            if reply.status >= 300:
                if reply.status == 409:  # a reply to HEAD has no body that could say more
                    self._begin_again("upload_offset")
                reply.raise_for_status()
            offset, is_complete = _offset_of(reply)
        if not 0 <= offset <= size or (is_complete and offset != size):
            raise BadReplyError(f"upload stands at {offset} of {size}, says the answer")
        return offset, is_complete

    def _post(self, name: str, message: WireMessage, reply_type: type[ReplyT] | None) -> ReplyT:
        body = message.model_dump_json().encode()
        headers = {"Content-Type": "application/json", DIGEST_HEADER: _digest_of(body)}
        with self.http.request(
            "POST", self._url(name), deadline_s=REQUEST_DEADLINE_S, body=body, headers=headers
        ) as reply:
            self._refuse_unless_ok(reply)
            raw = reply.read(MAX_REPLY_BYTES)
        if reply_type is None:
            return None  # type: ignore[return-value]
        try:
            return reply_type.model_validate_json(raw)
        except ValidationError as err:
            raise BadReplyError(f"{name}: the hub's answer is of another form") from err

    def _refuse_unless_ok(self, reply: HttpReply) -> None:
        try:
            _refuse_unless_ok(reply)
        except HubRefusalError as err:
            if err.hub_code == REPLAYED:
                self._begin_again(str(err))
            if err.hub_code == DAMAGED:
                raise BadReplyError(str(err), hint=err.hint) from err
            raise

    def _begin_again(self, said: str) -> None:
        """Take a new epoch for the next request.

        Raises:
            ReplayedError: always; the request itself was not served.
        """
        self.identity.begin_epoch()
        raise ReplayedError(
            f"the hub has seen this request: {said}", hint="counted anew, tried again by itself"
        )

    def _url(self, name: str) -> str:
        return self.identity.state.hub_url.rstrip("/") + ENDPOINTS[name].path


def _refuse_unless_ok(reply: HttpReply) -> None:
    """Raise what the hub says where it says it in our form, else what the status means.

    Raises:
        HubRefusalError: an answer of the hub.
        TransportError: an answer of something in between, or of a hub that is overloaded.
    """
    if reply.status < 300:
        return
    if reply.status < 500 and reply.status != 429:
        raw = reply.read(64 * 1024)
        try:
            told = json.loads(raw)
            raise HubRefusalError(
                str(told["message"]),
                hub_code=str(told["code"]),
                status=reply.status,
                hint=str(told.get("hint", "")),
            )
        except (ValueError, KeyError, TypeError):
            pass
    reply.raise_for_status()


def _digest_of(body: bytes) -> str:
    """What a damaged body is told by, RFC 9530."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def _offset_of(reply: HttpReply) -> tuple[int, bool]:
    try:
        offset = int(reply.headers["Upload-Offset"])
    except (KeyError, ValueError) as err:
        raise BadReplyError("upload answered without an offset") from err
    return offset, reply.headers.get("Upload-Complete") == "?1"
