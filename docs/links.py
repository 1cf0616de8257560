"""Brings the repository's other pages into the site, and leads links to where they are there.

Pages are written to be read in the repository: links are relative to the file. In the site, `docs/`
is the root, the studies' pages and pictures lie beside it, and code is in the repository alone.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
REPOSITORY = "https://github.com/vlminterp/vlminterp"
PAGES = ("CONTRIBUTING.md", "CHANGELOG.md", "NOTICE")
LINK = re.compile(r"\[([^\]]*)\]\((?![a-z]+:|#)([^)\s#]+)")
"""Pattern of a link to another file, without its anchor: its words and its address."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages and pictures outside of `docs/` that a page may link to."""
    found = [ROOT / name for name in PAGES]
    for kind in ("*.md", "*.png"):
        found += (ROOT / "experiments").rglob(kind)
    for path in found:
        place = path.relative_to(ROOT)
        if "work" not in place.parts:
            files.append(File.generated(config, place.as_posix(), abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Returns a page's Markdown with links as they are in the site.

    Where a link's words are the name of a page's file, they become the page's title.
    """
    if page.file.src_uri == "options.md":
        return markdown

    titles = _titles(config.nav)

    def led(match: re.Match[str]) -> str:
        words, link = match.groups()
        return f"[{titles.get(words, words)}]({_in_site(page.file, link, files)}"

    return LINK.sub(led, markdown)


def _titles(nav: Any) -> dict[str, str]:
    """Returns the title of each page of the navigation by its file."""
    found: dict[str, str] = {}
    for title, place in ((title, place) for one in nav for title, place in one.items()):
        found |= {place: title} if isinstance(place, str) else _titles(place)
    return found


def _in_site(source: File, link: str, files: Files) -> str:
    """Returns where a link of one page leads in the site.

    Raises:
        PluginError: There is no such file.
    """
    target = (Path(str(source.abs_src_path)).parent / link).resolve()
    if (target / "README.md").is_file():
        target /= "README.md"
    if not target.exists():
        raise PluginError(f"{source.src_uri}: there is no {link}")
    home = DOCS if target.is_relative_to(DOCS) else ROOT
    place = target.relative_to(home).as_posix()
    if files.get_file_from_path(place):
        return posixpath.relpath(place, posixpath.dirname(source.src_uri) or ".")
    return f"{REPOSITORY}/blob/main/{target.relative_to(ROOT).as_posix()}"
