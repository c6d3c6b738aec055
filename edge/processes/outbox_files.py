"""The outbox's two files on this disk; damaged ones are set aside and never stop a sale.

Flow: folder -> Outbox
"""

import logging
from contextlib import suppress
from pathlib import Path

from edge.hard_cases.outbox import Outbox
from edge.sqlite_file import SqliteError, open_sqlite

logger = logging.getLogger(__name__)


def open_outbox(folder: Path) -> Outbox:
    """The box's outbox; a corrupt one is set aside and never stops anything."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return Outbox(open_sqlite(folder / "rows.db"), open_sqlite(folder / "pictures.db"))
    except SqliteError as err:
        logger.error("outbox is damaged and set aside: %s", err)  # noqa: TRY400
        for path in list(folder.glob("*.db*")):
            with suppress(OSError):
                path.rename(path.with_name(f"{path.name}.damaged"))
        return Outbox(open_sqlite(folder / "rows.db"), open_sqlite(folder / "pictures.db"))
