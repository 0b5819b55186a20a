"""Keep a run folder's runs as what the notebooks show: `python -m scripts.record_notebooks reports/latest`.

Made of a session on the offline twins, whose rows may be shown to anybody; runs on other rows are refused:

    HF_HUB_OFFLINE=1 pytest evals --sota-profile embedded

Of each run the prompts of its first questions are kept and those of the others left out, so that the folder stays
small; questions, answers, outputs, scores, tokens and seconds are those of the run, whole. Roles and prices are those
that the profile has today.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dspysota import experiment, load_runs, profiles
from dspysota.errors import SotaError
from dspysota.profiles import Profile
from dspysota.records import Case, Run
from dspysota.store import write_finished

ROOT = Path(__file__).resolve().parents[1]
WITH_PROMPTS = 3
"""Cases of each run that keep their prompts."""


class NotATwinError(SotaError):
    """Rows that must not be published with this repository."""


def kept(run: Run, profile: Profile) -> Run:
    """The run as it is stored. Raises NotATwinError."""
    if run.info.data.source != "twin":
        raise NotATwinError(
            f"{run.name} was measured on rows of {run.info.data.origin!r}, and only those of the offline twins may be "
            "kept here; measure with HF_HUB_OFFLINE=1 and without --sota-data."
        )
    info = experiment.priced_by(run, profile).info
    names = (run.info.task, run.info.model.name, run.info.program, run.info.approach, run.info.adapter)
    same = (
        cell for cell in profile.cells if names == (cell.task, cell.model, cell.program, cell.approach, cell.adapter)
    )
    cell = next(same, None)
    if cell is not None:
        info = info.model_copy(update={"role": cell.role})
    cases = (case if place < WITH_PROMPTS else _without_prompts(case) for place, case in enumerate(run.cases))
    return Run(info=info, cases=tuple(cases))


def _without_prompts(case: Case) -> Case:
    calls = tuple(call.model_copy(update={"messages": ()}) for call in case.calls)
    return case.model_copy(update={"calls": calls})


def main(arguments: list[str]) -> int:
    """Write the folder; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("folder", type=Path, help="a finished run folder")
    parser.add_argument("--profile", default="embedded", help="whose roles and prices count (default: embedded)")
    parser.add_argument("--output", type=Path, help="default: notebooks/data/PROFILE")
    options = parser.parse_args(arguments)
    output = options.output or ROOT / "notebooks" / "data" / options.profile
    try:
        profile = profiles.load(options.profile, root=ROOT, known=experiment.known())
        runs = [kept(run, profile) for run in load_runs(options.folder)]
        output.mkdir(parents=True, exist_ok=True)
        write_finished(output, runs)
    except SotaError as error:
        print(f"record_notebooks: {error}", file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in output.iterdir())
    print(f"{len(runs)} runs, {size / 1e6:.2f} MB in {output}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
