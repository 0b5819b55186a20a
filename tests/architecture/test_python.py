"""What every Python that we support runs rightly."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import dspysota

ROOT = Path(dspysota.__file__).parent
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp)


def loaded(node: ast.AST) -> Iterator[ast.Name]:
    return (one for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load))


def bound(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}


def shadowed(text: str) -> Iterator[str]:
    """Names that a comprehension binds, and another one in the same function takes from the module."""
    tree = ast.parse(text)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    names = {name for n in tree.body if isinstance(n, ast.Assign | ast.AnnAssign) for name in bound(n)}
    names |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    names |= {one.asname or one.name for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) for one in n.names}
    for function in functions:
        comprehensions = [node for node in ast.walk(function) if isinstance(node, COMPREHENSIONS)]
        for one in comprehensions:
            others = [other for other in comprehensions if other is not one]
            taken = {name.id for other in others for name in loaded(other) if name.id not in bound(other)}
            yield from (f"{function.name}: {name}" for name in sorted(bound(one) & taken & names))


def test_the_scan_finds_what_python_3_12_to_3_12_3_get_wrong():
    """Comprehensions are inlined there, and `number` below is then taken for an unset local variable."""
    text = "def number(x): ...\ndef f(xs):\n    a = [x[number] for number in xs]\n    return [number(x) for x in a]\n"

    assert ["f: number"] == list(shadowed(text))


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_comprehension_hides_a_function_from_its_neighbours(path):
    """Otherwise a report cannot be written under some Pythons: UnboundLocalError."""
    assert [] == list(shadowed(path.read_text()))
