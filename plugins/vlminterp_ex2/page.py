"""The page of an EX2 run."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from vlminterp.drawing.charts.bars import Bar, BarRow, bar_chart
from vlminterp.drawing.charts.lines import Line, line_chart
from vlminterp.report.content import Content, Section, scores_section
from vlminterp.report.tables import interval_cell, table
from vlminterp.report.words import coloured_words
from vlminterp.results.run_folder import RunFolder
from vlminterp_ex2.inspection.judge_page import judge_section
from vlminterp_ex2.inspection.loved_page import loved_section
from vlminterp_ex2.journal import ALIGN, SAMPLES, rows_of
from vlminterp_ex2.selection_page import selection_table
from vlminterp_ex2.share_chart import share_chart
from vlminterp_ex2.zero_shot_page import zero_shot_section

ALIGNED, INSPECT = "aligned", "inspect"
SHOWN, MOST_CONCEPTS, SAMPLE_STEPS = 3, 60, 6
TOO_SMALL = 0.01
SERIES = {
    "presence": "over a neutral phrase",
    "shuffled": "the same under shuffled classes",
    "deletion": "over nothing",
    "content": "over another concept’s words",
}
TEXTS = {"both": "both", "aligned": "aligned LLM's", "base": "base LLM's"}
STYLE = """
.best p { margin: .35rem 0 .35rem 1rem } .best h3 { margin: 1rem 0 0 }
.best small.said { color: var(--quiet, gray); margin-left: .6rem }
"""

Rows = Sequence[Mapping[str, Any]]


def content(folder: RunFolder) -> Content:
    """Returns the content of a run's page, finished or not.

    Args:
        folder: Folder of an EX2 run.
    """
    summary, model = folder.summary or {}, folder.names["model"]
    steps, rows = rows_of(folder.table(ALIGN)), rows_of(folder.table(INSPECT))
    lead = Markup(
        "Reinforcement learning has aligned a language model with what <em>{}</em> scores high; "
        "then its descriptions were taken apart."
    )
    found = [*_gains(summary), *_shares(summary), *judge_section(summary), *_best(rows, summary)]
    found += [
        *loved_section(rows),
        *_curve(steps, summary),
        *scores_section(summary, NOTE, "Rewards and shares"),
        *zero_shot_section(summary),
    ]
    found += [*_samples(rows_of(folder.table(SAMPLES)))]
    return Content(
        heading=Markup("What <em>{}</em> likes to hear").format(model),
        lead=lead.format(model),
        sections=found,
        counts=_counts(folder, summary, steps),
        style=STYLE,
    )


NOTE = (
    "Mean over concepts and its 95 % interval. Base LLM: the language model before alignment. Best "
    "of n and tilt choose among its responses to each prompt, as many as alignment has drawn, and "
    "train nothing."
)


def _counts(folder: RunFolder, summary: Mapping[str, Any], steps: Rows) -> dict[str, object]:
    found: dict[str, object] = {"steps": len(steps)}
    if summary.get("described_at", len(steps)) != len(steps):
        found["described at step"] = summary["described_at"]
    if summary.get("stopped"):
        found["stopped early"] = summary["stopped"]
    if summary.get("policy"):
        found["aligned policy"] = summary["policy"]
    options = folder.config.get("plugin") or {}
    if aim := options.get("target_kl"):
        kl = summary.get("metrics", {}).get("kl", {}).get("mean")
        found["KL asked for"] = f"{aim:g} nats per response"
        found["KL described at"] = "" if kl is None else f"{kl:.2g}"
    if summary.get("target_missed"):
        found["not at the KL asked for"] = summary["target_missed"]
    if (options.get("policy") or {}).get("trust_remote_code"):
        found["foreign code"] = "run: the policy's own, by plugin.policy.trust_remote_code=true"
    return found


def _gains(summary: Mapping[str, Any]) -> Iterator[Section]:
    """Yields the grounds of the answer: the score that each family's words are worth."""
    gains = summary.get("gains")
    if not gains or not gains["presence"]:
        return
    series = {label: gains[kind] for kind, label in SERIES.items() if kind in gains}
    rows = [
        BarRow(
            family,
            {name: Bar.of(found[family]) for name, found in series.items() if family in found},
            strong=family == summary["preferred"],
        )
        for family in gains["presence"]
    ]
    margin = summary["margin"]
    chart = bar_chart("What words of each family are worth", rows, "cosine", (-margin, margin))
    note = Markup(
        "<p>What a description's score loses when a family's words make room for something else; "
        "95 % intervals over concepts. <em>Over a neutral phrase</em> of like length, such as “as "
        "it happens”: this decides. <em>Under shuffled classes</em>: the same texts with every "
        "other concept's pictures: a preference must beat it. <em>Over nothing</em>: the words are "
        "deleted, so that the text is shorter, too. The shaded band counts as nothing.</p>"
    )
    yield Section("Which words matter to it", note + chart + _by_texts(summary))


def _by_texts(summary: Mapping[str, Any]) -> Markup:
    """Returns a table of the verdicts on all texts and on those of each model."""
    told = {"both": summary, **summary.get("by_texts", {})}
    rows = [
        [
            TEXTS.get(name, name),
            found["finding"],
            found.get("leader") or "",
            *(
                interval_cell(found["gains"].get(kind, {}).get(found.get("leader")))
                for kind in SERIES
            ),
            ", ".join(found.get("unsaid", ())),
        ]
        for name, found in told.items()
    ]
    caption = (
        "The verdict by the texts of both models and of each. If the base LLM's texts give the "
        "same answer, alignment has not made it."
    )
    columns = ("texts", "found", "leading family", *SERIES.values(), "too little said of")
    return table(columns, rows, caption)


