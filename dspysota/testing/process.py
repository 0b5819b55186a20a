"""The fake server in a process of its own, so that its work does not slow the client that is measured."""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType

from dspysota.errors import ServerError


class FakeProcess:
    """Context manager around `python -m dspysota.testing.fake_server`; the process ends with the `with` block, and
    also when this process dies in any other way, because it watches its standard input."""

    def __init__(self, answer: str, *, seconds: float, name: str) -> None:
        self._command = [sys.executable, "-m", "dspysota.testing.fake_server", "--port", "0", "--until-eof"]
        self._command += ["--answer", answer, "--seconds", str(seconds), "--name", name]
        self._process: subprocess.Popen[str] | None = None
        self.name = name
        self.base_url = ""

    def __enter__(self) -> FakeProcess:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.base_url = self._process.stdout.readline().strip()
        if not self.base_url:
            self.__exit__(None, None, None)
            raise ServerError("The fake server did not start; its own message is above.")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=10)
