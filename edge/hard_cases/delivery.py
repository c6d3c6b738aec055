"""One round of bringing the outbox to the hub: pictures, then rows, then the acknowledgement.

Flow: Outbox -> pictures, Batch -> hub -> Outbox.acknowledge

Called again and again by the uplink; a round that fails anywhere leaves everything as it was and is
simply repeated. How often and how fast is the caller's business.
"""

import time
from dataclasses import dataclass
from typing import Protocol

from edge.hard_cases.bulk_pace import BulkPace
from edge.hard_cases.outbox import Outbox
from sync.errors import TransportError
from sync.hub_client import HubRefusalError
from sync.protocol import Batch, BatchReply

EPOCH_CONFLICT = "outbox.epoch_conflict"
UPLOADS_PER_ROUND = 8
DELIVERY_S = 15.0  # a price must not wait for pictures
ROUNDS_PER_DELIVERY = 20  # 20 batches of 50 rows, then somebody else's turn


class DeliveryHub(Protocol):
    """What delivery needs of the hub; sync.hub_client.HubClient has it."""

    def upload(self, data: bytes) -> str:
        """Bring a blob to the hub; its sha256."""
        ...

    def send_batch(self, batch: Batch) -> BatchReply:
        """Rows; acknowledged after the hub's commit."""
        ...


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one round achieved."""

    num_acked: int
    num_uploaded: int
    num_refused: int
    is_new_epoch: bool = False


def deliver_for_a_while(outbox: Outbox, hub: DeliveryHub, pace: BulkPace) -> None:
    """Rounds until there is nothing more, or until it is somebody else's turn.

    Raises:
        TransportError: the road broke; nothing was lost, call again later.
        HubRefusalError: the hub refuses this box as a whole.
    """
    deadline_s = time.monotonic() + DELIVERY_S
    for _ in range(ROUNDS_PER_DELIVERY):
        delivered = deliver_round(outbox, hub, pace=pace)
        if not delivered.num_acked or time.monotonic() > deadline_s:
            break


def deliver_round(
    outbox: Outbox, hub: DeliveryHub, *, batch_rows: int = 50, pace: BulkPace | None = None
) -> Delivered:
    """Upload some pictures and send the oldest rows.

    Args:
        pace: holds pictures back, and the rows that need them; other rows pass.

    Raises:
        TransportError: the road broke; nothing was lost, call again later.
        HubRefusalError: the hub refuses this box as a whole.
    """
    num_uploaded = 0
    for name, sealed in outbox.pictures_to_upload(UPLOADS_PER_ROUND):
        if pace is not None and not pace.may_move:
            break
        if hub.upload(sealed) != name:
            raise TransportError(f"picture {name[:12]} arrived as another", hint="try again")
        outbox.note_uploaded(name)
        num_uploaded += 1
        if pace is not None:
            pace.note(len(sealed))
    is_held_back = pace is not None and pace.is_limited
    batch = outbox.next_batch(batch_rows, is_ready_only=is_held_back)
    if batch is None:
        return Delivered(0, num_uploaded, 0)
    try:
        reply = hub.send_batch(batch)
    except HubRefusalError as err:
        if err.hub_code != EPOCH_CONFLICT:
            raise
        if is_held_back:
            # Rows that wait for pictures may be there already, from another life of this disk:
            # they are asked about under their old numbers before anything is numbered anew.
            return deliver_round(outbox, hub, batch_rows=batch_rows)
        outbox.begin_epoch()
        return Delivered(0, num_uploaded, 0, is_new_epoch=True)
    outbox.acknowledge(reply.acked)
    outbox.refuse(reply.refused)
    outbox.forget_uploads(reply.missing_blobs)
    return Delivered(len(reply.acked), num_uploaded, len(reply.refused))


def outbox_facts(outbox: Outbox) -> dict[str, int]:
    """For the check-in."""
    status = outbox.status()
    return {
        "outbox_rows": status.num_rows,
        "outbox_pictures": status.num_pictures,
        "outbox_dropped": status.num_dropped,
        "outbox_refused": status.num_refused,
    }
