"""One lane's process: what the cameras claim becomes a basket that is on disk before it is shown.

Flow: Observations, CameraState, Command -> Counter -> journal (fsync) -> BasketSnapshot, replies

Owns the lane's journal. A crash loses nothing that was shown: the basket is read back and published
again. While the journal cannot be written, the sale is refused on the screen and tried again.
Which item becomes which line is edge/basket's decision.
"""

import logging
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from edge.basket.basket_events import Event
from edge.basket.counter import Counter, Offer
from edge.basket.journal import Journal, open_journal
from edge.basket.journal_history import JournalHistory
from edge.basket.practice import LaneCounter
from edge.bus.commands import CommandServer
from edge.bus.sockets import wait_for
from edge.errors import JournalError
from edge.messages.basket_messages import BasketSnapshot
from edge.messages.bundle_messages import ServeBundle
from edge.messages.command_messages import Command, CommandReply
from edge.messages.perception_messages import CameraState, Observations
from edge.messages.scale_messages import ScaleWeight
from edge.processes.journal_pruner import JournalPruner
from edge.processes.lane_offer import LaneOffer
from edge.processes.lane_settings import fusion_settings, rule_settings
from edge.processes.latency_window import LatencyWindow
from edge.processes.serving_bundle import offer_of, open_offer, read_counter_maps
from edge.processes.worker import Work, run_process
from sync.bundle import open_bundle
from sync.catalog import Catalog
from sync.decision import DecisionParameters
from sync.errors import SyncError
from sync.price_list import PriceList

NS_PER_S = 1_000_000_000
TICK_NS = 100_000_000
PUBLISH_NS = 500_000_000  # an unchanged basket is repeated for readers that came late
RETRY_NS = NS_PER_S  # journal and bundle
REFUSAL_NO_OFFER = "bundle.unavailable"
# Shows what a journal holds while no bundle can be opened; nothing is sold from it.
NOTHING_FOR_SALE = Offer(
    Catalog(skus=()),
    PriceList(currency="XXX", exponent=2, entries=()),
    DecisionParameters(
        temperature=1.0, accept_margin=0.0, family_margin=0.0,
        accept_similarity=1.0, unknown_similarity=1.0,
    ),
)  # fmt: skip

logger = logging.getLogger(__name__)


