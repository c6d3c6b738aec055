"""A basket's whole way to the gate: box, outbox, hub, folder, and the box's own code once more."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from typer.testing import CliRunner

from cameras.frame import Frame
from edge.basket.counter import Counter as Lane
from edge.basket.counter import Offer
from edge.bus.frame_ring import FrameRingWriter, ring_path
from edge.config import FACTORY_BUNDLE, CameraKnobs, EdgeConfig, HubKnobs, LaneKnobs
from edge.edgectl.__main__ import app as edgectl
from edge.edgectl.recordings import find_recordings
from edge.messages.basket_messages import Phase
from edge.perception.models import load_models
from edge.perception.open_backend import BackendOptions
from edge.perception.pipeline import Pipeline
from edge.perception.pipeline_settings import PipelineSettings
from edge.processes.basket_recorder import BasketRecorder
from edge.processes.case_maker import Eye
from edge.processes.hub_link import Row
from sync.bundle import open_bundle
from sync.catalog import load_catalog
from sync.price_list import load_price_list
from sync.recording import Recording
from sync.recording_folder import write_recording_folder
from sync.sealing import unseal
from tests.fakes.running_hub import running_hub
from tests.system.test_bundle_round_trip import Centre, Counter
from tools.demo_run.clip_folder import ASSETS
from trainer.store import box_reports
from trainer.store.blobs import FolderBlobs
from trainer.store.database import reading

CLIP = ASSETS / "clips" / "03_look_alikes"
NS_PER_MS = 1_000_000


def lane_config(config: EdgeConfig, cameras: tuple[str, ...]) -> EdgeConfig:
    knobs = tuple(
        CameraKnobs(
            camera_id=name, url="clip:played", calibration=CLIP / f"{name}_calibration.json"
        )
        for name in cameras
    )
    lanes = (LaneKnobs(lane_id="lane-1", cameras=knobs),)
    hub = HubKnobs(url=config.hub.url, recordings_per_day=3)
    return config.model_copy(update={"lanes": lanes, "hub": hub})


class FilmedLane:
    """The perception, the basket and the recorder of a lane, fed by a clip."""

    def __init__(self, config: EdgeConfig, key: str, rows: list[Row]) -> None:
        bundle = open_bundle(FACTORY_BUNDLE)
        models = load_models(bundle, BackendOptions(providers=("cpu",)))
        names = tuple(camera.camera_id for camera in config.lanes[0].cameras)
        (self.clip,) = find_recordings(CLIP, names)
        offer = Offer(
            load_catalog(bundle.file("catalog")), load_price_list(bundle.file("prices")),
            models.parameters, bundle.bundle_id,
        )  # fmt: skip
        self.lane = Lane("lane-1", "box", offer, self.clip.maps)
        self.lane.restore([], epoch=1, now_ns=0)
        self.rings = {
            name: FrameRingWriter(
                ring_path(config.paths.ring_dir, "box", "lane-1", name), 4, 20_000_000
            )
            for name in names
        }
        self.eyes = {c.camera_id: Eye(config, "lane-1", c) for c in config.lanes[0].cameras}
        for name, eye in self.eyes.items():
            picture = cv2.imread(str(CLIP / f"{name}_empty.jpg"))
            eye.reference = np.asarray(picture, dtype=np.uint8)
        self.pipelines = {
            name: Pipeline(models, PipelineSettings(), lane_id="lane-1", camera_id=name)
            for name in names
        }
        self.recorder = BasketRecorder(config, {"lane-1": self.eyes}, rows.append)
        self.key = key

    def sell(self) -> dict[str, int]:
        """Play the clip to its end and let the shopper pay; what was paid."""
        now_ns = 0
        for frame in self.clip.open_frames():
            now_ns = frame.captured_at_ns
            self.see(frame)
        paying = self.lane.snapshot(now_ns)
        paid = msgspec.structs.replace(paying, phase=Phase.PAID)
        self.recorder.on_basket(paid, now_ns, self.key)
        for ring in self.rings.values():
            ring.close()
        return {line.sku_id: line.quantity for line in paying.lines}

    def see(self, frame: Frame) -> None:
        now_ns = frame.captured_at_ns
        slot = self.rings[frame.camera_id].write(np.ascontiguousarray(frame.pixels), now_ns)
        seen = self.pipelines[frame.camera_id].observe(
            frame.pixels, sequence=slot.sequence, captured_at_ns=now_ns,
            clip_time_ns=frame.clip_time_ns,
        )  # fmt: skip
        self.eyes[frame.camera_id].seen = seen
        utc = datetime.now(UTC)
        self.lane.apply(self.lane.on_observations(seen, now_ns, utc), committed_at_ns=now_ns)
        self.lane.apply(self.lane.tick(now_ns, utc), committed_at_ns=now_ns)
        self.recorder.on_basket(self.lane.snapshot(now_ns), now_ns, self.key)
        self.recorder.step(now_ns)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Counter]:
    (tmp_path / "centre").mkdir()
    (tmp_path / "box").mkdir()
    centre = Centre(tmp_path / "centre")
    with running_hub(centre.folder, centre.repo) as hub:
        box = Counter(tmp_path / "box", hub, centre.root_sha256)
        yield box
        box.close()


def export(box: Counter, root: Path) -> Recording:
    """What whoever may read the blind set does with the hub's answers."""
    with reading(box.hub.engine) as connection:
        ((box_id, told),) = box_reports.recordings(connection)
    sealed = FolderBlobs(box.hub.folder / "updates" / "blobs").path(told.blob).read_bytes()
    archive = unseal(sealed, box.hub.sealing_key, box_id)
    write_recording_folder(root / "store-1" / told.at.date().isoformat(), told, archive)
    return told


@pytest.mark.parametrize(
    "cameras",
    [
        pytest.param(("cam0",), id="one camera"),
        pytest.param(("cam0", "cam1", "cam2"), id="three cameras", marks=pytest.mark.slow),
    ],
)
def test_a_recorded_basket_is_sold_again_by_edgectl_replay(
    box: Counter, tmp_path: Path, cameras: tuple[str, ...]
) -> None:
    rows: list[Row] = []
    box.round()  # brings the hub's key
    config = lane_config(box.config, cameras)
    sold = FilmedLane(config, box.link.state.sealing_public_key, rows).sell()
    for row in rows:
        box.link.put(row)
    box.round()
    told = export(box, tmp_path / "blind")
    command = ["replay", "--recordings", str(tmp_path / "blind"), "--json"]
    answer = CliRunner().invoke(edgectl, [*command, "--bundle", str(FACTORY_BUNDLE)])
    (basket,) = json.loads(answer.stdout)["baskets"]
    assert basket["name"] == f"store-1/{told.at.date().isoformat()}/{told.recording_id}"
    assert basket["truth"] == dict(told.answer) == sold
    # A recording's pictures are compressed: where one camera decides, it may ask what it charged.
    assert basket["best_guess"] == sold
    assert basket["num_asks"] <= (1 if len(cameras) == 1 else 0)
    assert answer.exit_code == (1 if basket["num_asks"] else 0)
