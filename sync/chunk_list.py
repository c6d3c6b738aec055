"""The sha256 of every 32 KiB of a blob, so that one flipped bit costs one chunk and not the file.

Flow: blob -> chunk list (hub) ; part + chunk list -> spans to fetch again (box)

The list is not signed and need not be: it only says which spans to ask for again, the whole is
judged by the signed sha256. It is asked for only after a blob turned out wrong.
"""

import hashlib
from pathlib import Path

CHUNK_BYTES = 32_768
HASH_BYTES = 32
SUFFIX = ".chunks"


def chunk_list(path: Path) -> bytes:
    """The concatenated sha256 of each chunk."""
    hashes = bytearray()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            hashes += hashlib.sha256(chunk).digest()
    return bytes(hashes)


def list_size(blob_size: int) -> int:
    """Bytes of the chunk list of a blob."""
    return -(-blob_size // CHUNK_BYTES) * HASH_BYTES


def damaged_spans(part: Path, expected: bytes) -> list[tuple[int, int]]:
    """Spans (start, end) of the part whose hash is not the list's; neighbours are joined."""
    actual = chunk_list(part)
    size = part.stat().st_size
    spans: list[tuple[int, int]] = []
    for i in range(len(expected) // HASH_BYTES):
        span = slice(i * HASH_BYTES, (i + 1) * HASH_BYTES)
        if actual[span] == expected[span]:
            continue
        start, end = i * CHUNK_BYTES, min((i + 1) * CHUNK_BYTES, size)
        if spans and spans[-1][1] == start:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans
