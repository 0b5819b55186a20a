"""Reads an answer out of free text: lenient about decoration, strict about what counts as an answer.

Linear in the length of the text, whatever the text: model output is hostile. Only spaces, tabs, line ends and
Markdown's own marks are stripped; control and bidirectional characters stay, as text.
"""

import re
from collections import deque
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import NamedTuple

_SPACE = " \t\r\n"
_MARKS = " \t\r\n*_`"
_TRIES = 8
"""Markers with nothing behind them that are passed over, from the last one backwards."""


class Found(NamedTuple):
    """An answer and the text before it."""

    before: str
    value: str


def after_marker(text: str, marker: str, pattern: str = "") -> Found | None:
    """Return what follows the last marker that anything follows, on its line or on the next one that is not empty.

    "Answer:", "the answer is" and LaTeX's `\\boxed{}` count as well as the marker itself, and the last of them wins: a
    small model writes what it was trained on. What follows must match `pattern` somewhere: who copies the placeholder
    out of the instructions has not answered.

    >>> after_marker("Two and two.\\n**#### 4**", "####")
    Found(before='Two and two.', value='4')
    >>> after_marker("Hm.\\n**Final answer:** Paris", "Answer:").value
    'Paris'
    >>> after_marker("So the answer is 4.", "####").value
    '4.'
    >>> after_marker("No idea.", "####") is None
    True
    >>> after_marker("#### N\\nSo it is \\\\boxed{14}.", "####", r"\\d")
    Found(before='#### N', value='14')
    """
    wanted = re.compile(pattern)
    marks = {_marker(marker), _marker("Answer:"), _PROSE, _BOXED}
    found = [match for mark in marks for match in _from_the_end(mark, text)]
    for match in sorted(found, key=lambda match: match.start(), reverse=True):
        value = _bare(match[1] if match.re is _BOXED else text[match.end() :].lstrip(_SPACE).split("\n", 1)[0])
        if value and wanted.search(value):
            return Found(text[: text.rfind("\n", 0, match.start()) + 1].strip(_SPACE), value)
    return None


def last_line(text: str, pattern: str = "") -> Found | None:
    """Return the last line that is not empty, and the text before it; None when there is none or it lacks `pattern`.

    >>> last_line("Because.\\n\\n42\\n")
    Found(before='Because.', value='42')
    """
    stripped = text.rstrip(_MARKS)
    start = stripped.rfind("\n") + 1
    value = _bare(stripped[start:])
    return Found(text[:start].strip(_SPACE), value) if value and re.search(pattern, value) else None


def labelled(text: str, labels: dict[str, str]) -> dict[str, str]:
    """Return, for each name whose label starts a line, the text up to the next label; the last of its kind wins.

    `labels` maps names to labels. The text before the first label comes under the name "".

    >>> labelled("Hm.\\nCity: Rome\\nYear: 753", {"city": "City:", "year": "Year:"})
    {'city': 'Rome', 'year': '753', '': 'Hm.'}
    """
    marks = sorted(
        (match.start(), match.end(), name) for name, label in labels.items() for match in _marker(label).finditer(text)
    )
    ends = [start for start, _, _ in marks[1:]] + [len(text)]
    values = {name: _bare(text[start:end]) for (_, start, name), end in zip(marks, ends, strict=True)} if marks else {}
    return {**values, "": text[: marks[0][0] if marks else len(text)].strip(_SPACE)}


def first_labelled(text: str, labels: dict[str, str], placeholders: Collection[str] = ()) -> tuple[str, str] | None:
    """Return name and rest of the first line that starts with a label and goes on; None where there is none.

    The first, because small models go on to invent what would come of it. `labels` maps names to labels. Who copies
    one of the `placeholders` out of the instructions has not said anything.

    >>> first_labelled("Hm.\\n**Search:** Rome\\nAnswer: 753", {"answer": "Answer:", "search": "Search:"})
    ('search', 'Rome')
    """
    for line in text.split("\n"):
        for name, label in labels.items():
            match = _marker(label).match(line)
            if match and (value := _bare(line[match.end() :])) and value not in placeholders:
                return name, value
    return None


@lru_cache(maxsize=64)
def _marker(marker: str) -> re.Pattern[str]:
    """Compile a marker. One of words starts a line, one of signs may stand anywhere.

    No pattern here can run over a line end or go back over what another part may take, so none is worse than linear.
    """
    if not marker[:1].isalnum():
        first, last = re.escape(marker[:1]), re.escape(marker[-1:])
        return re.compile(rf"(?<!{first}){re.escape(marker)}(?!{last})[ \t*_`:]*")
    name = re.escape(marker.rstrip(": "))
    return re.compile(
        rf"^[ \t>*_`#-]*(?:the[ \t]+)?(?:final[ \t]+)?{name}(?:[ \t]+is)?[ \t*_`]*:[ \t*_`]*", re.I | re.M
    )


_PROSE = re.compile(r"\b(?:the|final)[ \t]+(?:final[ \t]+|correct[ \t]+)?answer[ \t]+is\b[ \t*_`:]*", re.I)


_BOXED = re.compile(r"\\boxed\{([^{}\n]{1,80})\}")
"""What models trained on LaTeX write around an answer, whatever they are told. The length keeps it linear."""


def _from_the_end(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    return reversed(deque(pattern.finditer(text), maxlen=_TRIES))


def _bare(value: str) -> str:
    """Take Markdown's emphasis and code marks off both ends."""
    return value.strip(_MARKS)
