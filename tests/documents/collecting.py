"""Collects tests by many command lines, each in a process of its own that need not import everything anew.

Reads a JSON list of {"words": [...], "environment": {...}} from standard input; the words are those behind `pytest`.
Writes a list of [exit code, output].
"""

import json
import os
import sys
import tempfile
import traceback

import pytest

# What every session imports, before the children are made.
import dspysota.experiment
import dspysota.gate
import dspysota.plugin.fixture
import dspysota.report

_ = dspysota

# The plugin is imported already, so that its asserts stay as they are, of which pytest warns.
OURS = ("--collect-only", "-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")


def collected(words, environment):
    """The exit code of pytest in a child that collects and runs nothing, and what it wrote."""
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            os.environ.update(environment)
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            code = 70
            try:
                code = int(pytest.main([*words, *OURS]))
            except BaseException:  # noqa: BLE001  whatever it is, the parent is to read it
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read().decode(errors="replace")


if __name__ == "__main__":
    json.dump([collected(one["words"], one["environment"]) for one in json.load(sys.stdin)], sys.stdout)
