"""What a case tells of every item: pooled over cameras as the box decides, or nothing at all."""

from pathlib import Path

import msgspec
import pytest

from edge.config import EdgeConfig
from edge.messages.basket_messages import BasketSnapshot, ItemState, ItemView, Phase
from edge.messages.perception_messages import (
    Observations,
    ObservationStatus,
    SkuScoresMessage,
    TrackObservation,
)
from edge.processes.decision_evidence import EvidenceBook
from edge.processes.serving_bundle import open_serving_bundle
from sync.decision import SkuScores, pool_scores
from tests.system.running_box import PARAMETERS, make_config

LEFT = SkuScoresMessage(("jam", "milk"), (-0.1, -2.1), -20.0, 0.8, 3)
RIGHT = SkuScoresMessage(("jam", "bread"), (-0.2, -1.7), -20.0, 0.912345, 1)
BOX = (0.0, 0.0, 9.0, 9.0)


@pytest.fixture
def config(tmp_path: Path) -> EdgeConfig:
    return make_config(tmp_path)


def seen(bundle_id: str, camera_id: str, scores: SkuScoresMessage | None) -> Observations:
    track = TrackObservation(7, BOX, 0.9, True, 1, scores)
    return Observations("a", camera_id, 1, 1, ObservationStatus.SEEN, bundle_id, (track,))


def basket(bundle_id: str) -> BasketSnapshot:
    item = ItemView("i1", ItemState.CHARGED, "jam", tracks=(("left", 7), ("right", 7)))
    other = ItemView("i2", ItemState.CHARGED, "tea", tracks=(("left", 8),))
    return BasketSnapshot(
        "a", "basket-1", 1, Phase.PAYING, "EUR", 2, items=(item, other), bundle_id=bundle_id
    )


def test_evidence_is_what_the_decision_rests_on_for_every_item_that_was_looked_at(
    config: EdgeConfig,
) -> None:
    bundle_id = open_serving_bundle(config).bundle_id
    looks = [seen(bundle_id, "left", LEFT), seen(bundle_id, "right", RIGHT), None]
    (told,) = EvidenceBook(config).of(basket(bundle_id), looks)
    pooled = pool_scores(
        [SkuScores(*msgspec.structs.astuple(look)[:5]) for look in (LEFT, RIGHT)],
        PARAMETERS.look_exponent,
    )
    assert (told.item_id, told.best, told.second) == ("i1", "jam", pooled.sku_ids[1])
    assert told.margin_mnat == round(1000 * (pooled.log_probs[0] - pooled.log_probs[1]))
    assert (told.similarity_ppm, told.num_cameras) == (912_345, 2)


def test_a_gallery_of_one_has_its_floor_for_a_second(config: EdgeConfig) -> None:
    bundle_id = open_serving_bundle(config).bundle_id
    alone = SkuScoresMessage(("jam",), (0.0,), -20.0, 0.8, 1)
    (told,) = EvidenceBook(config).of(basket(bundle_id), [seen(bundle_id, "left", alone)])
    assert (told.second, told.margin_mnat) == ("", 20_000)


@pytest.mark.parametrize(
    ("snapshot_bundle", "seen_bundle", "scores"),
    [
        pytest.param("f" * 64, "f" * 64, LEFT, id="of a bundle that is not here"),
        pytest.param("", "", LEFT, id="before any bundle served"),
        pytest.param("own", "f" * 64, LEFT, id="looks by another bundle"),
        pytest.param("own", "own", None, id="no look yet"),
        pytest.param("own", "own", SkuScoresMessage((), (), -20.0, 0.0, 0), id="a look at nothing"),
    ],
)
def test_without_looks_of_the_serving_bundle_there_is_no_evidence(
    config: EdgeConfig, snapshot_bundle: str, seen_bundle: str, scores: SkuScoresMessage | None
) -> None:
    own = open_serving_bundle(config).bundle_id
    looks = [seen(seen_bundle.replace("own", own), "left", scores)]
    assert EvidenceBook(config).of(basket(snapshot_bundle.replace("own", own)), looks) == ()
