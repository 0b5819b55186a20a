"""The paragraphs of many rows, pooled: a question then has to find its two among thousands instead of among ten."""

import threading
from collections.abc import Iterable

from dspysota.programs.retrieval.index import Build, Index
from dspysota.programs.retrieval.paragraphs import Paragraph, read_paragraphs
from dspysota.records import Example


class Corpus:
    """Paragraphs, each once, and their indices; each is made once, by whoever asks first, and shared by all threads."""

    def __init__(self, paragraphs: Iterable[Paragraph]) -> None:
        distinct = {(paragraph.title, paragraph.text): paragraph for paragraph in paragraphs}
        self.paragraphs = tuple(distinct.values())
        """Distinct by title and text, in the order in which they came first."""
        self._indices: dict[str, Index] = {}
        self._lock = threading.Lock()

    @classmethod
    def of(cls, rows: Iterable[Example]) -> "Corpus":
        """Return the corpus of all `paragraphs` inputs of these rows."""
        return cls(p for row in rows for p in read_paragraphs(row.inputs.get("paragraphs", [])))  # type: ignore[arg-type]

    def index(self, kind: str, build: Build) -> Index:
        """Return the index of a kind, made by `build` the first time. Raises what that raises, and then keeps none."""
        with self._lock:
            if kind not in self._indices:
                self._indices[kind] = build([paragraph.text for paragraph in self.paragraphs])
            return self._indices[kind]

    def __deepcopy__(self, memo: object) -> "Corpus":
        """The corpus itself: DSPy copies programs with all that they hold, once per thread that bootstraps."""
        return self