class LaneKeeper:
    """Counter and journal of one lane; the one place where events become true."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._maps = read_counter_maps(work.lane)
        self._journal: Journal | None = None
        self._journal_error = "not opened yet"
        self._shop = LaneOffer(work.config)
        self._offer: Offer | None = None
        self._refused_id = ""
        self._offer_error: tuple[str, str] = (REFUSAL_NO_OFFER, "not opened yet")
        self._next_try_ns = 0
        self._latencies = LatencyWindow()
        self._pruner = JournalPruner(work.config.basket.journal_days)
        self.counter = self._make_counter(0)

    @property
    def is_open(self) -> bool:
        """Whether a sale can be made and recorded."""
        return self._offer is not None and self._journal is not None and not self._journal_error

    def prepare(self, now_ns: int) -> None:
        """Open journal and bundle, or try again what failed; at most once per second."""
        if self.is_open or now_ns < self._next_try_ns:
            return
        self._next_try_ns = now_ns + RETRY_NS
        if self._offer is None and self._open_offer():
            self.counter = self._make_counter(now_ns)
        if self._journal is None and self._open_journal():
            self.counter = self._make_counter(now_ns)
        elif self._journal is not None and self._journal_error:
            self._probe_journal(self._journal)
        self.say_how()

    def observe(self, message: Observations) -> None:
        """A camera's claim."""
        if self._offer is not None and self._journal is not None:
            now_ns = time.monotonic_ns()
            self._commit(self.counter.on_observations(message, now_ns, datetime.now(UTC)))

    def tick(self) -> None:
        """Time passes."""
        self._renew_offer()
        if self._offer is not None and self._journal is not None:
            self._commit(self.counter.tick(time.monotonic_ns(), datetime.now(UTC)))
            if not self._journal_error and self.counter.state.basket is None:
                self._pruner.step(self._journal, time.monotonic_ns(), datetime.now(UTC))

    def carry_out(self, command: Command) -> CommandReply:
        """A command; the answer says done only when it is on disk."""
        now_ns = time.monotonic_ns()
        try:
            reply, events = self.counter.on_command(
                command, now_ns, datetime.now(UTC), past=self._past
            )
        except JournalError as err:
            return CommandReply(command.command_id, False, err.code, err.hint)
        if self._commit(events):
            return reply
        return CommandReply(command.command_id, False, JournalError.code, "call an attendant")

    def _past(self, basket_id: str) -> list[Event]:
        """An earlier basket of this journal, for a refund."""
        if self._journal is None:
            return []
        return JournalHistory(self._journal.connection).events_of(basket_id)

    def serve(self, message: ServeBundle) -> None:
        """Sell from another bundle: at once between baskets, else with the next one."""
        bundle_id = message.lanes.get(self._work.lane_id, "")
        if self._offer is None or bundle_id in ("", self._offer.bundle_id, self._refused_id):
            return
        try:  # the keeper of bundles hashed every file before it named this one
            bundle = open_bundle(Path(message.directories[bundle_id]), verify_files=False)
            self._shop.take_bundle(offer_of(self._work.config, bundle))
            self._offer = self._shop.offer_at(datetime.now(UTC))
        except (SyncError, KeyError) as err:
            self._refused_id = bundle_id
            logger.error("bundle not served bundle=%s: %s", bundle_id[:12], err)  # noqa: TRY400
            return
        logger.info("bundle served bundle=%s", bundle_id[:12])
        assert self._offer is not None
        self.counter.renew(self._offer)

    def _renew_offer(self) -> None:
        """The centre's prices from the next line on, its SKUs and margins from the next basket."""
        before, self._offer = self._offer, self._shop.offer_at(datetime.now(UTC))
        if before is None or self._offer is None or self._offer is before:
            return
        is_judged_so = self._offer.parameters == before.parameters
        if self._offer.catalog is not before.catalog or not is_judged_so:
            self.counter.renew(self._offer)
        self.counter.renew_prices(self._offer.prices)

    def close(self) -> None:
        """Let the journal go; nothing is pending."""
        if self._journal is not None:
            self._journal.close()

    def _commit(self, events: list[Event]) -> bool:
        """Put events on disk and only then let them happen; False if that is not possible."""
        if not events:
            return True
        if self._journal is None or self._journal_error:
            return False
        try:
            written = self._journal.append(events)
        except JournalError as err:
            self._note_journal_error(err)
            self._next_try_ns = time.monotonic_ns() + RETRY_NS
            self.say_how()
            return False
        self.counter.apply(written, committed_at_ns=time.monotonic_ns())
        self._latencies.add(self.counter.take_latencies_ms())
        return True

    def _make_counter(self, now_ns: int) -> LaneCounter:
        """The lane as the journal has it, with what can be sold now."""
        counter = LaneCounter(self._new_counter)
        if self._journal is not None:
            history = self._journal.restart_events()
            counter.restore(history, self._journal.epoch, now_ns, self._journal.notices)
        return counter

    def _new_counter(self, box_id: str) -> Counter:
        return Counter(
            self._work.lane_id,
            box_id or self._work.config.box_id,
            self._offer or NOTHING_FOR_SALE,
            self._maps,
            rule_settings(self._work.config),
            fusion_settings(self._work.config),
        )

    def _open_journal(self) -> bool:
        path = self._work.config.paths.state_dir / f"journal-{self._work.lane_id}.db"
        try:
            self._journal = open_journal(path, self._work.boot_id)
        except JournalError as err:
            self._note_journal_error(err)
            return False
        self._journal_error = ""
        logger.info("journal open path=%s epoch=%d", path, self._journal.epoch)
        return True

    def _probe_journal(self, journal: Journal) -> None:
        try:
            journal.probe()
        except JournalError as err:
            self._note_journal_error(err)
            return
        logger.info("journal can be written again")
        self._journal_error = ""

    def _note_journal_error(self, err: JournalError) -> None:
        if str(err) != self._journal_error:
            logger.error("sale refused code=%s: %s; hint: %s", err.code, err, err.hint)
        self._journal_error = str(err)

    def _open_offer(self) -> bool:
        try:
            self._shop.take_bundle(open_offer(self._work.config))
        except SyncError as err:
            if (err.code, str(err)) != self._offer_error:
                logger.error("nothing can be sold code=%s: %s; hint: %s", err.code, err, err.hint)  # noqa: TRY400
            self._offer_error = (err.code, str(err))
            return False
        self._offer = self._shop.offer_at(datetime.now(UTC))
        return True

    def say_how(self) -> None:
        """Tell the screen and the health of this process whether a sale can be made."""
        facts = {
            "rest_to_line_p50_ms": self._latencies.quantile_ms(0.5),
            "rest_to_line_p95_ms": self._latencies.quantile_ms(0.95),
            "margins": self._shop.margins,
        }
        if self._journal_error:
            self.counter.refuse(JournalError.code)
            self._work.report("failed", JournalError.code, self._journal_error, facts)
        elif self._offer is None:
            self.counter.refuse(REFUSAL_NO_OFFER)
            self._work.report("failed", *self._offer_error, facts)
        else:
            self.counter.recover()
            self._work.report(facts=facts)


