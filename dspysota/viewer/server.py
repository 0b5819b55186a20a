"""An HTTP server for one reader on this machine."""

from __future__ import annotations

import hmac
import secrets
import shutil
from collections.abc import Mapping
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO
from urllib.parse import parse_qs, unquote

from dspysota.errors import ConfigError, RunError
from dspysota.history import Index
from dspysota.viewer import files, pages

LOOPBACK = "127.0.0.1"
KEY = "key"
"""Name of the address's parameter that holds the key."""

SECONDS = 30
"""How long a client may take to say what it wants."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of every response."""

SANDBOX = (
    "sandbox allow-scripts allow-popups allow-downloads; default-src 'none'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""For files of run folders, whoever wrote them: they get an origin of their own, so that no script in them reads other
pages, and reach no network. A report's own policy still applies."""

REFUSED = "Refused. Open the address that `dspysota view` has printed: it holds the key.\n"


class Viewer(ThreadingHTTPServer):
    """Serves one reports folder on 127.0.0.1 until it is closed. Raises ConfigError where the port cannot be had."""

    daemon_threads = True

    def __init__(self, out: Path, port: int = 0) -> None:
        self.out = out
        self.index = Index(out)
        self.key = secrets.token_urlsafe(32)
        try:
            super().__init__((LOOPBACK, port), _Handler)
        except OSError as wrong:
            raise ConfigError(
                f"Port {port} cannot be used ({wrong.strerror}); name another with --port, or leave it out and one is "
                "found."
            ) from None

    @property
    def port(self) -> int:
        """The one that is listened on."""
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """The address with the key, for the reader's eyes alone."""
        return f"http://{LOOPBACK}:{self.port}/?{KEY}={self.key}"

    @property
    def cookie(self) -> str:
        """Name of the cookie; cookies know no ports, and two servers may run at once."""
        return f"dspysota_{self.port}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """What a request may call us; any other name was made to lead here by somebody else (DNS rebinding)."""
        return f"{LOOPBACK}:{self.port}", f"localhost:{self.port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a browser that goes away in the middle is no trouble of ours."""


class _Handler(BaseHTTPRequestHandler):
    server: Viewer
    timeout = SECONDS
    server_version = "dspysota"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer with a page, a file, or a refusal."""
        path, _, asked = self.path.partition("?")
        query = parse_qs(asked)
        if not self._known_host():
            self._refuse()
        elif KEY in query and self._is_key(query[KEY][0]):
            # The key does not stay in the address bar, the history, or what is copied from there.
            cookie = f"{self.server.cookie}={self.server.key}; Path=/; HttpOnly; SameSite=Lax"
            self._send(HTTPStatus.SEE_OTHER, b"", {"Location": _local(path), "Set-Cookie": cookie})
        elif not self._has_cookie():
            self._refuse()
        else:
            self._answer(path, {name: values[0] for name, values in query.items()})

    do_HEAD = do_GET

    def _refuse(self) -> None:
        self._send(HTTPStatus.FORBIDDEN, REFUSED.encode(), {"Content-Type": files.TEXT})

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _refuse

    def _answer(self, path: str, query: Mapping[str, str]) -> None:
        parts = [unquote(part) for part in path.strip("/").split("/")]
        try:
            if parts == [""]:
                self._page(pages.runs(self.server.index.read(), self.server.out, query.get("page", "1")))
            elif parts == ["trends"]:
                self._page(pages.trends(self.server.index.read()))
            elif len(parts) > 2 and parts[0] == "runs":
                self._file(parts[1], parts[2:])
            else:
                self._page(pages.missing(), HTTPStatus.NOT_FOUND)
        except RunError as error:
            self._page(pages.trouble(str(error)), HTTPStatus.INTERNAL_SERVER_ERROR)

    def _page(self, page: pages.Page, status: HTTPStatus = HTTPStatus.OK) -> None:
        named = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": page.policy}
        self._send(status, page.html.encode("utf-8", "backslashreplace"), named)

    def _file(self, name: str, parts: list[str]) -> None:
        found = files.find(self.server.out, name, parts)
        if found is None:
            self._page(pages.missing(), HTTPStatus.NOT_FOUND)
            return
        named = {"Content-Type": found.kind, "Content-Security-Policy": SANDBOX}
        if found.kind == files.EXPORTS[".parquet"]:
            named["Content-Disposition"] = "attachment"
        with found.file as file:
            self._send(HTTPStatus.OK, file, named, found.size)

    def _send(self, status: HTTPStatus, body: bytes | IO[bytes], named: Mapping[str, str], size: int = 0) -> None:
        self.send_response(status)
        for name, value in {**HEADERS, **named}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if isinstance(body, bytes) else size))
        self.end_headers()
        if self.command == "HEAD":
            return
        if isinstance(body, bytes):
            self.wfile.write(body)
        else:
            shutil.copyfileobj(body, self.wfile)

    def _known_host(self) -> bool:
        return self.headers.get_all("Host", [""]) in [[host] for host in self.server.hosts]

    def _has_cookie(self) -> bool:
        try:
            found = SimpleCookie(self.headers.get("Cookie", "")).get(self.server.cookie)
        except CookieError:
            return False
        return found is not None and self._is_key(found.value)

    def _is_key(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.server.key.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: the address of the first visit holds the key."""


def _local(path: str) -> str:
    """The path as a place on this very server: two slashes at its beginning would name another one."""
    return "/" + path.lstrip("/\\")
