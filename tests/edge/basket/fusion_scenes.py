"""Random counters seen by virtual cameras, through the real fusion and the real rules.

Usage: python -m tests.edge.basket.fusion_scenes [--scenes 300] [--seed 0]

Prints, per set of cameras, how often items and baskets come out exactly. Looks at an SKU are as
wrong as a mediocre model's (one look names the right SKU in about three of four cases).
"""

import argparse
import sys
import time
from collections import Counter as Multiset
from dataclasses import dataclass, field

import numpy as np

from edge.basket.counter import Counter, Offer
from edge.basket.counter_map import CounterMap
from edge.basket.fusion import Fusion
from edge.messages.perception_messages import (
    Observations,
    ObservationStatus,
    SkuScoresMessage,
    TrackObservation,
)
from sync.catalog import Catalog, Sku
from sync.decision import DecisionParameters, scores_of_look
from sync.price_list import Price, PriceList
from tests.edge.basket.lane_script import START
from tests.fakes.virtual_counter import Solid, random_solids, see, three_cameras

MS = 1_000_000
NUM_SKUS = 20
SKU_IDS = tuple(f"sku-{i}" for i in range(NUM_SKUS))
FRAME_MS = 66
MAX_SKEW_MS = 100
PARAMETERS = DecisionParameters(
    temperature=0.05,
    accept_margin=1.5,
    family_margin=2.0,
    accept_similarity=0.3,
    unknown_similarity=0.1,
)


def look(sku_id: str, rng: np.random.Generator, gap: float = 0.27) -> SkuScoresMessage:
    """One look of a mediocre embedder."""
    similarities = rng.normal(0.45, 0.1, NUM_SKUS)
    similarities[SKU_IDS.index(sku_id)] += gap
    made = scores_of_look(similarities.astype(np.float32), SKU_IDS, 0.05)
    return SkuScoresMessage(made.sku_ids, made.log_probs, made.floor, made.similarity, 1)


def offer() -> Offer:
    catalog = Catalog(skus=tuple(Sku(sku_id=s, names={"en": s}) for s in SKU_IDS))
    prices = PriceList(
        currency="EUR",
        exponent=2,
        entries=tuple(Price(sku_id=s, amount_minor=100, valid_from=START) for s in SKU_IDS),
    )
    return Offer(catalog, prices, PARAMETERS)


@dataclass
class Scene:
    """Solids on the counter and what each camera makes of them.

    Attributes:
        skew_ms: each camera's frames lie this far behind the first camera's.
    """

    solids: list[Solid]
    maps: dict[str, CounterMap]
    rng: np.random.Generator
    skew_ms: dict[str, float] = field(default_factory=dict)

    def tracks(self, camera: str, shown: list[Solid], since_ns: int) -> list[TrackObservation]:
        """Resting tracks of one camera, numbered by solid; fixed looks, fixed jitter."""
        return [
            TrackObservation(
                track_id=self.solids.index(shown[seen.index]) + 1,
                xyxy=seen.xyxy,
                score=0.9,
                is_resting=True,
                resting_since_ns=since_ns,
                scores=look(shown[seen.index].sku_id, self.rng),
            )
            for seen in see(self.maps[camera], shown, self.rng)
        ]


def random_scene(seed: int, number: int, cameras: tuple[str, ...], count: int = 0) -> Scene:
    """One to twelve solids."""
    rng = np.random.default_rng([seed, number])
    solids = random_solids(rng, count or int(rng.integers(1, 13)), NUM_SKUS)
    maps = {name: m for name, m in three_cameras().items() if name in cameras}
    skew = {name: float(rng.uniform(0, MAX_SKEW_MS)) for name in maps}
    return Scene(solids, maps, rng, skew)


def message(
    camera: str, at_ns: int, tracks: list[TrackObservation], *, has_hand: bool = False
) -> Observations:
    return Observations(
        "lane1", camera, at_ns, at_ns, ObservationStatus.SEEN, "b", tuple(tracks), has_hand
    )


@dataclass
class Outcome:
    """What came of one scene."""

    is_seen: bool
    is_count_right: bool
    is_grouped: bool
    seconds: float


def still_outcome(scene: Scene) -> Outcome:
    """A still counter: all cameras report it, then the items are compared with the solids."""
    fusion = Fusion(scene.maps)
    owners: dict[tuple[str, int], int] = {}
    began = time.process_time()
    for camera in scene.maps:
        at_ns = 5_000 * MS + int(scene.skew_ms[camera] * MS)
        tracks = scene.tracks(camera, scene.solids, 1_000 * MS)
        owners.update({(camera, t.track_id): t.track_id for t in tracks})
        fusion.observe(message(camera, at_ns, tracks))
        items = fusion.items()
    seconds = time.process_time() - began
    groups = [{owners[key] for key in item.tracks.items()} for item in items if item.tracks]
    seen = set(owners.values())
    return Outcome(
        is_seen=len(seen) == len(scene.solids),
        is_count_right=len(groups) == len(seen),
        is_grouped=len(groups) == len(seen) and all(len(group) == 1 for group in groups),
        seconds=seconds,
    )


