"""What can go wrong between a store and the centre, by who must act.

Every class carries a stable `code` (JSON field, translation key, entry in the errors page)
and every instance a `hint` that says what to do next.
"""

from typing import ClassVar


class SyncError(Exception):
    """Something the store and the centre share is wrong."""

    code: ClassVar[str] = "sync.error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class PublisherError(SyncError):
    """What was published is wrong: a signature, a hash, a format. The publisher must act."""

    code: ClassVar[str] = "sync.publisher"


class TransportError(SyncError):
    """The road is broken: no link, a stall, a proxy. Trying again later may help."""

    code: ClassVar[str] = "sync.transport"


class BundleError(PublisherError):
    """A model bundle on disk is not what its manifest says."""

    code: ClassVar[str] = "bundle.invalid"


class GalleryMismatchError(PublisherError):
    """A gallery and an embedding were made by different embedders."""

    code: ClassVar[str] = "gallery.mismatch"


class CatalogError(PublisherError):
    """A catalogue or a price list contradicts itself."""

    code: ClassVar[str] = "catalog.invalid"
