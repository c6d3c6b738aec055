"""1,000 random lives of a box on a hostile network.

The hub publishes honestly, is partly owned by a thief of any set of keys below every offline
threshold, replays what it once served, mixes it, damages it, forgets it, expires it; the box
reboots, loses its folder, and asks again. Whatever happens:

    never install what no threshold signed; versions never go down.
"""

import copy
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from securesystemslib.signer import CryptoSigner

from sync.errors import SyncError
from tests.fakes.hostile_repository import NOW, HostileRepository, UpdateBox, new_signer
from tests.fakes.update_world import manifest_of
from tests.sync.conftest import MEMORY

NUM_SEQUENCES = 1_000
MAX_STEPS = 4
ONLINE = ("snapshot", "timestamp", "assign", "catalogue")
FILES = ("timestamp", "snapshot", "targets", "bundles", "assign", "catalogue", "assign-box")
SIGNED = [manifest_of({"card.json": b"%d" % n}, generation=n).canonical() for n in range(1, 5)]
EVIL = manifest_of({"card.json": b"evil"}, generation=77).canonical()
FIRST = HostileRepository()

Step = tuple[str, int, int]
steps = st.tuples(
    st.sampled_from(
        [
            "honest", "honest", "replay", "mix", "flip", "cut", "drop", "forge", "evil_assign",
            "evil_release", "evil_targets", "evil_root", "steal_online", "expire", "reboot", "wipe",
        ]
    ),
    st.integers(0, 7),
    st.integers(0, 400),
)  # fmt: skip


@dataclass(frozen=True)
class Past:
    """What was served at one moment, and under which names."""

    served: dict[str, bytes]
    names: dict[str, str]


@dataclass
class Life:
    """One box, the hub as it is, everything it ever served, and what keepers really signed."""

    repository: HostileRepository
    box: UpdateBox
    history: list[Past] = field(default_factory=list)
    released: set[str] = field(default_factory=set)
    generation: int = 1

    def honest(self, pick: int, _: int) -> None:
        """The keepers release, the hub assigns and sells."""
        self.generation += 1
        self.released.add(self.repository.release(SIGNED[pick % len(SIGNED)]))
        self.repository.assign(self.generation, sorted(self.released)[pick % len(self.released)])
        self.repository.list_index(self.generation)
        self.repository.publish("bundles", "assign", "catalogue")
        names = {role: self.repository.file_name(role) for role in FILES}
        self.history.append(Past(dict(self.repository.served), names))

    def replay(self, pick: int, _: int) -> None:
        """Everything is as it was once."""
        self.repository.served.update(self.history[pick % len(self.history)].served)

    def mix(self, pick: int, where: int) -> None:
        """One file is as it was once, under its new name."""
        old, role = self.history[pick % len(self.history)], FILES[where % len(FILES)]
        self.repository.served[self.repository.file_name(role)] = old.served[old.names[role]]

    def flip(self, pick: int, where: int) -> None:
        """One bit."""
        name = self._name(pick)
        raw = bytearray(self.repository.served[name])
        raw[where % len(raw)] ^= 1 << (pick % 8)
        self.repository.served[name] = bytes(raw)

    def cut(self, pick: int, where: int) -> None:
        """The end is missing."""
        name = self._name(pick)
        self.repository.served[name] = self.repository.served[name][:where]

    def drop(self, pick: int, _: int) -> None:
        """One file is gone."""
        del self.repository.served[self._name(pick)]

    @contextmanager
    def thief(self, *roles: str) -> Iterator[None]:
        """What a thief writes is served, but no keeper goes on from it; versions stay run up."""
        kept = {role: copy.deepcopy(self.repository.signed[role]) for role in roles}
        yield
        for role, signed in kept.items():
            signed.version = self.repository.signed[role].version
            self.repository.signed[role] = signed

    def forge(self, pick: int, _: int) -> None:
        """A role signed by nobody we know."""
        role = ("targets", "bundles", "assign", "catalogue", "assign-box")[pick % 5]
        self.repository.signed[role].version += 1
        self.repository.serve(role, [new_signer()])
        self.repository.serve_tops()

    def evil_assign(self, *_: int) -> None:
        """The thief of the assign key names his bundle."""
        self.generation += 1
        with self.thief("assign"):
            self.repository.assign(self.generation, self.repository.put(EVIL))
            self.repository.publish("assign")

    def evil_release(self, pick: int, _: int) -> None:
        """One of two release keys, and every online key, for the thief's bundle."""
        with self.thief("bundles"):
            self.repository.release(EVIL)
            self.repository.signed["bundles"].version += 1
            self.repository.serve("bundles", self._one_of("bundles", pick))
            self.evil_assign()

    def evil_targets(self, pick: int, _: int) -> None:
        """One of two top keys makes the thief a release keeper."""
        thief = new_signer()
        with self.thief("targets", "bundles"):
            targets = self.repository.signed["targets"]
            targets.add_key(thief.public_key, "bundles")
            targets.delegations.roles["bundles"].threshold = 1
            targets.version += 1
            self.repository.serve("targets", self._one_of("targets", pick))
            self.repository.release(EVIL)
            self.repository.signed["bundles"].version += 1
            self.repository.serve("bundles", [thief])
            self.evil_assign()

    def evil_root(self, pick: int, _: int) -> None:
        """One of two root keys makes the thief everything."""
        thief = new_signer()
        with self.thief("root"):
            self.repository.signed["root"].add_key(thief.public_key, "targets")
            self.repository.signed["root"].roles["targets"].threshold = 1
            self.repository.rotate_root([*self._one_of("root", pick), thief])

    def steal_online(self, pick: int, _: int) -> None:
        """An online key runs its version up."""
        role = ONLINE[pick % len(ONLINE)]
        self.repository.signed[role].version += 10
        if role in ("assign", "catalogue"):
            self.repository.serve(role)
        self.repository.serve_tops()

    def expire(self, pick: int, _: int) -> None:
        """A role past its date, honestly signed."""
        role = ("targets", "bundles", "assign", "snapshot", "timestamp")[pick % 5]
        self.repository.signed[role].expires = NOW - timedelta(days=1)
        if role in ("snapshot", "timestamp"):
            self.repository.serve_tops()
        else:
            self.repository.publish(role)

    def reboot(self, *_: int) -> None:
        """The box starts again from its disk."""
        self.box.restarted()

    def wipe(self, *_: int) -> None:
        """The box loses python-tuf's folder."""
        self.box.wipe_metadata()
        self.box.restarted()

    def _one_of(self, role: str, pick: int) -> list[CryptoSigner]:
        keys = self.repository.keys[role]
        return [keys[pick % len(keys)]]

    def _name(self, pick: int) -> str:
        names = sorted(self.repository.served)
        return names[pick * 5 % len(names)]


