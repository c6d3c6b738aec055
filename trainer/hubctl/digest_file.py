"""The file that stands for a model in git: its digest; the files themselves never go into git.

Flow: bundle folder -> digest file + staged files ; digest file -> passed model -> bundle folder

Staged files are read by the gate alone. Once the model has passed they are artefacts of the hub and
`fetch_linked` brings them; a rejected model's files are deleted there.
"""

import json
import shutil
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sync.bundle import MANIFEST_NAME, Bundle, BundleManifest, open_bundle
from trainer.hubctl.hub_session import HubAnswerError, HubSession

PART_BYTES = 4 * 1024 * 1024


class DigestFile(BaseModel):
    """What stands in git; `size` is all of the model's files together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    bundle_id: str = Field(pattern="^[0-9a-f]{64}$")
    name: str
    version: str
    size: int = Field(ge=0)


def write_link(path: Path, manifest: BundleManifest) -> DigestFile:
    """Write the digest file of a bundle."""
    link = DigestFile(
        bundle_id=manifest.bundle_id(),
        name=manifest.name,
        version=manifest.version,
        size=sum(entry.size for entry in manifest.files),
    )
    path.write_text(json.dumps(link.model_dump(), indent=1) + "\n")
    return link


def read_link(path: Path) -> DigestFile:
    """Read a digest file.

    Raises:
        HubAnswerError: missing, or in another form.
    """
    try:
        return parse_link(path.read_text())
    except OSError as err:
        raise HubAnswerError(
            f"{path} cannot be read: {err.strerror}", hint="hubctl model link writes it"
        ) from err


def parse_link(text: str) -> DigestFile:
    """A digest file's text.

    Raises:
        HubAnswerError: in another form.
    """
    try:
        return DigestFile.model_validate_json(text)
    except ValidationError as err:
        first = err.errors()[0]
        raise HubAnswerError(
            f"no digest file: {first['loc']}: {first['msg']}", hint="write it: hubctl model link"
        ) from err


def stage_files(session: HubSession, bundle: Bundle) -> int:
    """Upload a bundle's files for the gate, each once; bytes that were read.

    Raises:
        HubAnswerError: refused or unreachable.
    """
    sent: set[str] = set()
    for entry in bundle.manifest.files:
        if entry.sha256 in sent:
            continue
        sent.add(entry.sha256)
        path = f"/models/{bundle.bundle_id}/files/{entry.sha256}"
        data = (bundle.directory / entry.path).read_bytes()
        for offset in range(0, max(1, len(data)), PART_BYTES):
            part = data[offset : offset + PART_BYTES]
            session.send_part(path, part, offset=offset, total=len(data))
    return sum(entry.size for entry in bundle.manifest.files)


def fetch_linked(session: HubSession, link: DigestFile, into: Path) -> Bundle:
    """The bundle that a digest file names, verified byte for byte.

    Raises:
        HubAnswerError: it has not passed the gate, or is not there.
        BundleError: what came is something else.
    """
    model = session.api("GET", f"/models/{link.bundle_id}")
    if model["stage"] not in ("passed", "approved"):
        raise HubAnswerError(
            f"model {link.bundle_id[:12]} is {model['stage']}", hint="only what passed is uploaded"
        )
    return fetch_files(session, link.bundle_id, into, "/artifacts/{sha256}")


def fetch_files(
    session: HubSession, bundle_id: str, into: Path, address: str, like: Bundle | None = None
) -> Bundle:
    """A bundle folder from the hub, verified.

    Args:
        address: where its files are, by {sha256}.
        like: a verified bundle on this disk; files that both have are not fetched again.

    Raises:
        HubAnswerError: refused, unreachable, or not there.
        BundleError: what came is something else.
    """
    told = session.api("GET", f"/models/{bundle_id}/manifest")
    manifest = BundleManifest.model_validate(told)
    into.mkdir(parents=True, exist_ok=True)
    here = {f.sha256: like.directory / f.path for f in like.manifest.files} if like else {}
    for entry in manifest.files:
        target = into / entry.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if entry.sha256 in here:
            shutil.copyfile(here[entry.sha256], target)
        else:
            target.write_bytes(session.fetch(address.format(sha256=entry.sha256)))
    (into / MANIFEST_NAME).write_bytes(manifest.canonical())
    bundle = open_bundle(into)
    if bundle.bundle_id != bundle_id:
        raise HubAnswerError(f"the hub sent {bundle.bundle_id[:12]}", hint="ask another hub")
    return bundle