def _shares(summary: Mapping[str, Any]) -> Iterator[Section]:
    shares = summary.get("shares")
    if not shares:
        return
    series = {"base LLM": shares["base"], "aligned": shares[ALIGNED]}
    note = Markup(
        "<p>Share of descriptions with words of each family, before alignment and after. "
        "<em>Nothing new</em>: the concept's name or boilerplate alone. <em>Not visual</em>: of "
        "those that inform, the share that says nothing of what is seen. Empty texts count in "
        "neither{}. {}</p>"
    ).format(_empty(summary), _agreement(summary))
    chart = share_chart("Shares of descriptions", series, strong=summary["preferred"])
    yield Section("What the language model came to say", note + chart)


def _empty(summary: Mapping[str, Any]) -> str:
    """Says which share of each model's responses was empty; nothing if none was."""
    means = {name: found["mean"] for name, found in summary.get("empty", {}).items()}
    told = [f"{name} {100 * mean:.0f} %" for name, mean in means.items() if mean]
    return f" (of all responses: {', '.join(told)})" if told else ""


def _agreement(summary: Mapping[str, Any]) -> str:
    """Says what the model came to say, and whether that agrees with the ablation."""
    said = summary.get("came_to_say")
    told = f"It came to say {said} most." if said else "No family's share grew beyond the others'."
    agree = summary.get("agree")
    if agree is None:
        return told
    return f"{told} This {'agrees' if agree else 'disagrees'} with what the score hangs on."


def _best(rows: Rows, summary: Mapping[str, Any]) -> Iterator[Section]:
    """Yields each concept's best descriptions, with what each word is worth."""
    worded = [row for row in rows if row["words"] and row["policy"] == ALIGNED]
    if not worded:
        return
    top = max(abs(word["loss"]) for row in worded for word in row["words"])
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in sorted(worded, key=lambda row: -row["reward"]):
        groups.setdefault(row["concept"], []).append(row)
    parts = [Markup("<p>Under each word: what the score loses without it, if 0.01 or more.</p>")]
    for concept in sorted(groups, key=lambda one: groups[one][0]["name"])[:MOST_CONCEPTS]:
        own = groups[concept][:SHOWN]
        lines = Markup("").join(
            Markup('<p lang="" dir="auto">{}<small class="said">{:.1f}</small></p>').format(
                coloured_words(_words(row), top, "cosine"), row["reward"]
            )
            for row in own
        )
        parts.append(Markup("<h3>{}</h3>{}").format(own[0]["name"], lines))
    if len(groups) > MOST_CONCEPTS:
        rest = Markup("<p>The first {} of {} concepts; all are in rows/inspect.</p>")
        parts.append(rest.format(MOST_CONCEPTS, len(groups)))
    body = Markup('<div class="best">{}</div>').format(Markup("").join(parts))
    yield Section("Its best descriptions", body)


def _words(row: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    """Yields the words of a description with their losses; punctuation belongs to the word before.

    Losses too small to matter are None: a page of zeros would hide those that do.
    """
    words, text = row["words"], row["text"]
    stops = [word["start"] for word in words[1:]] + [len(text)]
    for word, stop in zip(words, stops, strict=True):
        loss = word["loss"]
        yield text[word["start"] : stop].strip(), loss if abs(loss) >= TOO_SMALL else None


def _curve(steps: Rows, summary: Mapping[str, Any]) -> Iterator[Section]:
    points = [(row["kl"], row["reward"]) for row in steps if row["reward"] is not None]
    if not points:
        return
    lines = [Line("training, step by step", points)]
    metrics = summary.get("metrics", {})
    for name in ("base LLM", "best of n", "tilt"):
        reward = metrics.get("reward", {}).get("baselines", {}).get(name)
        kl = metrics.get("kl", {}).get("baselines", {}).get(name)
        if reward and kl:
            lines.append(Line(name, [(kl["mean"], reward["mean"])], marked=True))
    against = line_chart(
        "Reward against KL", lines, "KL from the base LLM, nats per description", "reward"
    )
    over = line_chart(
        "Reward over training",
        [Line("reward", [(row["step"], row["reward"]) for row in steps if row["reward"]])],
        "step",
        "reward",
    )
    note = Markup(
        "<p>VLMs have rewards of different ranges: compare them at the same KL. Further left and "
        "higher is better.</p>"
    )
    yield Section("What the reward cost", note + against + selection_table(summary) + over)


def _samples(rows: Rows) -> Iterator[Section]:
    steps = sorted({row["step"] for row in rows})
    if not steps:
        return
    places = {round(i * (len(steps) - 1) / (SAMPLE_STEPS - 1)) for i in range(SAMPLE_STEPS)}
    shown = {steps[place] for place in places}
    seen: dict[int, int] = {}
    kept = []
    for row in rows:
        if row["step"] in shown and seen.setdefault(row["step"], 0) < SHOWN:
            seen[row["step"]] += 1
            kept.append((row["step"], row["text"], row["reward"], row["kl"]))
    columns = ("step", "response", "reward", "log-ratio, nats")
    yield Section("Responses over training", table(columns, kept))
