"""The numbers of the path of a frame, with unit and reason.

Knows no camera and no model. Thresholds that depend on a model travel in its bundle instead.
"""

from dataclasses import dataclass

MS = 1_000_000  # nanoseconds


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """How one camera is watched. The defaults fit a counter at 10 to 30 frames per second.

    Attributes:
        counter_region: polygon of the counter in pixels of the full frame; empty: all of it.
        refresh_ms: the detector runs at least so often, even where nothing changes; bounds how
            long a change below the gate's threshold can stay unseen.
        busy_interval_ms: least time between two detector runs while something large moves and
            nothing is about to rest: a camera is left time for the others.
        hand_share: share of the blocks that move at once, from which on a hand is assumed: an arm
            covers 5 to 30 % of a counter, a pack that slides under 1.5 %.
        hand_linger_ms: a hand counts as present so long after the last large motion; one frame at
            15 per second. Fusion has its own patience.
        rest_ms: an item rests when box and pixels were still for so long: two frames.
        rest_doubtful_ms: the same for a box that reaches the border, where arms come from, or that
            surrounds an item that lies there, as the box of a hand on it does. What hangs together
            with something that reaches the border is held by an arm until that has stood still
            for so long: hands pause for 200 ms as they let go.
        rest_sure_ms: what looks exactly like a product rests when its box stood still for so long,
            three frames, whatever moves in it. Hands and sleeves do not (`sure_share`).
        rest_likely_ms: the same for what may be a product.
        rest_held_ms: the same for anything else, and for what reaches the border and looks like no
            product, held or not: an arm that lies there.
        empty_ms: a place must be seen empty for so long before its item is gone: two frames at
            15 per second.
        unseen_ms: an item whose place gives no clear answer is gone after so long unseen.
        hold_unfound_ms: an item whose place looks as before is gone after the detector could not
            find it for so long.
        hold_covered_ms: an item under something that is no item is kept so long after motion
            there has ended.
        hold_hidden_ms: an item behind another item is kept so long.
        moving_lost_ms: a track lost while moving ends after so long: it was carried away.
        max_resting_share: a box larger than this share of the counter is an arm or a bag.
        low_score_share: a known item is still found at this share of the detector threshold
            (ByteTrack's second association, Zhang et al. 2022).
        max_looks: distinct views kept per item (DESIGN section 1: 1/2/3/5 views).
        distinct_similarity: a look more similar than this to a kept one adds nothing.
        other_item_similarity: a look less similar than this to every kept one, after the place
            was covered, shows another item.
        look_interval_ms: least time between two looks at one item.
        hand_look_ms: the same below a hand that lets go: every second frame shows more of it.
        sure_share: a held item is surely a product when its similarity lies this far between the
            least that is charged and 1. Hands reached 0.16, products mostly 0.4 and more.
        clear_share: a detection shows the whole item when its score lies this far between the
            detector's threshold and 1: 0.78 in the open on the shipped clips, seldom 0.7 in a hand.
        max_crops: crops per frame; the rest wait for the next frame, so that no frame is late.
    """

    counter_region: tuple[tuple[int, int], ...] = ()
    refresh_ms: int = 1000
    busy_interval_ms: int = 100
    hand_share: float = 0.015
    hand_linger_ms: int = 70
    rest_ms: int = 60
    rest_doubtful_ms: int = 600
    rest_sure_ms: int = 130
    rest_likely_ms: int = 400
    rest_held_ms: int = 3000
    empty_ms: int = 60
    unseen_ms: int = 700
    hold_unfound_ms: int = 20_000
    hold_covered_ms: int = 3000
    hold_hidden_ms: int = 60_000
    moving_lost_ms: int = 300
    max_resting_share: float = 0.4
    low_score_share: float = 0.5
    max_looks: int = 3
    distinct_similarity: float = 0.9
    other_item_similarity: float = 0.2
    look_interval_ms: int = 300
    hand_look_ms: int = 130
    sure_share: float = 0.25
    clear_share: float = 0.7
    max_crops: int = 8
