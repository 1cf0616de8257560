"""Opens a page in headless Chromium, and records its loading time and requests."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, sync_playwright  # type: ignore[import-not-found,unused-ignore]

FLAGS = (
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PAINTED = "() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))"
BROKEN = "() => [...document.images].filter(i => i.complete && !i.naturalWidth).length"


@dataclass
class Seen:
    """The observations from opening a page.

    Attributes:
        seconds: Time until it was loaded and painted.
        sort: `aria-sort` of a table's third head after Enter was pressed there.
        broken: Number of pictures in view that could not be read.
        files: Number of files that it read, itself included.
        hosts: Requested addresses that aren't files.
        console: Lines that it wrote to the console, and its errors.
    """

    seconds: float = 0.0
    sort: str | None = None
    broken: int = 0
    files: int = 0
    hosts: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)


def look(path: Path, *, dark: bool = False, shot: Path | None = None) -> Seen:
    """Opens a page in a fresh browser, takes a screenshot if wanted, sorts a table by keyboard."""
    seen = Seen()
    with _page(dark=dark) as page:
        page.on("request", lambda request: _note(seen, request.url))
        page.on("console", lambda message: seen.console.append(message.text))
        page.on("pageerror", lambda error: seen.console.append(str(error)))
        began = time.perf_counter()
        page.goto(path.resolve().as_uri(), wait_until="load")
        page.evaluate(PAINTED)
        seen.seconds = time.perf_counter() - began
        if shot is not None:
            page.screenshot(path=shot)
        seen.broken = page.evaluate(BROKEN)
        head = page.locator("table.sortable thead th").nth(2)
        head.locator("button").press("Enter")
        seen.sort = head.get_attribute("aria-sort")
    return seen


def _note(seen: Seen, url: str) -> None:
    if url.startswith("file:"):
        seen.files += 1
    elif not url.startswith("data:"):
        seen.hosts.append(url)


@contextmanager
def _page(*, dark: bool) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=list(FLAGS), chromium_sandbox=False
        )
        page = browser.new_page(color_scheme="dark" if dark else "light")
        page.set_viewport_size({"width": 1280, "height": 1600})
        yield page
        browser.close()
