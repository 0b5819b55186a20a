"""Instructions and demonstrations, searched for together by a model of their scores (DSPy's MIPROv2)."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import dspy

from dspysota.compiling.fit import how_many
from dspysota.compiling.job import Job, Outcome
from dspysota.compiling.optimizing import ask_ahead, optimize
from dspysota.errors import ConfigError, ProgramError

ASKS_MODEL = True

DEFAULTS: Mapping[str, Any] = {
    "auto": "light",
    "max_bootstrapped_demos": 4,
    "init_temperature": 1.0,
    "program_aware_proposer": True,
    "data_aware_proposer": True,
    "fewshot_aware_proposer": True,
}
"""Of `dspy.MIPROv2`. The last three say what a proposer is shown; a short context may not hold all of it."""

LEAST: Mapping[str, float] = {"max_bootstrapped_demos": 0, "init_temperature": 0.0}

MOST: Mapping[str, float] = {"init_temperature": 2.0}
"""Above that, servers refuse it."""

AUTO = ("light", "medium", "heavy")

VIEWED = 10
"""Training rows shown at once to the model that describes them, at most."""


def apply(job: Job) -> Outcome:
    """Return the program with the best instructions and demonstrations that were found.

    Demonstrations are answers with full marks, and none is merely labelled. At more than 50 validation rows candidates
    are tried on 35 of them first; of more than 100 (`light`; 300 `medium`, 1000 `heavy`) so many are drawn. Raises
    ConfigError, and ProgramError as `optimize` does or where Optuna is missing.
    """
    settings = job.chosen(DEFAULTS, LEAST, MOST)
    if settings["auto"] not in AUTO:
        raise ConfigError(f"The setting auto is {settings['auto']!r}; it has to be one of {', '.join(AUTO)}.")
    _check_optuna()
    seen = {name: settings.pop(name) for name in list(settings) if name.endswith("_aware_proposer")}

    def search() -> dspy.Module:
        rows = job.examples()
        ask_ahead(job, rows)
        optimizer = dspy.MIPROv2(
            metric=job.marks,
            prompt_model=job.proposer,
            task_model=job.lm,
            teacher_settings={"lm": job.teacher},
            max_labeled_demos=0,
            metric_threshold=1.0,
            num_threads=job.concurrency,
            seed=job.seed,  # here, since compile() takes a seed of 0 for none
            **settings,
        )
        viewed = min(VIEWED, how_many([repr(row) for row in rows], job))
        return optimizer.compile(
            job.student(), trainset=rows, valset=job.held_out(), view_data_batch_size=viewed, **seen
        )

    return optimize(job, search)


def _check_optuna() -> None:
    """Raise ProgramError where Optuna is missing: DSPy notices only when everything else has been paid for."""
    try:
        import_module("optuna")
    except ImportError as error:
        raise ProgramError(
            f"MIPROv2 searches with Optuna, which cannot be imported ({error}); install it: pip install 'optuna>=4'"
        ) from error
