"""What the cameras said about each item on the counter, as the centre calibrates a store by it.

Flow: BasketSnapshot + Observations of its lane -> ItemEvidence per item

Pooled over cameras with the serving bundle's own arithmetic, before a person or a barcode spoke.
The size check (edge/basket/size_check.py) is not in it: places are not on the bus. Numbers only.
"""

import logging
from collections.abc import Iterable
from pathlib import Path

from edge.config import EdgeConfig
from edge.messages.basket_messages import BasketSnapshot
from edge.messages.perception_messages import Observations, SkuScoresMessage
from edge.processes.hub_road import slot_of
from edge.processes.serving_bundle import read_parameters
from sync.bundle import open_bundle
from sync.decision import DecisionParameters, SkuScores, pool_scores
from sync.errors import SyncError
from sync.hard_case import ItemEvidence

MNAT, PPM = 1000, 1_000_000

logger = logging.getLogger(__name__)


class EvidenceBook:
    """Knows the parameters of the bundles that served since this process began."""

    def __init__(self, config: EdgeConfig) -> None:
        """Read nothing yet."""
        self._config = config
        self._known: dict[str, DecisionParameters | None] = {}

    def of(
        self, snapshot: BasketSnapshot, seen: Iterable[Observations | None]
    ) -> tuple[ItemEvidence, ...]:
        """Of every item that a camera looked at; none where its bundle cannot be read."""
        parameters = self._parameters(snapshot.bundle_id)
        if parameters is None:
            return ()
        looks = {
            (one.camera_id, track.track_id): track.scores
            for one in seen
            if one is not None and one.bundle_id == snapshot.bundle_id
            for track in one.tracks
            if track.scores is not None and track.scores.sku_ids
        }
        found = []
        for item in snapshot.items:
            own = [_scores(looks[track]) for track in item.tracks if track in looks]
            if own:
                pooled = pool_scores(own, parameters.look_exponent)
                found.append(_evidence(item.item_id, pooled, len(own)))
        return tuple(found)

    def _parameters(self, bundle_id: str) -> DecisionParameters | None:
        if bundle_id and bundle_id not in self._known:
            self._known[bundle_id] = self._read(bundle_id)
        return self._known.get(bundle_id)

    def _read(self, bundle_id: str) -> DecisionParameters | None:
        for folder in (slot_of(self._config, bundle_id), self._config.paths.serving_bundle):
            try:
                found = _parameters_in(folder, bundle_id)
            except SyncError as err:
                logger.warning(
                    "no evidence of bundle=%s code=%s: %s", bundle_id[:12], err.code, err
                )
                continue
            if found is not None:
                return found
        return None


def _parameters_in(folder: Path, bundle_id: str) -> DecisionParameters | None:
    """Of that very bundle; None where another one or none lies there."""
    if not folder.is_dir():
        return None
    bundle = open_bundle(folder, verify_files=False)
    return read_parameters(bundle.file("thresholds")) if bundle.bundle_id == bundle_id else None


def _scores(told: SkuScoresMessage) -> SkuScores:
    return SkuScores(told.sku_ids, told.log_probs, told.floor, told.similarity, told.num_looks)


def _evidence(item_id: str, scores: SkuScores, num_cameras: int) -> ItemEvidence:
    second = scores.sku_ids[1] if len(scores.sku_ids) > 1 else ""
    margin = scores.log_probs[0] - (scores.log_probs[1] if second else scores.floor)
    return ItemEvidence(
        item_id=item_id,
        best=scores.sku_ids[0],
        second=second,
        margin_mnat=max(0, round(MNAT * margin)),
        similarity_ppm=max(-PPM, min(PPM, round(PPM * scores.similarity))),
        num_cameras=num_cameras,
    )