@pytest.fixture(scope="module")
def nursery() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None, prefix="tillsight-"))
    yield folder
    shutil.rmtree(folder)


COUNTS = {"lives": 0, "checks": 0, "refused": 0, "offers": 0, "problems": 0}


@settings(
    max_examples=NUM_SEQUENCES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(steps, min_size=1, max_size=MAX_STEPS))
def _live(nursery: Path, plan: list[Step]) -> None:
    folder = Path(tempfile.mkdtemp(dir=nursery))
    repository = FIRST.copy()
    life = Life(repository, UpdateBox(folder, repository))
    life.honest(0, 0)
    seen: dict[str, int] = {}
    for name, pick, where in plan:
        act: Callable[[int, int], None] = getattr(life, name)
        act(pick, where)
        seen = _look(life, seen)
    COUNTS["lives"] += 1
    shutil.rmtree(folder)


def _look(life: Life, seen: dict[str, int]) -> dict[str, int]:
    COUNTS["checks"] += 1
    try:
        offer = life.box.updates.check(NOW)
    except SyncError:
        COUNTS["refused"] += 1
        return seen
    COUNTS["offers"] += offer.manifest is not None
    COUNTS["problems"] += len(offer.problems)
    assert offer.bundle_id is None or offer.bundle_id in life.released
    assert all(
        offer.versions.get(role, 0) >= v for role, v in seen.items() if role in offer.versions
    )
    return {**seen, **offer.versions}


def test_a_thousand_hostile_lives_never_install_what_no_threshold_signed(
    nursery: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _live(nursery)
    with capsys.disabled():
        print(f"\nhostile sequences: {COUNTS}")  # noqa: T201
    assert COUNTS["lives"] >= NUM_SEQUENCES
    assert COUNTS["offers"] > NUM_SEQUENCES / 10
    assert COUNTS["refused"] > NUM_SEQUENCES / 10