class Lane:
    """The sockets of one lane and the order in which they are served."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._keeper = LaneKeeper(work)
        lane_id = work.lane_id
        self._observations = work.bus.subscriber("observations", Observations, lane_id)
        self._cameras = [
            work.bus.subscriber("camera_state", CameraState, lane_id, camera.camera_id)
            for camera in work.lane.cameras
        ]
        self._serve_bundle = work.bus.subscriber("serve_bundle", ServeBundle)
        has_scale = bool(work.lane.scale)
        self._scale = work.bus.subscriber("scale", ScaleWeight, lane_id) if has_scale else None
        self._commands = CommandServer(work.bus, "command", lane_id)
        self._baskets = work.bus.publisher("basket", BasketSnapshot, lane_id)
        self._practices = work.bus.publisher("practice", BasketSnapshot, lane_id)
        self._shown: BasketSnapshot | None = None
        self._practised: BasketSnapshot | None = None
        self._next_tick_ns = self._next_publish_ns = 0

    def run(self) -> None:
        """Until the process is told to stop."""
        sockets = [
            self._observations.socket,
            self._commands.socket,
            *(camera.socket for camera in self._cameras),
        ]
        try:
            while not self._work.is_stopping:
                self._work.beat()
                self._keeper.prepare(time.monotonic_ns())
                self._serve()
                self._publish(time.monotonic_ns())
                left_ns = self._next_tick_ns - time.monotonic_ns()
                wait_for(sockets, max(0, left_ns // 1_000_000))
        finally:
            self._keeper.close()

    def _serve(self) -> None:
        """Cameras first: an answer to a command is about what was seen before it."""
        for camera in self._cameras:
            for state in camera.receive_all():
                self._keeper.counter.on_camera_state(state, time.monotonic_ns())
        for message in self._observations.receive_all():
            self._keeper.observe(message)
        if self._scale is not None and (told := self._scale.receive()) is not None:
            weight_g = told.weight_g if told.is_sure else None
            self._keeper.counter.on_weight(weight_g, time.monotonic_ns())
        if (wanted := self._serve_bundle.receive()) is not None:
            self._keeper.serve(wanted)
        while (pending := self._commands.receive()) is not None:
            self._commands.reply(pending, self._keeper.carry_out(pending.command))
        now_ns = time.monotonic_ns()
        if now_ns >= self._next_tick_ns:
            self._next_tick_ns = now_ns + TICK_NS
            self._keeper.tick()

    def _publish(self, now_ns: int) -> None:
        practice = self._keeper.counter.practice_snapshot(now_ns)
        if practice is not None:
            self._publish_practice(practice)
        snapshot = self._keeper.counter.snapshot(now_ns)
        timeless = msgspec.structs.replace(snapshot, at_ns=0)
        if now_ns >= self._next_publish_ns:
            self._keeper.say_how()
        elif timeless == self._shown:
            return
        self._shown = timeless
        self._next_publish_ns = now_ns + PUBLISH_NS
        self._baskets.send(snapshot)

    def _publish_practice(self, snapshot: BasketSnapshot) -> None:
        """For the screen alone: nobody else ever hears of a basket that is no sale."""
        timeless = msgspec.structs.replace(snapshot, at_ns=0)
        if timeless != self._practised:
            self._practised = timeless
            self._practices.send(snapshot)


def run(work: Work) -> None:
    """Keep the lane until told to stop."""
    Lane(work).run()


def main() -> int:
    """Entry of `python -m edge.processes.basket_process`."""
    return run_process("basket", run)


if __name__ == "__main__":
    sys.exit(main())
