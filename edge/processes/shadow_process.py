"""The process that lets a candidate look at the baskets of this box, beside the model that serves.

Flow: Observations, BasketSnapshot, FrameRing -> ShadowSession -> ShadowReport, ShadowCase

Does nothing while there is no candidate. The candidate itself runs in a child at idle priority
(shadow_child.py): whatever becomes of it, no other process waits for it. Decides nothing: the
bundles process gives the verdict and swaps.
"""

import logging
import os
import sys
import time
from pathlib import Path

from edge.bundles.comparison import BasketOutcome, Winner
from edge.bundles.frame_spool import FrameSpool, SpoolError, SpoolReader
from edge.bus.commands import CommandServer
from edge.bus.frame_ring import FrameRingReader, ring_path
from edge.bus.sockets import wait_for
from edge.errors import FrameRingError
from edge.messages.basket_messages import BasketSnapshot, Phase
from edge.messages.bundle_messages import BundlesState
from edge.messages.command_messages import AuditBasket, CommandReply
from edge.messages.perception_messages import Observations, PerceptionState
from edge.messages.shadow_messages import CandidateAnswer, ShadowCase, ShadowReport
from edge.processes.candidate_runner import CandidateRunner, candidate_command
from edge.processes.head_room import HeadRoom
from edge.processes.hub_road import slot_of
from edge.processes.shadow_pictures import redacted_pictures
from edge.processes.shadow_recorder import Picture, ReadFrame, Recorded
from edge.processes.shadow_session import ShadowSession
from edge.processes.worker import Work, run_process
from sync.swap_policy import policy_named

POLL_MS = 50
SPEAK_NS = 1_000_000_000
NICE = 10  # copying pictures may wait for the sale, but not for ever: a ring keeps half a second
MIB = 1 << 20
SPOOL_NAME = "shadow.spool"

logger = logging.getLogger(__name__)


