"""Run folders and journals: what was measured, on disk, from the first case on.

While a command runs, `<out>/<run id>/` holds one journal a run; when it ends, `run.json` and `cases.jsonl`:

    run.json            {"schema", "status": "running" | "finished", "command_key", "command", "started", "finished",
                         "runs": [RunInfo, ...]}
    cases.jsonl         one line a case, in the order of the runs and of their examples: {"run": key, "case": Case}
    again.jsonl         the same of second answers, where questions were asked twice
    cases/<key>.jsonl   journal of a run that is being measured: a header line, then a line a case as it ended
    again/<key>.jsonl   the same of second answers, kept until the command ends
    runs/<key>.jsonl    a run that is done while others are not: its RunInfo, then its cases in order
    spending.jsonl      dollars spent and set aside so far, where models have prices

Nothing here names the machine's paths, its user, or a key.
"""

from dspysota.store.folder import RunFolder, command_key, finished
from dspysota.store.journal import Journal
from dspysota.store.kept import write_finished
from dspysota.store.reading import load_runs, resolved
from dspysota.store.removing import remove
from dspysota.store.spending import Spending

__all__ = [
    "Journal",
    "RunFolder",
    "Spending",
    "command_key",
    "finished",
    "load_runs",
    "remove",
    "resolved",
    "write_finished",
]
