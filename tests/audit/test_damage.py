"""The law of damage for an audit's tables: a concept that has lost a part is audited again."""

import pytest
from vlminterp_audit.pool import POOL
from vlminterp_audit.tables import BESIDE

from tests.audit.conftest import run_line
from tests.results.test_damage import contents, truncate
from vlminterp.results.run_folder import RunFolder

pytestmark = pytest.mark.slow
OPTIONS = ("plugin.pictures=2", "plugin.draws=1", "data.limit=2")


def test_the_same_line_mends_every_table(classes, tmp_path, monkeypatch):
    """Two tables lose a part of another concept each, which no other damage could bring back."""
    monkeypatch.chdir(tmp_path)
    run = run_line("planted-name", classes, "outputs", *OPTIONS)
    assert {*RunFolder(run).tables()} == {POOL, *BESIDE}
    whole = contents(tmp_path)
    lost = [run / "rows" / "flags" / "000000.parquet", run / "rows" / "heard" / "000001.parquet"]
    for file in lost:
        truncate(file)
    assert [run / name for name in RunFolder(run).damaged()] == lost
    run_line("planted-name", classes, "outputs", *OPTIONS)
    assert contents(tmp_path) == whole
