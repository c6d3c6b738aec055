"""From a basket on the bus to a sealed picture that only the hub can open."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from edge.bus.frame_ring import FrameRingWriter, ring_path
from edge.hard_cases import moments
from edge.messages.basket_messages import (
    Ask,
    BasketLine,
    BasketSnapshot,
    ItemState,
    ItemView,
    LineOrigin,
    Phase,
)
from edge.messages.perception_messages import (
    Observations,
    ObservationStatus,
    SkuScoresMessage,
    TrackObservation,
)
from edge.messages.shadow_messages import ShadowCase, ShadowPicture
from edge.processes import case_maker
from edge.processes.basket_recorder import BasketRecorder
from edge.processes.case_maker import NS_PER_S, WAIT_NS, CaseMaker, Eye
from edge.processes.hub_link import Row
from edge.processes.last_pictures import EVERY_NS, RETRY_NS, LastPictures
from edge.processes.serving_bundle import open_serving_bundle
from sync.hard_case import CaseReason, HardCase
from sync.recording import Recording, unpack_frames
from sync.sealing import unseal
from tests.edge.processes.lane_fixture import CAMERA, LANE
from tests.system.running_box import make_config

KEY = X25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw().hex()
IDLE = BasketSnapshot(LANE, "", 0, Phase.IDLE, "EUR", 2)
ITEM = ItemView("i1", ItemState.UNKNOWN, tracks=((CAMERA, 7),))
ASKING = BasketSnapshot(
    LANE, "basket-1", 1, Phase.SHOPPING, "EUR", 2, items=(ITEM,),
    asks=(Ask("q1", "i1", "unknown"),), bundle_id="b" * 64,
)  # fmt: skip
BOX = (60, 40, 110, 90)


class Camera:
    """A ring with a grey counter, and a person where the test wants one."""

    def __init__(self, folder: Path) -> None:
        self.config = make_config(folder)
        self.rows: list[Row] = []
        self.maker = CaseMaker(self.config, self.rows.append)
        path = ring_path(self.config.paths.ring_dir, self.config.box_id, LANE, CAMERA)
        self.ring = FrameRingWriter(path, 8, 10_000_000)
        self.now_ns = time.monotonic_ns()
        self.status = ObservationStatus.SEEN
        self.bundle_id = "b1"

    def show(self, *, has_item: bool, person: int = 0, is_hand: bool = False) -> None:
        """One frame; `person` pixels of somebody at the left border."""
        self.now_ns += 3 * NS_PER_S
        frame = np.full((120, 160, 3), 90, dtype=np.uint8)
        frame[:, :person] = (120, 150, 220)
        if has_item:
            frame[BOX[1] : BOX[3], BOX[0] : BOX[2]] = (200, 60, 20)
        slot = self.ring.write(frame, self.now_ns)
        scores = SkuScoresMessage(("jam", "milk"), (-0.7, -0.8), -3.0, 0.4, 2)
        track = TrackObservation(7, tuple(map(float, BOX)), 0.9, True, 1, scores)  # type: ignore[arg-type]
        tracks = (track,) if has_item else ()
        self.maker.on_observations(
            Observations(
                LANE,
                CAMERA,
                slot.sequence,
                self.now_ns,
                self.status,
                self.bundle_id,
                tracks,
                is_hand_present=is_hand,
            )  # fmt: skip
        )

    def learn_empty_counter(self, num_frames: int = 5) -> None:
        self.maker.on_basket(IDLE, self.now_ns, 1.0)
        for _ in range(num_frames):
            self.show(has_item=False)

    def ask(self, key: str = PUBLIC, late_ns: int = 0) -> None:
        self.maker.on_basket(ASKING, self.now_ns, 1.0)
        self.maker.step(self.now_ns + late_ns, key)


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[Camera]:
    camera = Camera(tmp_path)
    yield camera
    camera.ring.close()


def test_an_unknown_object_becomes_one_sealed_picture_with_its_box(camera: Camera) -> None:
    camera.learn_empty_counter()
    camera.show(has_item=True)
    camera.ask()
    (row,) = camera.rows
    case = HardCase.model_validate(row.body)
    assert (case.reason, case.basket_id) == (CaseReason.UNKNOWN_OBJECT, "basket-1")
    (item,) = case.pictures[0].items
    assert (item.item_id, item.xyxy, item.guesses[0][0]) == ("i1", BOX, "jam")
    jpeg = unseal(row.pictures[0], KEY, camera.config.box_id)
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(picture[65, 85].astype(int) - (200, 60, 20)).max() < 20
    assert np.abs(picture[5, 5].astype(int) - 90).max() < 20


def test_a_case_tells_what_the_cameras_said_of_every_item(camera: Camera) -> None:
    camera.bundle_id = open_serving_bundle(camera.config).bundle_id
    camera.learn_empty_counter()
    camera.show(has_item=True)
    asking = msgspec.structs.replace(ASKING, bundle_id=camera.bundle_id)
    camera.maker.on_basket(asking, camera.now_ns, 1.0)
    camera.maker.step(camera.now_ns, PUBLIC)
    (told,) = HardCase.model_validate(camera.rows[0].body).evidence
    assert (told.item_id, told.best, told.second) == ("i1", "jam", "milk")
    assert (told.margin_mnat, told.similarity_ppm) == (100, 400_000)


def test_a_counter_on_which_nothing_moves_is_learned_too(camera: Camera) -> None:
    camera.status = ObservationStatus.UNCHANGED  # four of five frames, behind the change gate
    camera.learn_empty_counter()
    camera.show(has_item=True)
    camera.ask()
    assert len(camera.rows) == 1


def test_the_last_picture_shows_goods_or_the_empty_counter_and_never_a_person(
    camera: Camera,
) -> None:
    pictures = LastPictures(camera.config, camera.maker.eyes)
    camera.learn_empty_counter()
    pictures.step(camera.now_ns, PUBLIC)
    assert _opened(pictures, camera)[65, 85].tolist() == pytest.approx([90] * 3, abs=20)
    camera.show(has_item=True, person=40)
    camera.now_ns += EVERY_NS
    pictures.step(camera.now_ns, PUBLIC)  # somebody is there: the older one stays
    assert _opened(pictures, camera)[65, 85].tolist() == pytest.approx([90] * 3, abs=20)
    camera.show(has_item=True)
    pictures.step(camera.now_ns + RETRY_NS, PUBLIC)
    assert _opened(pictures, camera)[65, 85].tolist() == pytest.approx([200, 60, 20], abs=30)


def test_a_last_picture_is_renewed_on_request_by_the_same_path(camera: Camera) -> None:
    wanted = threading.Event()
    pictures = LastPictures(camera.config, camera.maker.eyes, wanted)
    camera.learn_empty_counter()
    pictures.step(camera.now_ns, PUBLIC)
    before = dict(pictures.pictures)
    camera.show(has_item=True)
    pictures.step(camera.now_ns, PUBLIC)
    assert pictures.pictures == before  # not ten minutes yet
    wanted.set()
    camera.show(has_item=True, person=40)
    pictures.step(camera.now_ns, PUBLIC)
    assert pictures.pictures == before  # somebody is in it
    camera.show(has_item=True)
    pictures.step(camera.now_ns + RETRY_NS, PUBLIC)
    assert _opened(pictures, camera)[65, 85].tolist() == pytest.approx([200, 60, 20], abs=30)


def _opened(pictures: LastPictures, camera: Camera) -> np.ndarray:
    jpeg = unseal(pictures.pictures[f"{LANE}/{CAMERA}"], KEY, camera.config.box_id)
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR))


@pytest.mark.parametrize(
    ("per_day", "kinds"),
    [
        pytest.param(0, [], id="not agreed to"),
        pytest.param(1, ["recording"], id="one a day"),
    ],
)
def test_a_paid_basket_is_recorded_where_the_store_agreed(
    camera: Camera, per_day: int, kinds: list[str]
) -> None:
    knobs = camera.config.hub.model_copy(update={"recordings_per_day": per_day})
    config = camera.config.model_copy(update={"hub": knobs})
    recorder = BasketRecorder(config, camera.maker.eyes, camera.rows.append)
    camera.learn_empty_counter()
    for basket_id in ("basket-1", "basket-2"):
        opened = msgspec.structs.replace(ASKING, asks=(), basket_id=basket_id)
        recorder.on_basket(opened, camera.now_ns, PUBLIC)
        camera.show(has_item=True)
        recorder.step(camera.now_ns)
        camera.show(has_item=True, person=40)  # dropped, like every picture with a person
        recorder.step(camera.now_ns)
        line = BasketLine("l1", "jam", "Jam", 1, 279, 279, LineOrigin.ANSWER)
        paid = msgspec.structs.replace(opened, phase=Phase.PAID, lines=(line,))
        recorder.on_basket(paid, camera.now_ns, PUBLIC)
        recorder.on_basket(msgspec.structs.replace(IDLE), camera.now_ns, PUBLIC)
    assert [row.kind for row in camera.rows] == kinds
    for row in camera.rows:
        told = Recording.model_validate(row.body)
        assert (told.answer, told.num_corrected) == ((("jam", 1),), 1)
        assert [len(frame.boxes) for frame in told.frames] == [0, 1]  # the empty counter first
        assert [c.camera_id for c in told.cameras] == [CAMERA]
        data = unseal(row.pictures[0], KEY, config.box_id)
        assert len(unpack_frames(told, data)) == 2


@pytest.mark.parametrize(
    ("tray", "has_shown_end", "num"),
    [
        pytest.param(1, True, 1, id="all of it was seen"),
        pytest.param(1, False, 0, id="a hand hid the end"),
        pytest.param(2, True, 0, id="the first tray is gone from the counter"),
    ],
)
def test_a_recording_ends_with_what_was_paid_or_is_none(
    camera: Camera, tray: int, has_shown_end: bool, num: int
) -> None:
    knobs = camera.config.hub.model_copy(update={"recordings_per_day": 5})
    config = camera.config.model_copy(update={"hub": knobs})
    recorder = BasketRecorder(config, camera.maker.eyes, camera.rows.append)
    camera.learn_empty_counter()
    opened = msgspec.structs.replace(ASKING, asks=(), tray=tray)
    recorder.on_basket(opened, camera.now_ns, PUBLIC)
    camera.show(has_item=False)
    recorder.step(camera.now_ns)
    camera.show(has_item=True, is_hand=not has_shown_end)
    line = BasketLine("l1", "jam", "Jam", 1, 279, 279, LineOrigin.VISION)
    paid = msgspec.structs.replace(opened, phase=Phase.PAID, lines=(line,))
    recorder.on_basket(paid, camera.now_ns, PUBLIC)
    assert len(camera.rows) == num


@pytest.mark.parametrize(
    ("learned", "person", "is_hand", "key", "reason"),
    [
        pytest.param(False, 0, False, PUBLIC, "no_reference", id="empty counter not known"),
        pytest.param(True, 40, False, PUBLIC, "stray", id="somebody stands in the picture"),
        pytest.param(True, 0, True, PUBLIC, "hand_present", id="a hand is there"),
        pytest.param(True, 0, False, "", "", id="not enrolled"),
    ],
)
def test_a_picture_that_may_not_leave_makes_no_case(
    camera: Camera, learned: bool, person: int, is_hand: bool, key: str, reason: str
) -> None:
    camera.learn_empty_counter(num_frames=5 * learned)
    camera.show(has_item=True, person=person, is_hand=is_hand)
    camera.ask(key, late_ns=WAIT_NS)
    assert camera.rows == []
    assert list(camera.maker.dropped) == [reason] * bool(reason)


def test_it_waits_until_the_hand_is_gone(camera: Camera) -> None:
    camera.learn_empty_counter()
    camera.show(has_item=True, is_hand=True)
    camera.ask()
    assert camera.rows == []
    camera.show(has_item=True)
    camera.maker.step(camera.now_ns - WAIT_NS, PUBLIC)
    assert len(camera.rows) == 1


def test_who_walks_by_while_the_counter_is_learned_is_not_in_the_picture(camera: Camera) -> None:
    camera.maker.on_basket(IDLE, camera.now_ns, 1.0)
    for person in (0, 0, 6, 0, 0):
        camera.show(has_item=False, person=person)
    camera.show(has_item=True)
    camera.ask()
    jpeg = unseal(camera.rows[0].pictures[0], KEY, camera.config.box_id)
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(picture[60, 2].astype(int) - 90).max() < 20


def test_a_basket_that_a_candidate_prices_differently_becomes_a_sealed_case(
    tmp_path: Path,
) -> None:
    rows: list[Row] = []
    maker = CaseMaker(make_config(tmp_path), rows.append)
    picture = ShadowPicture(CAMERA, b"redacted", 160, 120, (BOX,), ((("jam", 700),),))
    told = ShadowCase(LANE, "basket-9", "c" * 64, (picture,))
    maker.on_shadow_case(told, "")
    assert rows == []  # nothing is kept that only the hub may read
    maker.on_shadow_case(told, PUBLIC)
    case = HardCase.model_validate(rows[0].body)
    assert (case.reason, case.basket_id) == (CaseReason.SHADOW_DISAGREES, "basket-9")
    assert case.pictures[0].items[0].guesses == (("jam", 700),)
    assert unseal(rows[0].pictures[0], KEY, "box") == b"redacted"


def test_two_cameras_that_are_sure_of_different_products_make_a_case_once(camera: Camera) -> None:
    camera.learn_empty_counter()
    camera.show(has_item=True)
    eyes = camera.maker.eyes[LANE]
    sure = SkuScoresMessage(("jam", "milk"), (-0.01, -5.0), -9.0, 0.9, 2)
    other = SkuScoresMessage(("milk", "jam"), (-0.01, -5.0), -9.0, 0.9, 2)
    track = eyes[CAMERA].seen.tracks[0]  # type: ignore[union-attr]
    second = Eye(camera.config, LANE, camera.config.lanes[0].cameras[0])
    second.camera_id = "side"
    for eye, scores in ((eyes[CAMERA], sure), (second, other)):
        tracks = (msgspec.structs.replace(track, scores=scores),)
        eye.seen = msgspec.structs.replace(eyes[CAMERA].seen, tracks=tracks)
    eyes["side"] = second
    item = ItemView("i1", ItemState.CHARGED, tracks=((CAMERA, 7), ("side", 7)))
    sold = msgspec.structs.replace(ASKING, asks=(), items=(item,))
    for _ in range(2):
        camera.maker.on_basket(sold, camera.now_ns, 1.0)
    camera.maker.step(camera.now_ns + WAIT_NS, PUBLIC)
    (case,) = (HardCase.model_validate(row.body) for row in camera.rows)
    assert case.reason is CaseReason.CAMERAS_DISAGREE


def test_every_reason_is_made_by_somebody() -> None:
    """A reason that nothing emits would be a promise."""
    here = Path(moments.__file__).read_text() + Path(case_maker.__file__).read_text()
    assert [reason for reason in CaseReason if f"CaseReason.{reason.name}" not in here] == []