class Shadow:
    """The sockets, and the session while there is a candidate."""

    def __init__(self, work: Work) -> None:
        self._work = work
        bus, config = work.bus, work.config
        self._policy = policy_named(config.hub.swap_policy)
        self._policy_from = ""
        self._bundles = bus.subscriber("bundles", BundlesState)
        self._observations = bus.subscriber("observations", Observations)
        self._perception = bus.subscriber("perception", PerceptionState)
        self._baskets = [
            bus.subscriber("basket", BasketSnapshot, lane.lane_id) for lane in config.lanes
        ]
        self._commands = CommandServer(bus, "shadow_command", "")
        self._reports = bus.publisher("shadow", ShadowReport)
        self._cases = bus.publisher("shadow_case", ShadowCase)
        self._rings = {
            (lane.lane_id, camera.camera_id): FrameRingReader(
                ring_path(config.paths.ring_dir, config.box_id, lane.lane_id, camera.camera_id)
            )
            for lane in config.lanes
            for camera in lane.cameras
        }
        self._session: ShadowSession | None = None
        self._room = self._new_room()
        self._open_lanes: set[str] = set()
        self._refused = ""
        self._next_ns = 0

    def run(self) -> None:
        """Until the process is told to stop."""
        sockets = [self._observations.socket, *(basket.socket for basket in self._baskets)]
        before_ns = time.monotonic_ns()
        try:
            while not self._work.is_stopping:
                self._work.beat()
                now_ns = time.monotonic_ns()
                self._listen()
                self._answer_commands()
                if self._session is not None:
                    self._step(self._session, (now_ns - before_ns) / SPEAK_NS)
                if self._session is not None and self._session.is_machine_short:
                    self._end()  # the next word of the bundles process begins anew
                before_ns = now_ns
                self._speak(now_ns)
                wait_for(sockets, POLL_MS)
        finally:
            self._end()

    def _listen(self) -> None:
        if (state := self._bundles.receive()) is not None:
            self._follow(state)
        session = self._session
        for seen in self._observations.receive_all():
            if session is not None:
                session.on_observations(seen)
        for subscriber in self._baskets:
            if (snapshot := subscriber.receive()) is not None:
                change = self._open_lanes.add if is_busy(snapshot) else self._open_lanes.discard
                change(snapshot.lane_id)
                if session is not None:
                    session.on_basket(snapshot)
        if (perception := self._perception.receive()) is not None and session is not None:
            self._room.on_perception(perception)

    def _follow(self, state: BundlesState) -> None:
        """Begin with a new candidate, end with one that left."""
        if self._session is not None and self._session.bundle_id != state.candidate:
            self._end(is_over=True)
        if state.policy:
            self._policy, self._policy_from = policy_named(state.policy), state.policy_from
        is_wanted = bool(state.candidate) and state.waits_for == "shadow"
        if self._session is None and is_wanted:
            self._begin(state)

    def _begin(self, state: BundlesState) -> None:
        config = self._work.config
        try:
            spool = FrameSpool(
                config.paths.ring_dir / SPOOL_NAME, config.hub.shadow_spool_mib * MIB
            )
        except SpoolError as err:
            if self._refused != str(err):
                logger.warning("no shadow code=%s: %s; hint: %s", err.code, err, err.hint)
            self._refused = str(err)
            self._work.report("degraded", err.code, str(err))
            return
        self._refused = ""
        command = candidate_command(
            slot_of(config, state.candidate),
            self._directory(state, state.active),
            spool.path,
            self._policy.max_rss_mib,
            config.perception.providers,
        )
        runner = CandidateRunner(command, config, self._policy.max_rss_mib)
        self._room = self._new_room()
        self._session = ShadowSession(
            config, state.candidate, spool, self._reader_of, runner, self._tell_difference
        )
        logger.info("shadow begins bundle=%s policy=%s", state.candidate[:12], self._policy.name)

    def _end(self, *, is_over: bool = False) -> None:
        if self._session is not None:
            logger.info("shadow ends bundle=%s", self._session.bundle_id[:12])
            self._session.close(is_over=is_over)
            self._session = None
            self._work.report()

    def _step(self, session: ShadowSession, passed_s: float) -> None:
        may_run = self._room.may_run(is_basket_open=bool(self._open_lanes))
        session.step(passed_s, may_run=may_run)
        is_running = may_run and session.has_work and not session.problem
        self._room.step(passed_s, session.cpu_s(), is_running=is_running)

    def _answer_commands(self) -> None:
        while (pending := self._commands.receive()) is not None:
            refusal = self._audit(pending.command.body)
            code = "shadow.refused" if refusal else ""
            reply = CommandReply(pending.command.command_id, not refusal, code, refusal)
            self._commands.reply(pending, reply)

    def _audit(self, body: object) -> str:
        """A person at the box, or a reviewer's labels; empty text, or why it changes nothing."""
        known = [winner.value for winner in Winner if winner is not Winner.OPEN]
        session = self._session
        if not isinstance(body, AuditBasket) or not (body.truth or body.winner in known):
            return f"an audit names a basket and one of {', '.join(known)}"
        if session is None:
            is_taken = False
        elif body.truth:
            is_taken = session.settle(body.basket_id, body.truth)
        else:
            is_taken = session.audit(body.basket_id, Winner(body.winner))
        return "" if is_taken else f"basket {body.basket_id} does not wait for an audit"

    def _speak(self, now_ns: int) -> None:
        if now_ns < self._next_ns:
            return
        self._next_ns = now_ns + SPEAK_NS
        session = self._session
        if session is None:
            return
        report = session.report(now_ns, self._room.slowdown, self._policy.name, self._policy_from)
        self._reports.send(report)
        facts = {
            "candidate": session.bundle_id[:12],
            "mode": report.mode,
            "baskets": session.tally.counts.total,
            "waiting": report.waiting_baskets,
            "slowdown": report.active_slowdown,
        }
        self._work.report(facts=facts)

    def _tell_difference(
        self, basket: Recorded, answer: CandidateAnswer, outcome: BasketOutcome
    ) -> None:
        """A basket that the two price differently is worth a label."""
        assert self._session is not None
        logger.info("shadow differs basket=%s winner=%s", basket.basket_id, outcome.winner)
        reader = SpoolReader(self._work.config.paths.ring_dir / SPOOL_NAME)
        pictures = redacted_pictures(basket, reader)
        reader.close()
        if pictures:
            self._cases.send(
                ShadowCase(basket.lane_id, basket.basket_id, self._session.bundle_id, pictures)
            )

    def _reader_of(self, lane_id: str) -> ReadFrame:
        def read(camera_id: str, sequence: int) -> Picture | None:
            try:
                view = self._rings[lane_id, camera_id].view(sequence)
            except FrameRingError:
                return None
            return view.copy() if view is not None else None

        return read

    def _directory(self, state: BundlesState, bundle_id: str) -> Path:
        config = self._work.config
        is_factory = bundle_id == state.factory
        return config.paths.serving_bundle if is_factory else slot_of(config, bundle_id)

    def _new_room(self) -> HeadRoom:
        return HeadRoom(self._policy.max_active_slowdown, os.cpu_count() or 1)


def is_busy(snapshot: BasketSnapshot) -> bool:
    """Goods are being recognised; while somebody pays, and before the first item, nobody waits."""
    is_filled = bool(snapshot.lines or snapshot.asks or snapshot.items)
    return snapshot.phase is Phase.SHOPPING and is_filled


def run(work: Work) -> None:
    """Shadow until told to stop."""
    os.nice(NICE)
    Shadow(work).run()


def main() -> int:
    """Entry of `python -m edge.processes.shadow_process`."""
    return run_process("shadow", run)


if __name__ == "__main__":
    sys.exit(main())
