"""The app as its own process, finished runs to browse, and pages in a real browser."""

import csv
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

from vlminterp.cli.main import run
from vlminterp.planted.oracle import planted_rows
from vlminterp.planted.scenes import SIZE, World
from vlminterp.planted.wordings import THINGS

CHROMIUM = shutil.which("chromium")
ROWS = ("top", "", "bottom"), ("left", "", "right")
PATIENCE = 180_000
"""Milliseconds to wait for an answer."""


@dataclass(frozen=True)
class Shown:
    """A planted scene as a file, with the truth about its only object."""

    path: Path
    name: str
    mask: np.ndarray

    @property
    def place(self) -> str:
        """The ninth of the picture that the object is in, in words."""
        thirds = [int(3 * axis.mean() / SIZE) for axis in np.nonzero(self.mask)]
        words = " ".join(names[third] for names, third in zip(ROWS, thirds, strict=True))
        return f"the {words.strip() or 'middle'}"


@pytest.fixture(scope="session")
def scenes(tmp_path_factory) -> list[Shown]:
    folder = tmp_path_factory.mktemp("scenes")
    found = []
    for number in (3, 5):
        scene = World(0, "test").scene(number)
        path = folder / f"scene {number}.png"
        Image.fromarray(scene.image).save(path)
        found.append(Shown(path, scene.objects[0].concept.name, scene.objects[0].mask))
    return found


@pytest.fixture(scope="session")
def outputs(tmp_path_factory) -> Path:
    """A finished run of a VLM that goes by the background, and one that says what another likes."""
    folder = tmp_path_factory.mktemp("outputs")
    bank = folder.parent / "bank.csv"
    with bank.open("w", newline="", encoding="utf-8") as file:
        rows = planted_rows(THINGS.held_out[:1], held_out=True)
        written = [(row.concept, row.family, row.text, row.frame) for row in rows]
        csv.writer(file).writerows([("concept", "family", "text", "frame"), *written])
    shared = ["device=cpu", "tracking=disabled", "console=json", f"output={folder}"]
    looked = ["+plugin=attribution", "model=planted-shortcut", "plugin.methods=[gradcam]"]
    heard = ["+plugin=bank", "model=planted-habitat", f"plugin.bank={bank}", "data.images=1"]
    assert run([*looked, "data.pairs=4", *shared]) == 0
    assert run([*heard, *shared]) == 0
    return folder


@pytest.fixture(scope="session")
def address(outputs, tmp_path_factory):
    """The app's address; nothing outside this machine may have been asked for when it ends."""
    pytest.importorskip("gradio", reason="the extra app is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("app") / "log.txt"
    line = [sys.executable, str(Path(__file__).with_name("offline_server.py")), "app"]
    line += [str(outputs), "--port", str(port), "--device", "cpu", "--no-open"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    with log.open("wb") as file:
        process = subprocess.Popen(line, stdout=file, stderr=subprocess.STDOUT, env=environment)
        try:
            deadline = time.monotonic() + 300
            while "http://" not in log.read_text():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            process.wait(20)
    assert "OUTSIDE" not in log.read_text()


@pytest.fixture(scope="module")
def browser(address):
    """Debian's chromium, which finds no host but this machine.

    Not for the session: Playwright has an event loop, beside which no other test can run one.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    rules = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", rules])
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser, address):
    """Opens the app in a window of its own; no page may ask another host for anything."""
    asked, contexts = set(), []

    def opened(tab="Look", width=1280, scheme="light"):
        size = {"width": width, "height": 900}
        context = browser.new_context(viewport=size, color_scheme=scheme)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
        page.goto(address)
        page.get_by_role("tab", name=tab).click()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert asked <= {urlsplit(address).netloc, ""}  # data: and blob: have no host


@pytest.fixture
def fits():
    """Checks that a page is no wider than its window."""

    def check(page):
        page.wait_for_timeout(300)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= page.viewport_size["width"]

    return check
