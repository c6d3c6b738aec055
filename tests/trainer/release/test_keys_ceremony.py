"""Every procedure for keys, rehearsed: a box that was there before follows through all of them."""

import shutil
from pathlib import Path

import pytest

from sync.gate_verdict import GATE_ROLE, GateVerdict
from sync.update_errors import RollbackError
from tests.fakes.vouched import add_vouched
from tests.trainer.release.conftest import CHANNEL, NOW, Centre, passphrase
from trainer.release.key_files import KeyRing, create_key, passphrase_from_file
from trainer.release.key_inventory import inventory
from trainer.release.keys_ceremony import (
    KeyPlan,
    add_gate_role,
    create_repository,
    replace_lost,
    replace_stolen,
    revoke_key,
    rotate_key,
    split_keys,
)
from trainer.release.release_errors import (
    CeremonyError,
    KeyFileError,
    PublishRefusedError,
    ThresholdError,
)
from trainer.release.signing import Signing
from trainer.release.signing_roles import KEY_ROLES, SIGNING_ROLES


@pytest.fixture(params=["one_shop", "split"])
def centre(request: pytest.FixtureRequest) -> Centre:
    found: Centre = request.getfixturevalue(request.param)
    return found


def release(centre: Centre, generation: int) -> str:
    signing = centre.open()
    bundle_id = add_vouched(signing, centre.bundle(generation))
    signing.assign_ring("lab", bundle_id, channel=CHANNEL)
    signing.assign_box("box-9", bundle_id, channel=CHANNEL)
    signing.publish()
    return bundle_id


def folder_of(centre: Centre, role: str) -> Path:
    return centre.plan.folders(role)[0]


def test_the_ceremony_makes_what_the_table_says(split: Centre) -> None:
    rows = {row["role"]: row for row in inventory(split.repo, KeyRing([], passphrase), NOW)}
    for role, said in SIGNING_ROLES.items():
        assert len(rows[role]["keyids"]) == said.num_keys
        assert rows[role]["threshold"] == said.threshold
        assert rows[role]["days_left"] in (said.valid_days, said.valid_days - 1)


def test_offline_keys_are_not_on_the_hub(split: Centre) -> None:
    on_hub = {path.name.split("-")[0] for path in split.plan.online.glob("*.pem")}
    assert on_hub == {"snapshot", "timestamp", "assign", "catalogue", "gate"}


def test_key_files_are_encrypted_and_for_their_owner_alone(centre: Centre) -> None:
    for folder in centre.key_folders:
        assert folder.stat().st_mode & 0o077 == 0
        for path in folder.glob("*.pem"):
            assert path.stat().st_mode & 0o077 == 0
            assert b"ENCRYPTED" in path.read_bytes()


def test_a_second_ceremony_in_the_same_folder_is_refused(centre: Centre) -> None:
    with pytest.raises(CeremonyError):
        create_repository(centre.repo, centre.plan, passphrase, NOW)


def test_two_offline_folders_are_neither_one_shop_nor_a_fleet(folder: Path) -> None:
    plan = KeyPlan((folder / "a", folder / "b"), folder / "hub")
    with pytest.raises(CeremonyError):
        create_repository(folder / "repo", plan, passphrase, NOW)


@pytest.mark.parametrize("role", KEY_ROLES)
def test_every_key_can_be_rotated_and_the_box_follows(centre: Centre, role: str) -> None:
    release(centre, 1)
    box, other = centre.box(), centre.box(box_id="box-9")
    box.check()
    other.check()
    signing = centre.open()
    old = signing.tree.keyids(role)[0]
    new = rotate_key(signing, old, folder_of(centre, role), passphrase)
    signing.publish()
    after = centre.open()
    assert old not in after.tree.keyids(role)
    assert new.keyid in after.tree.keyids(role)
    assert box.check().problems == ()
    bundle_id = release(centre, 2)
    assert (box.check().bundle_id, other.check().bundle_id) == (bundle_id, bundle_id)


@pytest.mark.parametrize("role", KEY_ROLES)
def test_a_rotated_key_signs_nothing_any_more(centre: Centre, role: str) -> None:
    signing = centre.open()
    old = signing.tree.keyids(role)[0]
    rotate_key(signing, old, folder_of(centre, role), passphrase)
    signing.publish()
    after = centre.open()
    signed = {
        keyid
        for name, metadata in after.tree.roles.items()
        if name != "root"  # a new root also carries the old keys' farewell
        for keyid in metadata.signatures
    }
    assert old not in signed


