"""The centre of the demo: a hub as its own process, people with accounts, workers with tokens.

Flow: empty folder -> keys, hub (TLS) -> accounts signed in over HTTP, one per duty -> sessions

Keys, certificate and passwords are made at run time and stay in the folder. People sign in with a
password and act with their session; machines (worker, gate worker) have tokens.
"""

import json
import secrets
import ssl
import sys
from pathlib import Path

import httpx

from sync.bundle import Bundle, open_bundle
from sync.catalog import load_catalog
from tools.demo_run.demo_box import free_port
from tools.demo_run.loop_shop import LoopShop, NotSeenError, run_hubctl
from tools.demo_run.real_processes import HUB_TOML, KEYS, REPO, running_command, write_passphrase
from tools.demo_run.release_road import edgectl
from trainer.hubctl.hub_session import TIMEOUT_S, HubAnswerError, HubSession

STORE = "corner-shop"
PEOPLE = {"reviewer": "reviewer", "second": "reviewer", "trainer": "trainer",
          "approver": "approver", "operator": "operator", "keeper": "admin"}  # fmt: skip
MACHINES = {"worker": "trainer", "gate-worker": "gate"}
CSRF_HEADER = "X-CSRF-Token"


class AccountSession(HubSession):
    """A person who signed in with name and password, as the dashboard does."""

    def __init__(self, hub: str, name: str, password: str, ca: Path) -> None:
        self._hub = hub
        self._trust = ssl.create_default_context(cafile=str(ca))
        body = {"name": name, "password": password}
        with httpx.Client(base_url=hub, verify=self._trust, timeout=TIMEOUT_S) as client:
            reply = client.post("/api/v1/session", json=body)
        if not reply.is_success:
            raise HubAnswerError(f"{name} cannot sign in: {reply.status_code}", hint=reply.text)
        cookies = "; ".join(f"{key}={value}" for key, value in reply.cookies.items())
        self._headers = {"Cookie": cookies, CSRF_HEADER: str(reply.json()["csrf_token"])}


def open_centre(shop: LoopShop, bundle: Bundle) -> list[str]:
    """Keys, hub, people, the store and its catalogue; who may what, in words."""
    folder = shop.folder
    shop.hub_port, shop.base_id = free_port(), bundle.bundle_id
    write_passphrase(folder)
    text = HUB_TOML.format(folder=folder, port=shop.hub_port)
    text += f'catalogue_keys = "{folder}/keys/online"\n'
    text += f'catalogue_passphrase_file = "{folder}/passphrase"\n'
    (folder / "hub.toml").write_text(text)
    offline = ["--online", "keys/online", "--offline", "keys/offline"]
    shop.transcript.run("hubctl", "keys", "init", *REPO, *offline, *KEYS[4:])
    shop.start_hub()
    duties = _let_people_in(shop)
    _open_store(shop, bundle)
    return duties


def offer_champion(shop: LoopShop, bundle: Bundle) -> None:
    """The store's bundle: signed for its boxes, a model, and readable for workers."""
    run_hubctl(shop, "bundle", "publish", str(bundle.directory))
    note = "the store's first bundle, made at installation"
    run_hubctl(shop, "bundle", "vouch", bundle.bundle_id[:12], "--note", note)
    shop.transcript.run(
        "hubctl", "worker", "send-bundle", str(bundle.directory), *address(shop, "worker"),
        "--state", "worker",
    )  # fmt: skip
    manifest = bundle.manifest.model_dump(mode="json")
    body = {"manifest": manifest, "lineage": {}, "note": note}
    shop.as_("trainer").api("POST", "/models", body)


def start_workers(shop: LoopShop) -> None:
    """A worker and a gate worker as their owners would start them."""
    worker = ["worker", "run", "--state", "worker", "--poll-s", "0.2", "--name", "worker-1"]
    gate = ["gate-worker", "--edgectl", edgectl(), "--scratch", "scratch", "--idle-s", "0.5"]
    (shop.folder / "scratch").mkdir()
    for duty, words in (("worker", worker), ("gate-worker", gate)):
        command = [sys.executable, "-m", "trainer.hubctl", *words, *address(shop, duty)]
        shop.stack.enter_context(running_command(command, shop.folder, f"{duty}.log"))


def address(shop: LoopShop, duty: str) -> list[str]:
    """How a command of a machine reaches the hub."""
    trust = str(shop.folder / "hub" / "tls" / "hub.crt")
    return ["--hub", shop.hub_url, "--ca", trust, "--token-file", str(_token(shop, duty))]


def store_bundle_of(shop: LoopShop) -> Bundle:
    """What the store's box runs."""
    return open_bundle(shop.folder / "store-bundle")


def _let_people_in(shop: LoopShop) -> list[str]:
    trust = shop.folder / "hub" / "tls" / "hub.crt"
    admin = HubSession(shop.hub_url, shop.folder / "hub" / "first-admin.token", trust)
    for name, role in PEOPLE.items():
        password = secrets.token_urlsafe(18)
        admin.api("POST", "/accounts", {"name": name, "roles": [role], "password": password})
        shop.sessions[name] = AccountSession(shop.hub_url, name, password, trust)
    for name, role in MACHINES.items():
        made = shop.as_("keeper").call("POST", "/tokens", {"name": name, "role": role})
        path = _token(shop, name)
        path.touch(mode=0o600)
        path.write_text(made["token"] + "\n")
    duties = [f"{name} ({role})" for name, role in (PEOPLE | MACHINES).items()]
    return [f"accounts signed in, tokens of machines: {', '.join(duties)}"]


def _open_store(shop: LoopShop, bundle: Bundle) -> None:
    admin = shop.as_("keeper")
    admin.api("POST", "/stores", {"store_id": STORE, "name": "Corner shop of the demo"})
    skus = load_catalog(bundle.directory / "catalog.json").skus
    rows = [sku.model_dump(mode="json", exclude={"picture"}) for sku in skus]
    told = admin.send("POST", "/skus-import?format=json&preview=false", json.dumps(rows).encode())
    if told["errors"]:
        raise NotSeenError(f"the catalogue was not taken: {told['errors'][:2]}")


def _token(shop: LoopShop, duty: str) -> Path:
    return shop.folder / f"{duty}.token"
