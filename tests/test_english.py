"""Docstrings are written as a native engineer writes them: a checker for the usual slips."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("vlminterp", "plugins", "experiments")
FRAGMENT = re.compile(
    r"^(Of|As|At|By|For|From|In|On|With|To|Where to|Which|What|Why|How|When|Who|Whose)\b"
)
"""Openings that need a sentence before them."""
ENTRY = re.compile(r"^ {4,8}(\*{0,2}\w+): (.*)$", re.MULTILINE)
Docstring = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def slips(path: Path) -> Iterator[str]:
    """Yields what is wrong with the docstrings of a file, with its line."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, Docstring) or not (text := ast.get_docstring(node)):
            continue
        where = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"
        summary = " ".join(text.split("\n\n")[0].split())
        if FRAGMENT.match(summary) or len(summary.split()) < 3:
            yield f"{where}: {summary}"
        if isinstance(node, ast.FunctionDef) and not is_property(node) and not verb_first(summary):
            yield f"{where}: {summary} (no verb)"
        for name, entry in ENTRY.findall(text):
            if FRAGMENT.match(entry) or len(entry.split()) < 2:
                yield f"{where}: {name}: {entry}"


def is_property(node: ast.FunctionDef) -> bool:
    """Tells whether a function is read like an attribute, whose docstring is a noun phrase."""
    return any("property" in ast.unparse(one) for one in node.decorator_list)


def verb_first(summary: str) -> bool:
    """Tells whether a function's summary begins with a verb in the third person: "Returns …"."""
    return re.match(r"[A-Z][a-z-]+s\b", summary.split(" ")[0]) is not None


FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def test_docstrings_are_sentences():
    found = [slip for path in FILES for slip in slips(path)]
    assert found == [], f"{len(found)} slips"


@pytest.mark.parametrize(
    "line",
    [
        '"""Of a run."""',
        'def f(n):\n    """Draws."""',
        'def f(n):\n    """Returns a run\'s draws.\n\n    Args:\n        n: Draws.\n    """',
        'def f(n):\n    """The draws of a run."""',
    ],
)
def test_a_slip_is_found(line, tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    (path := tmp_path / "wrong.py").write_text(line)
    assert list(slips(path))
