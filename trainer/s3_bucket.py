"""A bucket of S3, or of a server that speaks it: address, credentials, and how it is opened.

Flow: url + file of credentials -> Bucket -> obstore's S3Store

Loaded only where somebody names a bucket (extra `s3`). What lies in it is the caller's affair.
"""

import logging
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from obstore.exceptions import BaseError
from obstore.store import S3Store

from trainer.errors import DatasetError, DegradedError

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Config

logger = logging.getLogger(__name__)

TIMEOUT = "30s"
SCHEME = "s3://"
REGION = "us-east-1"


class BucketError(DegradedError):
    """The bucket cannot be reached, or refuses."""

    code = "blobs.bucket"


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where things lie; credentials are never logged.

    Attributes:
        url: s3://bucket or s3://bucket/prefix.
        endpoint: of a server of one's own; AWS where it is empty.
    """

    url: str
    endpoint: str
    region: str
    access_key_id: str
    secret_access_key: str

    def __repr__(self) -> str:
        """Without the credentials."""
        return f"Bucket({self.url})"

    @property
    def prefix(self) -> str:
        """What stands before every key; empty or without slashes at its ends."""
        return urlsplit(self.url).path.strip("/")

    def key(self, name: str) -> str:
        """The whole key of what is called `name` here."""
        return f"{self.prefix}/{name}" if self.prefix else name


def open_bucket(bucket: Bucket) -> S3Store:
    """A client; nothing is asked yet. It does not survive a fork: its threads stay behind."""
    options: ClientConfig = {"timeout": TIMEOUT, "connect_timeout": "5s"}
    if bucket.endpoint.startswith("http://"):
        options["allow_http"] = True
    place: S3Config = {"endpoint": bucket.endpoint} if bucket.endpoint else {}
    return S3Store(
        urlsplit(bucket.url).netloc, region=bucket.region, access_key_id=bucket.access_key_id,
        secret_access_key=bucket.secret_access_key, client_options=options,
        retry_config={"max_retries": 3}, config=place,
    )  # fmt: skip


def away(err: BaseError) -> BucketError:
    """Without the text of the library, which may hold a signed address."""
    logger.warning("bucket failed error=%s", type(err).__name__)
    return BucketError(
        f"the bucket answers {type(err).__name__}", hint="check address, credentials, network"
    )


def read_bucket(url: str, file: Path) -> Bucket:
    """A bucket with what its file says: access_key_id, secret_access_key, endpoint, region.

    Raises:
        DatasetError: the file is missing, incomplete, or others may read it.
    """
    try:
        told = tomllib.loads(file.read_text())
        if file.stat().st_mode & 0o077:
            raise DatasetError(f"others may read {file}", hint=f"chmod 600 {file}")
        return Bucket(
            url, str(told.get("endpoint", "")), str(told.get("region", REGION)),
            str(told["access_key_id"]), str(told["secret_access_key"]),
        )  # fmt: skip
    except (OSError, tomllib.TOMLDecodeError, KeyError) as err:
        raise DatasetError(
            f"{file}: {type(err).__name__}",
            hint="TOML with access_key_id, secret_access_key; endpoint and region if not AWS",
        ) from err
