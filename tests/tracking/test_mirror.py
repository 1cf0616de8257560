"""Reads back what W&B wrote: a `.wandb` file is a header, then LevelDB log records."""

import json
import os
import re
import socket
import struct
import subprocess
import sys
import time

import pytest
import wandb
from wandb.proto.wandb_internal_pb2 import Record

from tests.results.fake_run import CONFIG, SUMMARY, make_run
from vlminterp.errors import ConfigError, ResultsError
from vlminterp.results import RunFolder
from vlminterp.tracking import Mode, TrackingConfig, check_login, mirror
from vlminterp.tracking.run import without_secrets

HEADER, BLOCK = 7, 32 * 1024
FULL, LAST = 1, 4


def records(folder):
    """Every record of the one `.wandb` file below a folder."""
    (file,) = folder.glob("wandb/*run-*/run-*.wandb")
    content, at, whole, found = file.read_bytes(), HEADER, b"", []
    assert content[:4] == b":W&B"
    while at + 7 <= len(content):
        room = BLOCK - at % BLOCK
        if room < 7:
            at += room
            continue
        _, length, kind = struct.unpack("<IHB", content[at : at + 7])
        whole += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (FULL, LAST):
            record = Record()
            record.ParseFromString(whole)
            found.append(record)
            whole = b""
    return found


def items(of):
    """Key-value items as a dict; nested keys are joined by dots."""
    return {
        ".".join(item.nested_key) if item.nested_key else item.key: json.loads(item.value_json)
        for item in of
    }


def environment():
    """Without what wandb keeps there to find its own service process again."""
    return {name: value for name, value in os.environ.items() if name != "WANDB_SERVICE"}


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory):
    folder = make_run(tmp_path_factory.mktemp("runs") / "planted-base" / "0123456789ab")
    before = environment()
    mirror(RunFolder.read(folder), TrackingConfig(tags=["a"]), group="sweep-1")
    assert environment() == before
    return folder


@pytest.fixture(scope="module")
def written(mirrored):
    return records(mirrored)


def test_run_has_name_group_job_type_and_tags(written):
    (run,) = [record.run for record in written if record.HasField("run")]
    assert (run.project, run.run_group, run.job_type) == ("vlminterp", "sweep-1", "m2ib")
    assert (run.display_name, run.run_id) == ("planted-base/0123456789ab", "0123456789ab")
    assert list(run.tags) == ["a"]


def test_config_is_the_runs_own_and_nested(written):
    (run,) = [record.run for record in written if record.HasField("run")]
    config = items(run.config.update)
    config.pop("_wandb", None)
    assert config == CONFIG


def history(written):
    return [items(record.history.item) for record in written if record.HasField("history")]


def test_convergence_is_a_row_per_step_and_its_mean(written, mirrored):
    steps = [row for row in history(written) if "convergence/image/fit" in row]
    assert len(steps) == 10
    parts = RunFolder.read(mirrored).parts
    fits = [
        a for n in parts for name, a in parts.arrays(n).items() if name.endswith("image.curve.fit")
    ]
    assert steps[3]["convergence/image/fit"] == pytest.approx(sum(f[3] for f in fits) / len(fits))


def test_rows_and_pairs_are_tables(written, mirrored):
    (content,) = [row for row in history(written) if "rows.path" in row]
    tables = {}
    for name in ("rows", "pairs"):
        (file,) = mirrored.glob(f"wandb/*/files/{content[f'{name}.path']}")
        tables[name] = json.loads(file.read_text())
    assert len(tables["rows"]["data"]) == 11
    assert tables["rows"]["columns"] == list(RunFolder.read(mirrored).parts.rows().columns)
    assert [row[0] for row in tables["pairs"]["data"]] == [
        f"scene/{i:04d}.png" for i in (0, 2, 3, 4, 5)
    ]


def test_pictures_stand_outside_tables_and_lie_in_the_run_folder(written, mirrored):
    (content,) = [row for row in history(written) if "pictures.count" in row]
    assert content["pictures.count"] == 5
    assert content["pictures.captions"][0] == "scene/0000.png: an orange fox on the beach"
    for name in content["pictures.filenames"]:
        assert list(mirrored.glob(f"wandb/*/files/{name}"))


def test_summary_is_flat_and_has_the_controls(written):
    summary = {}
    for record in written:
        if record.HasField("summary"):
            summary |= items(record.summary.update)
    assert summary["pairs"] == 6
    assert summary["skipped"] == 1
    assert summary["pointing/mean"] == SUMMARY["metrics"]["pointing"]["mean"]
    assert summary["pointing/random/high"] == pytest.approx(0.11)
    assert summary["energy/centre/low"] == pytest.approx(0.20)


def test_run_ended_well(written):
    assert [record.exit.exit_code for record in written if record.HasField("exit")] == [0]


def test_the_same_again_sends_nothing_and_another_place_does(mirrored):
    (file,) = mirrored.glob("wandb/*run-*/run-*.wandb")
    before = file.stat().st_mtime_ns
    mirror(RunFolder.read(mirrored), TrackingConfig(tags=["a"]), group="sweep-1")
    assert file.stat().st_mtime_ns == before
    mirror(RunFolder.read(mirrored), TrackingConfig(project="other"))
    (run,) = [record.run for record in records(mirrored) if record.HasField("run")]
    assert run.project == "other"
    assert run.run_group == ""


