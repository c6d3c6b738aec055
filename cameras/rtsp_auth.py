"""Answers to an RTSP server's 401: Digest (RFC 7616) and Basic (RFC 7617).

Pure: challenges, user and password in, one header value out. Digest is preferred over Basic.
"""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

_PARAM = re.compile(r'([a-zA-Z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
_HASHES: dict[str, Callable[[bytes], "hashlib._Hash"]] = {
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False),
    "SHA-256": hashlib.sha256,
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """User and password; in no repr."""

    user: str
    password: str

    def __repr__(self) -> str:
        return "Credentials(***)"


def authorization(
    challenges: list[str], credentials: Credentials, method: str, uri: str, cnonce: str
) -> str | None:
    """The Authorization header for the best challenge; None if none is understood."""
    digests = [c for c in challenges if c.lower().startswith("digest")]
    for challenge in digests:
        if answer := _digest(_params(challenge), credentials, method, uri, cnonce):
            return answer
    if any(c.lower().startswith("basic") for c in challenges):
        pair = f"{credentials.user}:{credentials.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"
    return None


def _digest(
    params: dict[str, str], credentials: Credentials, method: str, uri: str, cnonce: str
) -> str | None:
    algorithm = params.get("algorithm", "MD5").upper()
    hash_of = _HASHES.get(algorithm)
    realm, nonce = params.get("realm"), params.get("nonce")
    if hash_of is None or realm is None or nonce is None:
        return None

    def digest(text: str) -> str:
        return hash_of(text.encode()).hexdigest()

    secret = digest(f"{credentials.user}:{realm}:{credentials.password}")
    request = digest(f"{method}:{uri}")
    fields = {"username": credentials.user, "realm": realm, "nonce": nonce, "uri": uri}
    bare = {"algorithm": algorithm} if "algorithm" in params else {}
    if "auth" in re.split(r"[\s,]+", params.get("qop", "")):
        fields["cnonce"] = cnonce
        fields["response"] = digest(f"{secret}:{nonce}:00000001:{cnonce}:auth:{request}")
        bare |= {"qop": "auth", "nc": "00000001"}
    else:
        fields["response"] = digest(f"{secret}:{nonce}:{request}")
    if "opaque" in params:
        fields["opaque"] = params["opaque"]
    quoted = [f'{key}="{value}"' for key, value in fields.items()]
    return "Digest " + ", ".join(quoted + [f"{key}={value}" for key, value in bare.items()])


def _params(challenge: str) -> dict[str, str]:
    return {name.lower(): quoted or bare for name, quoted, bare in _PARAM.findall(challenge)}
