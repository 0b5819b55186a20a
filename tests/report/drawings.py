"""What the tests of charts share: runs to draw, and drawings read back."""

import random
import re
from typing import Any
from xml.etree import ElementTree

from dspysota.records import Prices, Run, TokenPrice, Usage
from dspysota.report.meta import ReportMeta
from dspysota.report.view import view
from tests.factories import make_call, make_case, make_info

META = ReportMeta(command="pytest evals")
SMALL, LARGE = "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"
PRICE = TokenPrice(prompt=0.1, completion=0.3, source="a list")


def shown(section, runs, meta=META) -> dict[str, Any]:
    """What a section shows of runs; nothing where it is left out."""
    return dict(section.values(view(runs, meta)) or {})


def figures(section, runs, meta=META):
    """The charts of a section."""
    return shown(section, runs, meta).get("charts", [])


def found(pattern, text):
    """What the first group of a pattern holds that has to be there."""
    match = re.search(pattern, text)
    assert match is not None, f"{pattern} in {text}"
    return match[1]


def drawings(figure):
    """The drawings of a figure, as elements."""
    return [ElementTree.fromstring(f"<g>{figure.svg}</g>")[place] for place in range(2 if figure.narrow else 1)]


def place(node, parents=()):
    """Where an element's origin is, groups around it included."""
    spots = [re.findall(r"translate\(([-\d.]+)[, ]+([-\d.]+)\)", one.get("transform", "")) for one in (*parents, node)]
    return tuple(sum(float(pair[axis]) for found in spots for pair in found) for axis in (0, 1))


def walk(node, parents=()):
    yield node, parents
    for child in node:
        yield from walk(child, (*parents, node))


def titled(drawing):
    """What is shown beside the pointer: (title, x, y) of every mark that has one."""
    return [
        (node.findtext("title"), *place(node, parents))
        for node, parents in walk(drawing)
        if node.find("title") is not None
    ]


def many(n, seed=0, **fields):
    """`n` runs on one data set, of two models, with scores, tokens and seconds as they come."""
    chance = random.Random(f"{n} {seed}")
    runs = []
    for i in range(n):
        right, tokens = chance.randrange(2, 60), chance.randrange(100, 3000)
        call = make_call(usage=Usage(prompt_tokens=tokens, completion_tokens=tokens // 4, cached_tokens=tokens // 3))
        cases = [
            make_case(f"q{k}", float(k < right), calls=(call,), seconds=chance.lognormvariate(1, 0.6))
            for k in range(60)
        ]
        model = (SMALL, LARGE)[i % 3 == 2]
        prices = Prices(basis="list", tokens=PRICE)
        info = make_info(model_name=model, approach=f"approach_{i}", key=f"k{i}", rows=60, prices=prices, **fields)
        runs.append(Run(info=info, cases=tuple(cases)))
    return runs


def boxes(drawing):
    """The words of a drawing with the places that they take, letters of a wide common font assumed."""
    found = []
    for node, parents in walk(drawing):
        if node.tag == "text" and node.text:
            x, y = place(node, parents)
            size = float(node.get("font-size").removesuffix("px"))
            wide = 0.6 * size * len(node.text)
            left = x - {"middle": 0.5, "end": 1}.get(node.get("text-anchor"), 0) * wide
            found.append((node.text, left, y - 0.75 * size, left + wide, y + 0.2 * size))
    return found


def meet(one, other):
    return one[1] < other[3] and other[1] < one[3] and one[2] < other[4] and other[2] < one[4]
