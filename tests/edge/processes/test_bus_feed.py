"""The page sees the last word of everybody, and each frame with exactly its own boxes."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from edge.bus.frame_ring import FrameRingWriter, ring_path
from edge.messages.basket_messages import BasketSnapshot, ItemState, ItemView, Phase
from edge.messages.command_messages import Command, CommandReply, Finish, Health
from edge.messages.perception_messages import CameraState, Observations, PerceptionState
from edge.processes.bus_feed import BusFeed, bounding_region
from tests.edge.processes.lane_fixture import CAMERA, LANE, observed
from tests.system.running_box import make_config

SECOND = 1_000_000_000


class Clock:
    """Monotonic time that the test sets."""

    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        return self.now_ns


class Screen:
    """A feed with a ring behind it."""

    def __init__(self, folder: Path) -> None:
        config = make_config(folder)
        path = ring_path(config.paths.ring_dir, config.box_id, LANE, CAMERA)
        self.ring = FrameRingWriter(path, 4, 16 << 20)
        self.clock = Clock()
        self.feed = BusFeed(config, self._ask, self.clock)
        self.asked: list[Command] = []

    async def _ask(self, command: Command) -> CommandReply:
        self.asked.append(command)
        return CommandReply(command.command_id, True)

    def film(self, grey: int, *sku_ids: str) -> Observations:
        """A frame in the ring and what perception says about it."""
        put = self.ring.write(np.full((240, 320, 3), grey, np.uint8), self.clock.now_ns)
        return msgspec.structs.replace(
            observed(put.sequence, *sku_ids), captured_at_ns=self.clock.now_ns
        )


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    screen = Screen(tmp_path)
    yield screen
    screen.ring.close()


def _snapshot(revision: int, items: tuple[ItemView, ...] = ()) -> BasketSnapshot:
    return BasketSnapshot(LANE, "b", revision, Phase.SHOPPING, "EUR", 2, items=items)


def _grey(jpeg: bytes) -> float:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return float(picture.mean())


def test_there_is_no_basket_before_the_first_one_and_then_the_last_one(screen: Screen) -> None:
    assert screen.feed.snapshot(LANE) is None
    screen.feed.take(_snapshot(1))
    screen.feed.take(_snapshot(2))
    basket = screen.feed.snapshot(LANE)
    assert basket is not None
    assert basket.revision == 2
    assert screen.feed.changes.version == 2


def test_a_picture_shows_the_frame_of_the_newest_boxes_not_the_newest_frame(
    screen: Screen,
) -> None:
    seen = screen.film(50, "milk")
    screen.film(200)
    screen.feed.take(seen)
    picture = screen.feed.picture(LANE, CAMERA)
    assert picture is not None
    assert picture.sequence == seen.sequence == screen.feed.newest_sequence(LANE, CAMERA)
    assert abs(_grey(picture.jpeg) - 50) < 5
    assert len(picture.boxes) == 1


def test_a_frame_is_encoded_once_for_every_browser(screen: Screen) -> None:
    screen.feed.take(screen.film(50))
    assert screen.feed.picture(LANE, CAMERA) is screen.feed.picture(LANE, CAMERA)


def test_a_frame_that_is_overwritten_leaves_the_picture_before(screen: Screen) -> None:
    screen.feed.take(screen.film(50))
    before = screen.feed.picture(LANE, CAMERA)
    late = screen.film(60)
    for grey in range(5):
        screen.film(grey)
    screen.feed.take(late)
    assert screen.feed.picture(LANE, CAMERA) is before


def test_while_perception_is_silent_the_newest_frame_is_shown_without_boxes(
    screen: Screen,
) -> None:
    screen.feed.take(screen.film(50, "milk"))
    screen.clock.now_ns += 5 * SECOND
    newest = screen.film(200)
    assert screen.feed.newest_sequence(LANE, CAMERA) == newest.sequence
    picture = screen.feed.picture(LANE, CAMERA)
    assert picture is not None
    assert abs(_grey(picture.jpeg) - 200) < 5
    assert picture.boxes == ()


def test_there_is_no_picture_before_the_first_frame_or_of_an_unknown_camera(
    screen: Screen,
) -> None:
    assert screen.feed.picture(LANE, CAMERA) is None
    assert screen.feed.newest_sequence(LANE, CAMERA) == -1
    assert screen.feed.picture("x", "y") is None
    assert screen.feed.newest_sequence("x", "y") == -1


def test_an_item_is_cut_out_of_the_frame_that_shows_it(screen: Screen) -> None:
    seen = screen.film(50, "milk")
    screen.feed.take(seen)
    item = ItemView("i1", ItemState.CHARGED, tracks=((CAMERA, 1),))
    screen.feed.take(_snapshot(1, (item,)))
    crop = screen.feed.item_crop(LANE, "i1")
    assert crop is not None
    assert abs(_grey(crop.content) - 50) < 5
    assert screen.feed.item_crop(LANE, "i2") is None


def test_only_what_changes_the_screen_wakes_it(screen: Screen) -> None:
    camera = CameraState(LANE, CAMERA, "live", 1, fps=15.0, quality="excellent")
    health = Health("basket.a", 1, 1, "boot")
    state = PerceptionState(1, "b1", "demo", "cpu", 1, 1, 1, 1.0, 1.0, 0, 10)
    for message in (camera, health, state) * 3:
        screen.feed.take(message)
    assert screen.feed.changes.version == 3
    screen.feed.take(msgspec.structs.replace(camera, conditions=("covered",)))
    screen.feed.take(msgspec.structs.replace(health, verdict="failed", reason="x"))
    assert screen.feed.changes.version == 5
    status = screen.feed.status(LANE)
    assert status.cameras[0].conditions == ("covered",)
    assert status.health[0].verdict == "failed"
    assert (status.bundle_name, status.notices) == ("demo", ())


def test_models_that_are_being_loaded_are_a_notice(screen: Screen) -> None:
    screen.feed.take(PerceptionState(1, "", "", "", 0, 0, 0, -1.0, -1.0, 0, 0, "loading"))
    assert screen.feed.status(LANE).notices == ("model.loading",)


def test_a_command_is_handed_on(screen: Screen) -> None:
    reply = asyncio.run(screen.feed.send_command(Command(LANE, "c1", Finish())))
    assert reply.is_done
    assert [c.command_id for c in screen.asked] == ["c1"]


def test_without_a_catalogue_nothing_is_found(screen: Screen) -> None:
    assert screen.feed.search(LANE, "milk", "en", 5) == ()
    assert screen.feed.product(LANE, "milk") is None
    assert screen.feed.product_picture(LANE, "milk.jpg") is None


def test_lanes_are_those_of_the_configuration(screen: Screen) -> None:
    assert [(lane.lane_id, lane.cameras) for lane in screen.feed.lanes()] == [(LANE, (CAMERA,))]


def test_the_rectangle_round_a_region_is_shown() -> None:
    assert bounding_region(((5, 9), (50, 2), (20, 70))) == (5, 2, 50, 70)
    assert bounding_region(()) is None
