"""The benchmarks. Adding one is adding a module here with an instance of `Task` as `TASK`; nothing lists them."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from pkgutil import iter_modules

from dspysota.errors import ConfigError
from dspysota.tasks.base import Task, TaskData
from dspysota.tasks.sources import DataSource
from dspysota.tasks.splits import Splits, check_disjoint

__all__ = ["DataSource", "Splits", "Task", "TaskData", "check_disjoint", "get", "names"]


def names() -> tuple[str, ...]:
    """Return the names of all tasks, sorted.

    >>> names()
    ('gsm8k', 'hotpotqa')
    """
    return tuple(sorted(info.name for info in iter_modules(__path__) if _task(info.name) is not None))


def get(name: str) -> Task:
    """Return the task of that name. Raises ConfigError that names the valid ones."""
    task = _task(name) if name.isidentifier() and any(info.name == name for info in iter_modules(__path__)) else None
    if task is None:
        near = get_close_matches(name.lower(), names(), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ConfigError(f"There is no task {name!r}; valid are {', '.join(names())}.{hint}")
    return task


def _task(module: str) -> Task | None:
    return getattr(import_module(f"{__name__}.{module}"), "TASK", None)
