"""Physical items on the counter, from what several cameras claim.

Flow: Observations of each camera -> tracks linked to items -> FusedItems

Every camera speaks for itself and none is waited for: one whose newest understood frame lies more
than `pairing_window_ms` behind the newest of the lane neither founds items nor says that one is
gone, unless it is the only one. Decides nothing about money; knows no clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from edge.basket.association import Agreement, Key, View, sku_agreement
from edge.basket.basket_events import Place
from edge.basket.camera_view import CameraView, overlap, scores_of
from edge.basket.counter_map import CounterMap, FloatArray, box_of_place
from edge.basket.grouping import group_views
from edge.basket.shape_book import ShapeBook
from edge.messages.perception_messages import Observations, TrackObservation
from sync.decision import SkuScores

SAME_BOX_IOU = 0.5  # a new track at the place of a lost one is the same item
SAME_TRACK_BONUS = 0.3
OTHER_SKU_AGREEMENT = 0.05  # two score lists that agree less than this show two SKUs
STEADY_IOU = 0.85  # a box that keeps so much of itself is the same box, only measured anew
IN_PICTURE_SHARE = 0.6
NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class FusionSettings:
    """Times of fusion.

    Attributes:
        pairing_window_ms: cameras within this of the newest frame are current.
        gone_after_ms: an item is gone when it was not seen at its free place for this long.
        gone_by_memory_ms: the same while a tracker still keeps it by memory.
        hand_hold_ms: a hand in the picture keeps every item for at most this long.
    """

    pairing_window_ms: float = 250.0
    gone_after_ms: float = 250.0
    gone_by_memory_ms: float = 1000.0
    hand_hold_ms: float = 5000.0


@dataclass(slots=True)
class FusedItem:
    """One physical item.

    Attributes:
        tracks: at most one track per camera that shows it now, by memory included.
        boxes: the last resting box per camera, with the track that had it.
        scores: the newest statement of each camera that ever looked at it.
        is_resting: it lies still in at least one camera.
        rested_at_ns: capture time of the first resting frame of any camera.
        last_seen_ns: capture time of the newest frame that shows it at rest.
        num_expected: current cameras that should see its place.
        absent_since: camera -> capture time of the first frame that shows its place free.
        merged_into: the item that its tracks turned out to show.
    """

    item_id: str
    place: Place = field(default_factory=Place)
    tracks: dict[str, int] = field(default_factory=dict)
    boxes: dict[str, tuple[int, FloatArray]] = field(default_factory=dict)
    scores: dict[str, SkuScores] = field(default_factory=dict)
    is_resting: bool = False
    rested_at_ns: int = 0
    last_seen_ns: int = 0
    num_expected: int = 1
    absent_since: dict[str, int] = field(default_factory=dict)
    is_gone: bool = False
    merged_into: str = ""


class Fusion:
    """Items over time. Call `observe` for every message, then `items`."""

    def __init__(
        self, maps: Mapping[str, CounterMap | None], settings: FusionSettings | None = None
    ) -> None:
        self._settings = settings or FusionSettings()
        self._maps = dict(maps)
        self._book = ShapeBook({name: m for name, m in maps.items() if m is not None})
        self.views = {name: CameraView(name) for name in maps}
        self._items: dict[str, FusedItem] = {}
        self._num_items = 0
        self._linked_state: object = None
        self._linked_boxes: dict[Key, FloatArray] = {}

    def observe(self, message: Observations) -> None:
        """Take in one camera's claim."""
        view = self.views.get(message.camera_id)
        if view is not None:
            view.take(message)

    def items(self) -> list[FusedItem]:
        """The items as they stand now; one that is gone stays listed until `forget`."""
        current = self.current_cameras()
        for item in self._items.values():
            self._follow(item)
        self._link(current)
        for item in self._items.values():
            self._judge_presence(item, current)
        return list(self._items.values())

    def forget(self, item_id: str) -> None:
        """The item is gone and note was taken of it."""
        self._items.pop(item_id, None)
        self._linked_state = None

    def restore(self, places: Mapping[str, Place], num_items: int) -> None:
        """Items known before a restart; they are found again by track or by box."""
        self._num_items = max(self._num_items, num_items)
        for item_id, place in places.items():
            item = FusedItem(item_id, place=place)
            for camera, track_id, *box in place.boxes:
                item.boxes[camera] = (track_id, np.array(box))
            self._items[item_id] = item

    def current_cameras(self) -> list[str]:
        """Cameras that may found items and say that one is gone."""
        newest = max((view.understood_ns for view in self.views.values()), default=0)
        window = self._settings.pairing_window_ms * NS_PER_MS
        current = [
            name
            for name, view in self.views.items()
            if view.understood_ns and newest - view.understood_ns <= window
        ]
        mapped = [name for name in current if self._maps[name] is not None]
        return mapped or current[:1]

    def _follow(self, item: FusedItem) -> None:
        """Drop tracks that ended; take over what the others newly say."""
        item.is_resting = False
        for camera, track_id in list(item.tracks.items()):
            track = self.views[camera].tracks.get(track_id)
            if track is None:
                del item.tracks[camera]
                continue
            item.is_resting = item.is_resting or track.is_resting
            if track.is_resting and not track.is_occluded:
                item.last_seen_ns = max(item.last_seen_ns, self.views[camera].understood_ns)
            scores = scores_of(track.scores)
            if scores is not None and not track.is_occluded:
                item.scores[camera] = scores

    def _link(self, current: Sequence[str]) -> None:
        """Tie resting tracks to items; done again only when something has changed."""
        usable = [
            name
            for name, view in self.views.items()
            if view.understood_ns and (self._maps[name] is not None or name in current)
        ]
        resting = {
            (name, track.track_id): track
            for name in usable
            for track in self.views[name].tracks.values()
            if track.is_resting
        }
        if not self._has_changed(resting, current):
            return
        prior = self._prior_links(resting)
        for item in self._items.values():
            item.tracks = {c: t for c, t in item.tracks.items() if (c, t) not in resting}
        taken: set[str] = set()
        groups = self._groups(resting, prior, current)
        for members, place in sorted(groups, key=lambda group: -_num_linked(group[0], prior)):
            self._adopt(members, place, resting, prior, current, taken)
        self._mark_merged(prior, taken)

    def _has_changed(self, resting: Mapping[Key, TrackObservation], current: Sequence[str]) -> bool:
        """Another set of tracks, a box that is another one, or another first guess at an SKU."""
        state = (tuple(current), {key: _first_guess(track) for key, track in resting.items()})
        boxes = {key: np.array(track.xyxy) for key, track in resting.items()}
        is_same = state == self._linked_state and all(
            overlap(self._linked_boxes[key], box)[0] >= STEADY_IOU for key, box in boxes.items()
        )
        if not is_same:
            self._linked_state, self._linked_boxes = state, boxes
        return not is_same

    def _prior_links(self, resting: Mapping[Key, TrackObservation]) -> dict[Key, str]:
        """Which item a track showed before: by its number, else by its place."""
        prior = {
            (camera, track_id): item.item_id
            for item in self._items.values()
            for camera, track_id in item.tracks.items()
        }
        for key, track in resting.items():
            found = "" if key in prior else self._item_at(key, track)
            if found:
                prior[key] = found
        return prior

    def _item_at(self, key: Key, track: TrackObservation) -> str:
        """The item that lost its track in this camera and lay where the new one lies."""
        camera, track_id = key
        box, scores = np.array(track.xyxy), scores_of(track.scores)
        best, best_share = "", SAME_BOX_IOU
        for item in self._items.values():
            if camera in item.tracks or camera not in item.boxes:
                continue
            old_track, old_box = item.boxes[camera]
            share = overlap(old_box, box)[0] + SAME_TRACK_BONUS * (old_track == track_id)
            if share > best_share and not _shows_another_sku(item, scores):
                best, best_share = item.item_id, share
        return best

    def _groups(
        self,
        resting: Mapping[Key, TrackObservation],
        prior: Mapping[Key, str],
        current: Sequence[str],
    ) -> list[tuple[list[Key], Place]]:
        """Groups of tracks that show one item each, with where it lies."""
        keys = [key for key in resting if self._maps[key[0]] is not None]
        if not keys:
            return [([key], Place()) for key in resting]
        views = [
            View(key, np.array(resting[key].xyxy), scores_of(resting[key].scores),
                 resting[key].resting_since_ns)
            for key in keys
        ]  # fmt: skip
        known = self._book.maps
        watching = {name: self.views[name].understood_ns for name in current if name in known}
        self._book.begin_round()
        agreement = Agreement(views, self._book, prior, watching)
        return [([keys[i] for i in group], agreement.place(group)) for group in
                group_views(agreement)]  # fmt: skip

    def _adopt(
        self,
        members: Sequence[Key],
        place: Place,
        resting: Mapping[Key, TrackObservation],
        prior: Mapping[Key, str],
        current: Sequence[str],
        taken: set[str],
    ) -> None:
        """Give a group to the item that most of its tracks showed before, or to a new one."""
        votes: dict[str, int] = {}
        for key in members:
            if prior.get(key) and prior[key] not in taken:
                votes[prior[key]] = votes.get(prior[key], 0) + 1
        if not votes and not any(camera in current for camera, _ in members):
            return
        item = self._items[max(votes, key=lambda v: votes[v])] if votes else self._new_item()
        taken.add(item.item_id)
        item.is_resting = True
        item.last_seen_ns = max(
            item.last_seen_ns, *(self.views[c].understood_ns for c, _ in members)
        )
        item.merged_into = ""
        for key in members:
            track = resting[key]
            item.tracks[key[0]] = track.track_id
            item.boxes[key[0]] = (track.track_id, np.array(track.xyxy))
            scores = scores_of(track.scores)
            if scores is not None:
                item.scores[key[0]] = scores
            since = track.resting_since_ns
            item.rested_at_ns = min(item.rested_at_ns or since, since)
        item.place = _place_with_boxes(place, item)
        item.num_expected = self._num_expected(item, current)

    def _new_item(self) -> FusedItem:
        self._num_items += 1
        item = FusedItem(f"i{self._num_items}")
        self._items[item.item_id] = item
        return item

    def _mark_merged(self, prior: Mapping[Key, str], taken: set[str]) -> None:
        """Items whose tracks all turned out to show another item."""
        owner = {(c, t): item.item_id for item in self._items.values() for c, t in
                 item.tracks.items()}  # fmt: skip
        for key, old in prior.items():
            new = owner.get(key)
            if new is not None and new != old and not self._items[old].tracks and old not in taken:
                self._items[old].merged_into = new

    def _num_expected(self, item: FusedItem, current: Sequence[str]) -> int:
        """Current cameras that show the item or should: in the picture and not covered."""
        count = 0
        for name in current:
            camera = self._maps[name]
            count += name in item.tracks or (
                camera is not None and self._should_see(camera, item.place)
            )
        return max(count, len(item.tracks), 1)

    def _should_see(self, camera: CounterMap, place: Place) -> bool:
        size = (place.width_cm, place.depth_cm, place.height_cm)
        box = box_of_place(camera, (place.x_cm, place.y_cm), size)
        picture = np.array([0.0, 0.0, *camera.image_size])
        if overlap(picture, box)[1] < IN_PICTURE_SHARE:
            return False
        return not self.views[camera.camera_id].may_hide(box, None)

    def _judge_presence(self, item: FusedItem, current: Sequence[str]) -> None:
        """Gone where no current camera sees it and one has seen its place free for long enough."""
        settings = self._settings
        is_seen, longest_ms = False, 0.0
        has_hand = any(self.views[name].is_hand_present for name in current)
        for name in current:
            view = self.views[name]
            track = view.tracks.get(item.tracks.get(name, -1))
            is_seen = is_seen or (track is not None and not track.is_occluded)
            if name not in item.boxes or view.may_hide(item.boxes[name][1], item.tracks.get(name)):
                item.absent_since.pop(name, None)
                continue
            if track is not None and not track.is_occluded:
                item.absent_since.pop(name, None)
                continue
            since = item.absent_since.setdefault(name, view.understood_ns)
            absent_ms = (view.understood_ns - max(since, view.settled_ns)) / NS_PER_MS
            if track is not None:
                absent_ms -= settings.gone_by_memory_ms - settings.gone_after_ms
            longest_ms = max(longest_ms, absent_ms)
        needed = settings.hand_hold_ms if has_hand else settings.gone_after_ms
        item.is_gone = bool(item.merged_into) or (not is_seen and longest_ms >= needed)


def _num_linked(members: Sequence[Key], prior: Mapping[Key, str]) -> int:
    return sum(key in prior for key in members)


def _first_guess(track: TrackObservation) -> str:
    return track.scores.sku_ids[0] if track.scores is not None and track.scores.sku_ids else ""


def _shows_another_sku(item: FusedItem, scores: SkuScores | None) -> bool:
    if scores is None or not item.scores:
        return False
    return max(sku_agreement(s, scores) for s in item.scores.values()) < OTHER_SKU_AGREEMENT


def _place_with_boxes(place: Place, item: FusedItem) -> Place:
    boxes = tuple(
        (camera, track_id, float(box[0]), float(box[1]), float(box[2]), float(box[3]))
        for camera, (track_id, box) in item.boxes.items()
    )
    return msgspec.structs.replace(place, boxes=boxes)
