"""Carries rollouts on by itself: takes what boxes told, lets the judge decide, signs for the rings.

Flow: check-ins -> rollout_desk.advance -> rows ; what ought to be signed -> online assign key

The decision is on disk before anything is signed, and what is signed is compared with what ought to
be before another generation is made: a hub that dies at any point goes on where it was, once.
Time comes from the caller's clock.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from sync.update_documents import Assignment
from trainer.hub.hub_services import HubServices, PublishingError
from trainer.release import rollout_desk
from trainer.release.key_files import KeyRing
from trainer.release.rollout_desk import RELEASE, WITHDRAWN
from trainer.release.signing import Signing
from trainer.store import rollouts
from trainer.store.database import reading, writing
from trainer.store.rollout_boxes import newest_check_in, take_reports
from trainer.store.rollouts import RolloutError, StoredRing, StoredRollout

FOLLOWED = timedelta(days=7)  # after its end: who still runs it, who is back
OVERLAP = timedelta(minutes=5)  # a check-in that was committed late is read again

logger = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class RolloutKeeper:
    """One per hub; every call of `tick` is safe at any moment."""

    def __init__(self, services: HubServices, clock: Callable[[], datetime] = utc_now) -> None:
        self._services = services
        self.clock = clock
        self._lock = threading.Lock()
        self._read_until: dict[int, datetime] = {}

    def tick(self) -> None:
        """Judge every rollout that matters and sign what is owed.

        Raises:
            PublishingError: something is owed, and this hub holds no key for it.
        """
        with self._lock:
            now = self.clock()
            with reading(self._services.engine) as connection:
                known = rollouts.list_rollouts(connection)
            followed = [r for r in reversed(known) if _is_followed(r, now)]
            for rollout in followed:
                self._advance(rollout, now)
            self._sign([r.rollout_id for r in followed], now)

    def assigned(self, rings: Sequence[str]) -> dict[str, str | None]:
        """What each ring is assigned now."""
        signing = self._read_only()
        found = {name: signing.assignment(ring=name) for name in rings}
        return {name: one.bundle_id if one is not None else None for name, one in found.items()}

    def require_released(self, bundle_id: str) -> None:
        """Refuse what a box would refuse.

        Raises:
            RolloutError: the release keys do not list it, or the gate's key does not vouch for it.
        """
        self._services.must_publish()
        signing = self._read_only()
        if bundle_id not in signing.bundles():
            raise RolloutError(
                f"bundle {bundle_id[:12]} is not released",
                hint="its keepers sign it: hubctl bundle publish",
            )
        verdict = signing.verdict(bundle_id)
        if verdict is None or verdict.verdict != "pass":
            raise RolloutError(
                f"no signed pass of the gate stands beside bundle {bundle_id[:12]}",
                hint="run the gate with its key at hand, or hubctl bundle vouch",
            )

    def _advance(self, rollout: StoredRollout, now: datetime) -> None:
        since = self._read_until.get(rollout.rollout_id)
        engine = self._services.engine
        with writing(engine) as connection:
            newest = newest_check_in(connection)
            take_reports(connection, rollout.rollout_id, rollout.bundle_id, since=since, now=now)
        with reading(engine) as connection:  # ten thousand rows: nobody waits for it
            judged = rollout_desk.judge(connection, rollout, now)
        with writing(engine) as connection:
            after = rollout_desk.advance(connection, rollout, judged, now=now)
        if newest is not None:
            self._read_until[rollout.rollout_id] = newest - OVERLAP
        if (after.phase, after.ring) != (rollout.phase, rollout.ring):
            logger.info("rollout moved rollout=%d phase=%s ring=%d reason=%s",
                        after.rollout_id, after.phase, after.ring, after.reason)  # fmt: skip

    def _sign(self, rollout_ids: Sequence[int], now: datetime) -> None:
        owed: list[tuple[StoredRollout, StoredRing, str]] = []
        with reading(self._services.engine) as connection:
            for rollout_id in rollout_ids:
                rollout = rollouts.find_rollout(connection, rollout_id)
                for ring in rollouts.rings_of(connection, rollout_id):
                    wanted = rollout_desk.wanted_for(rollout, ring)
                    if wanted != ring.told:
                        owed.append((rollout, ring, wanted))
        if not owed:
            return
        with self._services.must_publish().transaction() as signing:
            made = [_assign(signing, *one) for one in owed]
        with writing(self._services.engine) as connection:
            for (rollout, ring, wanted), generation in zip(owed, made, strict=True):
                rollouts.note_told(connection, rollout, ring, wanted, generation, now=now)
                logger.info("assignment signed ring=%s %s bundle=%s generation=%d",
                            ring.name, wanted, rollout.bundle_id[:12], generation)  # fmt: skip

    def _read_only(self) -> Signing:
        if not (self._services.repository / "metadata" / "timestamp.json").is_file():
            raise RolloutError("this hub has no repository", hint="hubctl keys init")
        return Signing(self._services.repository, KeyRing([], _no_passphrase), self.clock())


def _is_followed(rollout: StoredRollout, now: datetime) -> bool:
    return rollout.ended_at is None or now - rollout.ended_at < FOLLOWED


def _assign(signing: Signing, rollout: StoredRollout, ring: StoredRing, wanted: str) -> int:
    """Generation of the assignment that says so; a new one only where none does yet."""
    is_release = wanted == RELEASE
    assert is_release or wanted == WITHDRAWN
    back = ring.previous_bundle_id
    back = back if back in signing.bundles() and back != rollout.bundle_id else None
    bundle_id = rollout.bundle_id if is_release else back
    withdraws = () if is_release else (rollout.bundle_id,)
    is_drill = is_release and rollout_desk.plan_of(rollout).rings[ring.place].is_lab
    known = signing.assignment(ring=ring.name)
    facts = (bundle_id, rollout.policy, withdraws, is_drill, rollout.channel)
    if known is not None and facts == _facts(known):
        return known.generation
    made = signing.assign_ring(
        ring.name, bundle_id, channel=rollout.channel, policy=rollout.policy,
        withdraws=withdraws, is_drill=is_drill,
    )  # fmt: skip
    return made.generation


def _facts(known: Assignment) -> tuple[str | None, str, tuple[str, ...], bool, str]:
    return known.bundle_id, known.policy, known.withdraws, known.is_drill, known.channel


def _no_passphrase() -> str:
    raise PublishingError("the repository was opened to read", hint="report this")
