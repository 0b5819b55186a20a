"""The least HTTP/1.1 that OpenAI clients need, fast: keep-alive, Content-Length bodies, one request at a time.

Written by hand because the loop's benchmark needs a server that is several times faster than the client under test,
and no web framework here is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus

_HEAD_END = b"\r\n\r\n"


class Exchange:
    """One request, and the one answer it gets."""

    def __init__(self, connection: Connection, method: str, path: str, head: bytes, body: bytes) -> None:
        self._connection = connection
        self._head = head
        self.method = method
        self.path = path
        self.body = body
        self.done = False
        self.on_done: Callable[[], None] | None = None
        """Called once, when the answer is sent or the client is gone."""

    def header(self, name: str) -> str | None:
        """Value of a request header; None when it was not sent."""
        wanted = f"\r\n{name.lower()}:".encode()
        at = self._head.lower().find(wanted)
        if at < 0:
            return None
        end = self._head.find(b"\r\n", at + 2)
        return self._head[at + len(wanted) : end if end >= 0 else None].strip().decode("latin-1")

    def send(self, status: int, body: bytes, *, content_type: str = "application/json", extra: str = "") -> None:
        """Sends the answer; `extra` is header lines, each ended by CRLF. Does nothing when the client is gone."""
        if self.done:
            return
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: {content_type}\r\n"
            f"Content-Length: {len(body)}\r\n{extra}\r\n"
        )
        self.finish()
        self._connection.answer(head.encode() + body)

    def cut(self, body: bytes) -> None:
        """Sends the first half of an answer and closes the connection."""
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.finish()
        self._connection.answer(head.encode() + body[: len(body) // 2])
        self._connection.close()

    def close(self) -> None:
        """Closes the connection without an answer."""
        self.finish()
        self._connection.close()

    def finish(self) -> None:
        """Marks the exchange as over."""
        if not self.done:
            self.done = True
            if self.on_done is not None:
                self.on_done()


class Connection(asyncio.Protocol):
    """One client connection: cuts the byte stream into requests and hands each to `handle`."""

    def __init__(self, handle: Callable[[Exchange], None], open_connections: set[Connection]) -> None:
        self._handle = handle
        self._open = open_connections
        self._buffer = b""
        self._pending: Exchange | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        self._open.discard(self)
        self._transport = None
        if self._pending is not None:
            self._pending.finish()

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        self._buffer += data
        self._advance()

    def answer(self, data: bytes) -> None:
        """Sends a whole response and turns to the next request."""
        self._pending = None
        if self._transport is not None:
            self._transport.write(data)
        if self._buffer:
            self._advance()

    def close(self) -> None:
        """Closes the connection."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Drops the connection, whatever was still to be sent."""
        if self._transport is not None:
            self._transport.abort()

    def _advance(self) -> None:
        while self._pending is None:
            end = self._buffer.find(_HEAD_END)
            if end < 0:
                return
            head = self._buffer[:end]
            length = _content_length(head)
            start = end + len(_HEAD_END)
            if len(self._buffer) < start + length:
                return
            body, self._buffer = self._buffer[start : start + length], self._buffer[start + length :]
            method, _, target = head.split(b"\r\n", 1)[0].decode("latin-1").partition(" ")
            self._pending = Exchange(self, method, target.partition(" ")[0], head, body)
            self._handle(self._pending)


def _content_length(head: bytes) -> int:
    at = head.lower().find(b"\r\ncontent-length:")
    if at < 0:
        return 0
    value = head[at + 17 :].split(b"\r\n", 1)[0].strip()
    return int(value) if value.isdigit() else 0
