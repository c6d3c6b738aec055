"""Everything that can go wrong on a link, each with a stable code.

`for_status` names an HTTP status. What python-tuf raises is named in update_errors.py, so that
who only sends and receives does not load it.
"""

from typing import ClassVar

from sync.errors import TransportError


class StalledError(TransportError):
    """No or too few bytes for too long."""

    code: ClassVar[str] = "transport.stalled"


class DeadlineError(TransportError):
    """The whole exchange took longer than allowed."""

    code: ClassVar[str] = "transport.deadline"


class LinkLostError(TransportError):
    """No connection, or it was cut."""

    code: ClassVar[str] = "transport.cut"


class TlsError(TransportError):
    """The other side's certificate is not trusted here."""

    code: ClassVar[str] = "transport.tls"


class CaptivePortalError(TransportError):
    """Something between box and hub answers in the hub's place."""

    code: ClassVar[str] = "transport.captive_portal"


class ProxyRefusedError(TransportError):
    """The proxy wants a password or forbids the address."""

    code: ClassVar[str] = "transport.proxy"


class HubRefusedError(TransportError):
    """401 or 403: the hub, or something before it, refuses this box."""

    code: ClassVar[str] = "transport.refused"


class HubBusyError(TransportError):
    """429 or 5xx: later.

    Attributes:
        retry_after_s: what the hub asked for, seconds; None if it did not.
    """

    code: ClassVar[str] = "transport.busy"

    def __init__(self, message: str, *, hint: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class NotFoundError(TransportError):
    """404 or 410: the hub does not have it (yet)."""

    code: ClassVar[str] = "transport.not_found"


class BadReplyError(TransportError):
    """A reply that HTTP does not allow here: wrong range, unasked encoding, odd status."""

    code: ClassVar[str] = "transport.bad_reply"


class ReplayedError(TransportError):
    """The hub saw this request before: a copy on the way, or this disk was copied or restored."""

    code: ClassVar[str] = "transport.replayed"


class LocalDiskError(TransportError):
    """The box's own disk is full, read-only or broken."""

    code: ClassVar[str] = "transport.disk"


class FolderBusyError(TransportError):
    """Another process holds the folder."""

    code: ClassVar[str] = "transport.folder_busy"


class ClockError(TransportError):
    """The box's clock is so far off that dates cannot be judged."""

    code: ClassVar[str] = "transport.clock"


def for_status(status: int, what: str, retry_after_s: float | None = None) -> TransportError:
    """The error of an HTTP status that is no success."""
    said = f"{what}: status {status}"
    if status == 407:
        return ProxyRefusedError(said, hint="set user and password in the proxy address")
    if status in (401, 403):
        return HubRefusedError(said, hint="is the box enrolled, and does a proxy block the hub?")
    if status in (404, 410):
        return NotFoundError(said, hint="is the hub's address right?")
    if status == 429 or status >= 500:
        return HubBusyError(said, hint="tried again by itself", retry_after_s=retry_after_s)
    if 300 <= status < 400:
        return CaptivePortalError(said, hint="log this network in, or use another one")
    return BadReplyError(said, hint="look for a proxy that rewrites replies")
