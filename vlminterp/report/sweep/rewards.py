"""What reward each VLM has given at which distance from the base model."""

from collections.abc import Iterator, Mapping

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from vlminterp.drawing.charts.lines import Line, line_chart
from vlminterp.report.content import Section
from vlminterp.report.sweep.groups import Group
from vlminterp.report.tables import interval_cell, table
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.sweep import Run

COLUMNS = {"step", "kl", "reward"}
BINS = 12
SERIES = 8
"""Lines that a chart can tell apart."""

Curve = NDArray[np.float64]


def rewards_sections(group: Group) -> Iterator[Section]:
    """Reward against KL for all VLMs, and at the KL that all have reached.

    Args:
        group: Of the page; runs without a table of `step`, `kl` and `reward` are left out.
    """
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
    yield Section(title, note + chart + more + _matched(curves, runs))


def _curve(folder: RunFolder) -> Curve | None:
    """KL and reward, `[n, 2]`, averaged over steps of like KL: single steps are noise."""
    for parts in folder.tables().values():
        if not all(set(one.column_names) >= COLUMNS for one in parts.tables()):
            continue
        steps = parts.rows()[["kl", "reward"]].dropna().sort_values("kl").to_numpy(np.float64)
        if len(steps):
            bins = np.array_split(steps, min(BINS, len(steps)))
            return np.stack([own.mean(0) for own in bins])
    return None


def _matched(curves: Mapping[str, Curve], runs: Mapping[str, Run]) -> Markup:
    """A row for each VLM: its reward at the start, at the largest KL that all reached, at last."""
    shared = min(float(curve[-1, 0]) for curve in curves.values())
    rows = []
    for name, curve in curves.items():
        at = float(np.interp(shared, curve[:, 0], curve[:, 1]))
        metrics = runs[name].summary.get("metrics") or {}
        ends = (interval_cell(metrics.get(metric)) for metric in ("reward", "kl"))
        rows.append([name, float(curve[0, 1]), at, at - float(curve[0, 1]), *ends])
    columns = ("VLM", "reward at first", f"at {shared:.3g} nats", "gained", "aligned", "its KL")
    caption = f"Reward at matched KL: {shared:.3g} nats, the most that all VLMs have reached"
    return table(columns, rows, caption, sortable=True)
