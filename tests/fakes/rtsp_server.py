"""A real RTSP server as a child process: started, killed, frozen and thawed by tests."""

import contextlib
import importlib.util
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "aio_rtsp_toolkit"
_PROGRAM = (
    "import asyncio, sys; from aio_rtsp_toolkit.server import RtspServer; "
    "asyncio.run(RtspServer(sys.argv[1], '127.0.0.1', int(sys.argv[2])).serve_forever())"
)


def is_installed() -> bool:
    return importlib.util.find_spec(PACKAGE) is not None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class RtspServerProcess:
    """Serves the files of a folder, looped, on a port of its own."""

    folder: Path
    port: int
    _child: subprocess.Popen[bytes] | None = None

    def url(self, path: str = "counter.mp4", user: str = "") -> str:
        return f"rtsp://{user + '@' if user else ''}127.0.0.1:{self.port}/{path}"

    def start(self) -> None:
        """Returns when the port answers."""
        self._child = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(self.folder), str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait_for_port()

    def kill(self) -> None:
        assert self._child is not None
        self._child.kill()
        self._child.wait(5)
        self._child = None

    def freeze(self) -> None:
        assert self._child is not None
        self._child.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._child is not None
        self._child.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        if self._child is not None:
            self.kill()

    def _wait_for_port(self) -> None:
        deadline = time.monotonic() + 15.0
        while time.monotonic() < deadline:
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port), 0.5),
            ):
                return
            time.sleep(0.05)
        raise RuntimeError("the RTSP server did not start within 15 s")
