"""Erases pictures of boxes that are too old, once an hour: rows, then files.

Flow: PictureDays -> picture_life.expire, a portion per transaction -> files deleted

Called by a `Periodic` of serve.py. A kill in between leaves rows that name deleted files, and the
next round takes them again.
"""

import logging
from datetime import datetime

from sqlalchemy import Engine

from trainer.store.blobs import FolderBlobs
from trainer.store.database import writing
from trainer.store.picture_life import PictureDays, expire

logger = logging.getLogger(__name__)

EVERY_S = 3600


def expire_all(engine: Engine, blobs: FolderBlobs, days: PictureDays, *, now: datetime) -> int:
    """Erase everything that is too old; how many blobs."""
    num = 0
    while True:
        with writing(engine) as connection:
            doomed = expire(connection, days, now=now)
            for name in doomed:  # before the commit: a cut leaves rows that still name them
                blobs.forget(name)
        num += len(doomed)
        if not doomed:
            break
    if num:
        logger.info("pictures expired num=%d", num)
    return num