def basket_after_placing(scene: Scene) -> tuple[Multiset[str], int, list[float]]:
    """Solids are put down one by one, each frame of each camera with its own skew.

    Returns:
        The basket, how many questions are open, and the rest-to-line times in milliseconds.
    """
    counter = Counter("lane1", "box1", offer(), dict(scene.maps))
    counter.restore((), 1, 0)
    frozen: dict[tuple[str, int], TrackObservation] = {}
    now_ms = 2_000.0
    put_ms = {id(solid): now_ms + 700.0 * i for i, solid in enumerate(scene.solids)}
    end_ms = now_ms + 700.0 * len(scene.solids) + 1_500
    while now_ms < end_ms:
        for camera in sorted(scene.maps, key=lambda name: scene.skew_ms[name]):
            at_ms = now_ms + scene.skew_ms[camera]
            shown = [solid for solid in scene.solids if put_ms[id(solid)] <= at_ms]
            tracks = steady(scene, camera, shown, int(at_ms * MS), frozen)
            drafts = counter.on_observations(
                message(camera, int(at_ms * MS), tracks), int(at_ms * MS), START
            )
            counter.apply(drafts, committed_at_ns=int(at_ms * MS))
        drafts = counter.tick(int((now_ms + 101) * MS), START)
        counter.apply(drafts, committed_at_ns=int((now_ms + 101) * MS))
        now_ms += FRAME_MS
    shot = counter.snapshot(int(now_ms * MS))
    bought: Multiset[str] = Multiset()
    for line in shot.lines:
        bought[line.sku_id] += line.quantity
    return bought, len(shot.asks), counter.take_latencies_ms()


def steady(
    scene: Scene,
    camera: str,
    shown: list[Solid],
    at_ns: int,
    frozen: dict[tuple[str, int], TrackObservation],
) -> list[TrackObservation]:
    """Tracks keep their box and looks until the number of solids changes what is visible."""
    key = (camera, -len(shown))
    if key not in frozen:
        frozen[key] = TrackObservation(0, (0, 0, 1, 1), 0, False, 0)
        for track in scene.tracks(camera, shown, at_ns):
            old = frozen.get((camera, track.track_id))
            since = old.resting_since_ns if old else at_ns
            scores = old.scores if old else track.scores
            frozen[(camera, track.track_id)] = TrackObservation(
                track.track_id, track.xyxy, 0.9, True, since, scores
            )
    return [track for (name, number), track in frozen.items() if name == camera and number > 0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for cameras in (("top", "left", "right"), ("top", "left"), ("left", "right"), ("top",)):
        outcomes = [
            still_outcome(random_scene(arguments.seed, n, cameras)) for n in range(arguments.scenes)
        ]
        ms = 1_000 * sum(o.seconds for o in outcomes) / len(outcomes)
        sys.stdout.write(
            f"{'+'.join(cameras):15s} still  scenes {len(outcomes)}"
            f"  every solid seen {share(o.is_seen for o in outcomes)}"
            f"  count right {share(o.is_count_right for o in outcomes)}"
            f"  every box with its item {share(o.is_grouped for o in outcomes)}"
            f"  {ms:.1f} ms cpu\n"
        )
    for cameras in (("top", "left", "right"), ("top",)):
        results, latencies = [], []
        for number in range(arguments.scenes // 5):
            scene = random_scene(arguments.seed, number, cameras)
            bought, num_asks, times = basket_after_placing(scene)
            truth = Multiset(solid.sku_id for solid in scene.solids)
            is_counted = bought.total() + num_asks == truth.total()
            results.append((is_counted, not bought - truth, bought == truth))
            latencies += times
        sys.stdout.write(
            f"{'+'.join(cameras):15s} placed one by one  scenes {len(results)}"
            f"  lines and questions as many as solids {share(r[0] for r in results)}"
            f"  no line wrong {share(r[1] for r in results)}"
            f"  right without any question {share(r[2] for r in results)}"
            f"  rest to line p50 {np.percentile(latencies, 50):.0f} ms"
            f" p95 {np.percentile(latencies, 95):.0f} ms\n"
        )


def share(flags: object) -> str:
    values = [bool(flag) for flag in flags]  # type: ignore[attr-defined]
    return f"{100 * sum(values) / len(values):.1f} %"


if __name__ == "__main__":
    main()
