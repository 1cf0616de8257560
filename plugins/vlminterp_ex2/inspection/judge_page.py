"""The judges' sections of a run's page: shares beside the lexicon's, agreement, cost."""

from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from vlminterp.drawing.numbers import NOTHING, decimals
from vlminterp.report.content import Section
from vlminterp.report.tables import table
from vlminterp_ex2.share_chart import share_chart

ALIGNED = "aligned"
TITLE = "What a judge says of the same descriptions"
COSTS = {
    "asked": "answers",
    "invalid_answers": "answers that were no verdict",
    "invalid": "descriptions without a verdict for that reason",
    "failed": "descriptions without a verdict because no answer came",
    "cached": "descriptions whose verdict was known before",
    "prompt_tokens": "tokens read",
    "completion_tokens": "tokens written",
}


def judge_section(summary: Mapping[str, Any]) -> Iterator[Section]:
    """Yields a section for each judge and one on agreement; nothing if none was wanted.

    Args:
        summary: The run's summary.
    """
    judged = summary.get("judge")
    if judged:
        yield _one(judged)
    for name, further in summary.get("judges", {}).items():
        yield _one(further, f"{TITLE}: {name}")
    if summary.get("kappa"):
        yield Section("Who agrees with whom", _matrix(summary["kappa"]))


def _one(judged: Mapping[str, Any], title: str = TITLE) -> Section:
    """Returns the section on one judge's findings."""
    if "unavailable" in judged:
        body = Markup(
            '<p class="note"><strong>No judge could be asked</strong> ({}). What this page says '
            "rests on lexicon and ablation alone. The same command line asks again, and computes "
            "nothing else.</p>"
        )
        return Section(title, body.format(judged["unavailable"]))
    return Section(title, _findings(judged) + _cost(judged))


def _matrix(kappas: Mapping[str, Any]) -> Markup:
    """Returns a table of κ for every two raters and each label that both give."""
    rows = [
        (name, one["first"], one["second"], _number(one["mean"]), _interval(one), one["n"])
        for name, pairs in kappas.items()
        for one in pairs
    ]
    columns = ("is it …", "one", "other", "κ", "95 % interval", "descriptions")
    caption = "Cohen's κ of every two raters: 1 is full agreement, 0 is chance, – nothing varies"
    return table(columns, rows, caption)


def _findings(judged: Mapping[str, Any]) -> Markup:
    if not judged["valid"]:
        note = Markup(
            "<p><em>{}</em> was asked about {} descriptions and gave no valid verdict.</p>"
        )
        return note.format(judged["model"], judged["judged"])
    note = Markup(
        "<p><em>{}</em> gave valid verdicts on {} of {} descriptions; beside each of its shares "
        "stands the lexicon's of those same ones. <em>Nothing new</em>: not informative. The judge "
        "is not asked about boilerplate by name: a text of nothing else informs of nothing.</p>"
    ).format(judged["model"], judged["valid"], judged["judged"])
    if "answers" in judged:
        note += _answers(judged["answers"])
    both = {"judge": judged, "lexicon": judged["lexicon"]}
    if not judged["change"]:
        return note
    change = share_chart(
        "What alignment has changed",
        {who: found["change"] for who, found in both.items()},
        "change of the share, aligned minus base LLM",
    )
    aligned = share_chart(
        "After alignment",
        {who: found["shares"][ALIGNED] for who, found in both.items()},
        "share of the aligned LLM's descriptions",
    )
    rows = [
        (name, _number(kappa["mean"]), _interval(kappa), kappa["n"])
        for name, kappa in judged["kappa"].items()
    ]
    columns = ("is it …", "κ", "95 % interval", "descriptions")
    caption = "Agreement of judge and lexicon: 1 is full, 0 is chance, – where nothing varies"
    return note + change + aligned + table(columns, rows, caption)


def _answers(answers: Mapping[str, Any]) -> Markup:
    """Returns a table of how often each answer was given, for a schema other than ours."""
    rows = [
        (field, value, counts.get("base", 0), counts.get(ALIGNED, 0))
        for field, values in answers.items()
        for value, counts in values.items()
    ]
    return table(("field", "answer", "base LLM", "aligned"), rows, "Answers, counted")


def _cost(judged: Mapping[str, Any]) -> Markup:
    rows = [(label, judged.get(name, 0)) for name, label in COSTS.items()]
    return table(("what it cost", "count"), rows)


def _interval(kappa: Mapping[str, Any]) -> str:
    return (
        NOTHING if kappa["low"] is None else f"{_number(kappa['low'])} … {_number(kappa['high'])}"
    )


def _number(value: float | None) -> str:
    return NOTHING if value is None else decimals(value, 2)
