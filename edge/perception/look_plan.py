"""Which items need a look by the embedder in this frame.

Flow: Tracks -> Tracks to embed

An item is embedded once per visible change: when it first rests, when it rests again elsewhere,
when it is uncovered, when its place looks different. Everything else reuses what is known.
"""

from edge.perception.change_gate import Change
from edge.perception.pipeline_settings import MS, PipelineSettings
from edge.perception.scene_memory import SceneMemory
from edge.perception.track import Track
from sync.boxes import iou_matrix
from sync.decision import DecisionParameters

SAME_BOX_IOU = 0.8
CHANGED_SHARE = 0.35  # of the blocks in the box; the shadow of an arm changes fewer


def tracks_to_look_at(
    tracks: list[Track],
    scene: SceneMemory,
    change: Change,
    at_ns: int,
    settings: PipelineSettings,
) -> list[Track]:
    """At most `max_crops` tracks; those never looked at first, then by their last look."""
    wanted = [t for t in tracks if _wants_look(t, scene, change, at_ns, settings)]
    wanted.sort(key=lambda track: (track.look_ns, track.track_id))
    return wanted[: settings.max_crops]


def is_clean(track: Track, at_ns: int) -> bool:
    """Nothing moves in or around the item in this frame, and no arm touches it."""
    return track.disturbed_ns != at_ns and not track.is_held


def held_wait_ms(
    similarity: float, parameters: DecisionParameters, settings: PipelineSettings
) -> int:
    """How long a held item must stand still to rest, by how much it looks like a product."""
    accept = parameters.accept_similarity
    if similarity >= accept + settings.sure_share * (1 - accept):
        return settings.rest_sure_ms
    is_likely = similarity >= parameters.unknown_similarity
    return settings.rest_likely_ms if is_likely else settings.rest_held_ms


def _may_settle_in_hand(track: Track, at_ns: int, settings: PipelineSettings) -> bool:
    """Looks at what stands still in a hand or below one: a product need not wait for it."""
    still_ms = (at_ns - track.still_since_ns) / MS
    steady_ms = (at_ns - track.steady_since_ns) / MS
    if not track.is_believed:
        return False
    if track.clear_since_ns and not track.is_clearly_looked_at:
        return track.found_in_place_ms >= settings.rest_ms
    if steady_ms < settings.rest_ms:
        return False
    if track.look_ns < track.steady_since_ns:
        return True
    if still_ms >= settings.rest_ms:
        return track.look_ns < track.still_since_ns
    is_letting_go = steady_ms <= settings.rest_doubtful_ms
    has_paused = (at_ns - track.look_ns) / MS >= settings.hand_look_ms
    return is_letting_go and has_paused and track.held_wait_ms == settings.rest_likely_ms


def _wants_look(
    track: Track, scene: SceneMemory, change: Change, at_ns: int, settings: PipelineSettings
) -> bool:
    if track.is_unseen:
        return False
    if not track.is_resting:
        return _may_settle_in_hand(track, at_ns, settings)
    if track.look_xyxy is None:
        return True
    if not is_clean(track, at_ns) or at_ns - track.look_ns < settings.look_interval_ms * MS:
        return False
    if not track.is_look_clean or track.rest_since_ns > track.look_ns:
        return True
    if iou_matrix(track.look_xyxy[None], track.xyxy[None])[0, 0] < SAME_BOX_IOU:
        return True
    return track.disturbed_ns > track.look_ns and (
        track.look_patch is None or scene.differs(change, track.look_patch) > CHANGED_SHARE
    )
