import pytest

from cameras.address import parse_address, redact
from cameras.errors import CameraConfigError

SECRET = "s3cr:t@x"


@pytest.mark.parametrize(
    ("text", "kind", "safe"),
    [
        pytest.param("rtsp://u:p@cam/a", "rtsp", "rtsp://***@cam/a", id="with password"),
        pytest.param("rtsp://cam:8554/a?b=1", "rtsp", "rtsp://cam:8554/a?b=1", id="with query"),
        pytest.param("RTSPS://[::1]/a", "rtsp", "RTSPS://[::1]/a", id="tls, ipv6"),
        pytest.param("rtsp://cam/a?pwd=p&x=1", "rtsp", "rtsp://cam/a?pwd=***&x=1", id="q"),
        pytest.param("usb:2", "usb", "usb:2", id="usb by number"),
        pytest.param("/dev/video0", "usb", "/dev/video0", id="usb by device"),
        pytest.param("/dev/v4l/by-id/usb-Cam_1-video-index0", "usb", None, id="usb by name"),
        pytest.param("clip:/a/b.mp4?pace=fast", "clip", None, id="clip"),
        pytest.param("media/left.mp4", "clip", None, id="file path"),
    ],
)
def test_every_allowed_form_is_understood(text: str, kind: str, safe: str | None) -> None:
    address = parse_address(text)
    assert address.kind == kind
    assert address.safe_url == (safe or text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "rtsp://", "rtsp://u:pw@:5/x", "http://cam/x", "usb:", "usb:x", "/dev/sda", "clip:"]
    + [
        "rtsp://cam:99999/x",
        "rtsp://cam:x/x",
        "rtsp://cam/a\nb",
        "rtsp://[::1/x",
        "clip:?loop=true",
    ],
)
def test_nonsense_is_refused_with_the_allowed_forms(text: str) -> None:
    with pytest.raises(CameraConfigError, match="url = .* allowed is rtsp://HOST"):
        parse_address(text)


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("pace=slow", "url?pace"),
        ("loop=yes", "url?loop"),
        ("delay_ms=-1", "url?delay_ms"),
        ("skew_ms=1001", "url?skew_ms"),
        ("loop_s=nan", "url?loop_s"),
        ("speed=2", "url?speed"),
    ],
)
def test_a_wrong_clip_option_is_named(query: str, key: str) -> None:
    with pytest.raises(CameraConfigError) as caught:
        parse_address(f"clip:a.mp4?{query}")
    assert caught.value.key == key


def test_user_and_password_are_unquoted_and_shown_nowhere() -> None:
    address = parse_address("rtsp://store:s3cr%3At%40x@cam/live")
    assert (address.user, address.password, address.port) == ("store", SECRET, 554)
    shown = f"{address} {address!r} {address.safe_url}"
    assert "s3cr" not in shown
    assert "store" not in shown


def test_a_password_with_an_at_sign_is_redacted_whole() -> None:
    assert redact("open rtsp://u:a@b@cam/x failed") == "open rtsp://***@cam/x failed"


def test_clip_options_are_read() -> None:
    clip = parse_address("clip:a.mp4?pace=fast&loop_s=12.5&skew_ms=40&delay_ms=300").clip
    assert (clip.pace, clip.is_looped, clip.loop_s) == ("fast", True, 12.5)
    assert (clip.skew_ms, clip.delay_ms) == (40, 300)
