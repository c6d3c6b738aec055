"""edgectl shadow: how the candidate does on the baskets of this box, and what it still needs.

Flow: ShadowReport, BundlesState -> figures; AuditBasket -> shadow process
"""

import secrets
import time
from pathlib import Path
from typing import Annotated

import typer

from edge.bundles.shadow_tally import ShadowTally
from edge.bundles.swap import ShadowVerdict, judge_shadow
from edge.bus.commands import CommandClient
from edge.bus.sockets import Bus, wait_for
from edge.config import EdgeConfig
from edge.config_file import read_config
from edge.edgectl.options import ConfigOption, JsonOption
from edge.edgectl.output import ExitCode, errors_for_people, print_json, print_table, say
from edge.messages.command_messages import AuditBasket, Command, CommandReply
from edge.messages.shadow_messages import ShadowReport
from sync.swap_policy import POLICIES, SwapPolicy, policy_named

DEFAULT_CONFIG = Path("/etc/tillsight/edge.toml")
LISTEN_S = 2.5
MODES = {
    "loading": "it is being loaded",
    "live": "it looks at baskets now",
    "waiting": "it waits until the box is idle",
    "failed": "it has failed",
}
NEEDS = {
    "too_few_baskets": "more baskets",
    "too_little_coverage": "baskets of which it sees every frame",
    "not_proven_no_worse": "more baskets with a known winner, or audits of the open ones",
}

AuditOption = Annotated[
    str, typer.Option("--audit", help="Judge an open basket: BASKET_ID, with --winner.")
]
WinnerOption = Annotated[
    str, typer.Option(help="Who was right about it: candidate, active or nobody.")
]


def shadow(
    config: ConfigOption = DEFAULT_CONFIG,
    audit: AuditOption = "",
    winner: WinnerOption = "",
    as_json: JsonOption = False,
) -> None:
    """How the candidate does beside the active bundle, and what is still needed."""
    with errors_for_people(as_json):
        settings = read_config(config)
        if audit:
            _audit(settings, audit, winner, as_json)
        report = listen(settings)
    if report is None:
        text = "no candidate is being shadowed"
        print_json({"shadow": None, "message": text}) if as_json else say(text)
        raise typer.Exit(int(ExitCode.OK))
    policy = policy_named(report.policy or settings.hub.swap_policy)
    if as_json:
        print_json({"shadow": figures_of(report, policy)})
    else:
        _print(report, policy)
    raise typer.Exit(int(ExitCode.NO if report.problem else ExitCode.OK))


def listen(config: EdgeConfig, limit_s: float = LISTEN_S) -> ShadowReport | None:
    """The newest report; None where nothing is shadowed."""
    bus = Bus(config.paths.run_dir, "edgectl")
    try:
        reports = bus.subscriber("shadow", ShadowReport)
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            wait_for([reports.socket], 100)
            if (report := reports.receive()) is not None:
                return report
        return None
    finally:
        bus.close()


def figures_of(report: ShadowReport, policy: SwapPolicy) -> dict[str, object]:
    """Everything that is known, and the verdict as it stands under the policy."""
    tally = _tally(report)
    evidence = tally.evidence(report.active_slowdown)
    verdict = judge_shadow(evidence, policy)
    return {
        "candidate": report.bundle_id,
        "mode": report.mode,
        "problem": report.problem,
        "policy": policy.model_dump(),
        "policy_from": report.policy_from,
        "production": POLICIES["production"].model_dump(),
        "baskets": {
            "candidate_right": tally.wins, "active_right": tally.losses, "same": tally.ties,
            "open": tally.num_open, "settled_by_reviewers": tally.settled,
            "needed": policy.min_baskets, "waiting": report.waiting_baskets,
            "skipped": dict(tally.skipped), "priced_differently": tally.different,
        },
        "coverage": round(evidence.coverage, 3),
        "item_coverage": round(tally.item_coverage(), 3),
        "money_minor": tally.money_minor,
        "worse_e": verdict.worse_e,
        "no_worse_e": verdict.no_worse_e,
        "e_needed": 1.0 / policy.alpha,
        "latency_ratio": tally.latency_ratio,
        "rss_mib": tally.rss_mib,
        "null_share": round(evidence.null_share, 4),
        "ask_increase": round(evidence.ask_increase, 4),
        "active_slowdown": report.active_slowdown,
        "hours": round(tally.seconds / 3600, 2),
        "sku_losses": dict(tally.sku_losses.most_common(10)),
        "open_baskets": [
            {"basket_id": b.basket_id, "paid": b.paid, "candidate": b.charged,
             "money_minor": b.money_minor}
            for b in tally.open_baskets.values()
        ],
        "verdict": verdict.exit.value,
        "reasons": list(verdict.reasons),
        "still_needed": still_needed(verdict),
    }  # fmt: skip