def exit_codes(folder):
    """Of the run's records; W&B's own process may write the last ones a moment later."""
    end = time.monotonic() + 10
    while not (found := [r.exit.exit_code for r in records(folder) if r.HasField("exit")]):
        if time.monotonic() > end:
            break
        time.sleep(0.1)
    return found


def test_an_error_ends_the_run_as_failed(tmp_path, monkeypatch):
    folder = make_run(tmp_path / "m" / "0123456789ab", pairs=2)

    def broken(run, results):
        raise ZeroDivisionError

    monkeypatch.setattr("vlminterp.tracking.content.log_content", broken)
    with pytest.raises(ZeroDivisionError):
        mirror(RunFolder.read(folder), TrackingConfig())
    assert exit_codes(folder) == [1]
    assert wandb.run is None
    assert "WANDB_DATA_DIR" not in os.environ
    monkeypatch.undo()
    mirror(RunFolder.read(folder), TrackingConfig())
    assert exit_codes(folder) == [0]


def test_unfinished_and_pictureless_runs_can_be_mirrored(tmp_path):
    folder = tmp_path / "m" / "0123456789ab"
    with RunFolder.open(folder, CONFIG) as results:
        results.parts.write(0, [{"pair": 0, "id": "a", "skipped": "broken"}], {})
        mirror(results, TrackingConfig())
    assert any("rows.path" in row for row in history(records(folder)))


def test_secrets_stay_at_home():
    config = {
        "judge": {"api_key": "x", "HF_TOKEN": "x", "model": "m", "max_tokens": 5},
        "password": "x",
        "tokenizer": "t",
    }
    assert without_secrets(config) == {"judge": {"model": "m", "max_tokens": 5}, "tokenizer": "t"}


def python(program, *arguments, **environment):
    """Runs a program in a home without any login."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB")}
    home = {"HOME": str(arguments[0]), "NETRC": str(arguments[0] / "netrc")}
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        env=kept | home | environment,
        check=True,
        capture_output=True,
        text=True,
    )


ONLINE = """
import sys
from pathlib import Path
from vlminterp.results import RunFolder
from vlminterp.tracking import Mode, TrackingConfig, mirror, run
run.CONNECT_SECONDS = 3
try:
    mirror(RunFolder.read(Path(sys.argv[2])), TrackingConfig(mode=Mode.online))
except Exception as error:
    print(type(error).__name__, error)
"""


def closed_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.mark.parametrize("login", [False, True])
def test_online_without_login_or_network_is_one_line_and_nothing_is_lost(tmp_path, login):
    folder = make_run(tmp_path / "m" / "0123456789ab", pairs=2)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    environment = {"WANDB_BASE_URL": f"http://127.0.0.1:{closed_port()}"}
    if login:
        environment["WANDB_API_KEY"] = "0" * 40
    done = python(ONLINE, tmp_path, folder, **environment)
    (line,) = done.stdout.splitlines()
    expected = (
        f"ResultsError W&B mirror failed: .*results are safe in {folder}.*"
        if login
        else "ConfigError tracking=online needs a W&B login .*`wandb login`.*"
    )
    assert re.fullmatch(expected, line)
    assert done.stderr == ""
    assert {path: path.read_bytes() for path in before} == before


def test_disabled_imports_no_wandb_and_neither_does_the_package(tmp_path):
    program = (
        "import sys; from pathlib import Path; from vlminterp.results import RunFolder\n"
        "from vlminterp.tracking import Mode, TrackingConfig, check_login, mirror\n"
        "disabled = TrackingConfig(mode=Mode.disabled)\n"
        "check_login(disabled); mirror(RunFolder.read(Path(sys.argv[2])), disabled)\n"
        "print('wandb' in sys.modules, 'torch' in sys.modules)"
    )
    folder = make_run(tmp_path / "m" / "0123456789ab", pairs=2)
    assert python(program, tmp_path, folder).stdout == "False False\n"
    assert not (folder / "wandb").exists()


def test_login_is_checked_only_for_online(monkeypatch):
    monkeypatch.setattr(wandb, "login", lambda **_: False)
    check_login(TrackingConfig(mode=Mode.offline))
    with pytest.raises(ConfigError, match="needs a W&B login"):
        check_login(TrackingConfig(mode=Mode.online))


def test_the_mirror_says_nothing(tmp_path, capfd):
    folder = make_run(tmp_path / "m" / "0123456789ab", pairs=2)
    mirror(RunFolder.read(folder), TrackingConfig())
    assert capfd.readouterr() == ("", "")


def test_errors_of_w_and_b_are_ours(tmp_path, monkeypatch):
    def unreachable(**_):
        raise wandb.errors.CommError("no route\nto host")

    monkeypatch.setattr(wandb, "init", unreachable)
    folder = make_run(tmp_path / "m" / "0123456789ab", pairs=2)
    with pytest.raises(ResultsError, match=r"W&B mirror failed: no route; results are safe"):
        mirror(RunFolder.read(folder), TrackingConfig())
