"""edgectl enrol: this box becomes known to a hub, by claim code or by six words and a person."""

import time
from pathlib import Path
from typing import Annotated

import typer

from edge.config import EdgeConfig
from edge.config_file import read_config
from edge.edgectl.options import ConfigOption, JsonOption
from edge.edgectl.output import ExitCode, errors_for_people, print_json, say
from edge.processes.enrol_notice import hide_enrol_words, show_enrol_words
from edge.processes.hub_road import (
    RootMismatchError,
    edge_version,
    http_settings,
    identity_folder,
)
from sync.device_identity import fingerprint_words
from sync.hub_client import BoxIdentity, HubClient
from sync.protocol import EnrolReply

POLL_S = 3.0


def enrol(
    config: ConfigOption = Path("/etc/tillsight/edge.toml"),
    hub: Annotated[str, typer.Option(help="Address of the hub; hub.url if not given.")] = "",
    claim_code: Annotated[str, typer.Option(help="Of hubctl fleet claim-code.")] = "",
    root_sha256: Annotated[str, typer.Option(help="Of hubctl keys export-root.")] = "",
    wait_s: Annotated[float, typer.Option(help="Wait so long for a person's yes.", min=0)] = 600.0,
    as_json: JsonOption = False,
) -> None:
    """Make a key, show six words (here and on the counter) to be compared, wait for the yes."""
    with errors_for_people(as_json):
        settings = read_config(config)
        address = hub or settings.hub.url
        if not address:
            raise typer.BadParameter("give --hub, or set hub.url in the file")
        client = _client(settings, address)
        try:
            reply = _ask_until_accepted(settings, client, claim_code, wait_s, as_json)
            _check_root(client, reply, root_sha256)
        finally:
            hide_enrol_words(settings)
            client.close()
    facts = {
        "status": reply.status, "box_id": settings.box_id, "hub": address, "ring": reply.ring,
        "root_sha256": client.identity.state.root_sha256,
        "fingerprint_words": fingerprint_words(client.identity.key.public_key),
    }  # fmt: skip
    if as_json:
        print_json(facts)
    else:
        say(f"{settings.box_id} is {reply.status} at {address}")
        if settings.hub.url != address:
            say(f'- set it in {config}, then restart the box: [hub] url = "{address}"')
    raise typer.Exit(int(ExitCode.OK if reply.status == "enrolled" else ExitCode.NO))


def _client(settings: EdgeConfig, address: str) -> HubClient:
    folder = identity_folder(settings)
    if (folder / "identity.json").is_file():
        identity = BoxIdentity.load(folder)
        if identity.state.hub_url != address:
            identity.update(hub_url=address)
    else:
        identity = BoxIdentity.create(folder, settings.box_id, address)
    return HubClient(identity, http_settings(settings))


def _ask_until_accepted(
    settings: EdgeConfig, client: HubClient, claim_code: str, wait_s: float, as_json: bool
) -> EnrolReply:
    deadline = time.monotonic() + wait_s
    reply = client.enrol(claim_code, edge_version())
    words = fingerprint_words(client.identity.key.public_key)
    if reply.status == "pending" and not as_json:
        say("Compare these six words with the hub's screen, then accept there:")
        say(f"  {words}")
    while reply.status == "pending" and time.monotonic() < deadline:
        show_enrol_words(settings, words)
        time.sleep(POLL_S)
        reply = client.enrol("", edge_version())
    return reply


def _check_root(client: HubClient, reply: EnrolReply, wanted: str) -> None:
    """A hub that shows another root than the installer was told is not this shop's hub.

    Raises:
        RootMismatchError: they differ; the box does not count as enrolled.
    """
    if wanted and reply.root_sha256 != wanted.lower():
        client.identity.update(nonce="", root_sha256="")
        raise RootMismatchError(
            f"the hub's root is {reply.root_sha256[:12] or 'not made yet'}, not {wanted[:12]}",
            hint="is it the right hub? compare with hubctl keys export-root",
        )