@pytest.mark.parametrize("role", ["root", "targets", "bundles"])
def test_a_lost_offline_key_is_replaced_by_the_other_keepers(split: Centre, role: str) -> None:
    release(split, 1)
    box = split.box()
    box.check()
    ada, ben, cyd = split.plan.offline
    lost = KeyRing([ada], passphrase)
    keyid = next(key.keyid for key in lost.files.values() if key.role == role)
    signing = split.open(ben, cyd, split.plan.online)
    replace_lost(signing, keyid, ben, passphrase)
    signing.publish()
    assert box.check().problems == ()
    assert keyid not in split.open().tree.keyids(role)


@pytest.mark.parametrize("role", ["snapshot", "timestamp", "assign", "catalogue", "gate"])
def test_a_lost_online_key_is_replaced(centre: Centre, role: str) -> None:
    release(centre, 1)
    box = centre.box()
    box.check()
    signing = centre.open()
    keyid = signing.tree.keyids(role)[0]
    signing.keys.files[keyid].path.unlink()
    replace_lost(signing, keyid, centre.plan.online, passphrase)
    signing.publish()
    assert box.check().problems == ()


def test_the_only_root_key_cannot_be_lost_without_enrolling_anew(one_shop: Centre) -> None:
    signing = one_shop.open()
    with pytest.raises(CeremonyError) as caught:
        replace_lost(signing, signing.tree.keyids("root")[0], one_shop.plan.online, passphrase)
    assert "enrolled anew" in caught.value.hint


@pytest.mark.parametrize("role", KEY_ROLES)
def test_a_stolen_key_is_replaced_and_versions_it_ran_up_are_forgotten(
    centre: Centre, role: str
) -> None:
    release(centre, 1)
    box = centre.box()
    box.check()
    metadata, backup = centre.repo / "metadata", centre.folder / "backup"
    shutil.copytree(metadata, backup)
    thief = centre.open()
    thief.tree.timestamp.version = 1_000_000
    thief.tree.snapshot.version = 1_000_000
    thief.publish()
    box.check()
    shutil.rmtree(metadata)
    shutil.copytree(backup, metadata)
    with pytest.raises(RollbackError):
        box.check()
    signing = centre.open()
    keyid = signing.tree.keyids(role)[0]
    _, listed = replace_stolen(signing, keyid, folder_of(centre, role), passphrase)
    signing.publish()
    assert box.check().problems == ()
    assert box.check().versions["timestamp"] < 1_000_000
    assert ("assign/ring/lab.json" in listed) == (role == "assign")


def test_a_stolen_assign_key_that_ran_generations_up_does_no_lasting_harm(split: Centre) -> None:
    first = release(split, 1)
    box = split.box()
    box.check()
    thief = split.open(split.plan.online)
    for _ in range(50):
        thief.assign_ring("lab", first, channel=CHANNEL, min_bundle_generation=10**6)
    thief.publish()
    assert [p.code for p in box.check().problems] == ["update.withdrawn"]
    signing = split.open()
    replace_stolen(signing, signing.tree.keyids("assign")[0], split.plan.online, passphrase)
    signing.assign_ring("lab", first, channel=CHANNEL)
    signing.publish()
    assert box.check().bundle_id == first


def test_a_key_can_be_revoked_where_enough_are_left(split: Centre) -> None:
    release(split, 1)
    box = split.box()
    box.check()
    signing = split.open()
    revoke_key(signing, signing.tree.keyids("bundles")[0])
    signing.publish()
    assert box.check().problems == ()
    signing = split.open()
    with pytest.raises(CeremonyError):
        revoke_key(signing, signing.tree.keyids("bundles")[0])


