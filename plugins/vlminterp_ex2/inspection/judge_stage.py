"""The judge's part of the third stage: asks it about descriptions and sums up its answers."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vlminterp.plugin import Context
from vlminterp_ex2.inspection.judge import JudgeUnavailableError, Panel
from vlminterp_ex2.inspection.judge_cache import JudgeCache
from vlminterp_ex2.inspection.judge_endpoint import EndpointJudge
from vlminterp_ex2.inspection.judge_local import LocalJudge, load_local
from vlminterp_ex2.inspection.judge_prompt import JudgePrompt, load_prompt, prompt_file
from vlminterp_ex2.inspection.judge_settings import Backend, JudgeConfig
from vlminterp_ex2.inspection.judge_summary import summarise_judge
from vlminterp_ex2.inspection.seeds import Seeds
from vlminterp_ex2.inspection.verdicts import JudgeAnswer
from vlminterp_ex2.journal import rows_of
from vlminterp_ex2.settings import EX2Config

JUDGE, COST, ANSWERS = "judge", "judge-cost", "answers"
BATCH = 64

Row = dict[str, Any]


def judge(
    context: Context[EX2Config], rows: Sequence[Row], config: JudgeConfig, seeds: Seeds
) -> dict[str, Any] | None:
    """Writes the missing rows of the table `judge`, one for each judged description.

    Args:
        context: The run's context, with the folder of this judge's stage.
        rows: Rows of the table `inspect`.
        config: The judge's options.
        seeds: Known words, with the families that the judge is asked about.

    Returns:
        The judge's findings and cost; `{"unavailable": why}` if no judge can be asked. This, and
        the number of descriptions without a verdict, is also written to stderr. None without judge.

    Raises:
        InputError: The prompt file can't be used.
    """
    if config.backend is Backend.none:
        return None
    chosen = choose(rows, config.limit)
    try:
        _write(context, config, rows, chosen, seeds)
    except JudgeUnavailableError as error:
        why = f"{config.model}: {error}"
        sys.stderr.write(
            f"vlminterp: no judge ({why}); lexicon and ablation go on without; "
            "the same line asks again\n"
        )
        return {"model": config.model, "unavailable": why}
    verdicts = rows_of(context.results.table(JUDGE))
    costs = rows_of(context.results.table(COST))
    found = {"model": config.model, **summarise_judge(rows, verdicts, costs, seeds.families)}
    _tell(found)
    return found


def is_unfinished(judged: Mapping[str, Any]) -> bool:
    """Tells whether the judge must be asked again, since it or some answers were unavailable.

    Args:
        judged: The findings that `judge` returns.
    """
    return "unavailable" in judged or judged["failed"] > 0


def _tell(found: Mapping[str, Any]) -> None:
    """Writes to stderr how many descriptions have no verdict, and why."""
    reasons = (
        ("invalid", "its answers were not valid"),
        ("failed", "no answer came; the same line asks again"),
    )
    for name, why in reasons:
        if found[name]:
            sys.stderr.write(
                f"vlminterp: judge {found['model']}: {found[name]} of {found['judged']} "
                f"descriptions have no verdict: {why}\n"
            )


def choose(rows: Sequence[Row], limit: int) -> list[int]:
    """Chooses descriptions to judge, evenly over both models and all concepts, in order.

    Args:
        rows: Descriptions, with `policy`, `concept` and `text`; empty ones are not judged.
        limit: Highest number of descriptions; 0 for all.

    Returns:
        Their indices in `rows`, sorted.
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
    context: Context[EX2Config],
    config: JudgeConfig,
    rows: Sequence[Row],
    chosen: Sequence[int],
    seeds: Seeds,
) -> None:
    table, costs = context.results.table(JUDGE), context.results.table(COST)
    starts = range(0, len(chosen), BATCH)
    missing = [
        number
        for number in range(len(starts))
        if number not in table or any(row["failed"] for row in costs.table(number).to_pylist())
    ]
    if not missing:
        return
    prompt = load_prompt(prompt_file(config.prompts), seeds)
    backend = _backend(context, config, prompt)
    cache = JudgeCache(
        Path(config.cache).expanduser() if config.cache else context.stages.shared(ANSWERS),
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


def _backend(
    context: Context[EX2Config], config: JudgeConfig, prompt: JudgePrompt
) -> EndpointJudge | LocalJudge:
    if config.backend is Backend.endpoint:
        return EndpointJudge(config, prompt.form.json_schema)
    return load_local(config, context.device)


def _row(place: int, row: Row, verdict: JudgeAnswer | None) -> Row:
    return {
        "place": place,
        "concept": row["concept"],
        "policy": row["policy"],
        "text": row["text"],
        "valid": verdict is not None,
        "informative": verdict.informative if verdict else None,
        "visual": verdict.visual if verdict else None,
        "families": None if not verdict or verdict.families is None else list(verdict.families),
        "explanation": verdict.explanation if verdict else None,
        **({"labels": verdict.labels} if verdict and verdict.labels else {}),
    }
