"""Brings the repository's other pages into the site, and leads links to where they are there.

Pages are written to be read in the repository: links are relative to the file. In the site, `docs/`
is the root, the studies' pages and pictures lie beside it, and code is in the repository alone.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
REPOSITORY = "https://github.com/vlminterp/vlminterp"
PAGES = ("CONTRIBUTING.md", "CHANGELOG.md", "NOTICE")
LINK = re.compile(r"(\]\()(?![a-z]+:|#)([^)\s#]+)")
"""Pattern of a link to another file, without its anchor."""


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


def on_page_markdown(markdown: str, page: Page, files: Files, **_: object) -> str:
    """Returns a page's Markdown with links as they are in the site."""
    if page.file.src_uri == "options.md":
        return markdown

    def led(match: re.Match[str]) -> str:
        return match[1] + _in_site(page.file, match[2], files)

    return LINK.sub(led, markdown)


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
