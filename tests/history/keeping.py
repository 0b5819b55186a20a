"""Reports folders for tests: run folders of chosen names, finished or not, with or without reports."""

from dspysota.claims import Claim
from dspysota.report import ReportMeta, write_all
from dspysota.report.meta import Decision, Outcome
from dspysota.store import RunFolder, write_finished
from tests.factories import make_case, make_info, make_run

COMMAND = "pytest evals --sota-profile embedded --api-key hunter2"
FIRST, SECOND, THIRD = "20261101T120000Z-0001", "20261102T120000Z-0002", "20261103T120000Z-00ff"


def keep(out, name, *runs, meta=None):
    """A finished folder with its reports; without runs, of one with three right answers of four."""
    made = runs or (make_run(started=iso(name)),)
    (out / name).mkdir(parents=True, exist_ok=True)
    write_finished(out / name, made)
    write_all(out / name, made, meta or ReportMeta(command=COMMAND, title="dspysota: embedded"))
    return out / name


def judged(*runs):
    """What a session knows that held each run to a bar, and asserted a claim of the first one against the last."""
    verdict = Claim(quality=0.9).judge(runs[0].vs(runs[-1]))
    outcomes = {
        run.info.key: Outcome(test="t", outcome="failed" if place else "passed", misses=("too low",) * bool(place))
        for place, run in enumerate(runs)
    }
    decision = Decision(test="t", verdict=verdict, outcome="passed")
    return ReportMeta(command=COMMAND, title="dspysota: embedded", outcomes=outcomes, verdicts=(decision,))


def begin(out, answers=3):
    """An unfinished folder that this process owns: one run is done, one is being measured."""
    folder = RunFolder.open(out, "the-command", command=COMMAND)
    folder.save_run(make_run(key="done"))
    with folder.journal("going", make_info(key="going")) as journal:
        for place in range(answers):
            journal.append(make_case(f"q{place}"), 1.0)
    return folder


def iso(name):
    """When the run of a folder began."""
    return f"{name[:4]}-{name[4:6]}-{name[6:8]}T{name[9:11]}:{name[11:13]}:{name[13:15]}+00:00"


def over_time(out, scores, **fields):
    """A folder a day with one run each, whose scores are given; returns their names."""
    names = []
    for place, each in enumerate(scores):
        name = f"202611{place + 1:02d}T120000Z-{place:04x}"
        commit = f"{place + 1:x}" * 40
        keep(out, name, make_run(each, started=iso(name), commit=commit, key=f"k{place}", **fields))
        names.append(name)
    return names
