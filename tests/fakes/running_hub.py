"""A real hub on a free port of this machine: the application, uvicorn, a database, a folder."""

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import Engine

from trainer.hub.edge_api import EdgeServices
from trainer.hub.hub_app import create_hub_app
from trainer.hub.hub_services import HubServices, Publisher
from trainer.hub.rollout_keeper import RolloutKeeper
from trainer.store.blobs import FolderBlobs
from trainer.store.database import open_database


class RunningHub:
    """Address, database and keys of a hub that runs."""

    def __init__(
        self, folder: Path, engine: Engine, url: str, key: X25519PrivateKey, keeper: RolloutKeeper
    ) -> None:
        self.folder = folder
        self.engine = engine
        self.url = url
        self.sealing_key = key
        self.rollouts = keeper


@contextmanager
def running_hub(
    folder: Path,
    updates: Path | None = None,
    check_in_interval_s: int = 60,
    publisher: Publisher | None = None,
) -> Iterator[RunningHub]:
    """Start a hub, stop it at the end.

    Args:
        updates: a repository of `hubctl keys init`, laid out as trainer.hub.serve has it.
        publisher: its online keys, where this hub signs.
    """
    engine = open_database(f"sqlite:///{folder / 'hub.db'}")
    key = X25519PrivateKey.generate()
    (folder / "tuf").mkdir(exist_ok=True)
    root = b"" if updates is None else (updates / "metadata" / "1.root.json").read_bytes()
    services = EdgeServices(
        engine=engine,
        blobs=FolderBlobs((updates or folder) / "blobs"),
        repository=folder / "tuf" if updates is None else updates / "metadata",
        root_sha256=hashlib.sha256(root).hexdigest() if root else "ab" * 32,
        sealing_public_key=key.public_key().public_bytes_raw().hex(),
        check_in_interval_s=check_in_interval_s,
    )
    people = HubServices(
        engine, services.blobs, services.repository.parent, sealing_key=key, publisher=publisher
    )
    app = create_hub_app(services, people)
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_level="warning",
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield RunningHub(folder, engine, f"http://127.0.0.1:{port}", key, app.state.rollouts)
    finally:
        server.should_exit = True
        thread.join(10)
        engine.dispose()
