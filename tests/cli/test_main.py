"""The command line, in this process: what it computes, and one clear line for every mistake."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest
import torch
from PIL import Image
from vlminterp_m2ib.attribution import M2IB

import vlminterp
from vlminterp.cli.main import run
from vlminterp.data.images import read_image
from vlminterp.results.run_folder import RunFolder


@pytest.fixture
def command(hf_folder, picture_folder, tmp_path, monkeypatch, capsys):
    """Runs a command line on the tiny model and pictures; returns exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run_line(*overrides):
        defaults = {
            "model": "hf",
            "model.checkpoint": str(hf_folder),
            "data": "folder",
            "data.path": str(picture_folder),
            "tracking": "disabled",
            "device": "cpu",
            "+plugin": "m2ib",
            "plugin.image.steps": "2",
            "plugin.text.steps": "2",
        }
        given = {override.partition("=")[0] for override in overrides}
        if "data" in given:
            defaults.pop("data.path")
        if "model" in given:
            defaults.pop("model.checkpoint")
        arguments = [f"{k}={v}" for k, v in defaults.items() if k not in given]
        capsys.readouterr()
        code = run([*arguments, *overrides])
        out, err = capsys.readouterr()
        return code, out, err

    return run_line


def folder_of(out: str) -> Path:
    return Path(out.strip().splitlines()[-1].removeprefix("report: ")).parent


def test_whole_run(command):
    code, out, err = command()
    assert code == 0, err
    assert "4 pairs, 0 skipped, 0 captions truncated, truth for 0 of 4 pairs" in out
    folder = RunFolder.read(folder_of(out))
    assert folder.finished
    rows = folder.parts.rows()
    assert sorted(rows.groupby("pair")["side"].agg(list)) == [["image", "text"]] * 4
    page = (folder.path / "report.html").read_text()
    assert "two birds, one tree" in page
    for name in [*rows["picture"], *rows["overlay"]]:
        Image.open(folder.path / name).verify()
    assert set(folder.summary["metrics"]) >= {"image.confidence_drop", "text.confidence_drop"}


def test_a_setting_that_overflows_costs_its_pairs_and_is_told(command):
    code, out, err = command("plugin.image.variance=1e300")
    assert code == 0, err
    assert "4 pairs, 4 skipped" in out
    assert out.count("the scores of the image are not finite") == 4
    assert "Traceback" not in err


def test_same_line_again_is_skipped(command):
    command()
    code, out, err = command()
    assert code == 0
    assert "done before; overwrite=true computes it again" in err
    assert "report:" in out


def test_overwrite_and_settings_that_change_nothing(command):
    _, first, _ = command()
    folder = folder_of(first)
    before = (folder / "rows/000000.parquet").read_bytes()
    (folder / "rows/000000.parquet").write_bytes(b"")
    code, out, err = command("overwrite=true", "console=quiet", "output=./outputs")
    assert code == 0, err
    assert out == f"{folder}\n"
    assert (folder / "rows/000000.parquet").read_bytes() == before


@pytest.mark.parametrize("override", ["seed=1", "plugin.image.beta=0.5", "plugin.sides=image"])
def test_other_settings_are_another_run(command, override):
    _, first, _ = command("plugin.image.steps=1", "plugin.text.steps=1")
    _, second, _ = command("plugin.image.steps=1", "plugin.text.steps=1", override)
    assert folder_of(first) != folder_of(second)


def test_library_reads_pictures_as_the_command_line(load_tiny, pictures, tmp_path):
    """A phone's picture: EXIF says that it lies on its side; a cut-out is transparent."""
    exif = Image.Exif()
    exif[0x0112] = 6
    pictures[1].save(tmp_path / "phone.jpg", exif=exif)
    cut_out = pictures[1].convert("RGBA")
    cut_out.putalpha(100)
    cut_out.save(tmp_path / "cut.png")
    encoder = load_tiny("hf")
    for name in ("phone.jpg", "cut.png"):
        path = tmp_path / name
        ours = encoder.preprocess([Image.open(path)]).values
        theirs = encoder.preprocess([read_image(path)]).values
        assert torch.equal(ours, theirs)


def test_library_gives_the_same_numbers(command, hf_folder, picture_folder):
    _, out, _ = command("plugin.image.steps=10")
    rows = RunFolder.read(folder_of(out)).parts.rows()
    encoder = vlminterp.load("hf", checkpoint=str(hf_folder), device="cpu")
    pixels = encoder.preprocess([Image.open(picture_folder / "1.png")])
    tokens = encoder.tokenize(["a photo of a small brown dog"])
    explanation = M2IB(encoder, side="image").attribute(pixels, tokens)
    ours = rows[(rows["pair"] == 1) & (rows["side"] == "image")]
    assert ours["total"].item() == pytest.approx(explanation.scores.sum().item(), rel=1e-4)
    arrays = RunFolder.read(folder_of(out)).parts.arrays(0)
    torch.testing.assert_close(
        torch.from_numpy(arrays["1.image.map"]), explanation.map(0), rtol=1e-3, atol=1e-3
    )


