"""What an approach is given, and what it gives back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import dspy

from dspysota.compiling.progress import Progress
from dspysota.programs import create, make_adapter
from dspysota.programs.retrieval.corpus import Corpus
from dspysota.records import Call, Example


@dataclass(frozen=True, kw_only=True)
class Job:
    """One program to prepare. `score` is the primary metric, in [0, 1], of (example, prediction, raw output)."""

    task: str
    program: str
    adapter_name: str
    train: tuple[Example, ...]
    score: Callable[[Example, str | None, str], float]
    lm: Any
    seed: int = 0
    concurrency: int = 1
    context_length: int | None = None
    """Tokens of prompt and answer that the model takes; None when it is not known, and then nothing is left out."""
    corpus: Corpus | None = None
    """What a program searches whose name asks for pooled paragraphs."""
    progress: Progress = field(default_factory=Progress)

    def student(self) -> dspy.Module:
        """Return a fresh, unprepared program."""
        return create(self.task, self.program, corpus=self.corpus)

    def settings(self) -> Mapping[str, Any]:
        """Return the DSPy settings under which the program is to run."""
        return {"lm": self.lm, "adapter": make_adapter(self.adapter_name), "disable_history": True, "trace": None}

    @property
    def max_tokens(self) -> int:
        """Tokens that an answer may take."""
        return int(getattr(self.lm, "kwargs", {}).get("max_tokens") or 0)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A prepared program, every call that it took, and what there is to say about it."""

    module: dspy.Module
    calls: tuple[Call, ...] = ()
    notes: tuple[str, ...] = ()
