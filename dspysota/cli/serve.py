"""`dspysota serve NAME`: start a model's server by hand and keep it until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from dspysota.catalog import find
from dspysota.errors import ServerError
from dspysota.models import ensure
from dspysota.serving import Endpoint, Manager, ServerOptions
from dspysota.serving.home import Home

DESCRIPTION = """\
Serves a model of the catalog on this machine with vLLM, on 127.0.0.1 only, until Ctrl-C.
Experiments that want the same model with the same options share this server instead of starting one.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser(
        "serve",
        help="start a model's server by hand",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", metavar="NAME", help="a model of `dspysota models list`")
    parser.add_argument("--port", type=_port, help="default: a free one")
    parser.add_argument("--max-model-len", type=int, metavar="N", help="longest prompt plus answer, tokens")
    parser.add_argument("--kv-cache-gib", type=int, metavar="N", default=ServerOptions.kv_cache_gib, help="default: 2")
    parser.add_argument("--no-eager", action="store_true", help="compile first: slower start, faster answers (CPU)")
    parser.add_argument("--foreground", action="store_true", help="show the server's log")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, manager: Manager | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM.

    Raises ConfigError for options that no server could have, ServerError when it does not start or ends by itself.
    """
    options = ServerOptions(max_model_len=args.max_model_len, kv_cache_gib=args.kv_cache_gib, eager=not args.no_eager)
    spec = find(args.name)
    spec.check_length(args.max_model_len)
    manager = manager or Manager()
    weights = ensure(spec)
    with (
        _sigterm_as_ctrl_c(),
        manager.lease(spec, weights.path, weights.digest, options=options, port=args.port) as endpoint,
    ):
        home = manager.home(endpoint)
        print(_instructions(endpoint, home), flush=True)
        try:
            _watch(home, show_log=args.foreground)
        except KeyboardInterrupt:
            print("stopping …", flush=True)
    manager.release()
    print(_farewell(home))
    return 0


def _instructions(endpoint: Endpoint, home: Home) -> str:
    key = home.folder / "key"
    return f"""\
{endpoint.served_name} answers at {endpoint.base_url}
  model name   {endpoint.served_name}
  API key      in {key} (readable for you alone)
  log          {home.log}
  to use it    export DSPYSOTA_API_KEY=$(cat '{key}')
               pytest evals --sota-base-url {endpoint.base_url} -k "{endpoint.served_name} and not against"
  It answers for this model alone; take a --sota-profile that has it.
Ctrl-C stops it."""


def _watch(home: Home, *, show_log: bool) -> None:
    """Stay as long as the server does."""
    lines = _following(home.log) if show_log else iter(())
    while home.current() is not None:
        for line in lines:
            if not line:
                break
            print(line, flush=True)
        time.sleep(0.25)
    state = home.state()
    raise ServerError(f"The server ended: {state.message if state else 'no reason given'}; its log is {home.log}.")


def _following(path: Path) -> Iterator[str]:
    """Yield the lines of a growing file, and "" whenever there is none at the moment."""
    with path.open(encoding="utf-8", errors="replace") as file:
        while True:
            line = file.readline()
            # A log is somebody else's text: no control characters reach the terminal.
            yield "".join(char for char in line if char.isprintable())


def _farewell(home: Home) -> str:
    """Wait until the server has ended, unless other processes use it."""
    deadline = time.monotonic() + 60
    while home.current() is not None and not home.is_held() and time.monotonic() < deadline:
        time.sleep(0.1)
    return "stopped" if home.current() is None else "left to the other processes that use it"


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is no port; give 1 to 65535")
    return int(text)
