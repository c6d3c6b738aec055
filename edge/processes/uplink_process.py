"""The process that owns the network: what leaves the shop, and what comes into it.

Flow: bus -> BoxFacts, rows -> HubLink (a thread of its own) -> BundleStaged

Two threads: one reads the bus and beats, one waits for the network. Everything else on the box
works without it for days; it never reads or writes what a sale needs.
"""

import logging
import queue
import random
import secrets
import shutil
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

from edge.bus.commands import CommandClient, CommandServer, CommandTimeoutError, PendingCommand
from edge.bus.sockets import Subscriber, wait_for
from edge.errors import DegradedError
from edge.hard_cases.outbox import KEEP_VALUE, OutboxFullError
from edge.messages.basket_messages import BasketSnapshot
from edge.messages.bundle_messages import BundlesState, BundleStaged
from edge.messages.command_messages import AuditBasket, BundleAction, Command, CommandReply, Health
from edge.messages.perception_messages import CameraState, Observations, PerceptionState
from edge.messages.shadow_messages import ShadowCase
from edge.processes.basket_recorder import BasketRecorder
from edge.processes.box_view import instance_names
from edge.processes.bundle_report import as_progress
from edge.processes.case_maker import CaseMaker
from edge.processes.hub_link import BoxFacts, HubLink, LinkState, Row
from edge.processes.hub_road import slot_of
from edge.processes.last_pictures import LastPictures
from edge.processes.local_orders import carry_out_here
from edge.processes.reporter import Reporter
from edge.processes.round_pace import Backoff
from edge.processes.worker import Work, run_process
from sync.errors import SyncError
from sync.hub_client import HubRefusalError

POLL_MS = 200
SPEAK_NS = 1_000_000_000
ASK_BUNDLES_S = 5.0
MAX_ROWS_IN_MEMORY = 256  # between the bus and the outbox; a row stays here for milliseconds
MAX_ORDERS = 16
STALE_NS = 10 * 1_000_000_000  # a health older than this is no health
STOP_S = 3.0

logger = logging.getLogger(__name__)


class NetworkThread:
    """Puts rows on disk at once, and goes round with the hub when it is time."""

    def __init__(self, work: Work) -> None:
        self.rows: queue.Queue[Row] = queue.Queue(MAX_ROWS_IN_MEMORY)
        self.orders: queue.Queue[PendingCommand] = queue.Queue(MAX_ORDERS)
        self.answers: queue.Queue[tuple[PendingCommand, str, str]] = queue.Queue()
        self.facts = BoxFacts()
        self.error: tuple[str, str] = ("", "")
        self.state = LinkState()
        self.wants_pictures = threading.Event()
        self._work = work
        self._is_stopping = threading.Event()
        self._backoff = Backoff()
        self._thread = threading.Thread(target=self._run, name="network", daemon=True)

    @property
    def is_alive(self) -> bool:
        """False once something unexpected ended it; then the process ends too."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End it; a request under way is cut with the process."""
        self._is_stopping.set()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        link = HubLink(self._work.config, self._ask_bundles, self._settle)
        link.renew_pictures = self.wants_pictures.set
        next_s = time.monotonic() + 1.0  # the bus has spoken by then
        try:
            while not self._is_stopping.is_set():
                self._take_rows(link, max(0.05, min(next_s - time.monotonic(), 0.2)))
                self._take_orders(link)
                if time.monotonic() >= next_s:
                    next_s = time.monotonic() + self._round(link)
        finally:
            link.close()

    def _round(self, link: HubLink) -> float:
        try:
            interval_s = float(link.round(self.facts, datetime.now(UTC)))
        except (SyncError, DegradedError) as err:
            self.state = link.state
            wait_s = self._backoff.after(err)
            code = err.hub_code if isinstance(err, HubRefusalError) else err.code
            if self.error[0] != code:
                logger.warning("hub round failed code=%s: %s", code, err)
            self.error = (code, str(err))
            return wait_s
        self.error, self.state = ("", ""), link.state
        self._backoff.reset()
        return interval_s

    def _take_rows(self, link: HubLink, wait_s: float) -> None:
        with suppress(queue.Empty):
            row = self.rows.get(timeout=wait_s)
            while True:
                try:
                    link.put(row)
                except OutboxFullError as err:
                    logger.warning("row given up kind=%s: %s", row.kind, err)
                row = self.rows.get_nowait()

    def _take_orders(self, link: HubLink) -> None:
        """What somebody at the box asked for; the bus thread carries the answers."""
        with suppress(queue.Empty):
            while True:
                pending = self.orders.get_nowait()
                code, text = carry_out_here(link, pending.command.body, datetime.now(UTC))
                self.state = link.state
                self.answers.put((pending, code, text))

    def _ask_bundles(self, action: BundleAction) -> str:
        """A socket belongs to one thread, so one is opened for each of these rare questions."""
        client = CommandClient(self._work.bus, "bundle_command", "")
        try:
            command = Command("", secrets.token_hex(8), action, "hub")
            reply = client.ask(command, ASK_BUNDLES_S)
        except CommandTimeoutError as err:
            return str(err)
        finally:
            client.close()
        return "" if reply.is_done else reply.hint

    def _settle(self, basket_id: str, truth: Mapping[str, int]) -> bool:
        """A reviewer's labels for the shadow; asked again at the next round if it is silent."""
        client = CommandClient(self._work.bus, "shadow_command", "")
        try:
            body = AuditBasket(basket_id, truth=dict(truth))
            client.ask(Command("", secrets.token_hex(8), body, "hub"), ASK_BUNDLES_S)
        except CommandTimeoutError:
            return False
        finally:
            client.close()
        return True


