"""What somebody else wrote, as bytes that end and text that can be shown: model output, servers' words, names in files.

Hostile until shown otherwise. Escaping is the writer's business (Jinja2, xml.etree); what escaping leaves alone is
dealt with here: characters that nobody sees, that turn the text around, that act on a terminal, or that are no text at
all; and text without an end.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Protocol

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 section 2.2 does not allow; `visible` spells most of it out, this is the guarantee."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class Unbounded(Exception):
    """Bytes that did not end within their bounds; `late` where it was the time."""

    def __init__(self, *, late: bool) -> None:
        super().__init__("too late" if late else "too long")
        self.late = late


class Response(Protocol):
    """What is needed of urllib3's response, opened with `preload_content=False`."""

    def read1(self, amt: int, /) -> bytes:
        """Return what has come, at most so many bytes; none at the end."""
        ...

    def release_conn(self) -> None:
        """Give the connection back to its pool."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


def read_within(response: Response, most: int, late: Callable[[], bool]) -> bytes:
    """Read a body of at most `most` bytes until it is `late`, asked after every piece that came. Raises Unbounded.

    A response that is not read to its end takes its connection with it.
    """
    chunks: list[bytes] = []
    size = 0
    while chunk := response.read1(1 << 20):
        chunks.append(chunk)
        size += len(chunk)
        if size > most or late():
            response.close()
            raise Unbounded(late=size <= most)
    response.release_conn()
    return b"".join(chunks)


def visible(text: str) -> str:
    """The text with every character that would not be seen, or would reorder others, spelled out.

    Line feeds and tabs stay. C0 controls become their pictures (␀, ␛), the rest its code point.

    >>> visible("abc\\x00" + chr(0x202E) + "xyz")
    'abc␀⟨U+202E⟩xyz'
    """
    if text.replace("\n", "").replace("\t", "").isprintable():  # nearly all text, and a hundred times as fast
        return text
    return "".join(map(_visible, text))


def visible_line(text: str) -> str:
    """The same on one line: its line feeds and tabs become pictures, too.

    >>> visible_line("a" + chr(10) + "b")
    'a␊b'
    """
    return visible(text).replace("\n", "␊").replace("\t", "␉")


def xml_text(text: str) -> str:
    """The visible text, with nothing left in it that XML does not allow.

    >>> xml_text("a" + chr(0) + chr(0xFFFE))
    'a␀⟨U+FFFE⟩'
    """
    return _NO_XML.sub("\ufffd", visible(text))


def clip(text: str, most: int) -> tuple[str, int]:
    """The first `most` characters, and how many were left off.

    >>> clip("abcdef", 4)
    ('abcd', 2)
    """
    return text[:most], max(0, len(text) - most)


def one_line(text: str, most: int = 200) -> str:
    """The text on one line, at most `most` characters of it.

    >>> one_line("a\\n  b", 10), one_line("abcdef", 4)
    ('a b', 'abc…')
    """
    flat = " ".join(text[: most * 4].split())
    return flat if len(flat) <= most and len(text) <= most * 4 else flat[: most - 1] + "…"


def quoted(text: str, most: int = 100) -> str:
    """Somebody else's text inside a sentence of ours: on one line, visible, and at most `most` characters of it.

    >>> quoted("<b>" + chr(27) + "[31m"), quoted("abc" * 100, 7)
    ('<b>␛[31m', 'abcabc…')
    """
    return visible(one_line(text, most))


def _visible(char: str) -> str:
    if char in "\n\t" or unicodedata.category(char) not in _HIDDEN:
        return char
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"⟨U+{code:04X}⟩"
