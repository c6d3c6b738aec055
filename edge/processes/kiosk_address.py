"""The address of the shopper's page, with the token of this boot.

Flow: EdgeConfig -> run_dir/kiosk.token -> address

Read by who starts a browser; the token file is the kiosk's and only this user may read it.
"""

import json
from pathlib import Path

from edge.config import EdgeConfig

TOKEN_NAME = "kiosk.token"


def token_path(config: EdgeConfig) -> Path:
    """Where the kiosk keeps the token of this boot."""
    return config.paths.run_dir / TOKEN_NAME


def kiosk_url(config: EdgeConfig) -> str:
    """The page; without its token while the kiosk has not started yet."""
    base = f"http://127.0.0.1:{config.kiosk.port}/"
    try:
        token = json.loads(token_path(config).read_text(encoding="utf-8"))["token"]
    except (OSError, ValueError, KeyError):
        return base
    return f"{base}?token={token}"
