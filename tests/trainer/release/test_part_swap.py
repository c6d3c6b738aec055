"""One part of a candidate in the champion's place, and whose fault a loss is."""

from pathlib import Path

import pytest

from sync.bundle import open_bundle
from sync.replay_result import ReplayedBasket, ReplayResult
from tests.fakes.recording_sender import write_parts_bundle, write_replay_command
from trainer.release.gate import POLICIES
from trainer.release.gate_evidence import Evidence, TargetCost, blamed, evidence_rejects
from trainer.release.gate_run import run_gate
from trainer.release.part_swap import differing_parts, effects, reference_export, swap_part

FACTORY = Path(__file__).parents[3] / "edge" / "bundles" / "factory"


def replay(*wrong: int, num: int = 20) -> ReplayResult:
    baskets = tuple(
        ReplayedBasket(
            name=f"r{n}", predicted={"tea" if n in wrong else "milk": 1}, best_guess={"milk": 1},
            truth={"milk": 1},
        )
        for n in range(num)
    )  # fmt: skip
    return ReplayResult(bundle_id="b", edge_version="1", provider="cpu", baskets=baskets)


@pytest.mark.parametrize("part", ["detector", "gallery", "thresholds"])
def test_a_hybrid_is_the_champion_with_one_part_of_the_candidate(tmp_path: Path, part: str) -> None:
    champion = write_parts_bundle(tmp_path / "a", "1.0.0")
    candidate = write_parts_bundle(tmp_path / "b", "2.0.0", **{part: b"newer"})
    assert differing_parts(champion, candidate) == [part]
    hybrid = swap_part(champion, candidate, part, tmp_path / "hybrid")
    found = {p.name: p.read_bytes() for p in hybrid.directory.iterdir()}
    assert [n for n, data in found.items() if data == b"newer"] == [hybrid.file(part).name]  # type: ignore[arg-type]
    assert open_bundle(hybrid.directory).bundle_id not in (champion.bundle_id, candidate.bundle_id)


def test_the_part_that_loses_most_alone_is_named() -> None:
    swapped = {"detector": replay(1, 2, 3), "gallery": replay(1), "thresholds": replay()}
    found = effects(replay(1), swapped)
    assert [(e.part, e.num_lost, e.num_won) for e in found] == [
        ("detector", 2, 0),
        ("gallery", 0, 0),
        ("thresholds", 0, 1),
    ]
    assert blamed(found, 20) == "the detector alone loses 2 and wins 0 of 20 baskets"
    assert blamed(found[1:], 20) == ""


@pytest.mark.parametrize(
    ("evidence", "reasons"),
    [
        pytest.param(Evidence(), 0, id="nothing measured"),
        pytest.param(
            Evidence(targets=(TargetCost(provider="cpu", champion_p95_ms=10, candidate_p95_ms=20,
                                         champion_rss_mib=300, candidate_rss_mib=301),)),
            1, id="slower on one target",
        ),
        pytest.param(
            Evidence(targets=(TargetCost(provider="gpu", champion_p95_ms=3, candidate_p95_ms=3,
                                         champion_rss_mib=300, candidate_rss_mib=900),)),
            1, id="larger on another",
        ),
        pytest.param(Evidence(reference=replay(1, 2, 3)), 1, id="exports disagree"),
        pytest.param(Evidence(reference=replay()), 0, id="exports agree"),
    ],
)  # fmt: skip
def test_cost_and_parity_reject_whatever_the_accuracy(evidence: Evidence, reasons: int) -> None:
    assert len(evidence_rejects(replay(), evidence, POLICIES["production"])) == reasons


def test_a_bundle_with_two_exports_has_a_reference_on_every_target(tmp_path: Path) -> None:
    (tmp_path / "bundle").symlink_to(FACTORY)
    reference = reference_export(open_bundle(FACTORY), tmp_path / "reference")
    assert reference is not None
    assert {f.target for f in reference.manifest.files} == {"any"}
    assert reference.file("detector", "cpu").name == "detector.fp16.onnx"
    assert reference_export(write_parts_bundle(tmp_path / "a", "1.0.0"), tmp_path / "no") is None


def test_a_gate_run_replays_both_and_every_part_that_differs(tmp_path: Path) -> None:
    champion = write_parts_bundle(tmp_path / "a", "1.0.0")
    candidate = write_parts_bundle(tmp_path / "b", "2.0.0", detector=b"bad", gallery=b"newer")
    recordings = tmp_path / "recordings"
    for number in range(3):
        (recordings / f"r{number}").mkdir(parents=True)
        (recordings / f"r{number}" / "recording.json").write_text('{"answer": [["milk", 1]]}')
        (recordings / f"r{number}" / "frames.tar").write_bytes(b"x")
    said: list[str] = []
    found = run_gate(
        write_replay_command(tmp_path), champion, candidate, recordings, tmp_path / "scratch",
        with_parts=True, say=said.append,
    )  # fmt: skip
    assert said[:2] == ["champion", "candidate"]
    assert set(found.evidence.swapped) == {"detector", "gallery"}
    assert found.evidence.targets[0].candidate_rss_mib > 1
    assert not [b.is_exact for b in found.evidence.swapped["gallery"].baskets if not b.is_exact]
    assert found.evidence.swapped["detector"].baskets[0].is_exact is False
    assert list((tmp_path / "scratch").iterdir()) == []
