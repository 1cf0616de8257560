"""Alignment by TRL."""

from vlminterp_ex2.align import align
from vlminterp_ex2.journal import rows_of


def test_aligns(tmp_path, context_in, tiny_config, scorer, prompts):
    with context_in(tmp_path / "run", tiny_config()) as context:
        found = align(context, scorer, prompts)
        rows = rows_of(context.results.table("align"))
    for r in rows: print(r)
    assert len(rows) == 6
    assert 0
