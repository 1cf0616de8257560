"""The site builds without a warning, and asks no host for anything."""

import re
import sys
from pathlib import Path
from subprocess import run

import pytest

ROOT = Path(__file__).parents[2]
OUTSIDE = re.compile(r"<(?:script|img|iframe|link)[^>]*?(?:src|href)=[\"']?(https?:)?//", re.I)
IN_STYLE = re.compile(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", re.I)
ASKS = "http://www.w3.org/"
"""The one address in styles that names something and fetches nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("mkdocs")
    pytest.importorskip("material")
    folder = tmp_path_factory.mktemp("site")
    line = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder]
    done = run(line, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_is_there(site):
    pages = {page.stem for page in (ROOT / "docs").glob("*.md")}
    assert pages <= {page.stem for page in site.glob("*.html")}
    assert "vlminterp.explain" in (site / "api.html").read_text("utf-8")


def test_no_page_refers_to_another_host(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 20
    assert [page for page in pages if OUTSIDE.search(page.read_text("utf-8"))] == []
    styles = [page.read_text("utf-8").replace(ASKS, "") for page in site.rglob("*.css")]
    assert not any(IN_STYLE.search(text) for text in styles)


def test_stars_are_not_asked_for(site):
    """The theme asks GitHub's API wherever a page names the repository as its source."""
    assert "data-md-component=source" not in (site / "index.html").read_text("utf-8").replace(
        '"', ""
    )


def test_a_page_of_another_host_would_be_seen():
    assert OUTSIDE.search('<script src="https://unpkg.com/x">')
    assert OUTSIDE.search("<link rel=stylesheet href=//fonts.example/x.css>")
    assert not OUTSIDE.search('<a href="https://example.org">')
