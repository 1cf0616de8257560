"""Runs all judges, each in a stage of its own, reads people's labels, and compares them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from vlminterp.plugin import Context
from vlminterp_ex2.depends import stage_of
from vlminterp_ex2.inspection.judge_settings import Backend, JudgeConfig
from vlminterp_ex2.inspection.judge_stage import COST, JUDGE, is_unfinished, judge
from vlminterp_ex2.inspection.people import read_labels
from vlminterp_ex2.inspection.raters import LEXICON, PEOPLE, Row, by_place, kappas
from vlminterp_ex2.inspection.seeds import Seeds
from vlminterp_ex2.journal import rows_of
from vlminterp_ex2.settings import EX2Config

FIRST = "judge"
"""Name of the judge that `plugin/judge=` chooses."""


def judged(context: Context[EX2Config], rows: Sequence[Row], seeds: Seeds) -> dict[str, Any]:
    """Asks every judge, and reads people's labels.

    Args:
        context: The run's context.
        rows: Rows of the table `inspect`.
        seeds: Known words, with the families that all judges are asked about.

    Returns:
        The summary's entries: `judge` (the first judge's findings), `judges` (further ones' by
        name), `kappa` (for every two raters, including the lexicon and people) and `unfinished`;
        each only if there is something to report.

    Raises:
        InputError: A file of prompts or labels can't be used.
    """
    config = context.config
    found: dict[str, Any] = {}
    raters: dict[str, Mapping[int, Row]] = {LEXICON: by_place(rows)}
    for name, one in {FIRST: config.judge, **config.judges}.items():
        if one.backend is not Backend.none:
            found[name], raters[name] = _asked(context, rows, name, one, seeds)
    if config.labels is not None:
        labels = read_labels(Path(config.labels).expanduser(), rows, seeds.families.informative)
        raters[PEOPLE] = by_place(labels)
    summary: dict[str, Any] = {}
    if FIRST in found:
        summary["judge"] = found[FIRST]
    if further := {name: one for name, one in found.items() if name != FIRST}:
        summary["judges"] = further
    if len(raters) > 1:
        summary["kappa"] = kappas(raters, seeds.families.informative)
    if any(is_unfinished(one) for one in found.values()):
        summary["unfinished"] = ["judge"]
    return summary


def _asked(
    context: Context[EX2Config], rows: Sequence[Row], name: str, config: JudgeConfig, seeds: Seeds
) -> tuple[dict[str, Any], dict[int, Row]]:
    """Returns one judge's findings, and its rows by place."""
    own = JUDGE if name == FIRST else f"{JUDGE}-{name}"
    alone = replace(context, config=replace(context.config, judge=config, judges={}))
    tables = {JUDGE: own, COST: own + COST.removeprefix(JUDGE)}
    with stage_of(alone, "judge", tables) as inner:
        found = judge(inner, [dict(row) for row in rows], config, seeds)
        assert found is not None, "a judge without a backend is not asked"
        return found, by_place(rows_of(inner.results.table(JUDGE)))
