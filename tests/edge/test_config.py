"""A bad configuration file is answered with key, value, allowed range and line."""

import re
from pathlib import Path

import pytest

from edge.config import FACTORY_BUNDLE, FACTORY_BUNDLE_ID, MAX_KNOBS, knob_names
from edge.config_file import line_of, read_config
from edge.errors import ConfigError
from sync.bundle import open_bundle

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "deploy" / "edge.example.toml"
GOOD = EXAMPLE.read_text(encoding="utf-8")


def _line(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def _changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


def test_the_example_can_be_read() -> None:
    config = read_config(EXAMPLE)
    assert [c.camera_id for c in config.lane("lane-1").cameras] == ["top", "left", "right"]
    assert config.camera("lane-1", "right").camera_config("lane-1").address.kind == "usb"


def test_a_password_is_in_no_repr() -> None:
    assert "change-me" not in repr(read_config(EXAMPLE))


REGION = "counter_region = [[0, 120], [1280, 120], [1280, 720], [0, 720]]"
TWO_CORNERS = "counter_region = [\n  [0, 120],\n  [1280, 120],\n]"
LONG_DIR = f'"/{"r" * 90}"'


@pytest.mark.parametrize(
    ("old", "new", "message", "at"),
    [
        pytest.param(
            "port = 8600", "prot = 8600", "kiosk.prot is no known key", "prot", id="unknown key"
        ),
        pytest.param(
            "port = 8600",
            "port = 99999",
            "kiosk.port = 99999: allowed: less than or equal to 65535",
            "port = 99999",
            id="out of range",
        ),
        pytest.param(
            "slots = 8",
            "slots = 'many'",
            "frame_ring.slots = 'many': allowed: a valid integer",
            "slots",
            id="wrong type",
        ),
        pytest.param(
            "schema = 1", "schema = 2", "schema = 2: allowed: 1", "schema = 2", id="another schema"
        ),
        pytest.param(
            'box_id = "box-1"', "", "box_id is missing", "# The box", id="required key missing"
        ),
        pytest.param(
            '"box-1"', '"a b/c"', "box_id = 'a b/c': String", "box_id", id="id with a slash"
        ),
        pytest.param(
            'lane_id = "lane-1"\n',
            "",
            "lanes[0].lane_id is missing",
            "[[lanes]]",
            id="key missing in a table of a list",
        ),
        pytest.param(
            "fps = 15",
            "fps = 0",
            "lanes[0].cameras[0].fps = 0: allowed: greater than or equal to 1",
            "fps = 0",
            id="camera out of range",
        ),
        pytest.param(
            '"left"', '"top"', "camera_id 'top' stands twice", "[[lanes]]", id="camera twice"
        ),
        pytest.param(
            '"usb:0"',
            '"htp://camera"',
            "lanes[0].cameras[2].url = 'htp://camera': allowed is rtsp://",
            'url = "htp',
            id="camera address nonsense",
        ),
        pytest.param(
            '"cuda", ',
            '"cude", ',
            "perception.providers[1] = 'cude': allowed: 'tensorrt', 'cuda' or 'cpu'",
            "providers",
            id="unknown provider in a list",
        ),
        pytest.param(
            '"/run/tillsight"', LONG_DIR, "socket paths of 1", "# The box", id="socket path long"
        ),
        pytest.param(
            REGION, TWO_CORNERS, "at least 3 points", "counter_region", id="region of two corners"
        ),
    ],
)
def test_a_bad_file_says_what_where_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, message: str, at: str
) -> None:
    text = _changed(old, new)
    path = tmp_path / "edge.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    line = _line(text, at)
    assert f"edge.toml:{line}: " in str(caught.value)
    assert message in str(caught.value)
    assert caught.value.hint


def test_every_problem_is_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(_changed("port = 8600", "port = 0").replace("slots = 8", "slots = 1"))
    with pytest.raises(ConfigError, match=r"(?s)kiosk\.port.*frame_ring\.slots"):
        read_config(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(None, "cannot be read: No such file", id="missing file"),
        pytest.param(b"schema = \n", "is no TOML: .*line 1", id="no TOML"),
        pytest.param(b"\xff\xfe", "not UTF-8", id="not text"),
        pytest.param(b"", "schema is missing", id="empty"),
    ],
)
def test_a_file_that_is_no_configuration_is_refused(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "edge.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        read_config(path)


def test_a_password_is_not_printed_with_a_bad_address(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(_changed("192.0.2.10/stream1", "192.0.2.10:99999/x"), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    assert "change-me" not in str(caught.value)


def test_relative_paths_count_from_the_files_folder(tmp_path: Path) -> None:
    text = _changed('"usb:0"', '"clip:clips/a.mp4?pace=fast"').replace(
        "/var/lib/tillsight/edge", "state"
    )
    path = tmp_path / "edge.toml"
    path.write_text(text, encoding="utf-8")
    config = read_config(path)
    assert config.paths.state_dir == tmp_path / "state"
    assert config.camera("lane-1", "right").url == f"clip:{tmp_path}/clips/a.mp4?pace=fast"


def test_the_line_of_a_dotted_and_of_an_inline_key_is_found() -> None:
    text = "# head\na.b = 1\n\nc = [\n  1,\n  2,\n]\nd = { e = 3 }\n"
    lines = [line_of(text, path) for path in (("a", "b"), ("c", 1), ("d", "e"), ("f",))]
    assert lines == [2, 4, 8, 1]


def test_the_readme_lists_every_knob_and_no_other() -> None:
    readme = (ROOT / "edge" / "README.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| `([a-z_.]+)` \|", readme, flags=re.MULTILINE)
    assert sorted(table) == sorted(knob_names())


def test_there_are_at_most_sixty_knobs() -> None:
    assert len(knob_names()) <= MAX_KNOBS


def test_the_pinned_digest_is_the_factory_bundles() -> None:
    assert open_bundle(FACTORY_BUNDLE, verify_files=False).bundle_id == FACTORY_BUNDLE_ID
