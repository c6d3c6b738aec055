"""HTTP/1.1 over one connection, every byte of both directions counted.

No deadline per byte and no resuming: the product's own client is sync/http_pool.py. Ten thousand of
those would measure themselves; this one costs the hub the same and the simulator little.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

ANSWER_LIMIT_S = 60.0


class RoadBrokenError(OSError):
    """No connection, or it ended before the answer did."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and what it cost on the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    num_bytes_sent: int
    num_bytes_received: int


class Connection:
    """One connection to the hub; use as an async context."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port

    async def __aenter__(self) -> Self:
        try:
            self._reader, self._writer = await asyncio.wait_for(
                asyncio.open_connection(self._host, self._port), ANSWER_LIMIT_S
            )
        except (OSError, TimeoutError) as err:
            raise RoadBrokenError(str(err)) from err
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, err: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._writer.close()

    async def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """One request and its whole answer.

        Raises:
            RoadBrokenError: cut, reset, or silent for a minute.
        """
        lines = [f"POST {path} HTTP/1.1", f"Host: {self._host}:{self._port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}", "", ""]
        raw = "\r\n".join(lines).encode() + body
        try:
            self._writer.write(raw)
            await self._writer.drain()
            return await asyncio.wait_for(self._answer(len(raw)), ANSWER_LIMIT_S)
        except (OSError, EOFError, TimeoutError, ValueError) as err:
            raise RoadBrokenError(type(err).__name__) from err

    async def _answer(self, num_bytes_sent: int) -> Answer:
        head = await self._reader.readuntil(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in rest if line)
        }
        size = int(headers.get("content-length", "0"))
        body = await self._reader.readexactly(size)
        return Answer(int(first.split()[1]), headers, body, num_bytes_sent, len(head) + size)
