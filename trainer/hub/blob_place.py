"""Opens the bucket that hub.toml names, with the credentials of their own file."""

import tomllib
from pathlib import Path

from trainer.config import HubConfig, HubConfigError
from trainer.store.blobs import FolderBlobs


def open_bucket_blobs(config: HubConfig, folder: Path) -> FolderBlobs:
    """Blobs in a bucket, with `folder` for parts, published files and the cache.

    Raises:
        HubConfigError: no credentials, others may read them, or the extra `s3` is missing.
    """
    try:
        from trainer.s3_bucket import Bucket
        from trainer.store.s3_blobs import S3Blobs
    except ImportError as err:
        raise HubConfigError(
            "blobs_url needs obstore", hint="pip install tillsight[centre,s3]"
        ) from err
    key_id, secret = _credentials(config.blobs_credentials_file)
    bucket = Bucket(config.blobs_url, config.blobs_endpoint, config.blobs_region, key_id, secret)
    return S3Blobs(folder, bucket, config.blobs_cache_mib)


def _credentials(path: Path | None) -> tuple[str, str]:
    if path is None:
        raise HubConfigError("blobs_url without credentials", hint="set blobs_credentials_file")
    try:
        told = tomllib.loads(path.read_text())
        if path.stat().st_mode & 0o077:
            raise HubConfigError(f"others may read {path}", hint=f"chmod 600 {path}")
        return str(told["access_key_id"]), str(told["secret_access_key"])
    except (OSError, tomllib.TOMLDecodeError, KeyError) as err:
        raise HubConfigError(
            f"{path}: {type(err).__name__}", hint="TOML with access_key_id, secret_access_key"
        ) from err
