"""Every row of every table as lines of JSON, and back: between databases of either kind.

Flow: one read transaction -> lines of JSON, zipped -> an empty database of the same revision

Tables come in the order of their references. Times are RFC 3339. The dump names its schema
revision and loads at that revision only.
"""

import gzip
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Engine, Table, func, insert, select, text

from trainer.errors import FatalError
from trainer.store.database import writing
from trainer.store.schema import METADATA, Utc

PAGE = 1_000


class DumpError(FatalError):
    """A dump that cannot be written or loaded here."""

    code = "backup.dump"


def revision_of(connection: Connection) -> str:
    """The schema revision of a database."""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar())


def dump_tables(engine: Engine, to: Path) -> dict[str, int]:
    """Write every table; rows per table.

    One transaction that sees one moment (REPEATABLE READ on PostgreSQL, a WAL reader on SQLite).
    """
    counts: dict[str, int] = {}
    is_sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as plain, gzip.open(to, "wt", compresslevel=3) as out:
        connection = (
            plain if is_sqlite else plain.execution_options(isolation_level="REPEATABLE READ")
        )
        with connection.begin():
            out.write(json.dumps({"revision": revision_of(connection)}) + "\n")
            for table in METADATA.sorted_tables:
                query = select(table).execution_options(yield_per=PAGE)
                counts[table.name] = 0
                for row in connection.execute(query):
                    values = [_out(value) for value in row]
                    out.write(json.dumps([table.name, values]) + "\n")
                    counts[table.name] += 1
    return counts


def load_tables(engine: Engine, source: Path) -> dict[str, int]:
    """Read a dump into an empty database of the same revision; rows per table.

    Raises:
        DumpError: the database holds rows, is of another revision, or the dump is damaged.
    """
    counts: dict[str, int] = {}
    with writing(engine) as connection, gzip.open(source, "rt") as lines:
        head = json.loads(next(lines))
        here = revision_of(connection)
        if head["revision"] != here:
            raise DumpError(
                f"the dump is of schema {head['revision']}, this hub makes {here}",
                hint="restore with the version of the hub that wrote it, then upgrade",
            )
        require_empty(connection)
        page: list[dict[str, Any]] = []
        name = ""
        for line in lines:
            table_name, values = json.loads(line)
            if page and (table_name != name or len(page) >= PAGE):
                connection.execute(insert(METADATA.tables[name]), page)
                page = []
            name = table_name
            table = METADATA.tables[name]
            pairs = zip(table.columns, values, strict=True)
            page.append({column.name: _in(column, value) for column, value in pairs})
            counts[name] = counts.get(name, 0) + 1
        if page:
            connection.execute(insert(METADATA.tables[name]), page)
        if engine.dialect.name == "postgresql":
            _continue_numbers(connection)
    return counts


def require_empty(connection: Connection) -> None:
    """Let a restore go on.

    Raises:
        DumpError: a table holds rows.
    """
    for table in METADATA.sorted_tables:
        if connection.execute(select(func.count()).select_from(table)).scalar_one():
            raise DumpError(f"table {table.name} holds rows", hint="restore into an empty database")


def _continue_numbers(connection: Connection) -> None:
    """PostgreSQL counts on after what was loaded."""
    for table in METADATA.sorted_tables:
        column = table.autoincrement_column
        if column is not None and column.autoincrement is True:
            _continue(connection, table, column)


def _continue(connection: Connection, table: Table, column: Column[Any]) -> None:
    top = connection.execute(select(func.max(column))).scalar()
    if top is not None:
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        connection.execute(select(func.setval(sequence, top)))


def _out(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _in(column: Column[Any], value: Any) -> Any:
    is_time = isinstance(column.type, Utc) and isinstance(value, str)
    return datetime.fromisoformat(value) if is_time else value
