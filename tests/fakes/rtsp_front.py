"""A gate in front of a real RTSP server: asks for a password, answers oddly, or speaks TLS.

It runs an asyncio server in its own thread. After a request that passes, bytes flow both ways
untouched, so what the client gets is the real server's stream.
"""

import asyncio
import base64
import contextlib
import hashlib
import re
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

NONCE = "b1c2d3e4f5"
REALM = "camera"


@dataclass
class RtspFront:
    """What the gate does.

    Attributes:
        upstream_port: the real server; 0 when every answer is our own.
        scheme: which challenge it sends: digest, sha256, qop, basic; empty asks for nothing.
        answer: bytes sent instead of everything else.
    """

    upstream_port: int = 0
    user: str = ""
    password: str = ""
    scheme: str = ""
    answer: bytes | None = None
    tls: ssl.SSLContext | None = None
    port: int = 0
    requests: list[str] = field(default_factory=list)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = (OSError, asyncio.IncompleteReadError, asyncio.CancelledError)
        with contextlib.suppress(*ends):
            await self._gate(reader, writer)
        writer.transport.abort()

    async def _gate(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await reader.readuntil(b"\r\n\r\n")
            text = request.decode()
            self.requests.append(text)
            if self.answer is not None:
                writer.write(self.answer)
                await writer.drain()
                continue
            if self.scheme and not self._is_allowed(text):
                writer.write(self._challenge(text))
                await writer.drain()
                continue
            await self._pass_on(request, reader, writer)
            return

    async def _pass_on(
        self, request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        server_reader, server_writer = await asyncio.open_connection(
            "127.0.0.1", self.upstream_port
        )
        server_writer.write(self._readdressed(request))
        tasks = [
            asyncio.create_task(self._copy(reader, server_writer)),
            asyncio.create_task(self._copy(server_reader, writer)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            server_writer.transport.abort()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(self._readdressed(data))
            await writer.drain()

    def _readdressed(self, data: bytes) -> bytes:
        return data.replace(b"rtsps://", b"rtsp://") if self.tls else data

    def _challenge(self, request: str) -> bytes:
        kinds = {
            "digest": f'Digest realm="{REALM}", nonce="{NONCE}"',
            "sha256": f'Digest realm="{REALM}", nonce="{NONCE}", algorithm=SHA-256',
            "qop": f'Digest realm="{REALM}", nonce="{NONCE}", qop="auth,auth-int", opaque="o"',
            "basic": f'Basic realm="{REALM}"',
        }
        number = re.search(r"(?i)cseq: *(\d+)", request)
        cseq = number[1] if number else "0"
        head = f"RTSP/1.0 401 Unauthorized\r\nCSeq: {cseq}\r\n"
        return f"{head}WWW-Authenticate: {kinds[self.scheme]}\r\n\r\n".encode()

    def _is_allowed(self, request: str) -> bool:
        if request.startswith("OPTIONS"):
            return "DESCRIBE" in "".join(self.requests) and "Authorization" in request
        found = re.search(r"(?im)^authorization: (.*?)\r?$", request)
        if found is None:
            return False
        if self.scheme == "basic":
            pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            return found[1] == f"Basic {pair}"
        return self._is_digest_right(request.split(" ", 1)[0], found[1])

    def _is_digest_right(self, method: str, header: str) -> bool:
        params = dict(re.findall(r'(\w+)="?([^",]*)"?', header))

        def digest(text: str) -> str:
            hash_of = hashlib.sha256 if self.scheme == "sha256" else hashlib.md5
            return hash_of(text.encode()).hexdigest()

        secret = digest(f"{self.user}:{REALM}:{self.password}")
        request = digest(f"{method}:{params.get('uri')}")
        middle = f"{NONCE}"
        if "qop" in params:
            middle += f":{params['nc']}:{params['cnonce']}:{params['qop']}"
        return params.get("response") == digest(f"{secret}:{middle}:{request}")


@contextlib.contextmanager
def running(front: RtspFront) -> Iterator[RtspFront]:
    """Serve on a free port until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> asyncio.Server:
        return await asyncio.start_server(front._serve, "127.0.0.1", 0, ssl=front.tls)

    server = asyncio.run_coroutine_threadsafe(start(), loop).result(5)
    front.port = server.sockets[0].getsockname()[1]

    async def stop() -> None:
        server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # Aborted transports close their sockets in the next turns of the loop.
        await asyncio.sleep(0.01)

    try:
        yield front
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()
