"""Which items no camera sees well enough to know what they are.

Flow: placed items + cameras -> ids of hidden items

Works on small item maps, before anything is rendered in full.
"""

from dataclasses import replace

from tools.lane_sim.camera_rig import CameraView
from tools.lane_sim.mitsuba_scene import CounterRenderer
from tools.lane_sim.placement import PlacedItem
from tools.lane_sim.truth import seen_items

_WIDTH_PX = 320


def hidden_items(
    items: list[PlacedItem], views: list[CameraView], renderer: CounterRenderer, least: float
) -> set[str]:
    """Item ids of which less than the fraction `least` is visible in every camera."""
    best: dict[str, float] = {item.item_id: 0.0 for item in items}
    for view in views:
        small = _reduced(view, _WIDTH_PX)
        for seen in seen_items(items, renderer.items_seen(items, small), small):
            best[seen.item_id] = max(best[seen.item_id], seen.visible_fraction)
    return {item_id for item_id, fraction in best.items() if fraction < least}


def _reduced(view: CameraView, width_px: int) -> CameraView:
    share = min(1.0, width_px / view.width_px)
    width, height = round(view.width_px * share), round(view.height_px * share)
    matrix = view.matrix.copy()
    matrix[:2, :2] *= share
    matrix[0, 2], matrix[1, 2] = width / 2 - 0.5, height / 2 - 0.5
    return replace(view, width_px=width, height_px=height, matrix=matrix)