def test_both_backends_on_the_command_line(command, open_clip_folder):
    frames = []
    for overrides in ((), ("model=open-clip", f"model.checkpoint={open_clip_folder}")):
        code, out, err = command(*overrides)
        assert code == 0, err
        frames.append(RunFolder.read(folder_of(out)).parts.rows())
    columns = ["similarity", "total", "prefix"]
    pd.testing.assert_frame_equal(frames[0][columns], frames[1][columns], rtol=1e-3)


def test_paper_preset(command):
    code, out, err = command("plugin/preset=m2ib-paper", "plugin.image.beta=0.2")
    assert code == 0, err
    config = RunFolder.read(folder_of(out)).config["plugin"]
    assert config["image"]["scale"] == config["text"]["scale"] == "plain"
    assert (config["image"]["beta"], config["text"]["beta"]) == (0.2, 0.1)


def test_json_console(command):
    code, out, _ = command("console=json")
    assert code == 0
    summary = json.loads(out, parse_constant=pytest.fail)
    assert summary["pairs"] == 4


def test_nothing_to_do(command, monkeypatch, capsys):
    assert run([]) == 0
    _, err = capsys.readouterr()
    first, *lists = err.splitlines()
    assert first.startswith("vlminterp: nothing to do: choose a plugin")
    assert "m2ib" in lists[0]
    assert "planted-base" in lists[1]
    assert "folder, hf_dataset, hf_pairs, manifest" in lists[2]


MISTAKES = {
    "+plugin=m2bi": r"no plugin 'm2bi'; nearest: m2ib; all: attribution, audit, bank, ex2, m2ib",
    "model=clip-vit-b23": r"no model 'clip-vit-b23'; nearest: clip-vit-b32, ",
    "data=foldr": r"no data 'foldr'; nearest: folder, class_folder; all: class_folder, class_table",
    "plugin.image.bta=1": r"no key 'bta' in plugin.image; nearest: beta; all: antithetic, ",
    "sed=1": r"no key 'sed'; nearest: seed",
    "plugin.image.beta=-1": r"beta=-1.0 must be at least 0",
    "plugin.image.learning_rate=0": r"learning_rate=0.0 must be above 0",
    "plugin.image.beta=abc": r"plugin.image.beta: Value 'abc' of type 'str' could not be converted",
    "plugin.image.scale=big": r"plugin.image.scale: Invalid value 'big', expected one of [plain, ",
    "plugin.image.layer=12": r"layer=12 is no cut of this tower; use an int in -4…3, a float in",
    "plugin/preset=m2ib-papr": r"no plugin/preset 'm2ib-papr'; nearest: m2ib-paper",
    "plugin.batch_size=0": r"batch_size=0 must be at least 1",
    "device=cuda:9": r"device=cuda:9 is not on this machine; it has: cpu",
    "model.checkpoint=/no/where": r"model.checkpoint=/no/where: no such folder",
    "model.dtype=int8": r"model.dtype: Invalid value 'int8', expected one of [float32, ",
    "data.path=/no/where": r"/no/where",
    "seed=-1": r"seed=-1 must be at least 0",
    "model.checkpoint=pkg://nope/x": r"no package 'nope' is installed",
    "~data": r"no data is chosen; add data=NAME",
    "plugin/preset=null": r"a group takes a name; to choose none, leave it out",
    "seed=[": r"can't read 'seed=['",
    "model.revision=a cat, (b": "has quotes of its own: 'model.revision=\"a cat, (b\"'",
    "model.revision=it's": "has quotes of its own: 'model.revision=\"it's\"'",
    "model=a,b": r"Ambiguous value for argument 'model=a,b'",
}


STAGE = re.compile(r"(loading|explaining)\b")


@pytest.mark.parametrize("override", MISTAKES)
def test_mistakes_get_one_line(command, override):
    code, out, err = command(override)
    assert code == 1
    assert out == ""
    (line,) = [line for line in err.splitlines() if not STAGE.match(line)]
    assert line.startswith("vlminterp: ")
    assert MISTAKES[override] in line


def test_missing_value_is_named(command):
    code, _, err = command("data=pair", "data.image=x.png")
    assert code == 1
    assert "data.text has no value; give data.text=…" in err


def test_output_can_not_be_written(command, tmp_path):
    (tmp_path / "taken").write_text("")
    code, _, err = command("output=taken")
    assert code == 1
    assert "taken" in err
    assert "Traceback" not in err


