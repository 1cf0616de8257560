"""Every call that reads a foreign checkpoint says whether code in it is trusted."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = (ROOT / "vlminterp", *(ROOT / "plugins").glob("vlminterp_*"))
READERS = {"from_pretrained", "from_config", "pipeline"}
PEFT = "PeftModel"
"""Reads an adapter's tensors and settings, and has no such option."""
OPTION = "trust_remote_code"


def trees():
    for folder in PACKAGES:
        for path in sorted(folder.rglob("*.py")):
            yield path, ast.parse(path.read_text("utf-8"))


def calls(tree):
    """Calls of a reader, as functions or methods."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in READERS:
                yield node


def refuses(node):
    """Whether the option is there: False, or the policy's own."""
    for keyword in node.keywords:
        if keyword.arg == OPTION:
            value = keyword.value
            never = isinstance(value, ast.Constant) and value.value is False
            return never or ast.unparse(value) == f"config.{OPTION}"
    return False


def spreads_the_policys(tree, node):
    """Whether it spreads `options`, which one function of the file makes with the policy's own."""
    spread = any(keyword.arg is None for keyword in node.keywords)
    return spread and f"{{'{OPTION}': config.{OPTION}}}" in ast.unparse(tree)


def test_every_call_says_what_it_trusts():
    seen = 0
    assert len(PACKAGES) >= 7
    for path, tree in trees():
        for node in calls(tree):
            if ast.unparse(node.func).startswith(PEFT):
                continue
            seen += 1
            told = f"{path.name}:{node.lineno}"
            assert refuses(node) or spreads_the_policys(tree, node), told
    assert seen >= 8


def test_no_reader_goes_by_another_name():
    for path, tree in trees():
        called = {id(node.func) for node in calls(tree)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in READERS:
                assert id(node) in called, f"{path.name}:{node.lineno}"
