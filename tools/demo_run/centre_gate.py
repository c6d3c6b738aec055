"""The centre's second half: judged blind, approved, signed; a worse one and a small set refused.

Flow: model -> gate job -> gate worker's replays -> verdict -> another account -> release key

Every verdict is the hub's, over replays that a gate worker's process made with the box's own
command. The demo's policy is wider than production's, and both are printed.
"""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

from sync.bundle import Bundle, open_bundle
from sync.decision import DecisionParameters
from sync.gallery import Gallery, load_gallery
from tools.demo_run.centre_learning import fetch_model, run_job
from tools.demo_run.centre_scenes import Look
from tools.demo_run.loop_shop import LoopShop, NotSeenError, run_hubctl
from tools.demo_run.loop_timeline import Step, Timeline
from tools.demo_run.store_bundles import seal
from trainer.hubctl.digest_file import stage_files
from trainer.release.gate import POLICIES

POLICY = "demo"
RING = "lab"
LOOSER = 0.02  # of the worse model's least similarity: a second part that differs
SHOWN = ("margin", "alpha_per_look", "num_looks", "flip_budget", "wrong_charged_limit",
         "latency_ratio_limit", "memory_ratio_limit", "parity_limit")  # fmt: skip


def policies_line() -> str:
    """The demo's policy beside production's."""
    demo, production = POLICIES[POLICY], POLICIES["production"]
    pairs = (f"{n} {getattr(demo, n):g} ({getattr(production, n):g})" for n in SHOWN)
    return f"gate policy {POLICY} (production): {', '.join(pairs)}"


def make_blind_set(shop: LoopShop, taped: dict[str, Look], timeline: Timeline) -> str:
    """A version of all recordings, with truths confirmed; its digest."""
    with timeline.step("5", "the recorded baskets become the blind set") as step:
        made = _blind_set(shop, taped, "all recordings of the first week")
        days = len({look.day for look in taped.values()})
        timeline.say(
            step, f"version {made['version']}, {made['blind_set_id'][:12]}: "
            f"{made['num_recordings']} recordings of {days} days, {made['budget']} looks",
        )  # fmt: skip
        return str(made["blind_set_id"])


def release(shop: LoopShop, model: str, blind: str, timeline: Timeline) -> Bundle:
    """Gate, approval by another account, signature."""
    with timeline.step("6", "a gate worker replays, the hub judges") as step:
        verdict = _judge(shop, model, shop.base_id, blind, timeline, step)
        _require(verdict, "pass")
    with timeline.step("7", "another account approves; it is signed and assigned") as step:
        note = {"note": "evidence of the gate read on its page"}
        told = shop.as_("approver").api("POST", f"/models/{model}/approve", note)
        approval = told["approvals"][0]
        if approval["by"] == told["registered_by"]:
            raise NotSeenError(f"{approval['by']} approved its own model")
        timeline.say(
            step, f"{told['stage']} by {approval['by']} ({approval['mode']}); registered by "
            f"{told['registered_by']}",
        )  # fmt: skip
        bundle = open_bundle(fetch_model(shop, model, step, timeline))
        run_hubctl(shop, "bundle", "publish", str(bundle.directory))
        listed = shop.transcript.ask("hubctl", "bundle", "list", "--repo", "hub/updates")
        if model not in json.dumps(listed):
            raise NotSeenError("the signed list of releases does not name it")
        body = {"ring": RING, "channel": "main"}
        assigned = shop.as_("operator").api("POST", f"/models/{model}/assign", body)
        timeline.say(
            step, f"signed by the release key, listed among {len(listed['bundles'])} releases; "
            f"ring {RING} runs it from generation {assigned['generation']}",
        )  # fmt: skip
        return bundle


def worse_model(
    shop: LoopShop, good: Bundle, taped: dict[str, Look], blind: str, timeline: Timeline
) -> None:
    """Names exchanged in the gallery, thresholds touched: rejected, and the gallery is blamed."""
    with timeline.step("8", "a deliberately worse model is rejected") as step:
        pairs = commonest_pairs(taped.values())
        worse = exchanged_names(good, shop.folder / "worse", pairs)
        told = ", ".join(f"{a} <-> {b}" for a, b in pairs)
        timeline.say(step, f"{worse.bundle_id[:12]}: names exchanged ({told}), thresholds touched")
        _register(shop, worse)
        verdict = _judge(shop, worse.bundle_id, good.bundle_id, blind, timeline, step)
        _require(verdict, "reject")
        document = verdict["document"]
        blamed = document["blamed"]
        parts = document["evidence"]["parts"]
        timeline.say(step, f"which part: {blamed}; each alone: {_words(parts)}")
        if "gallery" not in blamed:
            raise NotSeenError(f"the gate blames {blamed!r}")
        _require_unpublished(shop, worse.bundle_id)


def small_set(shop: LoopShop, good: Bundle, few: dict[str, Look], timeline: Timeline) -> None:
    """A few recordings prove nothing about a model that is no worse; how many more is said."""
    with timeline.step("9", "a deliberately small blind set is inconclusive") as step:
        made = _blind_set(shop, few, "a few recordings only")
        same = retouched(good, shop.folder / "retouched")
        _register(shop, same)
        verdict = _judge(
            shop, same.bundle_id, good.bundle_id, str(made["blind_set_id"]), timeline, step,
            with_parts=False,
        )  # fmt: skip
        _require(verdict, "inconclusive")
        num_more = int(verdict["document"]["num_more"])
        if num_more < 1:
            raise NotSeenError("the gate does not say how many baskets are missing")
        timeline.say(step, f"inconclusive: label {num_more} more baskets")
        _require_unpublished(shop, same.bundle_id)


