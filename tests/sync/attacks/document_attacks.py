"""Attacks with the documents: signed by the right key, but not to be followed."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta

from tuf.api.metadata import TargetFile

from sync.gate_verdict import verdict_path
from sync.update_documents import (
    ReleasePolicy,
    box_path,
    bundle_path,
    channel_path,
    policy_path,
    ring_path,
)
from tests.fakes.hostile_repository import BOX, CHANNEL, RING
from tests.fakes.update_world import World, manifest_of, price_entry

Attack = Callable[[World], None]


def assign_unreleased(world: World) -> None:
    """A stolen assign key names a bundle that no keeper signed."""
    evil = manifest_of({"card.json": b"evil"}, generation=9)
    world.repository.put(evil.canonical())
    world.repository.assign(3, evil.bundle_id())
    world.repository.publish("assign")


def list_bundle_as_assign(world: World) -> None:
    """The assign role lists the bundle as well."""
    evil = manifest_of({"card.json": b"evil"}, generation=9)
    path = bundle_path(evil.bundle_id())
    world.repository.list_target("assign", path, evil.canonical())
    assign_unreleased(world)


def list_bundle_as_catalogue(world: World) -> None:
    """The catalogue role lists the bundle as well."""
    evil = manifest_of({"card.json": b"evil"}, generation=9)
    path = bundle_path(evil.bundle_id())
    world.repository.list_target("catalogue", path, evil.canonical())
    world.repository.publish("catalogue")
    assign_unreleased(world)


def release_other_digest(world: World) -> None:
    """The release role lists other bytes under the bundle's name."""
    world.repository.list_target("bundles", bundle_path(world.bundle_b), b"{}")
    world.repository.publish("bundles")


def release_without_sha256(world: World) -> None:
    """The release role lists the bundle by a hash that is not ours."""
    path = bundle_path(world.bundle_b)
    raw = world.repository.blobs[world.bundle_b]
    digest = hashlib.sha512(raw).hexdigest()
    target = TargetFile(len(raw), {"sha512": digest}, path)
    world.repository.signed["bundles"].targets[path] = target
    world.repository.publish("bundles")


def withdraw_by_policy(world: World) -> None:
    """The release keys barred generation 2; the assign key still names it."""
    policy = ReleasePolicy(min_bundle_generation=3)
    world.repository.list_document("bundles", policy_path(), policy)
    world.repository.publish("bundles")


def withdraw_then_lift(world: World) -> None:
    """Barred once, a replayed policy may not lift the bar."""
    withdraw_by_policy(world)
    world.check()
    policy = ReleasePolicy(min_bundle_generation=0)
    world.repository.list_document("bundles", policy_path(), policy)
    world.repository.publish("bundles")


def assign_below_own_minimum(world: World) -> None:
    """The assignment bars what it names."""
    world.repository.assign(3, world.bundle_b, min_bundle_generation=7)
    world.repository.publish("assign")


def without_verdict(world: World) -> None:
    """Released and assigned, never judged."""
    del world.repository.signed["gate"].targets[verdict_path(world.bundle_b)]
    world.repository.publish("gate")


def verdict_about_another(world: World) -> None:
    """The verdict about A is listed where B's should be."""
    world.repository.judge(world.bundle_b, about=world.bundle_a)
    world.repository.serve_tops()


def verdict_says_no(world: World) -> None:
    """The gate rejected it; somebody assigned it all the same."""
    world.repository.judge(world.bundle_b, verdict="reject")
    world.repository.serve_tops()


def verdict_by_assign_role(world: World) -> None:
    """The assign key, which the hub holds online, says that it passed."""
    path = verdict_path(world.bundle_b)
    raw = world.repository.blobs[world.repository.signed["gate"].targets[path].hashes["sha256"]]
    del world.repository.signed["gate"].targets[path]
    world.repository.list_target("assign", path, raw)
    world.repository.publish("gate", "assign")


def verdict_is_noise(world: World) -> None:
    """Signed, and no verdict."""
    world.repository.list_target("gate", verdict_path(world.bundle_b), b"{}")
    world.repository.publish("gate")


def unlist_bundle(world: World) -> None:
    """The keepers took the bundle off the list."""
    del world.repository.signed["bundles"].targets[bundle_path(world.bundle_b)]
    world.repository.publish("bundles")


def bundle_of(*paths: str) -> Attack:
    """Released and assigned, but its files want to be elsewhere."""

    def attack(world: World) -> None:
        good = manifest_of({"card.json": b"x"}, generation=9)
        said = json.loads(good.canonical())
        said["files"] = [{**said["files"][0], "path": path} for path in paths]
        raw = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
        world.repository.assign(3, world.repository.release(raw))
        world.repository.publish("bundles", "assign")

    return attack


