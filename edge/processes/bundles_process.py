"""The process that keeps bundles: reads the signs of the box, asks lanes for leases, tells all.

Flow: BundleStaged, PerceptionState, BasketSnapshot, health -> BundleKeeper -> ServeBundle

Owns the state row and nothing of a sale. Golden frames run in a child of its own. Dies and comes
back without any lane noticing: what serves goes on serving.
"""

import json
import logging
import secrets
import subprocess
import sys
import time
from pathlib import Path

from edge.bus.commands import CommandClient, CommandServer, CommandTimeoutError
from edge.messages.basket_messages import BasketSnapshot, Phase
from edge.messages.bundle_messages import BundlesState, BundleStaged, ServeBundle
from edge.messages.command_messages import BundleAction, Command, CommandReply, Health, SwapLease
from edge.messages.perception_messages import PerceptionState
from edge.messages.shadow_messages import ShadowReport
from edge.processes.bundle_keeper import BundleKeeper, SelfTestAnswer
from edge.processes.shadow_recorder import BasketClaims
from edge.processes.worker import Work, run_process

TICK_S = 0.2
LEASE_TIMEOUT_S = 1.0
LEASE_PAUSE_NS = 1_000_000_000  # a lane that said no is asked again after this
SPEAK_NS = 1_000_000_000
MAX_OPEN_BASKETS = 32
SELF_TEST_LIMIT_S = 300.0  # the slowest box needs 60 s for 30 golden frames

logger = logging.getLogger(__name__)


class GoldenRunner:
    """Runs golden frames in a child and answers when it is done."""

    def __init__(self, providers: tuple[str, ...]) -> None:
        self._providers = ",".join(p for p in providers if p == "cpu") or ",".join(providers)
        self._child: subprocess.Popen[bytes] | None = None
        self._bundle_id = ""
        self._deadline = 0.0

    def ask(self, bundle_id: str, directory: Path) -> SelfTestAnswer | None:
        """The answer, or None while the child is at work."""
        if self._child is not None and self._bundle_id != bundle_id:
            self.close()
        if self._child is None:
            command = [sys.executable, "-m", "edge.processes.golden_child", str(directory)]
            self._child = subprocess.Popen(
                [*command, "--providers", self._providers], stdout=subprocess.PIPE
            )
            self._bundle_id, self._deadline = bundle_id, time.monotonic() + SELF_TEST_LIMIT_S
            return None
        code = self._child.poll()
        if code is None and time.monotonic() < self._deadline:
            return None
        child, self._child = self._child, None
        if code is None:
            child.kill()
            child.communicate()
            return SelfTestAnswer(False, f"no answer after {SELF_TEST_LIMIT_S:g} s")
        return _read_answer(code, child.communicate()[0])

    def close(self) -> None:
        """End a child that is still at work."""
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None


def _read_answer(code: int, output: bytes) -> SelfTestAnswer:
    try:
        told = json.loads(output)
        return SelfTestAnswer(bool(told["is_passed"]), str(told["summary"]))
    except (ValueError, KeyError, TypeError):
        return SelfTestAnswer(False, f"the self-test ended with {code} and no answer")


class LaneLeases:
    """Asks a lane whether its models may be swapped now; not more than once per second."""

    def __init__(self, work: Work) -> None:
        self._clients = {
            lane.lane_id: CommandClient(work.bus, "command", lane.lane_id)
            for lane in work.config.lanes
        }
        self._next_ns = dict.fromkeys(self._clients, 0)

    def ask(self, lane_id: str, bundle_id: str) -> bool:
        """True between two baskets."""
        now_ns = time.monotonic_ns()
        if now_ns < self._next_ns[lane_id]:
            return False
        self._next_ns[lane_id] = now_ns + LEASE_PAUSE_NS
        command = Command(lane_id, secrets.token_hex(8), SwapLease(bundle_id), "bundles")
        try:
            return self._clients[lane_id].ask(command, LEASE_TIMEOUT_S).is_done
        except CommandTimeoutError:
            return False