class Uplink:
    """The bus side."""

    def __init__(self, work: Work) -> None:
        self._work = work
        bus, config = work.bus, work.config
        names = [name for name in instance_names(config) if name != "uplink"]
        self._health: dict[str, Subscriber[Health]] = {
            name: bus.subscriber("health", Health, process=name) for name in [*names, "supervisor"]
        }
        self._cameras = [
            bus.subscriber("camera_state", CameraState, lane.lane_id, camera.camera_id)
            for lane in config.lanes
            for camera in lane.cameras
        ]
        self._perception_topic = bus.subscriber("perception", PerceptionState)
        self._bundles_topic = bus.subscriber("bundles", BundlesState)
        self._staged = bus.publisher("bundle_staged", BundleStaged)
        self._commands = CommandServer(bus, "uplink_command", "")
        self._heard: dict[str, Health] = {}
        self._camera_states: dict[str, CameraState] = {}
        self._perception: PerceptionState | None = None
        self._bundles: BundlesState | None = None
        self._network = NetworkThread(work)
        self._observations = bus.subscriber("observations", Observations)
        self._baskets = [
            bus.subscriber("basket", BasketSnapshot, lane.lane_id) for lane in config.lanes
        ]
        self._shadow_cases = bus.subscriber("shadow_case", ShadowCase)
        self._cases = CaseMaker(config, self.put)
        self._recorder = BasketRecorder(config, self._cases.eyes, self.put)
        self._reporter = Reporter(self.put)
        self._last_pictures = LastPictures(config, self._cases.eyes, self._network.wants_pictures)
        self._dice = random.Random()
        self._next_ns = 0

    def run(self) -> None:
        """Until the process is told to stop."""
        sockets = [self._observations.socket, *(basket.socket for basket in self._baskets)]
        self._network.start()
        try:
            while not self._work.is_stopping:
                assert self._network.is_alive, "the network thread ended; see the log"
                self._work.beat()
                self._listen()
                self._pass_orders()
                now_ns = time.monotonic_ns()
                self._cases.step(now_ns, self._network.state.sealing_public_key)
                self._recorder.step(now_ns)
                if now_ns >= self._next_ns:
                    self._next_ns = now_ns + SPEAK_NS
                    self._last_pictures.step(now_ns, self._network.state.sealing_public_key)
                    self._network.facts = self._box_facts(now_ns)
                    self._reporter.step(now_ns, self._network.facts)
                    self._speak(now_ns)
                wait_for(sockets, POLL_MS)
        finally:
            self._network.stop()

    def _listen(self) -> None:
        for name, subscriber in self._health.items():
            for health in subscriber.receive_all():
                self._heard[name] = health
        for camera in self._cameras:
            if (state := camera.receive()) is not None:
                self._camera_states[f"{state.lane_id}/{state.camera_id}"] = state
        self._perception = self._perception_topic.receive() or self._perception
        if (bundles := self._bundles_topic.receive()) is not None:
            self._note_verdict(bundles)
            self._bundles = bundles
        for basket in self._baskets:
            if (snapshot := basket.receive()) is not None:
                now_ns, key = time.monotonic_ns(), self._network.state.sealing_public_key
                self._cases.on_basket(snapshot, now_ns, self._dice.random())
                self._recorder.on_basket(snapshot, now_ns, key)
                self._reporter.on_basket(snapshot, now_ns)
        for seen in self._observations.receive_all():
            self._cases.on_observations(seen)
            self._reporter.on_observations(seen)
        for case in self._shadow_cases.receive_all():
            self._cases.on_shadow_case(case, self._network.state.sealing_public_key)

    def _pass_orders(self) -> None:
        while (pending := self._commands.receive()) is not None:
            try:
                self._network.orders.put_nowait(pending)
            except queue.Full:
                busy = CommandReply(pending.command.command_id, False, "uplink.busy", "ask again")
                self._commands.reply(pending, busy)
        with suppress(queue.Empty):
            while True:
                pending, code, text = self._network.answers.get_nowait()
                reply = CommandReply(pending.command.command_id, not code, code, text)
                self._commands.reply(pending, reply)

    def _note_verdict(self, now: BundlesState) -> None:
        """Every step of a bundle on this box goes to the centre, as a row that is given up last."""
        before = self._bundles
        step = (now.active, now.candidate, now.phase, now.reason)
        if before and step == (before.active, before.candidate, before.phase, before.reason):
            return
        body: dict[str, object] = {
            "active": now.active, "previous": now.previous, "candidate": now.candidate,
            "phase": now.phase, "generation": now.generation, "reason": now.reason,
            "self_test": now.self_test, "baskets": now.baskets, "deaths": now.deaths,
            "shadow": now.shadow,
        }  # fmt: skip
        self.put(Row("verdict", body, datetime.now(UTC), KEEP_VALUE))

    def put(self, row: Row) -> None:
        """Hand a row to the outbox; a full queue means the disk hangs, and the row is given up."""
        try:
            self._network.rows.put_nowait(row)
        except queue.Full:
            logger.warning("row given up kind=%s: the disk is too slow", row.kind)

    def _box_facts(self, now_ns: int) -> BoxFacts:
        fresh = [h for h in self._heard.values() if now_ns - h.at_ns < STALE_NS]
        bad = [h for h in fresh if h.verdict != "ok"]
        silent = [n for n, h in self._heard.items() if now_ns - h.at_ns >= STALE_NS]
        told = {m for h in fresh if (m := h.facts.get("margins", "")).startswith("update.")}
        told |= {f"silent.{n}" for n in silent}
        is_failed = bool(silent) or any(h.verdict == "failed" for h in bad)
        facts = {"rss_mib": round(sum(h.rss_mib for h in fresh), 1)}
        free = shutil.disk_usage(self._work.config.paths.state_dir).free
        facts["free_disk_mib"] = float(free >> 20)
        if self._perception is not None:
            facts["p50_ms"] = self._perception.latency_p50_ms
            facts["p95_ms"] = self._perception.latency_p95_ms
            facts["failures"] = float(self._perception.num_failures)
        state = self._bundles
        bundles = (
            {"active": state.active, "previous": state.previous, "candidate": state.candidate}
            if state is not None
            else {"active": self._perception.bundle_id if self._perception else ""}
        )
        return BoxFacts(
            verdict="failed" if is_failed else "degraded" if bad else "ok",
            reasons=tuple(sorted(told | {h.reason for h in bad}))[:24],
            boot_id=self._work.boot_id,
            generation=state.generation if state else 0,
            bundles=bundles,
            facts=facts,
            cameras=tuple(
                {"camera": name, "state": c.state, "reason": c.reason, "quality": c.quality,
                 "fps": round(c.fps, 1), "conditions": tuple(c.conditions)}
                for name, c in sorted(self._camera_states.items())
            ),
            quarantined=tuple(sorted(state.quarantined))[:100] if state else (),
            progress=as_progress(state.progress) if state else None,
            keep=(state.active, state.previous, state.candidate, state.factory) if state else (),
            pictures=dict(self._last_pictures.pictures),
        )  # fmt: skip

    def _speak(self, now_ns: int) -> None:
        link = self._network.state
        place = str(slot_of(self._work.config, link.staged)) if link.staged else ""
        self._staged.send(
            BundleStaged(
                link.staged, link.generation, place, now_ns, dict(link.receipt), link.policy,
                link.withdraws, link.is_drill,
            )
        )  # fmt: skip
        facts = {
            "wanted": link.wanted,
            "problem": link.problem,
            "freshness": link.freshness,
            "waiting": link.num_waiting,
            "dropped": link.num_dropped,
            "cases": self._cases.num_made,
            "pictures_kept_back": self._cases.dropped.total(),
            "kept_back_for": " ".join(f"{n}={c}" for n, c in sorted(self._cases.dropped.items())),
        }
        code, message = self._network.error
        self._work.report("degraded" if code else "ok", code, message, facts)


def run(work: Work) -> None:
    """Speak with the hub until told to stop; without one, only live."""
    if not work.config.hub.url:
        while not work.stopping.wait(POLL_MS / 1000):
            work.beat()
        return
    work.config.paths.state_dir.mkdir(parents=True, exist_ok=True)
    Uplink(work).run()


def main() -> int:
    """Entry of `python -m edge.processes.uplink_process`."""
    return run_process("uplink", run)


if __name__ == "__main__":
    sys.exit(main())
