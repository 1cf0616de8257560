"""EX2's part of a sweep's page: preferences, and the reward of each VLM at which KL."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from vlminterp.drawing.charts.lines import Line, line_chart
from vlminterp.report.content import Section
from vlminterp.report.sweep.comparison import SweepComparison
from vlminterp.report.sweep.families import preference_comparison
from vlminterp.report.sweep.groups import Group
from vlminterp.report.tables import interval_cell, table
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.sweep import Run
from vlminterp_ex2.journal import ALIGN

BINS = 12
SERIES = 8
"""The most lines that can be told apart on a chart."""

RewardCurve = NDArray[np.float64]


def comparison(group: Group) -> SweepComparison:
    """Compares what the VLMs prefer, and what their rewards have cost.

    Args:
        group: Finished runs of EX2.
    """
    heard = preference_comparison(group)
    return replace(heard, sections=[*heard.sections, *_rewards(group)])


def _rewards(group: Group) -> Iterator[Section]:
    """Yields the rewards of all VLMs against KL, and at the KL that all have reached."""
    curves = {
        name: curve
        for name, run in group.runs.items()
        if run.folder and (curve := _curve(run.folder)) is not None
    }
    if not curves:
        return
    runs = {name: group.runs[name] for name in curves}
    lines = [Line(name, [tuple(p) for p in curve]) for name, curve in curves.items()][:SERIES]
    note = Markup(
        "<p>VLMs have rewards of different ranges: compare what they gain, at the same KL. Each "
        "line is a mean over steps of like KL.</p>"
    )
    more = Markup("")
    if len(curves) > SERIES:
        more = Markup('<p class="quiet">The first {} of {} VLMs are drawn.</p>').format(
            SERIES, len(curves)
        )
    chart = line_chart(
        "Reward against KL", lines, "KL from the base model, nats per response", "reward"
    )
    title = f"What the reward cost ({group.title})"
    yield Section(title, note + chart + more + _matched(curves, runs, group.axis))


def _curve(folder: RunFolder) -> RewardCurve | None:
    """Returns KL and reward, `[n, 2]`, averaged over steps of similar KL; None without steps.

    Single steps are too noisy to draw.
    """
    rows = folder.table(ALIGN).rows()
    if rows.empty:
        return None
    steps = rows[["kl", "reward"]].dropna().sort_values("kl").to_numpy(np.float64)
    bins = np.array_split(steps, min(BINS, len(steps)))
    return np.stack([own.mean(0) for own in bins]) if len(steps) else None


def _matched(curves: Mapping[str, RewardCurve], runs: Mapping[str, Run], axis: str) -> Markup:
    """Tabulates each VLM's reward at first, at the largest KL that all reached, and at the end."""
    shared = min(float(curve[-1, 0]) for curve in curves.values())
    rows = []
    for name, curve in curves.items():
        at = float(np.interp(shared, curve[:, 0], curve[:, 1]))
        metrics = runs[name].summary.get("metrics") or {}
        ends = (interval_cell(metrics.get(metric)) for metric in ("reward", "kl"))
        rows.append([name, float(curve[0, 1]), at, at - float(curve[0, 1]), *ends])
    columns = (axis, "reward at first", f"at {shared:.3g} nats", "gained", "aligned", "its KL")
    caption = f"Reward at matched KL: {shared:.3g} nats, the most that all VLMs have reached"
    apart = {name: run.summary.get("target_missed") for name, run in runs.items()}
    if off := [f"{name} ({why})" for name, why in apart.items() if why]:
        caption += f". Descriptions not at plugin.target_kl: {', '.join(off)}"
    return table(columns, rows, caption, sortable=True)
