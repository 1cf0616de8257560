"""The law of damage: whatever happens to a file of a run, the same line ends as if it had not.

Every kind of file that a run leaves is truncated, zeroed, changed by one bit, removed, and replaced
by a folder. The same line then leaves what an undisturbed run leaves, byte for byte, or says in one
line what to do.
"""

import contextlib
import shutil
from pathlib import Path

import pytest

from vlminterp.cli import job
from vlminterp.cli.main import run
from vlminterp.results.__main__ import main
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.timings import TIMINGS

pytestmark = pytest.mark.slow

COMMON = ["tracking=disabled", "device=cpu", "console=quiet"]
M2IB = [
    *("+plugin=m2ib", "model=planted-base", "data=planted", "data.pairs=3", "plugin.batch_size=2"),
    *("plugin.image.steps=1", "plugin.text.steps=1", "plugin.image.copies=2"),
    "plugin.text.copies=2",
]
LONG = [
    *("+plugin=attribution", "plugin.methods=[gae]", "plugin.batch_size=4", "plugin.keep=2"),
    *("model=planted-base", "data=planted", "data.pairs=6"),
]
"""A run that keeps pictures of some pairs alone, so that its page searches files beside it."""
BANK = ["+plugin=bank", "model=planted-name", "data=planted", "data.images=1"]
SMALL_BANK = """concept,family,text
,,a photo of {concept}.
,number,a photo of {concept}. it is number one.
,colour,a photo of {concept}. it is red.
"""


@pytest.fixture(autouse=True, scope="module")
def loaded_once():
    """Reads each model once: no file of a run says anything of it."""
    load, loaded = job.load_encoder, {}

    def load_once(config, name, device):
        if name not in loaded:
            loaded[name] = load(config, name, device)
        return loaded[name]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job, "load_encoder", load_once)
        yield


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def zero(path):
    path.write_bytes(path.read_bytes()[:-100] + bytes(min(100, path.stat().st_size)))


