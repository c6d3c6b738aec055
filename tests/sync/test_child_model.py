"""When a family's child may speak, and what its word changes."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.bundle import BundleManifest, Preprocess, describe_file, open_bundle
from sync.child_model import (
    ChildCard,
    answer_of,
    box_geometry,
    is_routed,
    knows_geometry,
    read_child_cards,
    with_child,
)
from sync.decision import SkuScores, scores_of_look
from sync.errors import BundleError
from tests.fakes.plain_floats import plain_floats

SKUS = ("small", "large", "tea", "milk")
CARD = ChildCard(
    family="water", parent_id="embedder-1", sku_ids=("small", "large"),
    network="children/water.onnx", least_confidence=0.6,
)  # fmt: skip


def look(*similarities: float) -> SkuScores:
    return scores_of_look(np.asarray(similarities, np.float32), SKUS, 0.05)


TORN = look(0.80, 0.82, 0.30, 0.10)


def said(*probabilities: float, card: ChildCard = CARD) -> SkuScores:
    return with_child(TORN, answer_of(card, np.asarray(probabilities, np.float32)))


def test_the_child_decides_between_members() -> None:
    assert TORN.sku_ids[0] == "large"
    assert said(0.9, 0.1).sku_ids[0] == "small"


@pytest.mark.parametrize(
    "probabilities",
    [
        pytest.param((0.55, 0.45), id="unsure"),
        pytest.param((math.nan, 0.9), id="no number"),
        pytest.param((-0.2, 1.2), id="no probability"),
    ],
)
def test_a_child_that_abstains_leaves_the_very_same_scores(
    probabilities: tuple[float, float],
) -> None:
    assert said(*probabilities) is TORN


@pytest.mark.parametrize(
    ("scores", "is_asked"),
    [
        pytest.param(TORN, True, id="torn between members"),
        pytest.param(look(0.3, 0.2, 0.9, 0.1), False, id="surely no member"),
        pytest.param(look(0.9, 0.1, 0.3, 0.2), False, id="the other member is not near"),
    ],
)
def test_the_parent_asks_only_where_it_is_torn(scores: SkuScores, is_asked: bool) -> None:
    assert is_routed(scores, CARD.model_copy(update={"route_top_k": 2})) is is_asked


@given(
    st.lists(plain_floats(-1, 1, width=32), min_size=4, max_size=4),
    plain_floats(0.625, 1, width=32),
)
def test_what_is_no_member_and_the_familys_sum_stay(rows: list[float], first: float) -> None:
    before = scores_of_look(np.asarray(rows, np.float32), SKUS, 0.05)
    answer = answer_of(CARD, np.asarray([first, 1 - first], np.float32))
    after = with_child(before, answer)
    told = [dict(zip(s.sku_ids, s.log_probs, strict=True)) for s in (before, after)]
    sums = [math.exp(t["small"]) + math.exp(t["large"]) for t in told]
    assert sums[0] == pytest.approx(sums[1], rel=1e-4)
    assert [t["tea"] for t in told][0] == told[1]["tea"]
    assert after.similarity == before.similarity
    assert list(after.log_probs) == sorted(after.log_probs, reverse=True)


def test_a_box_of_another_size_than_taught_is_not_known() -> None:
    usual = box_geometry(np.asarray([100, 100, 200, 300], np.float32), 1000, 500)
    card = CARD.model_copy(
        update={
            "geometry_low": tuple(float(v) for v in usual - 0.1),
            "geometry_high": tuple(float(v) for v in usual + 0.1),
        }
    )
    assert knows_geometry(card, usual)
    assert not knows_geometry(card, usual + np.float32(0.5))
    assert knows_geometry(CARD, usual + np.float32(0.5))


def write_bundle(root: Path, *cards: ChildCard) -> Path:
    (root / "children").mkdir(parents=True)
    entries = []
    for number, card in enumerate(cards):
        path = root / "children" / (f"{card.family}.json" if number == 0 else f"c{number}.json")
        path.write_text(card.model_dump_json())
        entries.append(describe_file(root, path, "child"))
    network = root / "children" / "water.onnx"
    network.write_bytes(b"network")
    entries.append(describe_file(root, network, "child_network"))
    manifest = BundleManifest(
        name="test", version="1", created="2026-11-21T00:00:00Z", embedder_id="embedder-1",
        embedding_dim=256, preprocess=Preprocess(detector_px=320, crop_px=224),
        files=tuple(entries),
    )  # fmt: skip
    (root / "manifest.json").write_bytes(manifest.canonical())
    return root


def test_a_bundle_names_its_children(tmp_path: Path) -> None:
    bundle = open_bundle(write_bundle(tmp_path / "b", CARD))
    assert read_child_cards(bundle) == [CARD]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"parent_id": "embedder-2"}, "made for embedder embedder-2", id="parent"),
        pytest.param({"network": "children/other.onnx"}, "lacks its network", id="network"),
        pytest.param({"sku_ids": ("small", "small")}, "stands twice", id="a member twice"),
        pytest.param({"geometry_low": (0.0,)}, "range of the geometry", id="half a range"),
    ],
)
def test_a_child_that_does_not_belong_is_refused(
    change: dict[str, object], words: str, tmp_path: Path
) -> None:
    root = write_bundle(tmp_path / "b", CARD.model_copy(update=change))
    with pytest.raises(BundleError, match=words):
        read_child_cards(open_bundle(root))


def test_a_card_is_called_like_its_family(tmp_path: Path) -> None:
    root = write_bundle(tmp_path / "b", CARD, CARD.model_copy(update={"family": "tea"}))
    with pytest.raises(BundleError, match="is the card of tea"):
        read_child_cards(open_bundle(root))
