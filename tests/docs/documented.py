"""The commands and examples that README and docs show, as their readers would copy them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / "README.md", ROOT / "CONTRIBUTING.md"),
    *(page for page in sorted((ROOT / "docs").glob("*.md")) if page.name != "options.md"),
]
"""All pages but that which is generated."""
FENCED = re.compile(r"^(<!-- not run: .+ -->\n\n?)?```(\w*)\n(.*?)^```", re.M | re.S)
INDENTED = re.compile(r"(?:^|\n\n)((?: {4}.*\n)+)")
INLINE = re.compile(r"`(python -m [^`]+)`")


@dataclass(frozen=True)
class Example:
    """A fenced block.

    Attributes:
        page: The file's name.
        language: As the fence says; empty where it says nothing.
        text: What stands in it.
        runs: Whether it is to run; else the comment above it says why not.
    """

    page: str
    language: str
    text: str
    runs: bool


def examples() -> Iterator[Example]:
    for page in PAGES:
        for mark, language, text in FENCED.findall(page.read_text("utf-8")):
            yield Example(page.name, language, text, not mark)


def commands() -> list[str]:
    """Every line of a shell, and every `python -m …` in a sentence, each once."""
    found: list[str] = []
    for page in PAGES:
        text = page.read_text("utf-8")
        blocks = [body for _, language, body in FENCED.findall(text) if language in ("", "bash")]
        blocks += INDENTED.findall(FENCED.sub("", text))
        for line in "\n".join(blocks).splitlines():
            found += re.split(r" && |; ", line.strip())
        found += [" ".join(one.split()) for one in INLINE.findall(text)]
    return list(dict.fromkeys(found))


def begun_by(start: str) -> list[list[str]]:
    """The arguments of all commands that begin so, each once, without comments."""
    found = [
        tuple(shlex.split(line[len(start) :], comments=True))
        for line in commands()
        if line == start or line.startswith(f"{start} ")
    ]
    return [list(one) for one in dict.fromkeys(found)]
