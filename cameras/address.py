"""A camera's address: what kind of source it is, and how to say it without its password.

Nothing is opened here. The only way to the secret is `CameraAddress.secret_url`; str and repr of
an address, and every message built from it, are redacted.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from cameras.errors import CameraConfigError

AddressKind = Literal["rtsp", "usb", "clip"]
Pace = Literal["real", "fast"]

ALLOWED_FORMS = (
    "rtsp://HOST[:PORT]/PATH, rtsps://HOST[:PORT]/PATH, "
    "usb:0, /dev/video0, /dev/v4l/by-id/NAME, "
    "clip:PATH[?pace=real|fast&loop=true|false&loop_s=N&skew_ms=0..1000&delay_ms=0..10000] "
    "or a file path"
)
MAX_SKEW_MS = 1_000
MAX_DELAY_MS = 10_000
MAX_LOOP_S = 86_400.0

_USERINFO = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s]*@")
_USB_INDEX = re.compile(r"(?:usb:|/dev/video)(?P<index>\d{1,3})")
_USB_NAME = re.compile(r"/dev/v4l/by-(?:id|path)/[A-Za-z0-9._:+-]{1,200}")
_SECRET_QUERY = re.compile(r"(?i)([?&](?:pass(?:word|wd)?|pwd|token|user|auth|key)=)[^&\s]*")


@dataclass(frozen=True, slots=True)
class ClipOptions:
    """How a recorded clip is played.

    Attributes:
        pace: `real` keeps the clip's own rate and drops what is late, `fast` drops nothing.
        is_looped: start again at the end.
        loop_s: fixed length of one round, so clips of unequal length stay together; None: its own.
        skew_ms: this camera exposes later than the shared start by so much; stamps show it.
        delay_ms: frames arrive so much later than they were captured; stamps do not show it.
    """

    pace: Pace = "real"
    is_looped: bool = False
    loop_s: float | None = None
    skew_ms: int = 0
    delay_ms: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class CameraAddress:
    """One parsed address."""

    kind: AddressKind
    safe_url: str
    secret_url: str = field(repr=False)
    host: str = ""
    port: int = 0
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    is_tls: bool = False
    path: Path = Path()
    clip: ClipOptions = ClipOptions()

    def __repr__(self) -> str:
        return f"CameraAddress({self.safe_url!r})"

    __str__ = __repr__


def parse_address(text: str, key: str = "url") -> CameraAddress:
    """Read an address.

    Raises:
        CameraConfigError: not one of the allowed forms; the value in the message is redacted.
    """
    if not text or text != text.strip() or any(ord(c) < 32 for c in text):
        raise CameraConfigError(key, redact(text), ALLOWED_FORMS)
    if usb := _USB_INDEX.fullmatch(text):
        return CameraAddress("usb", text, text, path=Path(f"/dev/video{int(usb['index'])}"))
    if _USB_NAME.fullmatch(text):
        return CameraAddress("usb", text, text, path=Path(text))
    if text.lower().startswith(("rtsp://", "rtsps://")):
        return _rtsp_address(text, key)
    if "://" in text or text.startswith(("usb:", "/dev/")):
        raise CameraConfigError(key, redact(text), ALLOWED_FORMS)
    return _clip_address(text, key)


def redact(text: str) -> str:
    """`text` with the user and password of every URL in it replaced by `***`."""
    return _SECRET_QUERY.sub(r"\1***", _USERINFO.sub(r"\g<scheme>***@", text))


def _rtsp_address(text: str, key: str) -> CameraAddress:
    try:
        parts = urlsplit(text)
        port = parts.port
        host = parts.hostname
    except ValueError:
        raise CameraConfigError(key, redact(text), ALLOWED_FORMS) from None
    if not host or port == 0:
        raise CameraConfigError(key, redact(text), ALLOWED_FORMS)
    is_tls = parts.scheme.lower() == "rtsps"
    return CameraAddress(
        "rtsp",
        redact(text),
        urlunsplit(parts._replace(scheme=parts.scheme.lower())),
        host=host,
        port=port or (322 if is_tls else 554),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        is_tls=is_tls,
    )


def _clip_address(text: str, key: str) -> CameraAddress:
    path, _, query = text.removeprefix("clip:").partition("?")
    if not path:
        raise CameraConfigError(key, redact(text), ALLOWED_FORMS)
    options = _clip_options(query, key)
    return CameraAddress("clip", text, text, path=Path(path), clip=options)


def _clip_options(query: str, key: str) -> ClipOptions:
    values = dict(parse_qsl(query, keep_blank_values=True))
    pace = values.pop("pace", "real")
    if pace not in ("real", "fast"):
        raise CameraConfigError(f"{key}?pace", pace, "real or fast")
    loop = values.pop("loop", "false")
    if loop not in ("true", "false"):
        raise CameraConfigError(f"{key}?loop", loop, "true or false")
    loop_s = _number(values.pop("loop_s", "0"), f"{key}?loop_s", MAX_LOOP_S)
    skew_ms = _number(values.pop("skew_ms", "0"), f"{key}?skew_ms", MAX_SKEW_MS)
    delay_ms = _number(values.pop("delay_ms", "0"), f"{key}?delay_ms", MAX_DELAY_MS)
    if values:
        name = next(iter(values))
        raise CameraConfigError(
            f"{key}?{name}", values[name], "pace, loop, loop_s, skew_ms, delay_ms"
        )
    is_looped = loop == "true" or loop_s > 0
    return ClipOptions(
        "fast" if pace == "fast" else "real", is_looped, loop_s or None, int(skew_ms), int(delay_ms)
    )


def _number(text: str, key: str, most: float) -> float:
    if not re.fullmatch(r"\d{1,9}(\.\d{1,6})?", text) or float(text) > most:
        raise CameraConfigError(key, text, f"a number from 0 to {most:g}")
    return float(text)