def flip(path):
    """One bit in the middle of the data: of a table's footer not every bit says anything of it."""
    content = bytearray(path.read_bytes())
    footer = int.from_bytes(content[-8:-4], "little") + 8 if path.suffix == ".parquet" else 0
    content[(len(content) - footer) // 2] ^= 1
    path.write_bytes(content)


def remove(path):
    path.unlink()


def directory(path):
    path.unlink()
    path.mkdir()


def contents(folder: Path) -> dict[str, bytes]:
    """All files of all runs, less clocks and what only a running process needs."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and path.name not in (".lock", ".pid", ".members", TIMINGS)
        and path.parent.name != "claims"
    }


def outputs_of(line, folder):
    with contextlib.chdir(folder):
        assert run([*line, *COMMON]) == 0
    return folder / "outputs"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What an M2IB run leaves."""
    return outputs_of(M2IB, tmp_path_factory.mktemp("undisturbed"))


def kinds(folder: Path, *, first_alone: bool = False) -> list[str]:
    """The files at the top of the run folder, and the first and last of every folder in it.

    The last is read and written as the first is: one way of damage tells whether its place matters.
    """
    found: dict[str, list[str]] = {}
    for name in sorted(contents(folder)):
        found.setdefault(str(Path(name).parent), []).append(name)
    top = min(found, key=len)
    named = {*found.pop(top)}
    for names in found.values():
        named |= {names[0]} if first_alone else {names[0], names[-1]}
    return sorted(named)


def check_mends(line, whole, name, damage, folder, capsys):
    """Damages one file, runs the line again, and compares with the undisturbed run."""
    shutil.copytree(whole, folder / "outputs")
    damage(folder / "outputs" / name)
    with contextlib.chdir(folder):
        capsys.readouterr()
        code = run([*line, *COMMON])
        _, err = capsys.readouterr()
        if code:
            assert damage is directory, (name, err)
            assert "Traceback" not in err
            assert "can't be written" in err.splitlines()[-1]
            Path("outputs", name).rmdir()
            assert run([*line, *COMMON]) == 0
    assert contents(folder / "outputs") == contents(whole), (name, damage.__name__)


@pytest.mark.parametrize("damage", [truncate, zero, flip, remove, directory])
def test_the_same_line_mends_any_damage(undisturbed, damage, tmp_path, capsys):
    names = kinds(undisturbed, first_alone=damage is not truncate)
    assert len(names) >= 8
    for number, name in enumerate(names):
        check_mends(M2IB, undisturbed, name, damage, tmp_path / str(number), capsys)


@pytest.fixture(scope="module")
def undisturbed_long(tmp_path_factory):
    return outputs_of(LONG, tmp_path_factory.mktemp("undisturbed-long"))


@pytest.mark.parametrize("damage", [truncate, directory])
def test_the_same_line_mends_what_lies_beside_the_page_of_a_long_run(
    undisturbed_long, damage, tmp_path, capsys
):
    beside = ("search", "kept", "pictures")
    names = [name for name in kinds(undisturbed_long) if Path(name).parent.name in beside]
    assert {Path(name).parent.name for name in names} == {*beside}
    for number, name in enumerate(names):
        check_mends(LONG, undisturbed_long, name, damage, tmp_path / str(number), capsys)


@pytest.fixture(scope="module")
def bank_line(tmp_path_factory):
    """A bank that is scored in a second."""
    path = tmp_path_factory.mktemp("bank") / "bank.csv"
    path.write_text(SMALL_BANK)
    return [*BANK, f"plugin.bank={path}"]


@pytest.fixture(scope="module")
def undisturbed_bank(bank_line, tmp_path_factory):
    """What a bank's run leaves: tables beside the main one, too."""
    return outputs_of(bank_line, tmp_path_factory.mktemp("undisturbed-bank"))


@pytest.mark.parametrize("damage", [truncate, flip, directory])
def test_the_same_line_mends_any_damage_of_a_bank(
    undisturbed_bank, bank_line, damage, tmp_path, capsys
):
    names = kinds(undisturbed_bank, first_alone=damage is not truncate)
    assert len(names) >= 10
    for number, name in enumerate(names):
        check_mends(bank_line, undisturbed_bank, name, damage, tmp_path / str(number), capsys)


@pytest.mark.parametrize("damage", [truncate, zero, flip, remove, directory])
def test_check_names_the_damaged_file(undisturbed, damage, tmp_path):
    whole = undisturbed
    for number, name in enumerate(kinds(whole)):
        outputs = tmp_path / str(number)
        shutil.copytree(whole, outputs)
        (folder,) = outputs.glob("*/*/*")
        assert RunFolder(folder).damaged() == []
        damage(outputs / name)
        found = [
            (folder / path).relative_to(outputs).as_posix() for path in RunFolder(folder).damaged()
        ]
        if Path(name).name != "digests.json" or damage is not remove:
            assert name in found, (name, found)


def test_a_page_of_an_unfinished_run_shows_no_damaged_picture(undisturbed, tmp_path):
    whole = undisturbed
    shutil.copytree(whole, tmp_path / "outputs")
    (folder,) = (tmp_path / "outputs").glob("*/*/*")
    picture = next(iter(sorted((folder / "pictures").iterdir())))
    flip(picture)
    run_folder = RunFolder.read(folder)
    shown = run_folder.parts.rows()
    assert f"pictures/{picture.name}" not in set(shown.get("picture", []))


def test_a_damaged_sweep_file_is_rebuilt_from_its_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    line = ["-m", *M2IB, *COMMON]
    line[line.index("model=planted-base")] = "model=planted-base,planted-name"
    assert run(line) == 0
    (sweep,) = Path("outputs/sweeps").glob("*/sweep.json")
    expected = contents(Path("outputs"))
    for damage in (truncate, zero, flip, remove):
        damage(sweep)
        capsys.readouterr()
        if damage in (truncate, zero):
            assert main(["check", str(sweep.parent)]) == 1
        assert run(line) == 0, capsys.readouterr().err
        assert contents(Path("outputs")) == expected


def test_no_changed_bit_in_a_part_changes_its_rows(tmp_path):
    """One bit in each byte: it is noticed, or lies where it says nothing of the rows."""
    with RunFolder.open(tmp_path / "run", {"names": {}}) as folder:
        rows = [{"pair": n, "id": str(n), "text": "t" * n, "score": n / 3} for n in range(4)]
        folder.parts.write(0, rows, {})
    (file,) = (tmp_path / "run").glob("rows/*.parquet")
    whole = file.read_bytes()
    noticed = 0
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        file.write_bytes(damaged)
        parts = RunFolder(tmp_path / "run").parts
        if 0 in parts:
            assert parts.table(0).to_pylist() == rows
        else:
            noticed += 1
    assert noticed > len(whole) / 2