def test_one_shop_becomes_a_fleet_and_its_boxes_follow(one_shop: Centre) -> None:
    release(one_shop, 1)
    box = one_shop.box()
    box.check()
    folders = [one_shop.folder / name for name in ("ada", "ben", "cyd")]
    signing = one_shop.open()
    assert len(split_keys(signing, folders, passphrase)) == 9
    signing.publish()
    assert box.check().problems == ()
    old = one_shop.open(one_shop.plan.online)
    old.touch("bundles")
    with pytest.raises(ThresholdError) as caught:
        old.publish()
    assert caught.value.missing == {"bundles": 2}
    old.discard_pending()
    one_shop.plan = KeyPlan(tuple(folders), one_shop.plan.online)
    assert box.check().bundle_id != release(one_shop, 2) == box.check().bundle_id
    with pytest.raises(CeremonyError):
        split_keys(one_shop.open(), folders, passphrase)


def test_a_root_rotation_needs_the_old_keepers(split: Centre) -> None:
    ada, ben, _ = split.plan.offline
    signing = split.open(ada, split.plan.online)
    keyid = next(k.keyid for k in signing.keys.files.values() if k.role == "root")
    rotate_key(signing, keyid, ada, passphrase)
    with pytest.raises(ThresholdError):
        signing.publish()
    split.box().check()
    split.open(ben, ada, split.plan.online, take_pending=True).publish()
    assert split.box().check().versions["root"] == 2


def test_a_box_that_slept_through_five_roots_walks_to_the_last(split: Centre) -> None:
    release(split, 1)
    box = split.box()
    box.check()
    for _ in range(5):
        signing = split.open()
        rotate_key(signing, signing.tree.keyids("root")[0], split.plan.offline[0], passphrase)
        signing.publish()
    assert box.check().versions["root"] == 6


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_that_others_can_read_signs_nothing(one_shop: Centre, mode: int) -> None:
    for path in one_shop.plan.online.glob("timestamp-*.pem"):
        path.chmod(mode)
    with pytest.raises(KeyFileError) as caught:
        one_shop.open().publish()
    assert "chmod 600" in caught.value.hint


def test_a_wrong_passphrase_is_named(one_shop: Centre) -> None:
    keys = KeyRing(one_shop.key_folders, lambda: "wrong horse battery")
    with pytest.raises(KeyFileError, match="passphrase"):
        Signing(one_shop.repo, keys, NOW).publish()


def test_a_short_passphrase_is_refused(folder: Path) -> None:
    with pytest.raises(KeyFileError):
        create_key(folder / "keys", "root", lambda: "short")


def test_a_passphrase_file_that_others_can_read_is_refused(folder: Path) -> None:
    path = folder / "passphrase"
    path.write_text("correct horse battery\n")
    path.chmod(0o644)
    with pytest.raises(KeyFileError):
        passphrase_from_file(path)
    path.chmod(0o600)
    assert passphrase_from_file(path) == "correct horse battery"


def test_an_unencrypted_key_is_refused(one_shop: Centre) -> None:
    path = next(one_shop.plan.online.glob("timestamp-*.pem"))
    signer = one_shop.open().keys.signer(one_shop.open().tree.keyids("timestamp")[0])
    path.write_bytes(signer.private_bytes)
    with pytest.raises(KeyFileError, match="not encrypted"):
        one_shop.open().publish()


def test_a_repository_older_than_the_gate_gets_its_key_and_boxes_follow(centre: Centre) -> None:
    signing = centre.open()
    delegations = signing.tree.targets().delegations
    assert delegations is not None
    assert delegations.roles is not None
    del delegations.roles[GATE_ROLE], signing.tree.roles[GATE_ROLE]
    del signing.tree.snapshot.meta[f"{GATE_ROLE}.json"]
    signing.touch("targets")
    signing.publish()
    signing = centre.open()
    signing.assign_ring("lab", signing.add_bundle(centre.bundle(1)), channel=CHANNEL)
    signing.publish()
    assert [p.code for p in centre.box().check().problems] == ["update.not_gated"]
    with pytest.raises(PublishRefusedError):
        signing.list_verdict(a_pass(centre))
    signing = centre.open()
    add_gate_role(signing, centre.plan.online, passphrase)
    signing.list_verdict(a_pass(centre))
    signing.publish()
    assert centre.box().check().problems == ()
    with pytest.raises(CeremonyError):
        add_gate_role(centre.open(), centre.plan.online, passphrase)


def a_pass(centre: Centre) -> GateVerdict:
    (bundle_id,) = centre.open().bundles()
    return GateVerdict(bundle_id=bundle_id, verdict="pass", policy="demo", judged_at=NOW)
