"""What W&B wrote, read back from its own records."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import wandb
from PIL import Image

from tests.results.fake_run import CONFIG, PASSPORTS, SUMMARY, make_run
from tests.tracking.records import (
    history,
    items,
    pictures,
    records,
    summary_of,
    table_with_media,
    tables,
)
from vlminterp.errors import ConfigError, ResultsError
from vlminterp.results import RunFolder
from vlminterp.secrets import without_secrets
from vlminterp.tracking import Mode, TrackingConfig, check_login, mirror
from vlminterp.tracking.keys import Keys


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


def test_convergence_is_a_row_per_step_and_its_mean(written, mirrored):
    steps = [row for row in history(written) if "convergence/image/fit" in row]
    assert len(steps) == 10
    parts = RunFolder.read(mirrored).parts
    fits = [
        a for n in parts for name, a in parts.arrays(n).items() if name.endswith("image.curve.fit")
    ]
    assert steps[3]["convergence/image/fit"] == pytest.approx(sum(f[3] for f in fits) / len(fits))


def test_every_table_is_mirrored_whole_and_grows(tmp_path, monkeypatch):
    monkeypatch.setattr("vlminterp.tracking.tables.INCREMENT", 4)
    folder = make_run(tmp_path / "m" / "0123456789ab")
    results = RunFolder.read(folder)
    results.table("align").write(0, [{"step": 1, "reward": 0.1, "said": ["a", "b"]}], {})
    results.table("align").write(1, [{"step": 2, "reward": 0.2, "new": True}], {})
    mirror(results, TrackingConfig())
    rows, increments = tables(folder)
    assert set(rows) == {"rows", "tables/align", "pairs"}
    assert increments == {"rows": 3, "tables/align": 1, "pairs": 1}
    own = results.parts.rows()
    assert [row[:2] for row in rows["rows"]] == own[["pair", "id"]].to_numpy().tolist()
    assert len(rows["rows"][0]) == len(own.columns)
    assert rows["tables/align"] == [[1, 0.1, '["a", "b"]', None], [2, 0.2, None, True]]
    assert [row[0] for row in rows["pairs"]] == [f"scene/{i:04d}.png" for i in (0, 2, 3, 4, 5)]


def test_heatmaps_lie_under_masks_of_heat_and_of_what_is_named(written, mirrored):
    (content,) = [row for row in history(written) if "heatmaps.count" in row]
    assert content["heatmaps.count"] == len(pictures(mirrored)["heatmaps"]) == 5
    masks = content["heatmaps.all_masks"]
    assert [sorted(each) for each in masks] == [
        ["heat", "named"] if pair % 2 == 0 else ["heat"] for pair in (0, 2, 3, 4, 5)
    ]
    heat, named = (
        np.asarray(Image.open(next(mirrored.glob(f"wandb/*/files/{masks[0][name]['path']}"))))
        for name in ("heat", "named")
    )
    # of scene 0 the model saw the middle 240 of 320 columns; what is named is where the heat is
    assert set(np.unique(heat)) == {0, 1, 2, 3, 4}
    assert not heat[:240, :40].any()
    assert not heat[:240, 280:].any()
    assert named[heat == 4].mean() > 0.8
    assert named.mean() < 0.1


def test_a_picture_that_needs_no_frame_is_the_file_itself(tmp_path):
    folder = make_run(tmp_path / "m" / "0123456789ab", pairs=1)
    mirror(RunFolder.read(folder), TrackingConfig())
    own = (folder / RunFolder.read(folder).parts.rows()["picture"][0]).read_bytes()
    assert pictures(folder)["heatmaps"] == [own]


def test_lineage_is_model_and_data_used_and_results_made(written, mirrored):
    artifacts = {
        r.request.log_artifact.artifact.type: r.request.log_artifact.artifact
        for r in written
        if r.request.HasField("log_artifact")
    }
    artifacts |= {r.artifact.type: r.artifact for r in written if r.HasField("artifact")}
    own = {kind: artifacts[kind] for kind in ("model", "dataset", "results")}
    assert {kind: a.name for kind, a in own.items()} == {
        "model": "model-planted-base",
        "dataset": "data-planted",
        "results": "results-m2ib-0123456789ab",
    }
    assert [own[k].use_after_commit for k in own] == [True, True, False]
    assert json.loads(own["model"].metadata) == CONFIG["model"]
    held = {kind: {entry.path: entry for entry in a.manifest.contents} for kind, a in own.items()}
    assert set(held["model"]) == set(held["dataset"]) == {"options.json"}
    parts = {str(file.relative_to(mirrored)) for file in mirrored.glob("rows/*.parquet")}
    assert parts < set(held["results"])
    assert not any("wandb" in name or "pictures" in name for name in held["results"])
    for entry in held["results"].values():
        assert Path(entry.local_path).is_relative_to(mirrored)


def test_direction_of_metrics_is_known(written):
    best = {r.metric.name: r.metric.summary for r in written if r.HasField("metric")}
    assert best["pointing/mean"].max
    assert best["drop/mean"].min
    assert not best["drop/mean"].max


def test_an_early_stop_is_an_alert_and_its_curves_keep_the_best(tmp_path):
    folder = tmp_path / "m" / "0123456789ab"
    with RunFolder.open(folder, CONFIG) as results:
        rows = [{"step": step, "reward": reward} for step, reward in enumerate((1.0, 3.0, 2.0), 1)]
        results.table("align").write(0, rows, {})
        reward = {"mean": 2.0, "higher_is_better": True}
        results.finish({"metrics": {"reward": reward}, "stopped": "KL was above 100", "model": "m"})
        mirror(results, TrackingConfig())
    written = records(folder)
    (alert,) = [record.alert for record in written if record.HasField("alert")]
    assert (alert.title, alert.level) == ("stopped early", "WARN")
    assert alert.text.endswith("on m: KL was above 100")
    summary = summary_of(written)
    assert summary["reward/mean"] == 2.0
    assert {r.metric.name: r.metric.summary.max for r in written if r.HasField("metric")}[
        "align/reward"
    ]


def test_a_run_that_went_to_its_end_alerts_no_one(written):
    assert not [record for record in written if record.HasField("alert")]


def test_pictures_stand_outside_tables_and_lie_in_the_run_folder(written, mirrored):
    (content,) = [row for row in history(written) if "pictures.count" in row]
    assert content["pictures.count"] == 5
    assert content["pictures.captions"][0] == "scene/0000.png: an orange fox on the beach"
    for name in content["pictures.filenames"]:
        assert list(mirrored.glob(f"wandb/*/files/{name}"))


def test_summary_is_flat_and_has_the_controls(written):
    summary = summary_of(written)
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


def test_no_secret_is_in_any_file_of_the_mirror(tmp_path):
    folder = tmp_path / "m" / "0123456789ab"
    judge = {"api_key": "s3cr3t", "url": "https://me:s3cr3t@host/v1", "more": [{"token": "s3cr3t"}]}
    with RunFolder.open(folder, {**CONFIG, "model": {"hf_token": "s3cr3t"}, "judge": judge}) as run:
        mirror(run, TrackingConfig())
    files = [file for file in (folder / "wandb").rglob("*") if file.is_file()]
    assert any(b"host/v1" in file.read_bytes() for file in files)
    assert not [file for file in files if b"s3cr3t" in file.read_bytes()]


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


def test_each_method_of_a_run_has_its_pictures_and_keys(tmp_path):
    folder = make_run(tmp_path / "m" / "00aabbccddee", pairs=3, methods=("ig", "gae"))
    mirror(RunFolder.read(folder), TrackingConfig())
    found = {key: len(files) for key, files in pictures(folder).items()}
    expected = {f"{key}/{m}": 2 for key in ("pictures", "heatmaps") for m in ("ig", "gae")}
    assert found == expected
    rows, _ = tables(folder)
    assert {key: len(rows[key]) for key in rows if key.startswith("pairs")} == {
        "pairs/ig": 2,
        "pairs/gae": 2,
    }
    keys = Keys.of(RunFolder.read(folder))
    assert sorted(keys.media) == sorted(expected)
    assert {"pairs/ig", "pairs/gae", "rows"} <= set(keys.tables)


def test_passports_are_columns_and_counts(tmp_path):
    folder = make_run(tmp_path / "m" / "00aabbccddee", passports=True)
    with RunFolder.open(folder, CONFIG) as results:
        counts = {"trust": 2, "doubt": 2, "nothing there": 1}
        results.finish({**SUMMARY, "passports": counts})
    mirror(RunFolder.read(folder), TrackingConfig())
    rows, _ = tables(folder)
    told = [tuple(row[5:8]) for row in rows["pairs"]]
    assert told == [PASSPORTS[pair] for pair in (0, 2, 3, 4, 5)]
    summary = summary_of(records(folder))
    assert {word: summary[f"passports/{word}"] for word in counts} == counts


def test_rows_that_name_pictures_are_a_gallery(tmp_path):
    folder = make_run(tmp_path / "m" / "0123456789ab", pairs=1)
    secret = Image.new("RGB", (4, 4), "red")
    secret.save(tmp_path / "m" / "secret.png")
    foreign = "pictures/../../secret.png"  # what a caption or a picture may be called in the data
    with RunFolder.open(folder, CONFIG) as results:
        named = results.save_picture("owl", Image.new("RGB", (5, 5), "blue"))
        rows = [
            {"concept": "owl", "before": named, "score": 0.5, "answers": ["owl", "cat"]},
            {"concept": foreign, "before": named, "score": 0.2, "answers": []},
            {"concept": "dog", "before": foreign, "score": 0.1, "answers": []},
            {"concept": "cat", "before": None, "score": 0.1, "answers": []},
        ]
        results.table("tested").write(0, rows, {})
    mirror(results, TrackingConfig())
    content = table_with_media(folder, "gallery/tested")
    assert content["columns"] == ["before", "concept", "score", "answers"]
    shown, other = content["data"]
    assert shown[1:] == ["owl", 0.5, '["owl", "cat"]']
    assert shown[0]["_type"] == "image-file"
    assert shown[0]["sha256"] == sha256((folder / named).read_bytes()).hexdigest()
    assert other[1:] == [foreign, 0.2, "[]"]
    assert "gallery/tested" in Keys.of(RunFolder.read(folder)).tables
