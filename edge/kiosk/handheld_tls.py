"""The certificate under which the page is served to the staff's phones; made on the box.

Flow: state folder -> certificate and key -> uvicorn

Self-signed: nobody outside vouches for a box in a shop, so a phone is shown the fingerprint on the
counter's screen when it is paired. The key never leaves the box.
"""

import datetime
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID_DAYS = 397  # what browsers accept at most
RENEW_DAYS = 30
PROBE_ADDRESS = ("192.0.2.1", 9)  # RFC 5737: nothing is sent, the kernel only picks a way out


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """Where it lies, and its SHA-256 in pairs of hex digits."""

    certificate: Path
    key: Path
    fingerprint: str


def load_or_make_certificate(
    folder: Path, box_id: str, now: datetime.datetime
) -> ServerCertificate:
    """The box's certificate; a new one where there is none, or it ends within a month."""
    paths = folder / "handheld.crt", folder / "handheld.key"
    known = _read(paths[0])
    if (
        known is None
        or not paths[1].exists()
        or known.not_valid_after_utc - now < datetime.timedelta(days=RENEW_DAYS)
    ):
        known = _make(folder, paths, box_id, now)
    digest = known.fingerprint(hashes.SHA256()).hex().upper()
    pairs = ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))
    return ServerCertificate(*paths, pairs)


def reachable_addresses(port: int) -> tuple[str, ...]:
    """`https://...` of this box on the network it would use; nothing is sent to find out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(PROBE_ADDRESS)
            host = str(probe.getsockname()[0])
        except OSError:
            return ()
    return (f"https://{host}:{port}",)


def _read(path: Path) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return None


def _make(
    folder: Path, paths: tuple[Path, Path], box_id: str, now: datetime.datetime
) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Tillsight {box_id}")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=VALID_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(f"{box_id}.local")]), False)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _write(paths[1], secret, 0o600)
    _write(paths[0], certificate.public_bytes(serialization.Encoding.PEM), 0o644)
    return certificate


def _write(path: Path, content: bytes, mode: int) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
