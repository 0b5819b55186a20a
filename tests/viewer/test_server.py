"""Who gets an answer, and which files there are."""

import os
import socket

import pytest

from dspysota.errors import ConfigError
from dspysota.exports import export
from dspysota.store import load_runs
from dspysota.viewer import Viewer
from tests.history.keeping import FIRST, SECOND
from tests.viewer.conftest import ask, serving

PAGES = ["/", "/trends", f"/runs/{FIRST}/report.html", "/nothing"]


def test_it_listens_on_the_loopback_interface_alone(viewer):
    """Nobody on the network can even connect."""
    assert viewer.server_address[0] == "127.0.0.1"
    assert viewer.url.startswith(f"http://127.0.0.1:{viewer.port}/?key=")


def test_the_first_visit_brings_a_cookie_and_takes_the_key_out_of_the_address(viewer):
    """The key stays out of the history; the cookie is no script's, and no other site's."""
    first = ask(viewer, f"/trends?key={viewer.key}", cookie=False)

    assert (first.status, first.headers["Location"]) == (303, "/trends")
    cookie = first.headers["Set-Cookie"]
    assert cookie.startswith(f"{viewer.cookie}={viewer.key};")
    assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    assert ask(viewer, "/trends", cookie=False, Cookie=cookie.split(";")[0]).status == 200


@pytest.mark.parametrize("path", PAGES)
def test_without_the_key_everything_is_refused(viewer, path):
    """Also what is not there: nobody learns what is."""
    wrong = [None, f"{viewer.cookie}=", f"{viewer.cookie}=x", f"other={viewer.key}", "\x80;;=", f"{viewer.cookie}=\xe9"]
    for cookie in wrong:
        reply = ask(viewer, path, cookie=False, Cookie=cookie)
        assert (reply.status, "Open the address" in reply.text) == (403, True)
    assert ask(viewer, f"{path}?key=wrong", cookie=False).status == 403
    assert ask(viewer, f"{path}?key=", cookie=False).status == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "localhost:1", "", None])
def test_another_name_for_this_machine_is_refused(viewer, host):
    """A page elsewhere may let its own name lead here; the browser would then send what belongs to that name."""
    assert ask(viewer, "/", Host=host).status == 403
    assert ask(viewer, f"/?key={viewer.key}", cookie=False, Host=host).status == 403


def test_localhost_is_this_machine(viewer):
    """Whoever types the port by hand."""
    assert ask(viewer, "/", Host=f"localhost:{viewer.port}").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_changed(viewer, method):
    """It shows, and does nothing else."""
    assert ask(viewer, "/", method=method).status == 403


def test_a_key_does_not_lead_elsewhere(viewer):
    """Two slashes at the beginning of a path name another server."""
    for path in ("//evil.example/", "/\\evil.example/", "///evil.example"):
        reply = ask(viewer, f"{path}?key={viewer.key}", cookie=False)
        assert reply.headers.get("Location", "/x")[1:2] not in ("/", "\\")


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_forbids_what_it_does_not_need(viewer, path):
    """No framing, no guessing of types, no address to other sites, no copy in a cache, nothing loaded from anywhere."""
    headers = ask(viewer, path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy
    assert "Access-Control-Allow-Origin" not in headers


def test_files_of_runs_have_an_origin_of_their_own(viewer):
    """A script in a report that somebody sent may run there, and reads no other page."""
    policy = ask(viewer, f"/runs/{FIRST}/report.html").headers["Content-Security-Policy"]

    assert policy.startswith("sandbox ")
    assert "allow-same-origin" not in policy


@pytest.mark.parametrize("name", ["report.html", "summary.md", "junit.xml", "run.json", "cases.jsonl"])
def test_files_of_run_folders_are_served_as_they_are(viewer, out, name):
    """Byte by byte; nothing but the report is taken for a page."""
    reply = ask(viewer, f"/runs/{FIRST}/{name}")

    assert (reply.status, reply.body) == (200, (out / FIRST / name).read_bytes())
    assert reply.headers["Content-Type"].startswith("text/html") == (name == "report.html")
    head = ask(viewer, f"/runs/{FIRST}/{name}", method="HEAD")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(reply.body)))