def not_canonical(world: World) -> None:
    """The same manifest with other white space, under the hash of these bytes."""
    good = manifest_of({"card.json": b"x"}, generation=9)
    raw = json.dumps(json.loads(good.canonical()), indent=1).encode()
    world.repository.assign(3, world.repository.release(raw))
    world.repository.publish("bundles", "assign")


def not_json(world: World) -> None:
    """Released, assigned, and noise."""
    world.repository.assign(3, world.repository.release(b"\x00\xff" * 40))
    world.repository.publish("bundles", "assign")


def huge_manifest(world: World) -> None:
    """A manifest of five megabytes."""
    world.repository.assign(3, world.repository.release(b"[" + b" " * 5_000_000))
    world.repository.publish("bundles", "assign")


def manifest_altered(world: World) -> None:
    """The hub serves other bytes than were signed."""
    world.repository.blobs[world.bundle_b] = world.repository.blobs[world.bundle_b][::-1]


def assignment_back(world: World) -> None:
    """Newer metadata, older assignment."""
    world.check()
    world.repository.assign(1, world.bundle_a)
    world.repository.publish("assign")


def assignment_twice(world: World) -> None:
    """Two contents for one generation."""
    world.check()
    world.repository.assign(2, world.bundle_a)
    world.repository.publish("assign")


def assignment_noise(world: World) -> None:
    """Signed, listed, and no JSON."""
    world.repository.list_target("assign", ring_path(RING), b"{")
    world.repository.publish("assign")


def assignment_without_generation(world: World) -> None:
    """A field that must be there is missing."""
    world.repository.list_target("assign", ring_path(RING), b'{"format":1,"channel":"main"}')
    world.repository.publish("assign")


def assignment_huge(world: World) -> None:
    """Two megabytes of white space, correctly signed."""
    world.repository.list_target("assign", ring_path(RING), b" " * 2_000_000)
    world.repository.publish("assign")


def ring_of_rings(world: World) -> None:
    """A ring that follows a ring would never end."""
    world.repository.assign(3, None, follow_ring="other")
    world.repository.publish("assign")


def box_by_ring_key_path(world: World) -> None:
    """The ring role lists the box's own path."""
    evil = manifest_of({"card.json": b"evil"}, generation=9)
    world.repository.assign_own(9, evil.bundle_id())
    own = world.repository.signed[world.repository.bin_of(BOX)].targets.pop(box_path(BOX))
    world.repository.signed["assign"].targets[box_path(BOX)] = own
    world.repository.publish("assign")


def index_back(world: World) -> None:
    """An older catalogue in newer metadata."""
    world.check()
    world.repository.list_index(1, prices=(price_entry(world.repository, 1),))
    world.repository.publish("catalogue")


def index_of_other_channel(world: World) -> None:
    """The index of another channel under this one's path."""
    index = world.repository.list_index(3).model_copy(update={"channel": "other"})
    world.repository.list_document("catalogue", channel_path(CHANNEL), index)
    world.repository.publish("catalogue")


def prices_back(world: World) -> None:
    """A newer catalogue with an older price list."""
    world.check()
    world.repository.list_index(3, prices=(price_entry(world.repository, 1),))
    world.repository.publish("catalogue")


def prices_twice(world: World) -> None:
    """Two contents for one price list version."""
    world.check()
    world.repository.list_index(3, prices=(price_entry(world.repository, 2, 1),))
    world.repository.publish("catalogue")


def prices_ended(world: World) -> None:
    """Only a price list that has ended."""
    entry = price_entry(world.repository, 3)
    ended = entry.model_copy(update={"valid_until": world.now - timedelta(hours=1)})
    world.repository.list_index(3, prices=(ended,))
    world.repository.publish("catalogue")


def segment_too_large(world: World) -> None:
    """A segment of more rows than any shop has products."""
    said = json.loads(world.repository.list_index(3).to_bytes())
    said["segments"] = [
        {"sha256": "0" * 64, "size": 9, "embedder_id": "embedder-1", "base_digest": "0" * 64,
         "rows": 5_001, "sku_ids": ["a"]}
    ]  # fmt: skip
    world.repository.list_target("catalogue", channel_path(CHANNEL), json.dumps(said).encode())
    world.repository.publish("catalogue")


def segments_without_end(world: World) -> None:
    """Many allowed segments that together exceed the cap."""
    said = json.loads(world.repository.list_index(3).to_bytes())
    said["segments"] = [
        {"sha256": f"{i:064x}", "size": 9, "embedder_id": "embedder-1", "base_digest": "0" * 64,
         "rows": 5_000, "sku_ids": ["a"]}
        for i in range(11)
    ]  # fmt: skip
    world.repository.list_target("catalogue", channel_path(CHANNEL), json.dumps(said).encode())
    world.repository.publish("catalogue")
