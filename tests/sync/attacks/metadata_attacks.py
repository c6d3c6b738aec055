"""Attacks on the metadata: each edits a world in which the honest update would be taken."""

import json
from collections.abc import Callable
from datetime import timedelta

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import DelegatedRole, Metadata, MetaFile
from tuf.api.serialization.json import JSONSerializer

from sync.update_documents import bundle_path
from tests.fakes.hostile_repository import HostileRepository, new_signer
from tests.fakes.update_world import World

Attack = Callable[[World], None]


def forge(role: str) -> Attack:
    """Sign the next version of a role with a key nobody trusts."""

    def attack(world: World) -> None:
        repository = world.repository
        repository.signed[role].version += 1
        if role in ("snapshot", "timestamp"):
            raw = repository.serve(role, [new_signer()])
            if role == "snapshot":
                repository.point_timestamp(repository.signed["snapshot"].version, raw)
            return
        repository.serve(role, [new_signer()])
        repository.serve_tops()

    return attack


def tamper_timestamp(world: World) -> None:
    """A number in the signed part is changed, the signature stays."""
    said = json.loads(world.repository.served["timestamp.json"])
    said["signed"]["version"] += 1
    world.repository.served["timestamp.json"] = json.dumps(said).encode()


def tamper_bundles(world: World) -> None:
    """The length of a released manifest is changed, the signatures stay."""
    name = world.repository.file_name("bundles")
    said = json.loads(world.repository.served[name])
    for target in said["signed"]["targets"].values():
        target["length"] += 1
    world.repository.served[name] = json.dumps(said).encode()


def tamper_snapshot(world: World) -> None:
    """One byte of white space more: the timestamp's hash no longer fits."""
    name = world.repository.file_name("snapshot")
    world.repository.served[name] += b"\n"


def truncate(role: str) -> Attack:
    """The connection ended early and nobody noticed."""

    def attack(world: World) -> None:
        name = world.repository.file_name(role)
        world.repository.served[name] = world.repository.served[name][:200]

    return attack


def empty_timestamp(world: World) -> None:
    """Zero bytes."""
    world.repository.served["timestamp.json"] = b""


def oversize(role: str, num_bytes: int) -> Attack:
    """Valid metadata with endless white space behind."""

    def attack(world: World) -> None:
        name = world.repository.file_name(role)
        world.repository.served[name] += b" " * num_bytes

    return attack


def endless_root(world: World) -> None:
    """The next root is a megabyte."""
    world.repository.served["2.root.json"] = b" " * 1_000_000


def deep_json(world: World) -> None:
    """Nested so deep that a careless parser dies."""
    world.repository.served["timestamp.json"] = b"[" * 4000


def replay_timestamp(world: World) -> None:
    """The box saw the new state, then is served the old one."""
    world.check()
    world.box.fetcher.repository = world.past


def replay_after_loss(world: World) -> None:
    """As before, and python-tuf's folder was lost in between."""
    replay_timestamp(world)
    world.box.wipe_metadata()
    world.box.restarted()


def rollback_snapshot(world: World) -> None:
    """A stolen timestamp key points to an older snapshot."""
    world.check()
    old = world.past.signed["snapshot"]
    world.repository.point_timestamp(old.version, world.past.served[f"{old.version}.snapshot.json"])


def rollback_assign(world: World) -> None:
    """Stolen snapshot and timestamp keys list an older assign role."""
    world.check()
    world.box.wipe_metadata()
    world.box.restarted()
    world.repository.signed["assign"] = world.past.signed["assign"]
    world.repository.serve_tops()


def mix_and_match(world: World) -> None:
    """The new snapshot, but an old release role under the new name."""
    old = world.past.served[world.past.file_name("bundles")]
    world.repository.served[world.repository.file_name("bundles")] = old


def drop_role(world: World) -> None:
    """The new snapshot forgets that there is a release role."""
    world.check()
    repository = world.repository
    del repository.signed["snapshot"].meta["bundles.json"]
    repository.signed["snapshot"].version += 1
    repository.point_timestamp(repository.signed["snapshot"].version, repository.serve("snapshot"))


def expire(role: str) -> Attack:
    """An honest role that is past its date."""

    def attack(world: World) -> None:
        past = (world.now - timedelta(days=1)).replace(microsecond=0)
        world.repository.signed[role].expires = past
        if role in ("snapshot", "timestamp"):
            world.repository.serve_tops()
        else:
            world.repository.publish(role)

    return attack


