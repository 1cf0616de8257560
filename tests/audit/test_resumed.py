"""An audit that was killed goes on where it was, and ends with the same bytes."""

from shutil import copytree

from tests.audit.conftest import run_line


def contents(folder):
    kept = ("rows", "arrays", "pictures")
    return {
        path.relative_to(folder): path.read_bytes()
        for name in kept
        for path in (folder / name).rglob("*")
        if path.is_file()
    }


def test_a_resumed_audit_is_that_of_an_undisturbed_one(classes, tmp_path):
    options = ("plugin.pictures=2", "plugin.draws=1", "plugin.bank=null")
    whole = run_line("planted-name", classes, tmp_path / "whole", *options)
    killed = tmp_path / "killed" / whole.relative_to(tmp_path / "whole")
    copytree(whole, killed)
    (killed / "summary.json").unlink()
    lost = sorted(killed.glob("rows/*.parquet"))[3:]  # the main table's row is a concept's last
    for part in (*lost, *killed.glob("rows/flags/00000[4-9].parquet")):
        part.unlink()
    before = {path: path.stat().st_mtime_ns for path in killed.glob("rows/*.parquet")}
    assert len(before) == 3
    assert run_line("planted-name", classes, tmp_path / "killed", *options) == killed
    assert all(path.stat().st_mtime_ns == then for path, then in before.items())
    assert contents(killed) == contents(whole)
