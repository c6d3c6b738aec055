"""A clip at a tiny size: video, truth and calibration belong together."""

import json
import shutil
from pathlib import Path

import cv2
import pytest

pytest.importorskip("mitsuba", reason="Mitsuba comes with the extra [sim]")

from tools.lane_sim import video_file
from tools.lane_sim.errors import EncoderMissingError
from tools.lane_sim.mitsuba_scene import CounterRenderer
from tools.lane_sim.pack_folder import Pack
from tools.lane_sim.render_clip import ClipOptions, render_clip
from tools.lane_sim.timeline import Step

needs_ffmpeg = pytest.mark.skipif(
    shutil.which("ffmpeg") is None, reason="no ffmpeg program: apt-get install ffmpeg"
)


@needs_ffmpeg
def test_a_clip_has_the_frames_the_states_and_the_basket_its_truth_says(
    tmp_path: Path, packs: list[Pack]
) -> None:
    steps = (
        Step("put", "item1"),
        Step("thing", "keys"),
        Step("put", "item2"),
        Step("take", "item1"),
    )
    options = ClipOptions(
        10.5, 6, 2, 1, 96, 54, 1, ("sku0", "sku1"), steps=steps, title="four events"
    )
    done: list[int] = []
    truth = render_clip(packs, options, tmp_path, CounterRenderer("scalar"), lambda: done.append(1))
    assert len(done) == 2
    assert json.loads((tmp_path / "events.json").read_text()) == truth
    assert truth["basket"] == {"sku1": 1}
    kinds = [event["kind"] for event in truth["events"]]  # type: ignore[attr-defined]
    assert kinds == ["put", "thing", "put", "take"]
    video = cv2.VideoCapture(str(tmp_path / "cam0.mp4"))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == truth["num_frames"] == 63
    video.release()
    states = truth["states"]
    assert [len(state["items"]) for state in states] == [0, 1, 1, 2, 1]  # type: ignore[attr-defined]
    coco = json.loads((tmp_path / "cam0.json").read_text())
    assert len(coco["images"]) == len(states)  # type: ignore[arg-type]
    assert (tmp_path / "cam0_calibration.json").is_file()
    assert cv2.imread(str(tmp_path / "cam0_empty.jpg")).shape == (54, 96, 3)


def test_without_ffmpeg_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EncoderMissingError, match="no ffmpeg program") as caught:
        video_file.encoder_path()
    assert "install ffmpeg" in caught.value.hint


def test_a_video_without_frames_is_refused(tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("no ffmpeg program: apt-get install ffmpeg")
    with pytest.raises(ValueError, match="at least one frame"):
        video_file.write_video([], tmp_path / "x.mp4", 15, 24)
