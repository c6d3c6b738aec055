"""The line of the demo: bytes pass, and stop passing when it is cut."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from tools.demo_run.demo_box import free_port
from tools.demo_run.link_relay import LinkRelay

LIMIT_S = 10.0


@pytest.fixture
def echo_port() -> Iterator[int]:
    """A hub that says back what it hears."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(caller: socket.socket) -> None:
        with contextlib.suppress(OSError), caller:
            while data := caller.recv(1024):
                caller.sendall(data)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = listener.accept()
                threading.Thread(target=answer, args=(caller,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield int(listener.getsockname()[1])
    listener.close()


@pytest.fixture
def relay(echo_port: int) -> Iterator[LinkRelay]:
    relay = LinkRelay(free_port(), echo_port)
    yield relay
    relay.cut()


def call(relay: LinkRelay) -> socket.socket:
    return socket.create_connection(("127.0.0.1", relay.port), LIMIT_S)


def test_bytes_pass_both_ways(relay: LinkRelay) -> None:
    with call(relay) as line:
        line.sendall(b"a row")
        assert line.recv(1024) == b"a row"


def test_a_cut_breaks_what_is_open_and_refuses_what_is_new(relay: LinkRelay) -> None:
    with call(relay) as line:
        line.sendall(b"a row")
        assert line.recv(1024) == b"a row"
        relay.cut()
        assert line.recv(1024) == b""
    assert relay.is_cut
    with pytest.raises(ConnectionRefusedError):
        call(relay)


def test_a_mended_line_carries_again(relay: LinkRelay) -> None:
    relay.cut()
    relay.mend()
    relay.mend()
    with call(relay) as line:
        line.sendall(b"again")
        assert line.recv(1024) == b"again"