def sign_with_one(role: str) -> Attack:
    """One of the two signatures that are needed."""

    def attack(world: World) -> None:
        world.repository.signed[role].version += 1
        world.repository.serve(role, world.repository.keys[role][:1])
        world.repository.serve_tops()

    return attack


def sign_twice_with_one(world: World) -> None:
    """The same signature two times, to look like two."""
    repository = world.repository
    repository.signed["bundles"].version += 1
    said = json.loads(repository.sign("bundles", repository.keys["bundles"][:1]))
    said["signatures"] *= 2
    repository.served[repository.file_name("bundles")] = json.dumps(said).encode()
    repository.serve_tops()


def rename_signature(world: World) -> None:
    """One signature under two key ids."""
    repository = world.repository
    repository.signed["bundles"].version += 1
    said = json.loads(repository.sign("bundles", repository.keys["bundles"][:1]))
    second = dict(said["signatures"][0])
    second["keyid"] = repository.keys["bundles"][1].public_key.keyid
    said["signatures"].append(second)
    repository.served[repository.file_name("bundles")] = json.dumps(said).encode()
    repository.serve_tops()


def replace_root(world: World) -> None:
    """A root of the attacker's own keys, signed by them alone."""
    thieves = [new_signer() for _ in range(3)]
    root = world.repository.signed["root"]
    for old, new in zip(world.repository.keys["root"], thieves, strict=True):
        root.revoke_key(old.public_key.keyid, "root")
        root.add_key(new.public_key, "root")
    world.repository.rotate_root(thieves)


def root_with_one(world: World) -> None:
    """A new root that one of three keepers signed."""
    world.repository.rotate_root(world.repository.keys["root"][:1])


def skip_root(world: World) -> None:
    """Version 3 under the name of version 2."""
    world.repository.signed["root"].version += 1
    world.repository.rotate_root()
    world.repository.served["2.root.json"] = world.repository.served.pop("3.root.json")


def lower_threshold(world: World) -> None:
    """A root that asks for one signature, signed by one."""
    world.repository.signed["root"].roles["root"].threshold = 1
    world.repository.rotate_root(world.repository.keys["root"][:1])


def swap_roles(world: World) -> None:
    """The snapshot is served where the timestamp is asked for."""
    name = world.repository.file_name("snapshot")
    world.repository.served["timestamp.json"] = world.repository.served[name]


def shadow_by_targets(world: World) -> None:
    """The top role lists a bundle itself, where release keys should."""
    repository = world.repository
    path = bundle_path(world.bundle_b)
    repository.signed["targets"].targets[path] = repository.signed["bundles"].targets[path]
    repository.publish("targets")


def shadow_by_new_role(world: World) -> None:
    """A role nobody knows is delegated the bundles before the release role."""
    _delegate_first(world.repository, "extra", new_signer(), bundle_path(world.bundle_b))


def traverse_by_role_name(world: World) -> None:
    """A role whose name is a path."""
    _delegate_first(world.repository, "../../../evil", new_signer(), bundle_path(world.bundle_b))


def fast_forward_below_floor(world: World) -> None:
    """A timestamp signed by the right key, whose snapshot nobody can get."""
    world.repository.signed["timestamp"].snapshot_meta = MetaFile(2_000_000_000)
    world.repository.signed["timestamp"].version += 1
    world.repository.serve("timestamp")


def float_in_signed(world: World) -> None:
    """A number that canonical JSON cannot hold."""
    said = json.loads(world.repository.served["timestamp.json"])
    said["signed"]["x-odd"] = 0.5
    world.repository.served["timestamp.json"] = json.dumps(said).encode()


def _delegate_first(
    repository: HostileRepository, name: str, signer: CryptoSigner, path: str
) -> None:
    delegations = repository.signed["targets"].delegations
    role = DelegatedRole(name, [signer.public_key.keyid], 1, True, ["bundles/*/*"])
    delegations.roles = {name: role, **delegations.roles}
    delegations.keys[signer.public_key.keyid] = signer.public_key
    extra = type(repository.signed["bundles"])(expires=repository.signed["bundles"].expires)
    extra.targets[path] = repository.signed["bundles"].targets[path]
    repository.signed[name] = extra
    metadata = Metadata(extra)
    metadata.sign(signer)
    quoted = name.replace("/", "%2F")
    repository.served[f"1.{quoted}.json"] = metadata.to_bytes(JSONSerializer(compact=True))
    repository.publish("targets")
