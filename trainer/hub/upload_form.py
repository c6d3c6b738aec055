"""Headers of a resumable upload: where a part belongs, and how far the hub has come.

Source: draft-ietf-httpbis-resumable-upload, Upload-Offset, Upload-Length, Upload-Complete.
"""

from fastapi import Request, Response

from sync.errors import PublisherError
from trainer.store.blobs import MAX_PART_BYTES, UploadProgress


class BadUploadError(PublisherError):
    """A part that does not say where it belongs."""

    code = "request.malformed"


def upload_place(request: Request, *, least_total: int = 1) -> tuple[int, int]:
    """Offset and total size of the upload that this part belongs to.

    Raises:
        BadUploadError: missing or no numbers.
    """
    try:
        offset = int(request.headers["upload-offset"])
        total = int(request.headers["upload-length"])
    except (KeyError, ValueError) as err:
        raise BadUploadError("Upload-Offset and Upload-Length are needed") from err
    if offset < 0 or total < least_total:
        raise BadUploadError("Upload-Offset or Upload-Length out of range")
    return offset, total


def progress_reply(progress: UploadProgress, status: int) -> Response:
    """How much is here."""
    headers = {
        "Upload-Offset": str(progress.offset),
        "Upload-Complete": "?1" if progress.is_complete else "?0",
        "Upload-Limit": f"max-append-size={MAX_PART_BYTES}",
    }
    return Response(status_code=status, headers=headers)
