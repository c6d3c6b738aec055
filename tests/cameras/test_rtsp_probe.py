import socket
import ssl
from pathlib import Path

import pytest

from cameras.address import parse_address
from cameras.connection import ConnectionFault
from cameras.frame import OutageReason
from cameras.rtsp_probe import StreamDescription, TlsOptions, probe_rtsp
from tests.fakes.rtsp_front import RtspFront, running
from tests.fakes.rtsp_server import RtspServerProcess, free_port

SDP = "v=0\r\nm=audio 0 RTP/AVP 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 {codec}/90000\r\n"


def answer(status: str, body: str = "") -> bytes:
    return f"RTSP/1.0 {status}\r\nCSeq: 1\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def fault_of(url: str, timeout_s: float = 1.0, tls: TlsOptions | None = None) -> ConnectionFault:
    with pytest.raises(ConnectionFault) as caught:
        probe_rtsp(parse_address(url), timeout_s, tls)
    assert "hunter2" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        pytest.param(answer("404 Not Found"), "not_found", id="no such path"),
        pytest.param(answer("401 Unauthorized"), "unauthorised", id="no challenge"),
        pytest.param(answer("403 Forbidden"), "unauthorised", id="forbidden"),
        pytest.param(answer("503 Service Unavailable"), "refused", id="busy"),
        pytest.param(answer("415 Unsupported Media"), "codec", id="cannot send"),
        pytest.param(answer("500 Oops"), "protocol", id="server error"),
        pytest.param(answer("200 OK", SDP.format(codec="H261")), "codec", id="old codec"),
        pytest.param(answer("200 OK", "v=0\r\nm=audio 0 RTP/AVP 0\r\n"), "codec", id="sound only"),
        pytest.param(answer("200 OK"), "codec", id="empty description"),
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n\r\n", "protocol", id="a web server"),
        pytest.param(b"SSH-2.0-x\r\n\r\n", "protocol", id="ssh"),
        pytest.param(b"RTSP/1.0 abc\r\n\r\n", "protocol", id="no status"),
        pytest.param(
            b"RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n", "protocol", id="huge body"
        ),
        pytest.param(b"x" * 70_000, "protocol", id="endless header"),
    ],
)
def test_every_answer_has_its_reason(reply: bytes, reason: str) -> None:
    with running(RtspFront(answer=reply)) as front:
        assert fault_of(f"rtsp://store:hunter2@127.0.0.1:{front.port}/a").reason == reason


@pytest.mark.parametrize("codec", ["H264", "H265", "h264", "JPEG"])
def test_a_readable_codec_is_named(codec: str) -> None:
    with running(RtspFront(answer=answer("200 OK", SDP.format(codec=codec)))) as front:
        found = probe_rtsp(parse_address(f"rtsp://127.0.0.1:{front.port}/a"), 1.0)
    assert found == StreamDescription(codec.upper())


def test_a_closed_port_is_refused() -> None:
    assert fault_of(f"rtsp://127.0.0.1:{free_port()}/a").reason is OutageReason.REFUSED


def test_an_unknown_host_is_unreachable() -> None:
    fault = fault_of(f"rtsp://{'x' * 70}/a")
    assert fault.reason is OutageReason.UNREACHABLE


def test_a_silent_camera_is_a_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        fault = fault_of(f"rtsp://127.0.0.1:{silent.getsockname()[1]}/a", timeout_s=0.2)
    assert fault.reason is OutageReason.TIMEOUT


@pytest.mark.rtsp
@pytest.mark.parametrize("scheme", ["digest", "sha256", "qop", "basic"])
def test_user_and_password_open_a_real_server(server: RtspServerProcess, scheme: str) -> None:
    server.start()
    gate = RtspFront(server.port, user="store", password="p@ss:1", scheme=scheme)
    with running(gate) as front:
        url = f"rtsp://store:p%40ss%3A1@127.0.0.1:{front.port}/counter.mp4"
        assert probe_rtsp(parse_address(url), 2.0).codec == "H264"
        wrong = fault_of(f"rtsp://store:hunter2@127.0.0.1:{front.port}/counter.mp4")
        nobody = fault_of(f"rtsp://127.0.0.1:{front.port}/counter.mp4")
    assert (wrong.reason, nobody.reason) == (OutageReason.UNAUTHORISED, OutageReason.UNAUTHORISED)
    assert "rejects" in wrong.message
    assert "asks for" in nobody.message


def tls_front(certificate: tuple[Path, Path]) -> RtspFront:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    reply = answer("200 OK", SDP.format(codec="H264"))
    return RtspFront(answer=reply, tls=context)


def test_a_self_signed_camera_needs_its_ca(certificate: tuple[Path, Path]) -> None:
    with running(tls_front(certificate)) as front:
        url = f"rtsps://127.0.0.1:{front.port}/a"
        assert fault_of(url).reason is OutageReason.TLS
        known = TlsOptions(ca_path=certificate[0])
        assert probe_rtsp(parse_address(url), 2.0, known).codec == "H264"
        anyone = TlsOptions(is_verified=False)
        assert probe_rtsp(parse_address(url), 2.0, anyone).codec == "H264"


def test_a_camera_without_tls_is_named() -> None:
    with running(RtspFront(answer=answer("200 OK"))) as front:
        reason = fault_of(f"rtsps://127.0.0.1:{front.port}/a", timeout_s=0.5).reason
    assert reason in (OutageReason.TLS, OutageReason.TIMEOUT)
