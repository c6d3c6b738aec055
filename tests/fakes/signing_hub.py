"""A hub that holds its catalogue keys: its repository made by the real ceremony."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sync.update_documents import CatalogueIndex
from tests.fakes.people_hub import PeopleHub, people_hub
from trainer.hub.hub_services import utc_now
from trainer.release.key_files import KeyRing
from trainer.release.keys_ceremony import KeyPlan, create_repository
from trainer.release.signing import Signing

PASSPHRASE = "correct horse battery staple"


def make_repository(folder: Path) -> Path:
    """Keys and repository of one shop below `folder`; the repository."""
    keys, repository = folder / "keys", folder / "hub" / "updates"
    repository.parent.mkdir(parents=True, exist_ok=True)
    create_repository(repository, KeyPlan((keys,), keys), lambda: PASSPHRASE, datetime.now(UTC))
    secret = folder / "passphrase"
    secret.write_text(PASSPHRASE)
    secret.chmod(0o600)
    return repository


def open_repository(folder: Path) -> Signing:
    """The repository with all its keys, as the keepers open it."""
    keys = KeyRing([folder / "keys"], lambda: PASSPHRASE)
    return Signing(folder / "hub" / "updates", keys, datetime.now(UTC))


def published_index(folder: Path, channel: str) -> CatalogueIndex:
    """What boxes of a channel read."""
    index = open_repository(folder).index(channel)
    assert index is not None
    return index


@contextmanager
def signing_hub(
    folder: Path, database_url: str = "", clock: Callable[[], datetime] = utc_now
) -> Iterator[PeopleHub]:
    """A hub with its catalogue keys; `make_repository` was called for the folder before."""
    extra = (
        f'catalogue_keys = "{folder / "keys"}"\n'
        f'catalogue_passphrase_file = "{folder / "passphrase"}"\n'
    )
    with people_hub(folder, database_url, extra, clock) as hub:
        yield hub
