"""The small process beside each server: starts it, watches it, and ends it when nobody who leased it lives.

`python -m dspysota.serving.supervisor FOLDER` puts itself into the background. It is the server's only parent and
outlives whoever started it, so that a SIGKILL of a test run leaves no orphan. When the supervisor itself is killed, the
kernel tells the server (Linux), and the next start ends what remains.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from dspysota.serving import presence, processes
from dspysota.serving.health import healthy
from dspysota.serving.home import Home, Launch, State, Status

TICK_SECONDS = 0.25


class Supervisor:
    """Watches one server from its start to its end."""

    def __init__(self, home: Home, launch: Launch) -> None:
        self.home = home
        self.launch = launch
        self.asked = False
        """Set by a signal: the server is to end."""
        self.process = self._start()
        self.status = Status.STARTING
        self.create_time = processes.started(self.process.pid) or time.time()
        self._say(Status.STARTING)

    def run(self) -> None:
        """Watch until the server ends, is asked to end, or nobody holds it any more; then leave nothing running."""
        began = time.monotonic()
        while not self.asked:
            time.sleep(TICK_SECONDS)
            if self.process.poll() is not None:
                self._end(self._broken(), f"the server ended with exit status {self.process.returncode}")
                return
            if self.status is Status.STARTING:
                if healthy(self.launch.port):
                    self._say(Status.READY)
                elif time.monotonic() - began > self.launch.start_seconds:
                    self._end(Status.FAILED, f"it was not ready after {self.launch.start_seconds:.0f} s")
                    return
            if not presence.living(self.home.holders) and self._end_unheld():
                return
        self._end(Status.STOPPED, "asked to stop")

    def _ask(self, *_: object) -> None:
        self.asked = True

    def _broken(self) -> Status:
        return Status.FAILED if self.status is Status.STARTING else Status.DIED

    def _end_unheld(self) -> bool:
        """End the server unless somebody is just joining it: whoever joins has the lock."""
        try:
            with FileLock(self.home.lock, timeout=0, mode=0o600):
                if presence.living(self.home.holders, sweep=True):
                    return False
                presence.living(self.home.users, sweep=True)
                self._end(Status.STOPPED, "nobody holds it any more")
        except Timeout:
            return False
        return True

    def _end(self, status: Status, message: str) -> None:
        self._say(Status.STOPPING, message)
        left = processes.stop_session(self.process.pid, reap=self.process.poll, grace_seconds=self.launch.grace_seconds)
        if left:
            message += f"; processes {', '.join(str(process.pid) for process in left)} could not be ended"
        self._say(status, message)

    def _say(self, status: Status, message: str = "") -> None:
        self.status = status
        self.home.save(
            State(
                status=status,
                port=self.launch.port,
                pid=self.process.pid,
                create_time=self.create_time,
                executable=self.launch.argv[0],
                supervisor_pid=os.getpid(),
                since=time.time(),
                message=message,
            )
        )

    def _start(self) -> subprocess.Popen[bytes]:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._ask)
        # The key goes by the environment: a command line is there for every user to see.
        env = {**os.environ, **self.launch.env, "VLLM_API_KEY": self.home.key()}
        log = os.open(self.home.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            return subprocess.Popen(
                self.launch.argv,
                env=env,
                cwd=self.home.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=processes.die_with_parent(),
            )
        finally:
            os.close(log)


def main() -> int:
    """Go into the background and supervise the server of the folder named on the command line.

    Returns once the server's process exists (0) or could not be started (1).
    """
    home = Home(Path(sys.argv[1]))
    launch = home.launch()
    if launch is None:
        return 1
    reader, writer = os.pipe()
    # A grandchild of the starter: no zombie for it to collect, and not among the children a tree killer would find.
    if os.fork():
        os.close(writer)
        return 0 if os.read(reader, 1) else 1
    os.close(reader)
    os.setsid()
    here = presence.Presence.take(home.supervisor)
    if here is None:
        return 1
    supervisor = Supervisor(home, launch)
    with suppress(BrokenPipeError):  # The starter was interrupted; whether anybody holds the server will be seen.
        os.write(writer, b"+")
    os.close(writer)
    supervisor.run()
    here.release()
    return 0


if __name__ == "__main__":
    sys.exit(main())