def commonest_pairs(looks: Any, count: int = 3) -> list[tuple[str, str]]:
    """SKUs that most baskets hold, in pairs that rarely lie together."""
    baskets = Counter(sku_id for look in looks for sku_id in look.basket)
    names = [sku_id for sku_id, _ in baskets.most_common(2 * count)]
    return list(zip(names[0::2], names[1::2], strict=False))


def exchanged_names(source: Bundle, target: Path, pairs: list[tuple[str, str]]) -> Bundle:
    """A gallery in which each pair carries the other's name; thresholds a little looser."""
    shutil.copytree(source.directory, target)
    other = {a: b for pair in pairs for a, b in (pair, pair[::-1])}
    gallery = load_gallery(source.file("gallery"))
    names = tuple(other.get(sku_id, sku_id) for sku_id in gallery.sku_ids)
    swapped = Gallery(gallery.embedder_id, names, gallery.vectors, gallery.starts)
    _in(target, source, "gallery").write_bytes(swapped.to_bytes())
    _touch_thresholds(source, target)
    return seal(target, version="1.1.1-worse")


def retouched(source: Bundle, target: Path) -> Bundle:
    """The same model but for its least similarity: no better, no worse."""
    shutil.copytree(source.directory, target)
    _touch_thresholds(source, target)
    return seal(target, version="1.1.2-retouched")


def _touch_thresholds(source: Bundle, target: Path) -> None:
    kept = DecisionParameters.model_validate_json(source.file("thresholds").read_bytes())
    looser = kept.model_copy(update={"accept_similarity": kept.accept_similarity - LOOSER})
    _in(target, source, "thresholds").write_text(looser.model_dump_json(indent=1))


def _in(target: Path, source: Bundle, role: Any) -> Path:
    return target / source.file(role).relative_to(source.directory)


def _blind_set(shop: LoopShop, taped: dict[str, Look], note: str) -> dict[str, Any]:
    recordings = {name: look.basket for name, look in taped.items()}
    budget = POLICIES[POLICY].num_looks
    body = {"recordings": recordings, "note": note, "budget": budget}
    made: dict[str, Any] = shop.as_("keeper").api("POST", "/blind-sets", body)
    return made


def _register(shop: LoopShop, bundle: Bundle) -> None:
    """By the trainer's account; files are staged for the gate alone."""
    trainer = shop.as_("trainer")
    manifest = bundle.manifest.model_dump(mode="json")
    body = {"manifest": manifest, "lineage": {}, "note": "made for the demo"}
    trainer.api("POST", "/models", body)
    stage_files(trainer, bundle)


def _judge(
    shop: LoopShop, model: str, champion: str, blind: str, timeline: Timeline, step: Step, *,
    with_parts: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """Ask for a gate job, wait for the gate worker; the verdict of this very job."""
    body = {"champion": champion, "blind_set": blind, "policy": POLICY, "with_parts": with_parts}
    job = run_job(shop, f"/models/{model}/gate-jobs", body)
    verdicts = shop.as_("trainer").api("GET", f"/models/{model}")["verdicts"]
    verdict: dict[str, Any] = next(
        v for v in verdicts if v["verdict_id"] == job["result"]["verdict_id"]
    )
    told, margin = verdict["document"], POLICIES[POLICY].margin
    timeline.say(
        step, f"{verdict['verdict']}: look {verdict['look']}, {told['num_baskets']} baskets of "
        f"{told['num_clusters']} days; champion {told['champion_accuracy']:.1%}, candidate "
        f"{told['candidate_accuracy']:.1%}, difference {told['difference']:+.1%} "
        f"({told['lower']:+.1%} to {told['upper']:+.1%}), margin {margin:.1%}, "
        f"{len(told['negative_flips'])} lost, {len(told['positive_flips'])} won",
    )  # fmt: skip
    evidence = told["evidence"]
    timeline.say(step, f"measured by {job['worker']}: {_words(evidence['targets'])}; parity of "
                 f"exports {evidence['parity']}")  # fmt: skip
    for reason in told["reasons"]:
        timeline.say(step, f"reason: {reason}")
    return verdict


def _words(rows: list[dict[str, Any]]) -> str:
    return "; ".join(
        ", ".join(f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items())
        for row in rows
    )


def _require(verdict: dict[str, Any], wanted: str) -> None:
    if verdict["verdict"] != wanted:
        reasons = "; ".join(verdict["document"]["reasons"])
        raise NotSeenError(f"{wanted} was expected, the gate says {verdict['verdict']}: {reasons}")


def _require_unpublished(shop: LoopShop, model: str) -> None:
    """What did not pass is approved by nobody, and no artefact."""
    stage = shop.as_("trainer").api("GET", f"/models/{model}")["stage"]
    if stage in ("passed", "approved"):
        raise NotSeenError(f"model {model[:12]} is {stage}")
