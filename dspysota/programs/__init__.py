"""DSPy programs: modules, the plain adapter, the door to the model, and the solver that the loop calls.

Importing this package imports no DSPy: what DSPy reads from the environment is set here first, and the names below are
imported when first used.
"""

import os
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from dspysota import tasks
from dspysota.errors import ConfigError
from dspysota.programs.retrieval import naming
from dspysota.programs.samples import FORMS, Samples, split

if TYPE_CHECKING:
    import dspy

    from dspysota.programs.calls import Recording, recording
    from dspysota.programs.lm import SeededLM, make_lm
    from dspysota.programs.retrieval.corpus import Corpus
    from dspysota.programs.solver import make_adapter, make_solver

__all__ = [
    "FORMS",
    "Recording",
    "Samples",
    "SeededLM",
    "adapters",
    "create",
    "make_adapter",
    "make_lm",
    "make_solver",
    "names",
    "recording",
    "resampled",
    "split",
    "variants",
]

# Read by DSPy: without it, the first priced call asks a public server for model prices. It must be "true", not "1".
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

_HOMES = {
    **dict.fromkeys(("Recording", "recording"), "calls"),
    **dict.fromkeys(("SeededLM", "make_lm"), "lm"),
    **dict.fromkeys(("make_adapter", "make_solver"), "solver"),
}

_TASKS = ("gsm8k", "hotpotqa")
"""Each has a folder of its name here, in which every file is a program."""

_ADAPTERS = ("plain", "chat", "json", "xml", "completion", "structured")


def adapters() -> list[str]:
    """Return the names of the adapters, the default first."""
    return list(_ADAPTERS)


def names(task: str) -> list[str]:
    """Return the names of a task's programs, its default first. Raises ConfigError naming the valid tasks."""
    if task not in _TASKS:
        raise ConfigError(f"There are no programs for the task {task!r}; there are for {', '.join(_TASKS)}.")
    package = import_module(f"{__name__}.{task}")
    found = sorted(module.name for module in iter_modules(package.__path__))
    return sorted(found, key=lambda name: name != package.DEFAULT)


def variants(task: str) -> list[str]:
    """Return the names of a task's programs that retrieve in another way, such as `read@dense`. Raises ConfigError."""
    programs = set(names(task)) & set(import_module(f"{__name__}.{task}").RETRIEVING)
    return [f"{program}@{suffix}" for program in sorted(programs) for suffix in naming.SUFFIXES]


def create(task: str, program: str, *, corpus: "Corpus | None" = None) -> "dspy.Module":
    """Return a fresh, unprepared program, by its name or an expression such as `read@dense` or `cot+vote5`.

    Its forward() takes the inputs of the task's examples and returns a prediction with `answer` and, where there is
    something to tell, `details`. `corpus` is what a program searches whose name asks for pooled paragraphs. Raises
    ConfigError naming the valid ones, ModelError where its embeddings are not those known.
    """
    name, _ = split(program)
    plain, others = names(task), variants(task)
    if name not in (*plain, *others):
        near = others if "@" in name and others else plain
        raise ConfigError(f"The task {task!r} has no program {name!r}; it has {', '.join(near)}, {FORMS}.")
    base, suffix = naming.split(name)
    made = import_module(f"{__name__}.{task}.{base}").PROGRAM
    module = made(retriever=naming.retriever(name, corpus)) if suffix else made()
    return resampled(module, task, program)


def resampled(module: "dspy.Module", task: str, program: str) -> "dspy.Module":
    """Return the module of a base program asked as often as the expression says, itself where it names no samples."""
    samples = split(program)[1]
    if samples is None:
        return module
    from dspysota.programs.sampling import sampled  # here, because it imports DSPy

    return sampled(module, samples, tasks.get(task).normal_form)


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
