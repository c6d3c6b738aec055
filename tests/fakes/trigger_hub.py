"""A hub's care step, over and over on a made-up clock, to be killed: DB TRIGGER FIRST HOURS."""

import sys
from datetime import datetime, timedelta

from trainer.store import trigger_book
from trainer.store.database import open_database, writing


def main() -> None:
    """Ask at each hour from the first on whether the trigger is due, and say when it is over."""
    url, trigger_id, first, hours = sys.argv[1:]
    engine = open_database(url)
    begin = datetime.fromisoformat(first)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for hour in range(int(hours)):
        with writing(engine) as connection:
            now = begin + timedelta(hours=hour)
            trigger_book.fire_due(connection, trigger_id, {}, now=now)
    sys.stdout.write("over\n")


if __name__ == "__main__":
    main()
