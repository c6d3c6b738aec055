"""What the publisher can get wrong on the update road, each with a stable code.

`classify` turns what python-tuf, urllib3 and the operating system raise into one of these, so
no foreign exception leaves sync. It decides nothing else.
"""

from typing import ClassVar

from tuf.api import exceptions as tuf_errors
from tuf.api.serialization import DeserializationError, SerializationError

from sync.errors import PublisherError, SyncError
from sync.transport_errors import LinkLostError, LocalDiskError, for_status


class SignatureError(PublisherError):
    """Fewer valid signatures than the role's threshold."""

    code: ClassVar[str] = "update.signature"


class RollbackError(PublisherError):
    """An older version than one that was already seen."""

    code: ClassVar[str] = "update.rolled_back"


class ExpiredError(PublisherError):
    """Metadata past its date: new installs wait, serving goes on."""

    code: ClassVar[str] = "update.expired"


class AlteredError(PublisherError):
    """Length or hash is not what was signed."""

    code: ClassVar[str] = "update.altered"


class MalformedError(PublisherError):
    """Not in the agreed form."""

    code: ClassVar[str] = "update.malformed"


class OversizedError(PublisherError):
    """More bytes than were signed or than any honest file of the kind has."""

    code: ClassVar[str] = "update.oversized"


class UntrustedError(PublisherError):
    """The metadata contradicts itself or misses a part."""

    code: ClassVar[str] = "update.untrusted"


class WrongRoleError(PublisherError):
    """A role lists a file that is another role's to list."""

    code: ClassVar[str] = "update.wrong_role"


class NotReleasedError(PublisherError):
    """The assignment names a bundle that the release keys do not list with that digest."""

    code: ClassVar[str] = "update.not_released"


class UngatedError(PublisherError):
    """The gate key signed no verdict for this bundle, or one that is no pass."""

    code: ClassVar[str] = "update.not_gated"


class WithdrawnError(PublisherError):
    """The bundle's generation is below the signed minimum."""

    code: ClassVar[str] = "update.withdrawn"


class SegmentError(PublisherError):
    """A gallery segment does more than add, or is made for another gallery."""

    code: ClassVar[str] = "update.segment"


class PriceListError(PublisherError):
    """A price list that is older, out of its dates, or not the one that was signed."""

    code: ClassVar[str] = "update.price_list"


class StaleError(PublisherError):
    """Nothing new may be installed until the hub was heard again."""

    code: ClassVar[str] = "update.stale"


class ReceiptError(PublisherError):
    """A bundle on disk is not the one that was verified when it was installed."""

    code: ClassVar[str] = "update.receipt"


class FetchFailedError(tuf_errors.DownloadError):
    """Carries one of our transport errors through python-tuf."""

    def __init__(self, reason: SyncError) -> None:
        super().__init__(str(reason))
        self.reason = reason


_BY_TYPE: tuple[tuple[type[Exception], type[SyncError], str], ...] = (
    (tuf_errors.UnsignedMetadataError, SignatureError, "run hubctl keys list on the hub"),
    (tuf_errors.BadVersionNumberError, RollbackError, "somebody replays old metadata"),
    (tuf_errors.ExpiredMetadataError, ExpiredError, "run hubctl keys resign on the hub"),
    (tuf_errors.LengthOrHashMismatchError, AlteredError, "publish again; look for a proxy"),
    (DeserializationError, MalformedError, "look for a proxy that rewrites replies"),
    (SerializationError, MalformedError, "publish again"),
    (tuf_errors.DownloadLengthMismatchError, OversizedError, "publish again; look for a proxy"),
    (tuf_errors.RepositoryError, UntrustedError, "run hubctl keys list on the hub"),
    (tuf_errors.DownloadError, LinkLostError, "tried again by itself"),
    (OSError, LocalDiskError, "free some disk space; see doctor"),
)


def classify(err: Exception, what: str) -> SyncError:
    """The one of our errors that says who must act.

    Args:
        err: raised by python-tuf, urllib3 or the operating system.
        what: what was being done, for the message.
    """
    if isinstance(err, SyncError):
        return err
    if isinstance(err, FetchFailedError):
        return err.reason
    if isinstance(err, tuf_errors.DownloadHTTPError):
        return for_status(err.status_code, what)
    for foreign, ours, hint in _BY_TYPE:
        if isinstance(err, foreign):
            return ours(f"{what}: {_text(err)}", hint=hint)
    return UntrustedError(f"{what}: {_text(err)}", hint="report this with the box's log")


def _text(err: Exception) -> str:
    return str(err) or type(err).__name__
