"""The tables that Alembic makes are the tables that the code reads, on each kind of database."""

from importlib import import_module
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import trainer.store
from trainer.store.database import open_database, reading
from trainer.store.schema import METADATA

FOLDER = Path(trainer.store.__file__).parent
VERSIONS = sorted((FOLDER / "migrations" / "versions").glob("v*.py"))


def revision_of(path: Path) -> tuple[str, str | None]:
    module = import_module(f"trainer.store.migrations.versions.{path.stem}")
    return module.revision, module.down_revision


def test_a_new_database_has_every_table_as_the_code_knows_it(database_url: str) -> None:
    for path in FOLDER.glob("*_tables.py"):
        import_module(f"trainer.store.{path.stem}")
    engine = open_database(database_url)
    with reading(engine) as connection:
        found = compare_metadata(MigrationContext.configure(connection), METADATA)
    engine.dispose()
    assert found == []


def test_opening_it_again_changes_nothing(database_url: str) -> None:
    open_database(database_url).dispose()
    open_database(database_url).dispose()


@pytest.mark.parametrize("number", range(1, len(VERSIONS)))
def test_the_history_is_one_line(number: int) -> None:
    assert revision_of(VERSIONS[number])[1] == revision_of(VERSIONS[number - 1])[0]
