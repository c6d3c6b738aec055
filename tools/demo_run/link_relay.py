"""The line between boxes and hub, as something that can be cut: bytes through, or nothing.

Flow: box -> relay on a port of this machine -> hub

TLS goes through untouched, so boxes verify the hub's own certificate. Cut means: connections that
are open break, new ones are refused. It understands nothing of what passes.
"""

import contextlib
import socket
import threading

CHUNK = 65_536


class LinkRelay:
    """One listening port in front of another; `cut` and `mend` at any time.

    Attributes:
        port: where the boxes call.
    """

    def __init__(self, port: int, target_port: int) -> None:
        self.port = port
        self._target_port = target_port
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self.mend()

    @property
    def is_cut(self) -> bool:
        """Nobody listens."""
        return self._listener is None

    def mend(self) -> None:
        """Listen; nothing happens where it does already."""
        if self._listener is not None:
            return
        self._listener = listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        """Break every connection and refuse new ones."""
        listener, self._listener = self._listener, None
        with self._lock:
            ends = [*self._open, *([listener] if listener is not None else [])]
            self._open.clear()
        for end in ends:
            _end(end)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return  # cut
            threading.Thread(target=self._join, args=(caller,), daemon=True).start()

    def _join(self, caller: socket.socket) -> None:
        """Both directions until one end has nothing more to say."""
        try:
            hub = socket.create_connection(("127.0.0.1", self._target_port), 5.0)
        except OSError:
            _end(caller)
            return
        hub.settimeout(None)
        with self._lock:
            self._open |= {caller, hub}
        back = threading.Thread(target=_copy, args=(hub, caller), daemon=True)
        back.start()
        _copy(caller, hub)
        back.join()
        with self._lock:
            self._open -= {caller, hub}


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK):
            target.sendall(data)
    _end(source)
    _end(target)


def _end(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
