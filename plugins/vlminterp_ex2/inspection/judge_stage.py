"""The judge's part of the third stage: what it says of descriptions, and does the lexicon agree?"""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vlminterp.plugin import Context
from vlminterp_ex2.inspection.judge import JudgeUnavailableError, Panel
from vlminterp_ex2.inspection.judge_cache import JudgeCache
from vlminterp_ex2.inspection.judge_endpoint import EndpointJudge
from vlminterp_ex2.inspection.judge_local import LocalJudge, load_local
from vlminterp_ex2.inspection.judge_prompt import DEFAULT, load_prompt
from vlminterp_ex2.inspection.judge_settings import Backend, JudgeConfig
from vlminterp_ex2.inspection.judge_summary import summarise_judge
from vlminterp_ex2.inspection.verdicts import Verdict
from vlminterp_ex2.journal import rows_of

if TYPE_CHECKING:
    from vlminterp_ex2.plugin import Config

JUDGE, COST = "judge", "judge-cost"
BATCH = 64

Row = dict[str, Any]


def judge(context: Context, rows: Sequence[Row]) -> dict[str, Any] | None:
    """Writes the table `judge`, or what is missing of it: a row for each judged description.

    Args:
        context: Of the run.
        rows: Of the table `inspect`.

    Returns:
        What the judge found and cost; `{"unavailable": why}` if it can't be had, which is also
        told on stderr; None if there is to be none.

    Raises:
        InputError: The file of prompts can't be used.
    """
    config: Config = context.config
    if config.judge.backend is Backend.none:
        return None
    chosen = choose(rows, config.judge.limit)
    try:
        _write(context, config.judge, rows, chosen)
    except JudgeUnavailableError as error:
        why = f"{config.judge.model}: {error}"
        sys.stderr.write(f"vlminterp: no judge ({why}); lexicon and ablation go on without\n")
        return {"model": config.judge.model, "unavailable": why}
    verdicts = rows_of(context.results.table(JUDGE))
    costs = rows_of(context.results.table(COST))
    return {"model": config.judge.model, **summarise_judge(rows, verdicts, costs)}


def choose(rows: Sequence[Row], limit: int) -> list[int]:
    """Which descriptions are judged: evenly of both models and all concepts, in their order.

    Args:
        rows: Descriptions, with `policy`, `concept` and `text`; empty ones are not judged.
        limit: At most so many; 0 for all.

    Returns:
        Their places, sorted.
    """
    turns: dict[tuple[str, str], int] = {}
    ranked = []
    for place, row in enumerate(rows):
        if not row["text"]:
            continue
        group = (str(row["policy"]), str(row["concept"]))
        turns[group] = turns.get(group, 0) + 1
        ranked.append((turns[group], place))
    return sorted(place for _, place in sorted(ranked)[: limit or len(ranked)])


def _write(
    context: Context, config: JudgeConfig, rows: Sequence[Row], chosen: Sequence[int]
) -> None:
    table, costs = context.results.table(JUDGE), context.results.table(COST)
    starts = range(0, len(chosen), BATCH)
    missing = [number for number in range(len(starts)) if number not in table]
    if not missing:
        return
    prompt = load_prompt(Path(config.prompts).expanduser() if config.prompts else DEFAULT)
    backend = _backend(context, config)
    cache = JudgeCache(
        Path(config.cache).expanduser() if config.cache else context.results.work(JUDGE),
        backend.name,
    )
    done = len(chosen) - sum(len(chosen[starts[n] : starts[n] + BATCH]) for n in missing)
    with context.progress.track("judging", len(chosen), done, "descriptions") as stage:
        for number in missing:
            places = chosen[starts[number] : starts[number] + BATCH]
            panel = Panel(backend, prompt, cache, config.attempts)
            verdicts = panel.verdicts([(rows[p]["name"], rows[p]["text"]) for p in places])
            costs.write(number, [asdict(panel.cost)], {})
            judged = zip(places, verdicts, strict=True)
            table.write(number, [_row(place, rows[place], found) for place, found in judged], {})
            stage.advance(len(places))


def _backend(context: Context, config: JudgeConfig) -> EndpointJudge | LocalJudge:
    if config.backend is Backend.endpoint:
        return EndpointJudge(config)
    return load_local(config, context.device)


def _row(place: int, row: Row, verdict: Verdict | None) -> Row:
    return {
        "place": place,
        "concept": row["concept"],
        "policy": row["policy"],
        "text": row["text"],
        "valid": verdict is not None,
        "informative": verdict.informative if verdict else None,
        "visual": verdict.visual if verdict else None,
        "families": list(verdict.families) if verdict else None,
        "explanation": verdict.explanation if verdict else None,
    }
