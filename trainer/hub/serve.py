"""Runs the hub: opens database, blobs, repository and keys, then serves.

Flow: HubConfig -> EdgeServices -> uvicorn

`python -m trainer.hub.serve --config hub.toml`, or `hubctl hub serve`.
"""

import argparse
import hashlib
import logging
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import Engine, select

from sync.durable_file import write_durably
from trainer.config import HubConfig, load_hub_config
from trainer.errors import FatalError, TrainerError
from trainer.hub import margin_keeper, picture_clock
from trainer.hub.blob_place import open_bucket_blobs
from trainer.hub.care_clock import CareClock
from trainer.hub.edge_api import EdgeServices
from trainer.hub.hub_app import create_hub_app
from trainer.hub.hub_services import BackupPlace, HubServices, Publisher
from trainer.hub.hub_tls import ensure_certificate
from trainer.hub.load_limit import LoadLimit
from trainer.hub.periodic import Periodic
from trainer.store.api_tokens import Role, create_token
from trainer.store.backup import Place
from trainer.store.blobs import FolderBlobs
from trainer.store.database import open_database, writing
from trainer.store.picture_life import PictureDays
from trainer.store.schema import TOKENS

logger = logging.getLogger(__name__)

REPOSITORY_FOLDER = "updates"
FIRST_TOKEN_NAME = "first-admin"


class HubStartError(FatalError):
    """The hub cannot start; the message says what is missing."""

    code = "hub.start"


def open_services(config: HubConfig) -> EdgeServices:
    """Everything the endpoints need; made where this is the first start.

    Raises:
        DatabaseError: the database cannot be opened.
        HubStartError: the repository of signed metadata is damaged.
    """
    folder = config.state_dir
    folder.mkdir(parents=True, exist_ok=True)
    engine = open_database(config.resolved_database_url())
    metadata = folder / REPOSITORY_FOLDER / "metadata"
    return EdgeServices(
        engine=engine,
        blobs=open_blobs(config),
        repository=metadata,
        root_sha256=_root_digest(metadata),
        sealing_public_key=_sealing_key(folder).public_key().public_bytes_raw().hex(),
        check_in_interval_s=config.check_in_interval_s,
    )


def open_blobs(config: HubConfig) -> FolderBlobs:
    """The blobs, in the folder or in the bucket that the configuration names.

    Raises:
        HubStartError: the credentials cannot be read.
    """
    folder = config.state_dir / REPOSITORY_FOLDER / "blobs"
    if not config.blobs_url:
        return FolderBlobs(folder)
    return open_bucket_blobs(config, folder)


def open_hub_services(config: HubConfig, services: EdgeServices) -> HubServices:
    """What the endpoints of people need, with the keys that this hub holds."""
    repository = config.state_dir / REPOSITORY_FOLDER
    keys, passphrase = config.catalogue_keys, config.catalogue_passphrase_file
    return HubServices(
        engine=services.engine,
        blobs=services.blobs,
        repository=repository,
        sealing_key=_sealing_key(config.state_dir),
        publisher=Publisher(repository, keys, passphrase) if keys and passphrase else None,
        webhook_hosts=config.webhook_private_hosts,
        backups=_backups(config, services),
    )


def _backups(config: HubConfig, services: EdgeServices) -> BackupPlace | None:
    if config.backup_dir is None:
        return None
    place = Place(config.state_dir, config.resolved_database_url(), services.blobs)
    return BackupPlace(place, config.backup_dir)


def first_admin_token(engine: Engine, folder: Path) -> Path | None:
    """On the very first start: an admin token in a file only its owner reads; None later on."""
    with writing(engine) as connection:
        if connection.execute(select(TOKENS.c.name).limit(1)).scalar():
            return None
        token = create_token(
            connection, FIRST_TOKEN_NAME, Role.ADMIN, now=datetime.now(UTC), actor="first start"
        )
    path = folder / "first-admin.token"
    write_durably(path, f"{token}\n".encode(), mode=0o600)
    return path


def serve(config: HubConfig) -> None:
    """Serve until stopped."""
    services = open_services(config)
    token_path = first_admin_token(services.engine, config.state_dir)
    if token_path is not None:
        logger.info("first admin token written file=%s", token_path)
    certificate, key = _tls(config)
    care = CareClock(services.engine, config.webhook_private_hosts)
    care.start()
    app = create_hub_app(services, open_hub_services(config, services))
    rollouts = Periodic("rollouts", min(config.check_in_interval_s, 15), app.state.rollouts.tick)
    rollouts.start()
    margins = Periodic("margins", margin_keeper.EVERY_S, app.state.margins.tick)
    margins.start()
    pictures = Periodic("pictures", picture_clock.EVERY_S, partial(_expire, services, config))
    pictures.start()
    uvicorn.run(
        LoadLimit(app, config.max_requests_per_s),
        host="127.0.0.1" if config.is_behind_proxy else config.host,
        port=config.port,
        ssl_certfile=str(certificate) if certificate else None,
        ssl_keyfile=str(key) if key else None,
        log_level=config.log_level,
        timeout_graceful_shutdown=2,
        server_header=False,
    )
    pictures.stop()
    margins.stop()
    rollouts.stop()
    care.stop()


def _expire(services: EdgeServices, config: HubConfig) -> None:
    days = PictureDays(case=config.case_picture_days, recording=config.recording_days)
    picture_clock.expire_all(services.engine, services.blobs, days, now=datetime.now(UTC))


def main() -> int:
    """Entry point of the process."""
    parser = argparse.ArgumentParser(prog="python -m trainer.hub.serve", description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("/etc/tillsight/hub.toml"))
    arguments = parser.parse_args()
    try:
        config = load_hub_config(arguments.config)
        logging.basicConfig(level=config.log_level.upper(), format="%(levelname)s %(message)s")
        serve(config)
    except TrainerError as err:
        sys.stderr.write(f"{err.code}: {err}\n  {err.hint}\n")
        return 2
    return 0


def _tls(config: HubConfig) -> tuple[Path | None, Path | None]:
    if config.is_behind_proxy:
        return None, None
    if config.tls_certificate and config.tls_key:
        return config.tls_certificate, config.tls_key
    host = urlsplit(config.public_url).hostname or ""
    return ensure_certificate(config.state_dir / "tls", [host])


def _root_digest(metadata: Path) -> str:
    """sha256 of the first root; empty before `hubctl keys init`."""
    first = metadata / "1.root.json"
    return hashlib.sha256(first.read_bytes()).hexdigest() if first.is_file() else ""


def _sealing_key(folder: Path) -> X25519PrivateKey:
    """The key that opens pictures; made at the first start, never leaves this machine."""
    path = folder / "keys" / "sealing.pem"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        pem = X25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write_durably(path, pem, mode=0o600)
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, X25519PrivateKey):
        raise HubStartError(f"{path} is no X25519 key", hint="restore it from the backup")
    return key


if __name__ == "__main__":
    sys.exit(main())
