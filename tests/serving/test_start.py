"""A start that fails says why, and what helps; secrets stay where they belong."""

import subprocess
import threading

import psutil
import pytest

from dspysota.errors import ServerError
from dspysota.records import ModelInfo
from dspysota.serving import Endpoint, Manager, exclusive
from dspysota.serving.vllm import Command
from tests.serving.servers import GIB, eventually, gone, homes, manager, only_home, spec


def test_a_failed_start_shows_the_logs_end_where_it_is_and_a_cure(tmp_path):
    """The error of a failed start has the log's last lines, its path, and what helps."""
    one = manager(tmp_path, "--fail", "MemoryError: could not allocate")
    with pytest.raises(ServerError) as caught, one.lease(spec(), tmp_path, None):
        pass
    message = str(caught.value)
    one.release()
    assert "loading weights" in message
    assert "MemoryError: could not allocate" in message
    assert str(only_home(tmp_path).log) in message
    assert "lower kv_cache_gib" in message


def test_a_command_that_does_not_exist_is_a_server_error(tmp_path):
    """A server whose program cannot be found gives a ServerError that names it."""

    def build(spec, weights, options):
        argv = ("/nonexistent/vllm",)
        return Command(argv=argv, env={}, kind="vllm-cpu", flags=(), context_length=1, need_bytes=0)

    one = Manager(tmp_path, build=build)
    with pytest.raises(ServerError, match="/nonexistent/vllm"), one.lease(spec(), tmp_path, None):
        pass


def test_a_port_taken_by_another_program_is_survived(tmp_path):
    """When another program takes the port first, the server is started on another one."""
    one = manager(tmp_path, "--fail-once", str(tmp_path / "failed"))
    with one.lease(spec(), tmp_path, None) as endpoint:
        assert endpoint.served_name == "tiny"
    one.release()


def test_the_key_is_seen_by_nobody_else(tmp_path):
    """The key is in no command line, repr, log or state, and its file and folder are for this user alone."""
    one = manager(tmp_path)
    with one.lease(spec(), tmp_path, None) as endpoint:
        home = only_home(tmp_path)
        lines = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
        shown = [repr(endpoint), *lines, subprocess.run(["ps", "ax"], capture_output=True, text=True).stdout]
        files = [path for path in home.folder.rglob("*") if path.is_file()]
        shown += [path.read_text() for path in files if path.name != "key"]
        assert not any(endpoint.api_key in text for text in shown)
        assert home.folder.stat().st_mode & 0o777 == 0o700
        assert all(path.stat().st_mode & 0o077 == 0 for path in files)
    one.release()


def test_secrets_of_the_user_are_not_handed_to_the_server(tmp_path, monkeypatch):
    """A server's processes do not get the tokens and keys of the environment."""
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    one = manager(tmp_path)
    with one.lease(spec(), tmp_path, None) as endpoint:
        found = psutil.Process(only_home(tmp_path).state().pid).environ()
        assert "HF_TOKEN" not in found
        assert "OPENAI_API_KEY" not in found
        assert found["VLLM_API_KEY"] == endpoint.api_key
    one.release()


def test_an_idle_server_makes_room_for_another(tmp_path):
    """When memory allows one server only, the one that no lease uses is stopped."""
    first = manager(tmp_path, need_bytes=6 * GIB)
    with first.lease(spec("one"), tmp_path, None):
        old = only_home(tmp_path).state()
    second = manager(tmp_path, need_bytes=6 * GIB, available=lambda: 8 * GIB)
    with second.lease(spec("two"), tmp_path, None):
        assert gone(old.pid)
    first.release()
    second.release()


def test_a_busy_server_is_waited_for(tmp_path):
    """When memory allows one server only, the other waits until the first is not used any more."""
    first = manager(tmp_path, need_bytes=6 * GIB)
    second = manager(tmp_path, need_bytes=6 * GIB, available=lambda: 8 * GIB)
    order = []

    def use_second():
        with second.lease(spec("two"), tmp_path, None):
            order.append("two")

    with first.lease(spec("one"), tmp_path, None):
        thread = threading.Thread(target=use_second)
        thread.start()
        eventually(lambda: len(list(tmp_path.glob("two-*/users/*"))) == 1, "the second asks")
        order.append("one")
    thread.join(60)
    assert order == ["one", "two"]
    first.release()
    second.release()


def test_a_server_that_will_never_fit_is_refused_with_figures(tmp_path):
    """The error names what is needed, what is free, and what helps."""
    one = manager(tmp_path, need_bytes=6 * GIB, available=lambda: 4 * GIB)
    with (
        pytest.raises(ServerError, match=r"'tiny' needs about 6\.0 GiB .* only 4\.0 GiB is free; .*lower kv_cache_gib"),
        one.lease(spec(), tmp_path, None),
    ):
        pass


def test_who_uses_one_server_does_not_wait_for_room_for_another(tmp_path):
    """A lease within a lease that does not fit is refused: it would wait for itself."""
    one = manager(tmp_path, need_bytes=6 * GIB, available=lambda: 8 * GIB)
    with (
        one.lease(spec("one"), tmp_path, None),
        pytest.raises(ServerError, match="'one' must stay"),
        one.lease(spec("two"), tmp_path, None),
    ):
        pass
    one.release()


def test_evict_idle_stops_what_no_lease_uses(tmp_path):
    """Idle servers are stopped, used ones stay."""
    one = manager(tmp_path)
    with one.lease(spec("idle"), tmp_path, None):
        pass
    with one.lease(spec("busy"), tmp_path, None):
        assert one.evict_idle() == 1
        assert {home.launch().model: home.current() is not None for home in homes(tmp_path)} == {
            "idle": False,
            "busy": True,
        }
    one.release()


def at(port, backend):
    info = ModelInfo(name="m", digest=None, backend=backend, served_name="m", base_url=f"http://127.0.0.1:{port}/v1")
    return Endpoint(base_url=info.base_url, served_name="m", api_key=None, info=info)


def test_runs_on_different_endpoints_do_not_wait(tmp_path):
    """What answers elsewhere computes elsewhere."""
    with exclusive(at(1, "endpoint"), root=tmp_path), exclusive(at(2, "endpoint"), root=tmp_path):
        pass


@pytest.mark.parametrize("one, other", [(at(1, "fake"), at(1, "fake")), (at(1, "vllm-cpu"), at(2, "vllm-cpu"))])
def test_one_run_at_a_time_computes(tmp_path, one, other):
    """The second to enter waits until the first has left, also for another server that takes the same cores."""
    order = []

    def enter():
        with exclusive(other, root=tmp_path):
            order.append("second")

    with exclusive(one, root=tmp_path):
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join(0.2)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]
