import datetime
import ipaddress
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from numpy.typing import NDArray

from cameras.opencv_environment import clear_capture_options
from tests.fakes.fake_clock import FakeClock
from tests.fakes.rtsp_server import PACKAGE, RtspServerProcess, free_port, is_installed


def moving_picture(index: int, width: int = 320, height: int = 240) -> NDArray[np.uint8]:
    """A gradient with a bright bar whose place tells the index."""
    ramp = np.linspace(20, 120, width, dtype=np.uint8)
    picture = np.repeat(np.repeat(ramp[None, :, None], height, 0), 3, 2)
    left = 8 * index % (width - 16)
    picture[:, left : left + 16] = 250
    return np.ascontiguousarray(picture)


def write_clip(
    path: Path, num_frames: int, fps: float = 15.0, size: tuple[int, int] = (320, 240)
) -> Path:
    codec = "MJPG" if path.suffix == ".avi" else "mp4v"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, size)
    assert writer.isOpened()
    for index in range(num_frames):
        writer.write(moving_picture(index, *size))
    writer.release()
    return path


@pytest.fixture(autouse=True)
def no_options_left_behind() -> Iterator[None]:
    """An RTSP camera sets options for its process; here others read clips in the same one."""
    yield
    clear_capture_options()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def write_h264(path: Path, num_frames: int, fps: int = 15) -> Path:
    """What cameras send; encoded by the library that the RTSP server brings along."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", fps, {"preset": "ultrafast", "g": "15"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for index in range(num_frames):
            frame = av.VideoFrame.from_ndarray(moving_picture(index), format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="session")
def rtsp_media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not is_installed():
        pytest.skip(f"{PACKAGE} is not installed: pip install 'aio-rtsp-toolkit[server]'")
    folder = tmp_path_factory.mktemp("rtsp")
    write_h264(folder / "counter.mp4", 60)
    write_clip(folder / "old.mp4", 15)
    return folder


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    write_clip(folder / "counter.mp4", 60)
    write_clip(folder / "wide.avi", 45, size=(640, 360))
    return folder


@pytest.fixture
def server(rtsp_media: Path) -> Iterator[RtspServerProcess]:
    """A real RTSP server, not started yet."""
    server = RtspServerProcess(rtsp_media, free_port())
    yield server
    server.stop()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Certificate and key of a camera, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "camera")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(pem)
    return folder / "cert.pem", folder / "key.pem"
