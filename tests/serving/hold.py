"""Lease the fake server, say which one, and hold it until the input closes."""

import json
import sys
from pathlib import Path

from tests.serving.servers import manager, only_home, spec

root, flags = Path(sys.argv[1]), sys.argv[2:]
with manager(root, *flags).lease(spec(), root, None) as endpoint:
    state = only_home(root).state()
    report = {"pid": state.pid, "supervisor": state.supervisor_pid, "url": endpoint.base_url}
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
