"""The six words of a box that waits to be let in, on their way to the counter's screen.

Flow: edgectl enrol -> run_dir/enrol.words -> kiosk_process -> the page

Anybody may read them: they stand for the public key. Words that nobody renewed for a while count as
none, so an enrolment that was killed leaves nothing on the screen. Asks no hub.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.config import EdgeConfig
from sync.durable_file import write_durably

WORDS_NAME = "enrol.words"
FRESH = timedelta(seconds=45)  # a question to a hub far away takes up to 30 s


def show_enrol_words(config: EdgeConfig, words: str) -> None:
    """Put them on the screen, or keep them there; without a running box there is none."""
    if not config.paths.run_dir.is_dir():
        return
    try:
        write_durably(_path(config), words.encode(), mode=0o644)
    except OSError:
        return  # somebody else's folder; the terminal shows the words as well


def hide_enrol_words(config: EdgeConfig) -> None:
    """The box was let in, or nobody waits any more."""
    try:
        _path(config).unlink(missing_ok=True)
    except OSError:
        return  # they go by themselves


def enrol_words(config: EdgeConfig, now: datetime) -> str:
    """What to show now; empty where nobody waits."""
    try:
        written_at = datetime.fromtimestamp(_path(config).stat().st_mtime, UTC)
        words = _path(config).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
    return words if abs(now - written_at) < FRESH else ""


def _path(config: EdgeConfig) -> Path:
    return config.paths.run_dir / WORDS_NAME
