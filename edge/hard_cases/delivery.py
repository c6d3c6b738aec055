"""One round of bringing the outbox to the hub: pictures, then rows, then the acknowledgement.

Flow: Outbox -> pictures, Batch -> hub -> Outbox.acknowledge

Called again and again by the uplink; a round that fails anywhere leaves everything as it was and is
simply repeated. How often and how fast is the caller's business.
"""

from dataclasses import dataclass
from typing import Protocol

from edge.hard_cases.outbox import Outbox
from sync.errors import TransportError
from sync.hub_client import HubRefusalError
from sync.protocol import Batch, BatchReply

EPOCH_CONFLICT = "outbox.epoch_conflict"
UPLOADS_PER_ROUND = 8


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


def deliver_round(outbox: Outbox, hub: DeliveryHub, *, batch_rows: int = 50) -> Delivered:
    """Upload some pictures and send the oldest rows.

    Raises:
        TransportError: the road broke; nothing was lost, call again later.
        HubRefusalError: the hub refuses this box as a whole.
    """
    num_uploaded = 0
    for name, sealed in outbox.pictures_to_upload(UPLOADS_PER_ROUND):
        if hub.upload(sealed) != name:
            raise TransportError(f"picture {name[:12]} arrived as another", hint="try again")
        outbox.note_uploaded(name)
        num_uploaded += 1
    batch = outbox.next_batch(batch_rows)
    if batch is None:
        return Delivered(0, num_uploaded, 0)
    try:
        reply = hub.send_batch(batch)
    except HubRefusalError as err:
        if err.hub_code != EPOCH_CONFLICT:
            raise
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
