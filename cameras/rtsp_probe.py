"""Asks an RTSP camera what it offers, and names exactly why it offers nothing.

Flow: CameraAddress -> StreamDescription, or ConnectionFault with a typed reason

One OPTIONS and one DESCRIBE over TCP or TLS, standard library only. It starts no stream: FFmpeg
does, but FFmpeg's own errors do not tell a wrong password from a wrong path.
"""

import secrets
import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from cameras.address import CameraAddress, redact
from cameras.connection import ConnectionFault
from cameras.frame import OutageReason
from cameras.rtsp_auth import Credentials, authorization
from cameras.sdp import READABLE_CODECS, video_codec

MAX_HEADER_BYTES = 65_536
MAX_BODY_BYTES = 262_144
USER_AGENT = "tillsight"


@dataclass(frozen=True, slots=True)
class StreamDescription:
    """What a camera offers: its video codec, for example H264."""

    codec: str


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """Whether and against which CA the camera's certificate is checked."""

    is_verified: bool = True
    ca_path: Path | None = None


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: str

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


def probe_rtsp(
    address: CameraAddress, timeout_s: float, tls: TlsOptions | None = None
) -> StreamDescription:
    """Ask for the stream's description.

    Raises:
        ConnectionFault: refused, unreachable, tls, timeout, protocol, unauthorised, not_found or
            codec.
    """
    deadline = time.monotonic() + timeout_s
    with _connect(address, timeout_s, tls or TlsOptions()) as wire:
        session = _Session(wire, address, deadline)
        try:
            answer = session.describe()
        except TimeoutError as err:
            raise ConnectionFault(
                OutageReason.TIMEOUT, f"{address.host}:{address.port} gave no answer in time"
            ) from err
        except (ConnectionError, ssl.SSLError) as err:
            raise ConnectionFault(
                OutageReason.PROTOCOL, f"{address.host}:{address.port} broke off the conversation"
            ) from err
    return _description(answer, address)


def _connect(address: CameraAddress, timeout_s: float, tls: TlsOptions) -> socket.socket:
    where = f"{address.host}:{address.port}"
    try:
        plain = socket.create_connection((address.host, address.port), timeout_s)
    except ConnectionRefusedError as err:
        raise ConnectionFault(OutageReason.REFUSED, f"{where} refuses the connection") from err
    except socket.gaierror as err:
        raise ConnectionFault(OutageReason.UNREACHABLE, f"{where}: no such host") from err
    except (OSError, UnicodeError) as err:
        raise ConnectionFault(OutageReason.UNREACHABLE, f"{where} cannot be reached") from err
    if not address.is_tls:
        return plain
    try:
        return _tls_context(tls).wrap_socket(plain, server_hostname=address.host)
    except TimeoutError as err:
        plain.close()
        raise ConnectionFault(OutageReason.TIMEOUT, f"{where}: TLS gave no answer") from err
    except (ssl.SSLError, OSError) as err:
        plain.close()
        detail = getattr(err, "verify_message", "") or getattr(err, "reason", "") or "broken off"
        raise ConnectionFault(OutageReason.TLS, f"{where}: TLS failed: {detail}") from err


def _tls_context(tls: TlsOptions) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.ca_path)
    if not tls.is_verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class _Session:
    """One conversation over one socket, within one deadline."""

    def __init__(self, wire: socket.socket, address: CameraAddress, deadline: float) -> None:
        self._wire = wire
        self._address = address
        self._deadline = deadline
        self._buffer = b""
        self._num_requests = 0
        parts = urlsplit(address.secret_url)
        self._uri = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

    def describe(self) -> _Answer:
        self._ask("OPTIONS", [])
        answer = self._ask("DESCRIBE", ["Accept: application/sdp"])
        challenges = answer.all("www-authenticate")
        credentials = Credentials(self._address.user, self._address.password)
        if answer.status != 401 or not credentials.user:
            return answer
        header = authorization(challenges, credentials, "DESCRIBE", self._uri, secrets.token_hex(8))
        if header is None:
            return answer
        return self._ask("DESCRIBE", ["Accept: application/sdp", f"Authorization: {header}"])

    def _ask(self, method: str, headers: list[str]) -> _Answer:
        self._num_requests += 1
        lines = [
            f"{method} {self._uri} RTSP/1.0",
            f"CSeq: {self._num_requests}",
            f"User-Agent: {USER_AGENT}",
            *headers,
        ]
        self._set_timeout()
        self._wire.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return self._answer()

    def _answer(self) -> _Answer:
        while b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > MAX_HEADER_BYTES:
                raise _no_camera(self._address)
            self._receive()
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        first, *rest = head.decode("latin-1").split("\r\n")
        words = first.split(" ", 2)
        if len(words) < 2 or not words[0].startswith("RTSP/") or not words[1].isdigit():
            raise _no_camera(self._address)
        pairs = [line.partition(":") for line in rest]
        headers = [(name.strip().lower(), value.strip()) for name, _, value in pairs]
        length = next((value for name, value in headers if name == "content-length"), "0")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            raise _no_camera(self._address)
        while len(self._buffer) < int(length):
            self._receive()
        body, self._buffer = self._buffer[: int(length)], self._buffer[int(length) :]
        reason = words[2] if len(words) > 2 else ""
        return _Answer(int(words[1]), reason, headers, body.decode("utf-8", "replace"))

    def _receive(self) -> None:
        self._set_timeout()
        data = self._wire.recv(65_536)
        if not data:
            if self._buffer and not self._buffer.startswith(b"RTSP/"):
                raise _no_camera(self._address)
            raise ConnectionResetError("closed by the camera")
        self._buffer += data

    def _set_timeout(self) -> None:
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._wire.settimeout(left_s)


def _description(answer: _Answer, address: CameraAddress) -> StreamDescription:
    where = address.safe_url
    if answer.status in (401, 403):
        what = "rejects user or password" if address.user else "asks for user and password"
        raise ConnectionFault(OutageReason.UNAUTHORISED, f"{where} {what} ({answer.status})")
    if answer.status in (404, 410, 454):
        raise ConnectionFault(OutageReason.NOT_FOUND, f"{where}: no such stream ({answer.status})")
    if answer.status == 415:
        raise ConnectionFault(OutageReason.CODEC, f"{where}: the camera cannot send this format")
    if answer.status in (453, 503):
        raise ConnectionFault(
            OutageReason.REFUSED,
            f"{where}: the camera is busy ({answer.status}), too many viewers?",
        )
    if answer.status != 200:
        reason = redact(answer.reason[:80])
        raise ConnectionFault(OutageReason.PROTOCOL, f"{where}: answer {answer.status} {reason}")
    codec = video_codec(answer.body)
    if codec is None:
        raise ConnectionFault(OutageReason.CODEC, f"{where}: the stream has no video")
    if codec not in READABLE_CODECS:
        raise ConnectionFault(OutageReason.CODEC, f"{where}: cannot read {codec}")
    return StreamDescription(codec)


def _no_camera(address: CameraAddress) -> ConnectionFault:
    return ConnectionFault(
        OutageReason.PROTOCOL, f"{address.host}:{address.port} answers, but not as an RTSP camera"
    )