def still_needed(verdict: ShadowVerdict) -> list[str]:
    """What the verdict waits for, in words."""
    return [NEEDS[reason] for reason in verdict.reasons if reason in NEEDS]


def _audit(config: EdgeConfig, basket_id: str, winner: str, as_json: bool) -> None:
    reply = _ask(config, AuditBasket(basket_id, winner))
    if as_json:
        print_json({"is_done": reply.is_done, "code": reply.code, "hint": reply.hint})
    else:
        say("noted" if reply.is_done else f"{reply.code}: {reply.hint}")
    raise typer.Exit(int(ExitCode.OK if reply.is_done else ExitCode.REFUSED))


def _ask(config: EdgeConfig, body: AuditBasket) -> CommandReply:
    bus = Bus(config.paths.run_dir, "edgectl")
    try:
        client = CommandClient(bus, "shadow_command", "")
        return client.ask(Command("", secrets.token_hex(8), body, "edgectl"), 5.0)
    finally:
        bus.close()


def _print(report: ShadowReport, policy: SwapPolicy) -> None:
    tally = _tally(report)
    evidence = tally.evidence(report.active_slowdown)
    verdict = judge_shadow(evidence, policy)
    wanted = 1.0 / policy.alpha
    rows = [
        ("baskets compared", f"{tally.counts.total + tally.num_open}", f"of {policy.min_baskets}"),
        ("only the candidate was right", str(tally.wins), ""),
        ("only the active one was right", str(tally.losses), ""),
        ("the same", str(tally.ties), ""),
        ("open: nobody has judged them", str(tally.num_open), "edgectl shadow --audit"),
        ("judged by a reviewer's labels", str(tally.settled), ""),
        ("coverage of frames, of pieces",
         f"{evidence.coverage:.1%}, {tally.item_coverage():.1%}",
         f"at least {policy.min_coverage:.0%}"),
        ("e-value: worse", f"{verdict.worse_e:.3g}", f"out at {wanted:g}"),
        ("e-value: no worse", f"{verdict.no_worse_e:.3g}", f"in at {wanted:g}"),
        ("computing time, memory", f"{tally.latency_ratio:.2f}x, {tally.rss_mib:.0f} MiB",
         f"at most {policy.max_latency_ratio:g}x, {policy.max_rss_mib:.0f} MiB"),
        ("active path with shadow", f"{report.active_slowdown:.2f}x",
         f"pauses above {policy.max_active_slowdown:g}x"),
    ]  # fmt: skip
    print_table(f"Candidate {report.bundle_id[:12]}", ("", "", "limit"), rows)
    source = f", named by {report.policy_from}" if report.policy_from else ""
    limits = f"alpha {policy.alpha:g}, margin {policy.margin:g} of baskets"
    say(f"policy {policy.name}{source}: {limits}, at least {policy.min_baskets} baskets")
    if policy.name != "production":
        usual = POLICIES["production"]
        say(f"production: margin {usual.margin:g}, at least {usual.min_baskets} baskets")
    say(f"- {report.problem or MODES.get(report.mode, report.mode)}")
    for need in still_needed(verdict):
        say(f"- still needed: {need}")
    for reason, number in tally.skipped.most_common():
        say(f"- {number} baskets not compared: {reason}")


def _tally(report: ShadowReport) -> ShadowTally:
    return ShadowTally.from_json(report.tally) if report.tally else ShadowTally(report.bundle_id)
