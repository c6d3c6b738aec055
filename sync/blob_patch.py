"""Patches between two versions of a large file, so that a new head costs kilobytes.

Flow: old + new -> zstd patch (hub) ; old + patch -> new, hashed (box)

A patch is only a shortcut: its result is judged by the signed sha256 of the new file, and where
there is no patch, or it does not fit, the whole file is fetched. Not for files above 128 MB.

Source: zstd --patch-from, that is the old file as a raw prefix with long-distance matching.
"""

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from sync.blob_download import BlobFetcher
from sync.errors import PublisherError
from sync.transport_errors import NotFoundError
from sync.update_errors import AlteredError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_PATCHED_BYTES = 128_000_000  # memory while patching is about three times the file
MIN_PATCHED_BYTES = 65_536  # below, a patch saves less than its bookkeeping
MAX_PATCH_SHARE = 0.7  # a patch of more than 70 % of the file is not worth a second way to fail
LEVEL = 3  # level 19 takes 160 times as long and saves nothing on weights


class PatchEntry(BaseModel):
    """A patch that the hub offers, itself a blob."""

    model_config = ConfigDict(frozen=True, extra="allow")

    from_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    from_size: int = Field(ge=1, le=MAX_PATCHED_BYTES)
    to_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    size: int = Field(ge=1)


def make_patch(old: bytes, new: bytes) -> bytes | None:
    """A patch from `old` to `new`, or None where it would not pay."""
    if not (MIN_PATCHED_BYTES <= len(new) <= MAX_PATCHED_BYTES and old):
        return None
    if len(old) > MAX_PATCHED_BYTES:
        return None
    options: dict[int, int] = {
        zstd.CompressionParameter.compression_level: LEVEL,
        zstd.CompressionParameter.window_log: _window_log(len(old) + len(new)),
        zstd.CompressionParameter.enable_long_distance_matching: 1,
    }
    prefix = zstd.ZstdDict(old, is_raw=True).as_prefix
    patch = zstd.compress(new, options=options, zstd_dict=prefix)
    return patch if len(patch) <= MAX_PATCH_SHARE * len(new) else None


def apply_patch(old: bytes, patch: bytes, *, sha256: str, size: int) -> bytes:
    """The new file.

    Raises:
        AlteredError: the patch is damaged, does not fit `old`, or makes something else.
    """
    options: dict[int, int] = {
        zstd.DecompressionParameter.window_log_max: _window_log(len(old) + size)
    }
    hint = "the whole file is fetched instead"
    try:
        reader = zstd.ZstdDecompressor(
            zstd_dict=zstd.ZstdDict(old, is_raw=True).as_prefix, options=options
        )
        new = reader.decompress(patch, max_length=size + 1)
    except (zstd.ZstdError, EOFError, ValueError) as err:
        raise AlteredError(f"patch to {sha256[:12]} does not fit: {err}", hint=hint) from err
    if len(new) != size or hashlib.sha256(new).hexdigest() != sha256:
        raise AlteredError(f"patch to {sha256[:12]} makes something else", hint=hint)
    return new


def fetch_patched(
    blobs: BlobFetcher, sha256: str, size: int, patches: Sequence[PatchEntry]
) -> Path:
    """Bring a blob here by a patch from one that is here already, else whole.

    Raises:
        PublisherError: what the hub has is not what was signed.
        TransportError: the link failed too often, or the disk is full.
    """
    if not blobs.store.has(sha256, size):
        for entry in patches:
            if _fits(blobs, entry, sha256, size) and _try_patch(blobs, entry, size):
                break
    return blobs.fetch(sha256, size)


def _fits(blobs: BlobFetcher, entry: PatchEntry, sha256: str, size: int) -> bool:
    return (
        entry.to_sha256 == sha256
        and entry.size < size <= MAX_PATCHED_BYTES
        and blobs.store.has(entry.from_sha256, entry.from_size)
    )


def _try_patch(blobs: BlobFetcher, entry: PatchEntry, size: int) -> bool:
    try:
        patch = blobs.fetch(entry.sha256, entry.size).read_bytes()
        old = blobs.store.read(entry.from_sha256, entry.from_size)
        blobs.store.put(apply_patch(old, patch, sha256=entry.to_sha256, size=size))
    except (PublisherError, NotFoundError):
        return False
    finally:
        blobs.store.forget(entry.sha256)
    return True


def _window_log(num_bytes: int) -> int:
    return min(max(num_bytes.bit_length(), 17), 29)
