"""The blocks of code in what people read: README, CONTRIBUTING and docs/."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
TEXTS = ("README.md", "CONTRIBUTING.md", *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/**/*.md")))
SHELLS = ("console", "sh")


@dataclass(frozen=True)
class Block:
    """A block as it stands in a text. `line` is that of its first line, from 1."""

    name: str
    line: int
    language: str
    text: str

    def __str__(self):
        return f"{self.name}:{self.line}"


@cache
def blocks() -> tuple[Block, ...]:
    """Every block there is, indented ones too, which have no language."""
    found = []
    for name in TEXTS:
        for token in MarkdownIt().parse((ROOT / name).read_text()):
            if token.type in ("fence", "code_block") and token.map:
                first = token.map[0] + (2 if token.type == "fence" else 1)
                found.append(Block(name, first, token.info.strip(), token.content))
    return tuple(found)


def of(*languages: str) -> list[Block]:
    return [block for block in blocks() if block.language in languages]


def one(name: str, language: str, has: str) -> Block:
    """The only block of a text that has these words."""
    (block,) = (block for block in of(language) if block.name == name and has in block.text)
    return block


@dataclass(frozen=True)
class Command:
    """A line that somebody is told to type: its words, what it sets in its environment, and where it stands."""

    words: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    where: str

    def __str__(self):
        return f"{self.where} {shlex.join(self.words)[:60]}"


def command(line: str, where: str) -> Command:
    words = shlex.split(line, comments=True)
    settings = []
    while words and "=" in words[0] and words[0].partition("=")[0].isidentifier():
        name, _, value = words.pop(0).partition("=")
        settings.append((name, value))
    return Command(tuple(words), tuple(settings), where)


@cache
def commands() -> tuple[Command, ...]:
    """Every command line: those behind a `$` in a console, and all of a script."""
    found = []
    for block in of(*SHELLS):
        for place, line in enumerate(block.text.splitlines()):
            where = f"{block.name}:{block.line + place}"
            if block.language == "sh" and line.strip():
                found.append(command(line, where))
            elif line.startswith("$ "):
                found.append(command(line[2:], where))
    return tuple(found)
