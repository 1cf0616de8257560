"""Runs as users start and end them: killed, interrupted, twice at once, without room, installed."""

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pandas as pd
import pytest

from tests.warm import Warm
from vlminterp.results.timings import TIMINGS

ROOT = Path(__file__).parents[2]
PARTS = "outputs/m2ib/*/*/rows/*.parquet"
pytestmark = pytest.mark.slow


@pytest.fixture
def line(hf_folder):
    """A command line of twelve pairs in batches of two."""
    return [
        *("+plugin=m2ib", "model=hf", f"model.checkpoint={hf_folder}"),
        *("data=planted", "data.pairs=12", "plugin.batch_size=2", "plugin.image.steps=3"),
        *("plugin.text.steps=3", "tracking=disabled", "device=cpu"),
    ]


def finish(line, folder, first=None):
    return Warm("vlminterp", line, folder, first).finish()


def parts(folder):
    return sorted(folder.glob(PARTS))


def contents(folder):
    found = folder.glob("outputs/m2ib/**/*")
    files = (path for path in found if path.is_file() and path.name != TIMINGS)
    return {
        path.relative_to(folder): path.read_bytes()
        for path in files
        if not path.name.startswith(".")
    }


def test_killed_run_ends_byte_identical(line, tmp_path):
    code, _, err = finish(line, tmp_path / "whole")
    assert code == 0, err
    whole = contents(tmp_path / "whole")
    chance, killed = random.Random(0), tmp_path / "killed"
    kills = 0
    for target in (1, 4):
        process = Warm("vlminterp", line, killed)
        process.wait_for_files(killed, PARTS, target)
        time.sleep(chance.random() * 0.2)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
    assert kills >= 1
    assert len(parts(killed)) > 0
    code, _, err = finish(line, killed)
    assert code == 0, err
    assert contents(killed) == whole


def test_interrupted_run_says_so_and_continues(line, tmp_path):
    line = [one.replace("data.pairs=12", "data.pairs=40") for one in line]
    process = Warm("vlminterp", line, tmp_path)
    process.wait_for_files(tmp_path, PARTS)
    process.send_signal(signal.SIGINT)
    code, _, err = process.finish()
    assert code == 130
    assert "interrupted; what was computed is kept, the same line continues" in err
    assert "Traceback" not in err
    before = {path: path.stat().st_mtime_ns for path in parts(tmp_path)}
    code, _, err = finish(line, tmp_path)
    assert code == 0, err
    assert len(parts(tmp_path)) == 20
    assert all(path.stat().st_mtime_ns == then for path, then in before.items())


def test_two_at_once(line, tmp_path):
    first = Warm("vlminterp", line, tmp_path)
    first.wait_for_files(tmp_path, PARTS)
    first.send_signal(signal.SIGSTOP)  # it must not end before the second has begun
    before = len(parts(tmp_path))
    second = Warm("vlminterp", line, tmp_path)
    second.wait_for_files(tmp_path, PARTS, before + 1)
    first.send_signal(signal.SIGCONT)
    code, _, err = second.finish()
    assert first.wait() == code == 0
    assert f"helping process {first.pid}" in err
    assert "Traceback" not in err


def small_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))


def test_disk_full(line, tmp_path):
    """A limit on file size stands in for a full disk; what was written stays."""
    code, _, err = finish(line, tmp_path, first=small_files)
    assert code == 1
    assert "Traceback" not in err
    told = [text for text in err.splitlines() if text.startswith("vlminterp:")]
    assert len(told) == 1
    code, _, err = finish(line, tmp_path)
    assert code == 0, err


def install(source, target):
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target)]
    subprocess.run([*pip, str(source)], check=True, capture_output=True, timeout=300)


def installed_run(target, folder, *overrides):
    """Runs with `target` before everything else on the path.

    The interpreter below this environment runs, so that no `.pth` file is read: the development
    install in this environment can't fill in for what is missing in `target`.
    """
    libraries = sysconfig.get_path("purelib")
    environment = {**os.environ, "PYTHONPATH": f"{target}{os.pathsep}{libraries}"}
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys._base_executable, "-m", "vlminterp", *overrides],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def wheel_site(tmp_path_factory):
    """What the wheel holds, built from the files that git knows."""
    source, site = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True).stdout
    kept = (
        "vlminterp/",
        "plugins/",
        "conf/",
        "pyproject.toml",
        "setup.py",
        "README.md",
        "LICENSE",
        "NOTICE",
    )
    for name in names.decode().split("\0"):
        if name.startswith(kept) and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    install(source, site)
    return site


def test_third_party_package(wheel_site, tmp_path):
    """A plugin, a family of models and a source that come with another package."""
    site, work = tmp_path / "site", tmp_path / "work"
    shutil.copytree(wheel_site, site)
    shutil.copytree(ROOT / "tests" / "example_package", tmp_path / "package")
    install(tmp_path / "package", site)
    code, _, err = installed_run(site, work)
    assert code == 0, err
    assert "attribution, audit, bank, captions, ex2, m2ib" in err
    assert "hashed" in err
    assert "greetings" in err
    assert "plugin=broken: plugin 'broken' can't be imported" in err
    assert "plugin=misspelt: plugin 'misspelt' can't be imported" in err
    line = ["+plugin=captions", "model=hashed", "data=greetings", "data.whom=you"]
    swept = [*line, "plugin.shout=true,false", "tracking=disabled", "console=quiet"]
    code, out, err = installed_run(site, work, "-m", *swept)
    assert code == 0, err
    folder = work / out.splitlines()[0]
    assert (folder / "report.html").is_file()
    (page,) = work.glob("outputs/sweeps/*/report.html")
    told = page.read_text("utf-8")
    assert "<b>Words</b> by plugin.shout: True: 6, False: 6." in told
    assert "2 runs of hashed side by side, by plugin.shout" in told
    assert told.count("6 words") == 2
    rows = pd.concat(map(pd.read_parquet, sorted(folder.glob("rows/*"))))
    assert rows["text"].tolist() == ["YOU", "HELLO YOU", "HELLO HELLO YOU"]
    assert rows["count"].tolist() == [1, 2, 3]
    line_of_method = ["+plugin=attribution", "plugin.methods=[nearness,gae]", "data.pairs=2"]
    code, out, err = installed_run(site, work, *line_of_method, "tracking=disabled")
    assert code == 0, err
    report = work / out.strip().splitlines()[-1].removeprefix("report: ")
    rows = pd.concat(map(pd.read_parquet, sorted(report.parent.glob("rows/*"))))
    assert set(rows["method"]) == {"nearness", "gae"}
    code, _, err = installed_run(site, work, *line, "plugin.shuot=true")
    assert code == 1
    assert "no key 'shuot' in plugin; nearest: shout" in err
    code, _, err = installed_run(site, work, "+plugin=broken")
    assert code == 1
    assert "plugin 'broken' can't be imported" in err


def test_wheel_runs_outside_the_repository(wheel_site, tmp_path):
    """The demo's command, from the wheel alone."""
    code, out, err = installed_run(
        wheel_site, tmp_path / "work", "+plugin=m2ib", "data.pairs=4", "tracking=disabled"
    )
    assert code == 0, err
    report = tmp_path / "work" / out.strip().splitlines()[-1].removeprefix("report: ")
    assert report.is_file()
    assert (wheel_site / "vlminterp" / "conf" / "config.yaml").is_file()
    assert (wheel_site / "vlminterp_m2ib" / "conf").is_dir()
    assert (wheel_site / "vlminterp" / "py.typed").is_file()
