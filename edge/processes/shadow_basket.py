"""One basket as the candidate would have priced it: the box's own pipeline, rules and time.

Flow: SpooledFrame + pixels -> Pipeline -> Counter -> CandidateAnswer

Every frame counts at the moment at which the active model had answered it, so both baskets live
through the same times. No journal, no screen, nobody who answers: a question stays open.
"""

from collections import Counter as Counts
from collections.abc import Mapping
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from edge.basket.basket_events import Event
from edge.basket.counter import Counter, Offer
from edge.basket.counter_map import CounterMap
from edge.basket.fusion import FusionSettings
from edge.basket.judgement import RuleSettings
from edge.config import EdgeConfig, LaneKnobs
from edge.messages.basket_messages import LineOrigin
from edge.messages.command_messages import AddMore, Command
from edge.messages.perception_messages import ObservationStatus
from edge.messages.shadow_messages import CandidateAnswer, SpooledFrame
from edge.perception.models import Models
from edge.perception.pipeline import Pipeline
from edge.perception.pipeline_settings import PipelineSettings
from edge.processes.lane_settings import fusion_settings, rule_settings
from edge.processes.serving_bundle import read_counter_maps

NS_PER_MS = 1_000_000
SETTLE_MS, TICK_MS = 1_500, 100  # questions that wait for evidence are asked by then
UNDERSTOOD = (ObservationStatus.SEEN, ObservationStatus.UNCHANGED)

Picture = NDArray[np.uint8]


class ShadowLane:
    """What baskets of one lane have in common."""

    def __init__(self, config: EdgeConfig, lane: LaneKnobs) -> None:
        self.lane = lane
        self.maps: Mapping[str, CounterMap | None] = read_counter_maps(lane)
        self.rules: RuleSettings = rule_settings(config)
        self.fusion: FusionSettings = fusion_settings(config)
        self.settings = {
            camera.camera_id: PipelineSettings(
                counter_region=camera.counter_region, rest_ms=config.perception.rest_ms
            )
            for camera in lane.cameras
        }


class ShadowBasket:
    """One basket from its first frame to its price."""

    def __init__(
        self, basket_id: str, lane: ShadowLane, models: Models, offer: Offer, opened: datetime
    ) -> None:
        lane_id = lane.lane.lane_id
        self._basket_id, self._lane_id, self._opened = basket_id, lane_id, opened
        self._counter = Counter(lane_id, "shadow", offer, lane.maps, lane.rules, lane.fusion)
        self._counter.restore([], epoch=1, now_ns=0)
        self._pipelines = {
            camera_id: Pipeline(models, settings, lane_id=lane_id, camera_id=camera_id)
            for camera_id, settings in lane.settings.items()
        }
        self._pictures: dict[str, Picture] = {}
        self._now_ns = 0
        self._tray = 1
        self._problem = ""
        self._num_frames = self._num_null = self._num_item = 0

    def look(self, frame: SpooledFrame, cut_out: Picture | None, tray: int) -> None:
        """One frame that the active model looked at.

        Args:
            cut_out: uint8 BGR, the counter region; None repeats the camera's last picture.
        """
        if frame.length and cut_out is not None:
            self._pictures[frame.camera_id] = _whole(frame, cut_out)
        picture = self._pictures.get(frame.camera_id)
        if picture is None or (frame.length and cut_out is None):
            self._problem = "frames_missing"
            return
        while tray > self._tray and not self._problem:
            self._hold_tray()
        observed = self._pipelines[frame.camera_id].observe(
            picture, sequence=frame.sequence, captured_at_ns=frame.captured_at_ns
        )
        self._num_frames += 1
        self._num_item += frame.has_items
        is_null = observed.status not in UNDERSTOOD or not observed.tracks
        self._num_null += frame.has_items and is_null
        answered_ns = frame.captured_at_ns + round(frame.latency_ms * NS_PER_MS)
        self._now_ns = max(self._now_ns, answered_ns)
        self._apply(self._counter.on_observations(observed, self._now_ns, self._opened))
        self._apply(self._counter.tick(self._now_ns, self._opened))

    def close(self) -> CandidateAnswer:
        """Let late questions be asked; what would have been charged."""
        for _ in range(SETTLE_MS // TICK_MS):
            self._now_ns += TICK_MS * NS_PER_MS
            self._apply(self._counter.tick(self._now_ns, self._opened))
        snapshot = self._counter.snapshot(self._now_ns)
        charged: Counts[str] = Counts()
        prices: dict[str, int] = {}
        for line in snapshot.lines:
            prices[line.sku_id] = line.amount_minor // max(1, line.quantity)
            if line.origin is LineOrigin.VISION:
                charged[line.sku_id] += line.quantity
        return CandidateAnswer(
            basket_id=self._basket_id,
            charged=dict(charged),
            prices=prices,
            num_asks=len(snapshot.asks),
            num_frames=self._num_frames,
            num_null_frames=self._num_null,
            num_item_frames=self._num_item,
            problem=self._problem,
        )

    def _hold_tray(self) -> None:
        """The shopper asked for another tray; one that is empty here cannot be held."""
        self._tray += 1
        command = Command(self._lane_id, f"tray-{self._tray}", AddMore(), "shadow")
        reply, events = self._counter.on_command(command, self._now_ns, self._opened)
        if not reply.is_done:
            self._problem = "tray_differs"
            return
        self._apply(events)

    def _apply(self, events: list[Event]) -> None:
        if events:
            self._counter.apply(events, committed_at_ns=self._now_ns)


def _whole(frame: SpooledFrame, cut_out: Picture) -> Picture:
    """The cut-out where it was in the frame; all around is black."""
    height, width = cut_out.shape[:2]
    if (height, width) == (frame.height, frame.width):
        return cut_out
    whole = np.zeros((frame.height, frame.width, 3), dtype=np.uint8)
    whole[frame.top : frame.top + height, frame.left : frame.left + width] = cut_out
    return whole
