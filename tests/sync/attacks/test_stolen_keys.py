"""One key of each role is stolen alone, and its thief tries every other role's job.

The thief also owns the network: he serves what he likes, and the hub signs snapshot and timestamp
for whatever he puts into another role. What he must not get is that a box believes a word of it.
"""

import itertools

import pytest
from securesystemslib.signer import CryptoSigner

from sync.errors import SyncError
from sync.update_documents import bundle_path, channel_path
from tests.fakes.hostile_repository import BOX, CHANNEL, KEY_ROLES, HostileRepository, new_signer
from tests.fakes.update_world import World, manifest_of, price_entry

JOBS = (
    "root", "targets", "snapshot", "timestamp",
    "bundles", "assign", "assign-box", "catalogue", "gate",
)  # fmt: skip
OWN = {
    ("snapshot", "snapshot"), ("timestamp", "timestamp"), ("assign", "assign"),
    ("assign", "assign-box"), ("catalogue", "catalogue"), ("gate", "gate"),
}  # fmt: skip
FOREIGN = [pair for pair in itertools.product(KEY_ROLES, JOBS) if pair not in OWN]

EVIL = manifest_of({"card.json": b"evil"}, generation=99)


def do_job(repository: HostileRepository, job: str, thief: CryptoSigner) -> None:
    """Write what the job allows, to the thief's gain, and sign it with his one key."""
    repository.put(EVIL.canonical())
    signed = repository.signed
    if job == "root":
        signed["root"].add_key(thief.public_key, "root")
        signed["root"].roles["root"].threshold = 1
        repository.rotate_root([thief])
        return
    if job == "targets":
        signed["targets"].add_key(thief.public_key, "bundles")
        signed["targets"].delegations.roles["bundles"].threshold = 1
    if job == "bundles":
        repository.release(EVIL.canonical())
    if job == "assign":
        repository.assign(50, EVIL.bundle_id())
    if job == "assign-box":
        job = repository.assign_own(50, EVIL.bundle_id())
    if job == "catalogue":
        repository.list_index(50, prices=(price_entry(repository, 50, 1),))
    if job in ("snapshot", "timestamp"):
        sign_top(repository, job, thief)
        return
    signed[job].version += 1
    repository.serve(job, [thief])
    repository.serve_tops()


def sign_top(repository: HostileRepository, job: str, thief: CryptoSigner) -> None:
    """A newer snapshot or timestamp of the thief's."""
    repository.signed[job].version += 1
    raw = repository.serve(job, [thief])
    if job == "snapshot":
        repository.point_timestamp(repository.signed["snapshot"].version, raw)


def reasons(world: World) -> list[str]:
    """Why the box refused; it must not have taken anything of the thief's."""
    try:
        offer = world.check()
    except SyncError as err:
        return [err.code]
    assert offer.bundle_id != EVIL.bundle_id()
    assert offer.catalogue is None or offer.catalogue.generation == 2
    return [problem.code for problem in offer.problems]


@pytest.mark.parametrize(("stolen", "job"), FOREIGN, ids=[f"{k} key does {j}" for k, j in FOREIGN])
def test_a_stolen_key_cannot_do_another_roles_job(world: World, stolen: str, job: str) -> None:
    do_job(world.repository, job, world.repository.keys[stolen][0])
    assert reasons(world) == ["update.signature"]


def test_the_matrix_has_every_foreign_job() -> None:
    assert len(FOREIGN) == len(KEY_ROLES) * len(JOBS) - len(OWN) == 66


def test_all_online_keys_together_cannot_bring_a_bundle(world: World) -> None:
    world.repository.put(EVIL.canonical())
    world.repository.list_target("assign", bundle_path(EVIL.bundle_id()), EVIL.canonical())
    world.repository.list_target("catalogue", bundle_path(EVIL.bundle_id()), EVIL.canonical())
    world.repository.assign(50, EVIL.bundle_id())
    role = world.repository.assign_own(50, EVIL.bundle_id())
    world.repository.publish("assign", "catalogue", role)
    offer = world.check()
    assert offer.manifest is None
    assert [p.code for p in offer.problems] == ["update.not_released"]


def test_all_release_keys_alone_cannot_choose_the_boxes(world: World) -> None:
    evil_id = world.repository.release(EVIL.canonical())
    world.repository.publish("bundles")
    assert world.check().bundle_id != evil_id


def test_a_thief_of_the_assign_key_is_stopped_by_new_keys(world: World) -> None:
    world.repository.assign(1_000_000, world.bundle_a, min_bundle_generation=1_000_000)
    world.repository.publish("assign")
    assert [p.code for p in world.check().problems] == ["update.withdrawn"]
    _replace_assign_key(world.repository)
    world.repository.assign(3, world.bundle_b)
    world.repository.publish("targets", "assign", "assign-box", *_bins(world.repository))
    assert world.check().bundle_id == world.bundle_b


def test_a_thief_of_the_catalogue_key_is_stopped_by_new_keys(world: World) -> None:
    world.repository.list_index(10**9, prices=(price_entry(world.repository, 10**6, 1),))
    world.repository.publish("catalogue")
    assert world.check().catalogue is not None
    new = new_signer()
    targets = world.repository.signed["targets"]
    targets.revoke_key(world.repository.keys["catalogue"][0].public_key.keyid, "catalogue")
    targets.add_key(new.public_key, "catalogue")
    world.repository.keys["catalogue"] = (new,)
    index = world.repository.list_index(3, prices=(price_entry(world.repository, 3),))
    world.repository.publish("targets", "catalogue")
    found = world.check().catalogue
    assert found is not None
    assert found.generation == index.generation
    assert channel_path(CHANNEL) in world.repository.signed["catalogue"].targets


def _bins(repository: HostileRepository) -> list[str]:
    succinct = repository.signed["assign-box"].delegations.succinct_roles
    return list(succinct.get_roles())


def _replace_assign_key(repository: HostileRepository) -> None:
    old, new = repository.keys["assign"][0].public_key, new_signer()
    for role in ("assign", "assign-box"):
        repository.signed["targets"].revoke_key(old.keyid, role)
        repository.signed["targets"].add_key(new.public_key, role)
    repository.signed["assign-box"].revoke_key(old.keyid)
    repository.signed["assign-box"].add_key(new.public_key)
    repository.keys["assign"] = (new,)
    assert repository.bin_of(BOX)
