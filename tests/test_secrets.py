"""Planted canaries: no password or key reaches a file, the console or W&B."""

import io
import tarfile
from pathlib import Path

import pytest
from PIL import Image

from vlminterp.cli.main import run
from vlminterp.export.__main__ import main as export
from vlminterp.results import RunFolder

CANARY = "c4n4ry"
FAST = ["plugin.image.steps=1", "plugin.text.steps=1", "plugin.batch_size=2", "device=cpu"]


def everything_in(folder):
    """Files whose name or content holds the canary."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [file for file in files if CANARY in file.name or CANARY.encode() in file.read_bytes()]


@pytest.mark.parametrize(
    "option",
    [
        f"plugin.judge.base_url=http://me:{CANARY}@host/v1",
        f"plugin.judge.base_url=http://host/v1?api_key={CANARY}",
        f"+plugin.judge.api_key={CANARY}",
        f"data.path=https://me:{CANARY}@host/pictures",
        f"tracking.project=https://host/?access_token={CANARY}",
    ],
)
@pytest.mark.parametrize("multirun", [False, True])
def test_an_option_with_a_secret_is_refused_and_not_repeated(
    option, multirun, tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    line = ["+plugin=ex2", "model=planted-name", option]
    assert run(["-m", *line] if multirun else line) == 1
    out, err = capfd.readouterr()
    assert option.partition("=")[0].lstrip("+") in err
    assert "environment variable" in err
    assert len(err.splitlines()) == 1
    assert CANARY not in out + err
    assert not everything_in(tmp_path)


@pytest.mark.filterwarnings("ignore:provider=")  # Hydra's, of plugins without a conf
def test_a_secret_in_a_file_of_options_is_refused_too(tmp_path, monkeypatch, capfd):
    model = tmp_path / "conf" / "model" / "mine.yaml"
    model.parent.mkdir(parents=True)
    model.write_text(f"adapter: hf\ncheckpoint: https://me:{CANARY}@host/model\n")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    path = f"hydra.searchpath=[file://{tmp_path / 'conf'}]"
    assert run(["+plugin=m2ib", "model=mine", path]) == 1
    _, err = capfd.readouterr()
    assert "model.checkpoint holds a password" in err
    assert CANARY not in err
    assert not everything_in(tmp_path / "work")


def test_secrets_in_data_reach_no_file_console_or_mirror(tmp_path, monkeypatch, capfd):
    """Addresses in a table: its rows, ids and error lines are written in many places."""
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (32, 32), "red").save("a.png")
    address = f"https://me:{CANARY}@host/b.png?api_key={CANARY}"
    (tmp_path / "pairs.csv").write_text(
        f"image,text,id\na.png,a red square,{address}\n{address},a blue square,b\n"
    )
    line = ["+plugin=m2ib", "model=planted-base", "data=manifest", "data.path=pairs.csv", *FAST]
    assert run(line) == 0
    out, err = capfd.readouterr()
    assert CANARY not in out + err
    assert not everything_in(tmp_path / "outputs")
    (config,) = (tmp_path / "outputs").glob("m2ib/*/*/config.yaml")
    assert RunFolder.read(config.parent).summary["skipped"] == 1


def test_secrets_in_captions_are_no_words_either(tmp_path, monkeypatch, capfd):
    """A caption is written whole, and word by word with their scores."""
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (32, 32), "red").save("a.png")
    caption = f"a red square from https://me:{CANARY}@host/b.png?api_key={CANARY}".encode()
    with tarfile.open("pairs.tar", "w") as tar:
        for name, content in (("a.png", Path("a.png").read_bytes()), ("a.txt", caption)):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    line = ["+plugin=m2ib", "model=planted-base", "data=webdataset", "data.path=pairs.tar", *FAST]
    assert run(line) == 0
    out, err = capfd.readouterr()
    assert CANARY not in out + err
    assert not everything_in(tmp_path / "outputs")


def test_secrets_in_names_of_classes_reach_no_file_or_export(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    lines = ["image,text"]
    for number, name in enumerate(("cat", f"dog of https://me:{CANARY}@host/?api_key={CANARY}")):
        for place in range(2):
            file = f"{number}-{place}.png"
            Image.new("RGB", (32, 32), (90 * number, 60 * place, 9)).save(file)
            lines.append(f"{file},{name}")
    (tmp_path / "classes.csv").write_text("\n".join(lines))
    line = ["+plugin=audit", "model=planted-base", "data=class_table", "data.path=classes.csv"]
    assert run([*line, "plugin.method=gradeclip", "device=cpu"]) == 0
    (config,) = (tmp_path / "outputs").glob("audit/*/*/config.yaml")
    assert export([str(config.parent), "--format", "flags", "--to", "out"]) == 0
    out, err = capfd.readouterr()
    assert CANARY not in out + err
    assert not everything_in(tmp_path / "outputs")
    assert not everything_in(tmp_path / "out")


def test_keys_of_the_environment_reach_nothing(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "HF_TOKEN", "WANDB_API_KEY", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, CANARY * 8)
    assert run(["+plugin=m2ib", "model=planted-base", "data.pairs=2", *FAST]) == 0
    out, err = capfd.readouterr()
    assert CANARY not in out + err
    assert not everything_in(tmp_path)
