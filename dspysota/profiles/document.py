"""YAML in which no key stands twice: the reader would keep the last one, and drop the others without a word."""

from __future__ import annotations

from typing import Any

import yaml

from dspysota.errors import ConfigError


def read(text: str) -> Any:
    """The document's value. Raises yaml.YAMLError for what is no YAML, ConfigError for a key that stands twice."""
    return yaml.load(text, Loader=_Loader)


class _Loader(yaml.SafeLoader):
    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._checked: set[int] = set()

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        # Every mapping comes by here first as it was written; later with what `<<` brought in, which it may override.
        if id(node) not in self._checked:
            self._checked.add(id(node))
            _check(node)
        super().flatten_mapping(node)


def _check(node: yaml.MappingNode) -> None:
    lines: dict[tuple[str, str], int] = {}
    for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
        name, line = (key.tag, key.value), key.start_mark.line + 1
        if name in lines:
            raise ConfigError(f"the key {key.value!r} stands twice, on lines {lines[name]} and {line}; keep one.")
        lines[name] = line
