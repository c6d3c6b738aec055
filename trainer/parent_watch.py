"""A child that ends with whoever started it, and takes along what it started itself.

The parent holds the other end of standard input; when it is gone, however it died, the pipe closes.
"""

import os
import signal
import threading


def end_with_parent() -> None:
    """Watch standard input from now on."""
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    while os.read(0, 4096):  # not sys.stdin: its lock would be held when the interpreter ends
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)
