"""Reads a program out of free text: fenced or not, with prose around it.

Linear in the length of the text, whatever the text, and nothing here compiles anything: whether it is Python is for the
sandbox to say.
"""

import re
import textwrap
from collections.abc import Sequence
from typing import NamedTuple

from dspysota.programs.parsing import Found

_FENCE = re.compile(r"^[ \t>]*```[ \t]*([A-Za-z0-9_+.-]*)[^`\n]*$", re.M)
_LONGEST = 200
"""Characters of a line that are looked at to tell code from prose."""

_CODE = re.compile(
    r"""[ \t]+\S | [#@)\]}] | (?:return|pass|break|continue)\b
    | (?:def|class|if|elif|for|while|with|else|try|except|finally|match|case|async)\b.*:[ \t]*(?:\#.*)?$
    | import[ \t]+[\w., ]+$ | from[ \t]+[\w.]+[ \t]+import\b | (?:global|assert|raise|del)[ \t]+\w
    | [A-Za-z_][\w.]*(?:\[[^\]]*\])?(?:[ \t]*,[ \t]*\w+)*[ \t]*(?::[ \t]*\w+[ \t]*)?(?:[-+*/%]|//|\*\*)?=(?!=)
    | [A-Za-z_][\w.]*\(""",
    re.X,
)


def read(text: str, *, ended: bool = True) -> Found | None:
    """Return the Python code that a text holds and the text before it, or None where there is none.

    Of fenced blocks, those labelled Python count, one after the other, since models write a program in pieces; failing
    those, the first one without a label, since later ones show what it prints. A last block may lack its closing
    fence. Without any fence the code runs from the first line that looks like code to the last. With `ended` False the
    text was cut off: then only closed blocks count, and a program that was still being written is none.

    >>> read("So:\\n```python\\nprint(2)\\n```\\nIt prints\\n```\\n2\\n```")
    Found(before='So:', value='print(2)')
    >>> read("Here it is.\\nx = 1 + 1\\nprint(x)\\nThat prints 2.").value
    'x = 1 + 1\\nprint(x)'
    >>> read("```python\\nprint(2", ended=False) is None, read("I do not know.") is None
    (True, True)
    """
    blocks = _blocks(text)
    if not blocks:
        return _unfenced(text) if ended else None
    if not ended and not blocks[-1].closed:
        return None
    labelled = [block for block in blocks if block.language.startswith("py")]
    chosen = labelled or [block for block in blocks if not block.language][:1]
    code = "\n".join(block.code for block in chosen)
    return Found(text[: chosen[0].start].strip(" \t\r\n"), code) if code.strip() else None


def unwrapped(code: str) -> str:
    """Return the code of a field that is to hold code alone: without fences, where it has some, else as it is.

    >>> unwrapped("```\\nprint(2)\\n```"), unwrapped("x = 2\\nx")
    ('print(2)', 'x = 2\\nx')
    """
    found = read(code) if _FENCE.search(code) else Found("", code)
    return "" if found is None else found.value.strip("\r\n")


class _Block(NamedTuple):
    """A fenced block; `start` is where its opening fence starts."""

    language: str
    start: int
    code: str
    closed: bool


def _blocks(text: str) -> list[_Block]:
    """Return the fenced blocks. A fence with a label opens one, even where the one before was not closed."""
    blocks: list[_Block] = []
    opening: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opening is not None:
            blocks.append(_block(text, opening, fence.start(), closed=True))
        opening = fence if opening is None or fence[1] else None
    if opening is not None:
        blocks.append(_block(text, opening, len(text), closed=False))
    return blocks


def _block(text: str, opening: re.Match[str], end: int, *, closed: bool) -> _Block:
    code = textwrap.dedent(text[opening.end() : end].strip("\r\n")).rstrip(" \t\r\n")
    return _Block(opening[1].lower(), opening.start(), code, closed)


def _unfenced(text: str) -> Found | None:
    lines = text.split("\n")
    places = [place for place, line in enumerate(lines) if _CODE.match(line[:_LONGEST].rstrip("\r"))]
    if not places:
        return None
    code = textwrap.dedent("\n".join(lines[places[0] : places[-1] + 1]))
    return Found("\n".join(lines[: places[0]]).strip(" \t\r\n"), code)


_FUNCTION = re.compile(r"^def[ \t]+([A-Za-z_]\w{0,80})[ \t]*\(", re.M)
_EXPRESSION = re.compile(r"[A-Za-z_][\w.]{0,80}(?:\([\w., ]{0,80}\))?")


def results(code: str) -> Sequence[str]:
    """Return the expressions in which a program that printed nothing may have left its result, the likeliest first.

    They are the variables `answer` and `result`; a call of the function `solution`, or of the last one defined; and
    the last line, where it is a bare name or call.

    >>> results("def solution():\\n    return 2\\n")
    ('answer', 'result', 'solution()')
    >>> results("def f(x):\\n    return x\\nf(2)")
    ('answer', 'result', 'f()', 'f(2)')
    """
    functions = _FUNCTION.findall(code)
    calls = [f"{'solution' if 'solution' in functions else functions[-1]}()"] if functions else []
    last = code[code.rfind("\n") + 1 :]
    bare = [last] if _EXPRESSION.fullmatch(last) and last not in calls else []
    return ("answer", "result", *calls, *bare)
