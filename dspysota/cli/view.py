"""`dspysota view [FOLDER]`: all reports of a folder in the browser, and how scores went."""

from __future__ import annotations

import argparse
import html
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dspysota.errors import ConfigError

DESCRIPTION = """\
Serves the run folders of FOLDER on this machine alone (127.0.0.1), to whoever has the key in the printed address: an
index of all runs, their reports and files, and score, cost and latency of each experiment over time. Ctrl-C ends it.
"""

REDIRECT = """\
<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={url}"><title>dspysota</title>
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `view` to the command line."""
    parser = subparsers.add_parser(
        "view", help="show all reports, and how scores went, in the browser", description=DESCRIPTION
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path("reports"), metavar="FOLDER", help="default: reports"
    )
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="default: any that is free")
    parser.add_argument("--no-open", action="store_true", help="print the address, and open no browser")
    parser.set_defaults(run=run)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port; it must be a number from 0 (any) to 65535")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C. Returns 0; raises ConfigError for a folder that is none, or a port that is taken."""
    # Whoever names one run folder means the one in which it is shown.
    out = args.folder.parent if (args.folder / "run.json").is_file() else args.folder
    if not out.is_dir():
        raise ConfigError(f"There is no folder {str(out)!r}; `pytest evals` makes reports/.")
    from dspysota.viewer import Viewer

    with Viewer(out, args.port) as viewer:
        try:
            print(viewer.url, flush=True)
            print("Open it in a browser on this machine; it holds a key. Ctrl-C ends it.", file=sys.stderr, flush=True)
            with _opened(viewer.url, wanted=not args.no_open):
                viewer.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            print(file=sys.stderr)
    return 0


@contextmanager
def _opened(url: str, *, wanted: bool) -> Iterator[None]:
    """Open the address in a browser with a screen. It goes by way of a file that only its owner reads, since what a
    browser is started with can be seen by everybody on the machine."""
    if not wanted or not sys.stdout.isatty() or not _screen():
        yield
        return
    import webbrowser

    with tempfile.TemporaryDirectory(prefix="dspysota-view-") as folder:
        page = Path(folder, "open.html")
        page.write_text(REDIRECT.format(url=html.escape(url, quote=True)), encoding="utf-8")
        webbrowser.open(page.as_uri())
        yield


def _screen() -> bool:
    """Whether a browser would have a window; one in a terminal would take this very terminal."""
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
