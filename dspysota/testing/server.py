"""FakeServer: an OpenAI-compatible chat server inside a test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection
from types import TracebackType

from dspysota.errors import ServerError
from dspysota.testing.app import Ability, Answers, App, Request, Settings
from dspysota.testing.faults import Faults
from dspysota.testing.http import Connection, Exchange
from dspysota.testing.process import FakeProcess

__all__ = ["FakeServer", "Request", "serve"]

START_SECONDS = 10.0


class FakeServer:
    """An OpenAI-compatible chat server on loopback, in a thread of this process.

    `answers` is a function of the messages, a mapping from a piece of the last message to the text, or one text.
    A mapping's unknown question gets HTTP 400 naming it. Tokens are words; `max_tokens`, `stop` and the context length
    are honoured as a real server does; `structured_outputs` are taken and left unheeded: answers are what the test
    says. `faults` scripts what goes wrong (see `Fault`), `lacks` says what the server refuses altogether. Every chat
    request, and every text to be continued, is recorded in `requests`. At /v1/embeddings texts with words in common are
    near. Raises ServerError when it cannot listen.
    """

    def __init__(  # noqa: PLR0913 each is one knob of a real server
        self,
        answers: Answers,
        *,
        faults: Faults | None = None,
        port: int = 0,
        name: str = "fake",
        seconds: float = 0.0,
        api_key: str | None = None,
        context_length: int = 32768,
        lacks: Collection[Ability] = (),
    ) -> None:
        settings = Settings(
            answers,
            name=name,
            seconds=seconds,
            api_key=api_key,
            context_length=context_length,
            lacks=frozenset(lacks),
        )
        self._loop = asyncio.new_event_loop()
        self._app = App(settings, faults, self._loop.call_later)
        self._port = port
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="fake-server", daemon=True)
        self.name = name

    @staticmethod
    def process(answer: str = "42", *, seconds: float = 0.0, name: str = "fake") -> FakeProcess:
        """The same server in a process of its own, for benchmarks: one answer for everything, nothing recorded."""
        return FakeProcess(answer, seconds=seconds, name=name)

    def __enter__(self) -> FakeServer:
        self._thread.start()
        if not self._ready.wait(START_SECONDS) or self._failure is not None:
            raise ServerError(f"The fake server cannot listen on 127.0.0.1:{self._port}: {self._failure}.")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stops listening and drops all connections, as a server that died would. Harmless to repeat."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(START_SECONDS)

    @property
    def base_url(self) -> str:
        """URL that ends in /v1, as clients want it."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def requests(self) -> tuple[Request, ...]:
        """Every chat request so far, in order of arrival."""
        with self._app.changed:
            return tuple(self._app.requests)

    @property
    def embedded(self) -> tuple[str, ...]:
        """Every text so far whose embedding was asked for, in order of arrival."""
        with self._app.changed:
            return tuple(self._app.embedded)

    @property
    def in_flight(self) -> int:
        """Chat requests that wait for their answer now."""
        return self._app.in_flight

    @property
    def peak(self) -> int:
        """Most chat requests that ever waited at the same time."""
        return self._app.peak

    def hold(self) -> None:
        """From now on chat requests wait until `release`."""
        self._app.held = True

    def release(self) -> None:
        """Answers everything held, and from now on at once again."""
        self._app.held = False
        self._loop.call_soon_threadsafe(self._app.release)

    def wait_until(self, condition: Callable[[FakeServer], bool], seconds: float = 10.0) -> bool:
        """Waits until `condition(server)` holds, checked at every arrival and departure; False after `seconds`."""
        with self._app.changed:
            return self._app.changed.wait_for(lambda: condition(self), seconds)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(serve(self._app.handle, self._port, self._listening, self._stop))
        except OSError as failure:
            self._failure = failure
            self._ready.set()
        finally:
            self._loop.close()

    def _listening(self, port: int) -> None:
        self._port = port
        self._ready.set()


async def serve(
    handle: Callable[[Exchange], None], port: int, listening: Callable[[int], None], stop: asyncio.Event
) -> None:
    """Listens on 127.0.0.1 (port 0 picks a free one, told to `listening`) until `stop`; then drops all connections."""
    connections: set[Connection] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(handle, connections), "127.0.0.1", port, backlog=1024)
    listening(server.sockets[0].getsockname()[1])
    try:
        await stop.wait()
    finally:
        await _drop(server, connections)


async def _drop(server: asyncio.Server, connections: set[Connection]) -> None:
    """Stops listening and ends all connections; the loop may end only after their sockets."""
    loop = asyncio.get_running_loop()
    for listening in server.sockets:
        loop.remove_reader(listening.fileno())
    # A connection that is just being accepted must be whole before the server closes: asyncio would leak its socket.
    await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}), return_exceptions=True)
    server.close()
    while connections:
        for connection in tuple(connections):
            connection.abort()
        await asyncio.sleep(0)
