"""`python -m dspysota.testing.fake_server`: the fake server from the command line."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence

from dspysota.testing.app import App, Settings
from dspysota.testing.server import serve


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until Ctrl-C, SIGTERM, or (with --until-eof) the end of standard input. Prints its base URL first."""
    options = _parser().parse_args(arguments)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(options))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="An instant OpenAI-compatible chat server for tests and benchmarks.")
    parser.add_argument("--port", type=int, default=8000, help="port on 127.0.0.1; 0 picks a free one")
    parser.add_argument("--answer", default="42", help="the text of every answer")
    parser.add_argument("--seconds", type=float, default=0.0, help="time each answer takes")
    parser.add_argument("--name", default="fake", help="served model name")
    parser.add_argument("--until-eof", action="store_true", help="stop when standard input ends")
    return parser


async def _main(options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    if options.until_eof:
        loop.add_reader(sys.stdin.fileno(), _on_input, stop)
    settings = Settings(options.answer, name=options.name, seconds=options.seconds, record=False)
    app = App(settings, None, loop.call_later)
    await serve(app.handle, options.port, _announce, stop)


def _announce(port: int) -> None:
    sys.stdout.write(f"http://127.0.0.1:{port}/v1\n")
    sys.stdout.flush()


def _on_input(stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        stop.set()


if __name__ == "__main__":
    raise SystemExit(main())
