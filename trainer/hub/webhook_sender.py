"""Sends what waits for webhooks: signed, to public addresses only, again with growing waits.

Flow: due deliveries -> address checked -> POST with signature -> done | later | failed

The address is looked up once, judged, and that very address is connected to, so that a name which
answers differently the second time gains nothing. Redirects are not followed. Neither secret nor
payload is logged.
"""

import base64
import hashlib
import hmac
import http.client
import ipaddress
import logging
import socket
import ssl
from datetime import UTC, datetime
from urllib.parse import urlsplit

from sqlalchemy import Engine

from trainer.store import webhooks
from trainer.store.database import reading, writing
from trainer.store.webhooks import Outgoing, WebhookError

logger = logging.getLogger(__name__)

TIMEOUT_S = 10.0
# A private IPv4 address may be written inside these: NAT64 (RFC 6052, 8215), 6to4, Teredo.
TRANSLATED = tuple(
    ipaddress.ip_network(text)
    for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)
MAX_ANSWER_BYTES = 4096


class WebhookAddressError(WebhookError):
    """An address that the hub does not send to."""

    code = "webhook.address"


def signature(secret: str, delivery_id: str, timestamp: int, payload: str) -> str:
    """`v1,` and base64 of HMAC-SHA256 over `delivery.timestamp.payload`."""
    signed = f"{delivery_id}.{timestamp}.{payload}".encode()
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def check_address(url: str, allowed_hosts: tuple[str, ...] = ()) -> tuple[str, str, int]:
    """Scheme, the address to connect to, port.

    Args:
        allowed_hosts: names that may be private, loopback and plain HTTP.

    Raises:
        WebhookAddressError: no https URL, a credential in it, unknown, or not a public address.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as err:
        raise WebhookAddressError("no URL", hint="https://host/path") from err
    is_allowed = host in allowed_hosts
    if parts.scheme != "https" and not (is_allowed and parts.scheme == "http"):
        raise WebhookAddressError("only https", hint="or name the host in webhook_private_hosts")
    if parts.username or parts.password or not host:
        raise WebhookAddressError("no host, or a password in the URL", hint="https://host/path")
    port = port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as err:
        raise WebhookAddressError(f"{host} is unknown", hint="check the name") from err
    addresses = [str(entry[4][0]) for entry in found]
    if not is_allowed and not all(_is_public(address) for address in addresses):
        raise WebhookAddressError(
            f"{host} is not a public address",
            hint="name it in webhook_private_hosts of hub.toml if that is meant",
        )
    return parts.scheme, addresses[0], port


def send_due(engine: Engine, allowed_hosts: tuple[str, ...], *, now: datetime) -> int:
    """Send what is due, one after another; how many went well."""
    with reading(engine) as connection:
        due = webhooks.due_deliveries(connection, now=now)
    good = 0
    for outgoing in due:
        error = _send(outgoing, allowed_hosts)
        with writing(engine) as connection:
            webhooks.note_delivery(connection, outgoing, error, now=datetime.now(UTC))
        good += not error
        if error:
            logger.warning("webhook failed delivery=%s: %s", outgoing.delivery_id, error)
    return good


def _send(outgoing: Outgoing, allowed_hosts: tuple[str, ...]) -> str:
    """One attempt; empty, or what went wrong."""
    parts = urlsplit(outgoing.url)
    timestamp = int(datetime.now(UTC).timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "tillsight-hub",
        "X-Tillsight-Event": outgoing.event,
        "X-Tillsight-Delivery": outgoing.delivery_id,
        "X-Tillsight-Timestamp": str(timestamp),
        "X-Tillsight-Signature": signature(
            outgoing.secret, outgoing.delivery_id, timestamp, outgoing.payload
        ),
    }
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        scheme, address, port = check_address(outgoing.url, allowed_hosts)
        connection = _connection(scheme, parts.hostname or "", address, port)
        try:
            connection.request("POST", target, outgoing.payload.encode(), headers)
            reply = connection.getresponse()
            reply.read(MAX_ANSWER_BYTES)
        finally:
            connection.close()
    except WebhookAddressError as err:
        return f"{err.code}: {err}"
    except (OSError, http.client.HTTPException, ValueError) as err:
        return f"{type(err).__name__}: {str(err)[:200]}"
    return "" if 200 <= reply.status < 300 else f"answered {reply.status}"


class _PinnedHttps(http.client.HTTPSConnection):
    """HTTPS to an address that was judged, under the name that was asked for."""

    def __init__(self, host: str, address: str, port: int) -> None:
        self._trust = ssl.create_default_context()
        super().__init__(host, port, timeout=TIMEOUT_S, context=self._trust)
        self._address = address

    def connect(self) -> None:
        raw = socket.create_connection((self._address, self.port), TIMEOUT_S)
        self.sock = self._trust.wrap_socket(raw, server_hostname=self.host)


class _PinnedHttp(http.client.HTTPConnection):
    """The same in the clear, for hosts that are named in the configuration."""

    def __init__(self, host: str, address: str, port: int) -> None:
        super().__init__(host, port, timeout=TIMEOUT_S)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), TIMEOUT_S)


def _connection(scheme: str, host: str, address: str, port: int) -> http.client.HTTPConnection:
    kind = _PinnedHttps if scheme == "https" else _PinnedHttp
    return kind(host, address, port)


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if any(address in network for network in TRANSLATED):
        return False
    return address.is_global and not address.is_multicast