def test_exports_are_served(viewer, out):
    """Wherever below the folder the export has put them."""
    runs = load_runs(out / FIRST)
    made = [path for form in ("parquet", "lm-eval") for path in export(runs, form, out / FIRST / "exports", source="x")]

    page = ask(viewer, "/").text
    for path in made:
        address = f"/runs/{FIRST}/{path.relative_to(out / FIRST).as_posix()}"
        assert f'href="{address}"' in page
        assert ask(viewer, address).body == path.read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        f"/runs/{FIRST}/../{SECOND}/run.json",
        f"/runs/{FIRST}/..%2f..%2fsecret.txt",
        f"/runs/{FIRST}/%2e%2e/%2e%2e/secret.txt",
        f"/runs/{FIRST}/exports/../run.json",
        f"/runs/{FIRST}/exports/..%2f..%2f..%2fsecret.txt",
        f"/runs/{FIRST}/exports/secret.json",
        f"/runs/{FIRST}/exports/linked/run.json",
        f"/runs/{FIRST}/exports/.hidden.json",
        f"/runs/{FIRST}/outcomes.json",
        f"/runs/{FIRST}/.owner",
        f"/runs/{FIRST}/cases.jsonl%00.html",
        f"/runs/{FIRST}/",
        "/runs/20261103T120000Z-0003/run.json",
        "/runs/notes/run.json",
        "/runs/latest/run.json",
        "/runs/../secret.txt",
        "/runs//etc/passwd",
        "//etc/passwd",
        "/secret.txt",
        "/%ff",
    ],
)
def test_nothing_else_is_served(viewer, out, path):
    """No way up, no link out, no folder that is no run's, and no file that is not one of those shown."""
    secret = out.parent / "secret.txt"
    secret.write_text("secret")
    exports = out / FIRST / "exports"
    exports.mkdir()
    (exports / "secret.json").symlink_to(secret)
    (exports / "linked").symlink_to(out / SECOND)
    (exports / ".hidden.json").write_text("secret")
    (out / FIRST / "junit.xml").unlink()
    (out / FIRST / "junit.xml").symlink_to(secret)
    (out / "20261103T120000Z-0003").symlink_to(out / SECOND)
    (out / "notes").mkdir()
    (out / "notes" / "run.json").write_text("secret")

    for asked in (path, f"/runs/{FIRST}/junit.xml"):
        reply = ask(viewer, asked)
        assert reply.status == 404
        assert b"secret" not in reply.body
    assert "secret" not in ask(viewer, "/").text


def test_a_pipe_is_not_waited_for(viewer, out):
    """Whoever can write into the folder could else hold a thread for good."""
    (out / FIRST / "summary.md").unlink()
    os.mkfifo(out / FIRST / "summary.md")

    assert ask(viewer, f"/runs/{FIRST}/summary.md").status == 404


def test_what_cannot_be_read_is_said_on_the_page(viewer):
    """And the server goes on."""
    viewer.index.file.unlink(missing_ok=True)
    viewer.index.file.mkdir()

    reply = ask(viewer, "/")

    assert (reply.status, "cannot be used" in reply.text) == (500, True)
    viewer.index.file.rmdir()
    assert ask(viewer, "/").status == 200


def test_a_port_that_is_taken_is_one_sentence(out):
    """With the cure."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"Port {port} cannot be used .*--port"):
            Viewer(out, port)


def test_two_viewers_do_not_share_a_key(viewer, out):
    """The key of one opens nothing at the other, although both are 127.0.0.1."""
    with serving(out) as other:
        assert viewer.key != other.key
        assert viewer.cookie != other.cookie
        assert ask(other, "/", cookie=False, Cookie=f"{viewer.cookie}={viewer.key}").status == 403
