"""TLS from the first start: a certificate of the hub's own where nobody brought one.

The box is given the certificate's fingerprint with its claim code or by its custom CA setting. A
certificate of a public CA, or a reverse proxy that ends TLS, replaces it by two lines of hub.toml.
"""

import ipaddress
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sync.durable_file import write_durably

LIFE = timedelta(days=825)  # the longest that common clients accept


def ensure_certificate(folder: Path, host_names: list[str]) -> tuple[Path, Path]:
    """Certificate and key below `folder`, made where missing.

    Args:
        host_names: names and addresses by which boxes reach this hub.
    """
    certificate, key_file = folder / "hub.crt", folder / "hub.key"
    if certificate.is_file() and key_file.is_file():
        return certificate, key_file
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tillsight hub")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName(_names(host_names)), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_durably(key_file, pem, mode=0o600)
    write_durably(certificate, made.public_bytes(serialization.Encoding.PEM))
    return certificate, key_file


def _names(host_names: list[str]) -> list[x509.GeneralName]:
    wanted = dict.fromkeys([*host_names, "localhost", "127.0.0.1", socket.gethostname()])
    return [_name(text) for text in wanted if text]


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