def test_broken_pictures_are_counted(command, pictures, tmp_path):
    folder = tmp_path / "some"
    folder.mkdir()
    pictures[0].save(folder / "good.png")
    pictures[0].convert("CMYK").save(folder / "print.jpg")
    (folder / "empty.png").write_bytes(b"")
    whole = (folder / "good.png").read_bytes()
    (folder / "half.png").write_bytes(whole[: len(whole) // 2])
    for name in ("good", "print", "empty", "half"):
        (folder / f"{name}.txt").write_text("a cat 🐱")
    (folder / "mute.png").write_bytes(whole)
    (folder / "mute.txt").write_text(" ")
    code, out, err = command(f"data.path={folder}")
    assert code == 0, err
    assert "5 pairs, 3 skipped, 0 captions truncated" in out
    for name in ("empty.png", "half.png", "mute"):
        assert name in out
    assert "half.png" in (folder_of(out) / "report.html").read_text()


def test_nothing_but_broken_pictures(command, tmp_path):
    folder = tmp_path / "some"
    folder.mkdir()
    (folder / "empty.png").write_bytes(b"")
    (folder / "empty.txt").write_text("a cat")
    code, out, err = command(f"data.path={folder}")
    assert code == 0, err
    assert "1 pairs, 1 skipped" in out


def test_long_captions_are_counted(command, tmp_path, pictures):
    pictures[0].save(tmp_path / "cat.png")
    code, out, err = command("data=pair", "data.image=cat.png", f"data.text={'cat ' * 40}")
    assert code == 0, err
    assert "1 pairs, 0 skipped, 1 captions truncated" in out


def test_a_page_that_a_kill_prevented_is_made_the_next_time(command):
    _, out, _ = command("console=quiet")
    page = Path(out.split()[-1]) / "report.html"
    page.unlink()
    code, _, err = command("console=quiet")
    assert code == 0
    assert "done before" in err
    assert page.exists()


def test_sweep_goes_on_past_a_failure(command, tmp_path):
    code, out, err = command("-m", "plugin.image.layer=77,0,1", "console=quiet")
    assert code == 1
    told = [line for line in err.splitlines() if not STAGE.match(line)]
    assert len(told) == 3
    assert "layer=77 is no cut of this tower" in told[0]
    assert "side by side: outputs/sweeps/" in told[1]
    assert "1 of 3 runs failed; the same line tries again" in told[2]
    page = next(tmp_path.glob("outputs/sweeps/*/report.html")).read_text()
    assert "layer=77 is no cut of this tower" in page
    (file,) = tmp_path.glob("outputs/sweeps/*/sweep.json")
    runs = json.loads(file.read_text())
    assert len(runs) == 3
    failed = [run for run in runs.values() if "failed" in run]
    assert len(failed) == 1
    done = {(file.parent / run["path"]).resolve() for run in runs.values() if "failed" not in run}
    assert done == {(tmp_path / path).resolve() for path in out.split()}
    again, _, err = command("plugin.image.layer=77,0,1", "-m", "console=json")
    assert again == 1
    assert err.count("done before") == 2
    assert len(list(tmp_path.glob("outputs/sweeps/*"))) == 1


def test_sweep_into_a_file(command, tmp_path):
    (tmp_path / "taken").write_text("")
    code, _, err = command("-m", "output=taken", "seed=0,1")
    assert code == 1
    assert len(err.splitlines()) == 1
    assert "taken" in err


def test_own_pictures_are_no_data(command, picture_folder, tmp_path):
    """`data.path=.`: what a run writes must not become the next run's data."""
    for path in picture_folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    _, first, _ = command("data.path=.")
    code, again, err = command("data.path=.")
    assert code == 0
    assert "done before" in err
    assert folder_of(first) == folder_of(again)


def test_options_without_their_plugin(capsys):
    assert run(["plugin.image.beta=1"]) == 1
    _, err = capsys.readouterr()
    assert err == "vlminterp: no plugin is chosen; add +plugin=NAME\n"


def test_a_text_too_long_is_counted_with_its_id(command, pictures, tmp_path):
    """Its tokenizer would take minutes."""
    for name, text in {"book": "a word or two " * 15_000, "cat": "a cat"}.items():
        pictures[0].save(tmp_path / f"{name}.png")
        (tmp_path / f"{name}.txt").write_text(text)
    code, out, _ = command(f"data.path={tmp_path}")
    assert code == 0
    assert "2 pairs, 1 skipped" in out
    rows = pd.concat(pd.read_parquet(path) for path in tmp_path.glob("outputs/**/rows/*.parquet"))
    (skipped,) = rows[rows["skipped"].notna()].to_dict("records")
    assert skipped["id"] == "book.png"
    assert skipped["skipped"].startswith("a text of 209,999 characters is no caption")
