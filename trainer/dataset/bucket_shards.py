"""Shards in a bucket: put there by the writer, fetched by a child process for the cache.

Flow: ShardWriter -> BucketSink -> bucket; bucket -> child -> file of the cache

The client's threads do not survive a fork, and loading processes are forked: so every fetch has a
process of its own, which ends with whoever asked. Extra `s3`.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import obstore
from obstore.exceptions import BaseError

from trainer.dataset.shard_cache import CachedShards, Fetched
from trainer.dataset.shards import LIST_NAME, ShardDamagedError, StoredFile, read_list
from trainer.parent_watch import end_with_parent
from trainer.s3_bucket import Bucket, BucketError, away, open_bucket

MODULE = "trainer.dataset.bucket_shards"
MAX_LIST_BYTES = 64_000_000
ABSENT = "absent"


class BucketSink:
    """Takes the files of a ShardWriter; the list comes last, and without it nothing is there."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket, self._store = bucket, open_bucket(bucket)

    def put(self, file: Path) -> None:
        """Send a file.

        Raises:
            BucketError: the bucket is away.
        """
        try:
            obstore.put(self._store, self._bucket.key(file.name), file)
        except BaseError as err:
            raise away(err) from err


@dataclass(frozen=True, slots=True)
class ChildFetch:
    """Fetches in a child process, safe in any process that was forked."""

    bucket: Bucket

    def __call__(self, file: StoredFile, part: Path) -> Fetched:
        """Write the object of that name over `part`, at most its size.

        Raises:
            BucketError: the bucket is away, or the object is not there.
        """
        request = {"bucket": asdict(self.bucket), "name": file.name, "size": file.size}
        child = subprocess.Popen(
            [sys.executable, "-m", MODULE, str(part)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        with child:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(json.dumps(request).encode() + b"\n")
            child.stdin.flush()  # and it stays open: its end is ours
            answer = child.stdout.read()
        told = json.loads(answer) if answer else {"problem": f"exit {child.returncode}"}
        if "problem" in told:
            raise BucketError(
                f"{file.name} of {self.bucket.url}: {told['problem']}",
                hint="check address, credentials, network; shards are read by their prefix",
            )
        return Fetched(int(told["size"]), str(told["sha256"]))


def open_bucket_shards(bucket: Bucket, folder: Path, max_bytes: int) -> CachedShards:
    """The shards below a prefix, through a cache.

    Raises:
        BucketError: away, or no shards.json there.
        ShardDamagedError: that list is damaged.
        CacheSizeError: a shard alone is larger than the cache.
    """
    fetch = ChildFetch(bucket)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / LIST_NAME
        path.touch()
        got = fetch(StoredFile(LIST_NAME, MAX_LIST_BYTES, ""), path)
        if got.size > MAX_LIST_BYTES:
            raise ShardDamagedError(f"{LIST_NAME} is no list", hint="write the shards again")
        files = read_list(path.read_bytes())
    return CachedShards(folder, max_bytes, files, fetch)


def main() -> int:
    """The child: one object into one file; what came is told on standard output."""
    request = json.loads(_line())
    end_with_parent()
    bucket = Bucket(**request["bucket"])
    try:
        told = asdict(_fetched(bucket, request["name"], Path(sys.argv[1]), request["size"]))
    except FileNotFoundError:
        told = {"problem": ABSENT}
    except BaseError as err:
        told = {"problem": str(away(err))}
    sys.stdout.write(json.dumps(told))
    return 0


def _fetched(bucket: Bucket, name: str, part: Path, limit: int) -> Fetched:
    digest, size = hashlib.sha256(), 0
    with part.open("r+b") as out:
        for chunk in obstore.get(open_bucket(bucket), bucket.key(name)).stream():
            data = bytes(chunk)[: limit - size + 1]
            size += len(data)
            digest.update(data)
            out.write(data[: len(data) - max(0, size - limit)])
            if size > limit:
                break
    return Fetched(size, digest.hexdigest())


def _line() -> bytes:
    """The first line of standard input, and not a byte of what follows."""
    line = b""
    while not line.endswith(b"\n"):
        more = os.read(0, 1)
        if not more:
            raise SystemExit(2)
        line += more
    return line


if __name__ == "__main__":
    sys.exit(main())
