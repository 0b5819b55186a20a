"""Vega's SVG, let into the page: what is on the lists below, and nothing else.

What is left out: `style` attributes and scripts, which the page's policy forbids; ids, which would meet those of other
charts; fonts, since text takes the page's; and every colour that is not one of the style sheet's variables, so that
light, dark and paper are its decision alone. Text stays text. What Vega calls a mark (`aria-label`) becomes the mark's
`title`, which browsers show beside the pointer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from markupsafe import Markup, escape

from dspysota.report.text import visible

_LENGTH = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?:px)?")
_PAINT = re.compile(r"none|var\(--[a-z0-9-]+\)")
_ANY = {
    "transform": re.compile(r"(?:(?:translate|rotate|scale)\([-+.,\s\deE]*\)\s*)+"),
    "opacity": _LENGTH,
}
_DRAWN = _ANY | {
    "fill": _PAINT,
    "fill-opacity": _LENGTH,
    "stroke": _PAINT,
    "stroke-opacity": _LENGTH,
    "stroke-width": _LENGTH,
    "stroke-dasharray": re.compile(r"[.,\s\d]*"),
    "stroke-linecap": re.compile("butt|round|square"),
    "stroke-linejoin": re.compile("bevel|miter|round"),
}
_TEXT = _DRAWN | {
    "font-size": _LENGTH,
    "font-weight": re.compile("bold|normal|[1-9]00"),
    "text-anchor": re.compile("start|middle|end"),
}
_KEPT = {
    "g": _ANY,
    "line": _DRAWN | dict.fromkeys(("x1", "x2", "y1", "y2"), _LENGTH),
    "path": _DRAWN | {"d": re.compile(r"[-+.,\s\deEMLHVCSQTAZmlhvcsqtaz]*")},
    "rect": _DRAWN | dict.fromkeys(("x", "y", "width", "height", "rx", "ry"), _LENGTH),
    "text": _TEXT,
}
"""Elements, and of each the attributes with the values that they may have."""

_LONG = re.compile(r"-?\d+\.\d+(?:[eE][-+]?\d+)?|-?\d+[eE][-+]?\d+")
_PLACES = frozenset({"d", "transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height"})


def image(source: str, label: str, classes: str) -> Markup:
    """An `svg` element as wide as its place, called `label`, with what may stay of a drawing of Vega's."""
    root = ElementTree.fromstring(source)
    box = [float(one) for one in str(root.get("viewBox")).split()]
    size = " ".join(f"{one:g}" for one in box)
    head = (
        f'<svg class="{escape(classes)}" viewBox="{size}" fill="none" role="img" aria-label="{escape(visible(label))}">'
    )
    return Markup(head + "".join(part for child in root for part in _parts(child)) + "</svg>")


def _parts(node: ElementTree.Element) -> Iterator[str]:
    tag = node.tag.rpartition("}")[2]
    if tag not in _KEPT:
        return
    rules = _KEPT[tag]
    given = {name: node.attrib[name] for name in rules if name in node.attrib}
    kept = {name: _rounded(name, value) for name, value in given.items() if rules[name].fullmatch(value)}
    inside = "".join(part for child in node for part in _parts(child))
    if tag == "g":
        yield f"<g{_attributes(kept)}>{inside}</g>" if inside and kept else inside
    elif tag == "text":
        # Several lines would come as several elements; no chart has such text.
        yield f"<text{_attributes(kept)}>{escape(''.join(node.itertext()))}</text>"
    elif any(kept.get(name, "none") != "none" for name in ("fill", "stroke")):
        named = node.get("aria-label")
        yield f"<{tag}{_attributes(kept)}>{f'<title>{escape(named)}</title>' if named else ''}</{tag}>"


def _attributes(kept: dict[str, str]) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in kept.items())


def _rounded(name: str, value: str) -> str:
    """Places to a hundredth of a pixel: nobody sees more, and machines differ in the last digits."""
    return _LONG.sub(lambda found: f"{round(float(found[0]), 2) + 0:g}", value) if name in _PLACES else value