class Bundles:
    """The loop."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._golden = GoldenRunner(work.config.perception.providers)
        self._keeper = BundleKeeper(work.config, work.boot_id, self._golden.ask)
        self._leases = LaneLeases(work)
        bus = work.bus
        self._staged = bus.subscriber("bundle_staged", BundleStaged)
        self._perception = bus.subscriber("perception", PerceptionState)
        self._shadow = bus.subscriber("shadow", ShadowReport)
        self._supervisor = bus.subscriber("health", Health, process="supervisor")
        self._baskets = [
            bus.subscriber("basket", BasketSnapshot, lane.lane_id) for lane in work.config.lanes
        ]
        self._commands = CommandServer(bus, "bundle_command", "")
        self._words = bus.publisher("serve_bundle", ServeBundle)
        self._report = bus.publisher("bundles", BundlesState)
        self._num_deaths: int | None = None
        self._paid: dict[str, str] = {}
        self._claims: dict[str, BasketClaims] = {}
        self._next_ns = 0
        self._told: tuple[object, ...] = ()

    def run(self) -> None:
        """Until the process is told to stop."""
        try:
            while not self._work.stopping.wait(TICK_S):
                self._work.beat()
                self._listen()
                self._answer_commands()
                self._keeper.step(self._leases.ask)
                self._speak(time.monotonic_ns())
        finally:
            self._golden.close()
            self._keeper.close()

    def _listen(self) -> None:
        if (staged := self._staged.receive()) is not None:
            self._keeper.on_staged(staged)
        if (seen := self._perception.receive()) is not None:
            self._keeper.on_perception(seen)
        if (report := self._shadow.receive()) is not None:
            self._keeper.on_shadow(report)
        for health in self._supervisor.receive_all():
            self._count_deaths(health.facts.get("perception", ""))
        for subscriber in self._baskets:
            if (snapshot := subscriber.receive()) is not None:
                self._follow(snapshot)

    def _follow(self, snapshot: BasketSnapshot) -> None:
        """A paid basket counts once; whether a person had to help is in what led to it."""
        lane_id, basket_id = snapshot.lane_id, snapshot.basket_id
        if self._paid.get(lane_id) == basket_id:
            return
        claims = self._claims.setdefault(basket_id, BasketClaims())
        claims.note(snapshot)
        if snapshot.phase is Phase.PAID:
            self._keeper.on_basket(is_troubled=claims.as_active().is_troubled)
            self._paid[lane_id] = basket_id
            del self._claims[basket_id]
        while len(self._claims) > MAX_OPEN_BASKETS:  # cancelled ones are never paid
            del self._claims[next(iter(self._claims))]

    def _count_deaths(self, fact: str) -> None:
        """`running restarts=3` of the supervisor; the first one heard is where counting begins."""
        _, _, number = fact.partition("restarts=")
        if not number.isdigit():
            return
        known, self._num_deaths = self._num_deaths, int(number)
        for _ in range(0 if known is None else int(number) - known):
            self._keeper.on_death()

    def _answer_commands(self) -> None:
        while (pending := self._commands.receive()) is not None:
            body = pending.command.body
            if not isinstance(body, BundleAction):
                refusal = "only bundle_action is answered here"
            elif body.action == "rollback":
                refusal = self._keeper.roll_back(body.reason or "by hand")
            elif body.action == "drop_candidate":
                refusal = self._keeper.drop_candidate(body.reason or "by hand")
            else:
                refusal = f"no action {body.action}"
            code = "bundles.refused" if refusal else ""
            reply = CommandReply(pending.command.command_id, not refusal, code, refusal)
            self._commands.reply(pending, reply)

    def _speak(self, now_ns: int) -> None:
        words, report = self._keeper.words(now_ns), self._keeper.report(now_ns)
        told = (words.lanes, words.warm, report.candidate, report.waits_for, report.phase)
        if told == self._told and now_ns < self._next_ns:
            return
        self._told, self._next_ns = told, now_ns + SPEAK_NS
        self._words.send(words)
        self._report.send(report)
        facts = {"active": report.active[:12], "candidate": report.candidate[:12],
                 "waits_for": report.waits_for, "phase": report.phase}  # fmt: skip
        self._work.report(facts=facts)


def run(work: Work) -> None:
    """Keep bundles until told to stop; without a hub there is nothing to keep."""
    if not work.config.hub.url:
        while not work.stopping.wait(TICK_S):
            work.beat()
        return
    Bundles(work).run()


def main() -> int:
    """Entry of `python -m edge.processes.bundles_process`."""
    return run_process("bundles", run)


if __name__ == "__main__":
    sys.exit(main())
