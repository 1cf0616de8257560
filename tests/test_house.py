"""The rooms of the house: what may import what. Every import counts, wherever it stands."""

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PRESENTING = ("report", "drawing", "dashboard", "tracking", "export", "cli")
COMPUTING = ("adapters", "attribution", "data", "description", "metrics", "planted")


@cache
def modules() -> dict[str, Path]:
    """Every module of the product by its dotted name."""
    found = {}
    for root in (ROOT, ROOT / "plugins"):
        for path in root.glob("vlminterp*/**/*.py"):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def imports() -> dict[str, set[str]]:
    """The product's own modules that each of them imports."""
    return {name: set(imported_by(path)) - {name} for name, path in modules().items()}


def imported_by(path: Path):
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules())
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name for name in inner if name in modules())
            if node.module in modules() and not all(name in modules() for name in inner):
                yield node.module


def reached(start: str) -> set[str]:
    """All modules that one imports, itself or through others."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = imports()[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def room(module: str) -> str:
    return module.split(".")[1] if module.startswith("vlminterp.") else ""


def test_no_module_imports_itself_through_others():
    assert circle() == []


def circle() -> list[str]:
    """Returns the modules of a circle; none if there is none."""
    try:
        TopologicalSorter(imports()).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_what_computes_imports_nothing_that_presents():
    wrong = [
        f"{name} -> {other}"
        for name, others in imports().items()
        for other in others
        if room(name) in COMPUTING and room(other) in PRESENTING
    ]
    assert sorted(wrong) == []


def test_no_page_imports_hydra():
    hydra = {name for name, path in modules().items() if "hydra" in packages_of(path)}
    pages = [name for name in modules() if room(name) in ("report", "drawing")]
    assert {name: found for name in pages if (found := hydra & {name, *reached(name)})} == {}


def packages_of(path: Path) -> set[str]:
    """The packages that a file imports, by the first part of their names."""
    nodes = list(ast.walk(parsed(path)))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return {name.split(".")[0] for name in names}


def test_no_main_module_is_imported():
    wrong = [n for n, others in imports().items() if any(o.endswith("__main__") for o in others)]
    assert wrong == []


def test_the_core_knows_no_plugin():
    wrong = [
        f"{name} -> {other}"
        for name, others in imports().items()
        for other in others
        if name.startswith("vlminterp.") and other.startswith("vlminterp_")
    ]
    assert wrong == []


def test_no_two_plugins_use_each_other():
    """A plugin that another one uses can be understood without it."""
    uses: dict[str, set[str]] = {}
    for name, others in imports().items():
        package = name.split(".")[0]
        if package != "vlminterp":
            uses.setdefault(package, set()).update(other.split(".")[0] for other in others)
    both = {(a, b) for a in uses for b in uses[a] if a < b and a in uses.get(b, ())}
    assert both == set()


def test_no_class_name_stands_twice():
    seen: dict[str, list[str]] = {}
    for name, path in modules().items():
        for node in parsed(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                seen.setdefault(node.name, []).append(name)
    assert {name: where for name, where in seen.items() if len(where) > 1} == {}
