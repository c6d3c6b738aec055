"""The scale's line: asked, told, lost, found again; a process only where there is a scale."""

from pathlib import Path

from edge.config import ScaleAddress
from edge.config_file import read_config
from edge.messages.scale_messages import ScaleWeight
from edge.processes.box_view import instance_names
from edge.processes.scale_process import ScaleLine
from edge.processes.supervisor import plan_children

S = 1_000_000_000
ADDRESS = ScaleAddress("toledo8217", Path("/dev/ttyUSB0"))
BOX = """
schema = 1
box_id = "box"
[[lanes]]
lane_id = "a"
scale = "caspdii:/dev/ttyUSB0"
[[lanes.cameras]]
camera_id = "top"
url = "usb:0"
[[lanes]]
lane_id = "b"
[[lanes.cameras]]
camera_id = "top"
url = "usb:1"
"""


class Cable:
    """A Toledo at the other end of a line that can be pulled out."""

    def __init__(self) -> None:
        self.answer = b""
        self.is_in = True
        self.num_opened = 0

    def open(self, path: Path) -> "Cable":
        if not self.is_in:
            raise FileNotFoundError(2, "No such file or directory", str(path))
        self.num_opened += 1
        return self

    def write(self, data: bytes) -> None:
        assert data == b"W"

    def read(self) -> bytes:
        if not self.is_in:
            raise OSError(5, "Input/output error")
        return self.answer

    def close(self) -> None:
        self.answer = b""


def line_at(cable: Cable) -> ScaleLine:
    return ScaleLine("a", ADDRESS, cable.open)  # type: ignore[arg-type]


def test_a_stable_weight_is_told_in_grams() -> None:
    cable = Cable()
    cable.answer = b"\x0201.030\r"
    told = line_at(cable).poll(5 * S)
    assert told == ScaleWeight("a", "stable", 1030, 5 * S)
    assert told.is_sure


def test_a_scale_that_moves_is_not_sure() -> None:
    cable = Cable()
    cable.answer = b"\x02?a\r"
    told = line_at(cable).poll(5 * S)
    assert told is not None
    assert not told.is_sure


def test_a_cable_that_was_pulled_out_is_told_and_found_again() -> None:
    cable = Cable()
    line = line_at(cable)
    cable.answer = b"\x0201.030\r"
    assert line.poll(5 * S) is not None
    cable.is_in = False
    assert line.poll(6 * S) is None
    assert "Input/output error" in line.problem
    told = line.poll(8 * S)
    assert told == ScaleWeight("a", "silent", 0, 8 * S)
    cable.is_in, cable.answer = True, b"\x0200.530\r"
    assert line.poll(10 * S) == ScaleWeight("a", "stable", 530, 10 * S)
    assert (line.problem, cable.num_opened) == ("", 2)


def test_a_scale_that_never_answers_is_silent() -> None:
    line = line_at(Cable())
    assert line.poll(10 * S) == ScaleWeight("a", "silent", 0, 10 * S)
    assert line.problem == "the scale does not answer"


def test_only_a_lane_with_a_scale_has_its_process(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(BOX)
    config = read_config(path)
    names = [plan.name for plan in plan_children(config, path)]
    assert [name for name in names if name.startswith("scale")] == ["scale.a"]
    assert sorted(names) == sorted(instance_names(config))
