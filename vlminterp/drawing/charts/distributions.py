"""Distributions of several groups, drawn one above the other on a shared axis."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import ArrayLike, NDArray

from vlminterp.drawing.charts.axis import Axis
from vlminterp.drawing.charts.named_rows import NAMES, NUMBERS, WIDTH, across, grid
from vlminterp.drawing.charts.svg import drawing, element, row_name
from vlminterp.drawing.numbers import decimals, number

MEDIANS = WIDTH - NUMBERS + 60.0
ROW, HEAD, FOOT = 54.0, 22.0, 44.0
BINS = 80


def distribution_chart(
    title: str, groups: Mapping[str, ArrayLike], unit: str, strong: Sequence[str] = ()
) -> Markup:
    """Draws a smoothed histogram of each group, with its median and its middle half.

    Args:
        title: Name of the values; screen readers read it out, then medians and middle halves.
        groups: Values by name, `[n]` each, from top to bottom; values that are not finite are left
            out.
        unit: The values' unit, written below the axis.
        strong: Names of the groups to highlight.

    Returns:
        An `<svg>`; each group's area shows shares of the group, so that groups of different size
        can be compared.
    """
    values = {name: _numbers(group) for name, group in groups.items()}
    axis = Axis.over(np.concatenate([*values.values(), np.zeros(0)]).tolist())
    heights = {name: _density(group, axis) for name, group in values.items()}
    top = max((float(density.max()) for density in heights.values()), default=0.0) or 1.0
    bottom = HEAD + len(values) * ROW
    head = element("tspan", "median", x=MEDIANS, text_anchor="end")
    parts = [*grid(axis, HEAD, bottom, unit), element("text", head, class_="tick", y=12)]
    for place, (name, group) in enumerate(values.items()):
        floor = HEAD + (place + 1) * ROW - 12
        style = "name strong" if name in strong else "name"
        parts.append(row_name(name, class_=style, x=NAMES - 12, y=floor - 4))
        if len(group):
            chosen = 2 if name in strong else 1
            parts.extend(_group(name, group, heights[name] / top, axis, floor, chosen))
    spoken = "; ".join(_spoken(name, group) for name, group in values.items())
    label = f"{title}, {unit}. Median and middle half: {spoken}"
    return drawing(label, WIDTH, bottom + FOOT, *parts, class_="distributions")


def _group(
    name: str,
    values: NDArray[np.float64],
    density: NDArray[np.float64],
    axis: Axis,
    floor: float,
    series: int,
) -> Iterator[Markup]:
    low, high = axis.ticks[0], axis.ticks[-1]
    centres = low + (high - low) * (np.arange(BINS) + 0.5) / BINS
    outline = "L".join(
        f"{across(axis, centre):.1f} {floor - (ROW + 4) * share * 0.8:.1f}"
        for centre, share in zip(centres, density, strict=True)
    )
    hover = element("title", _spoken(name, values))
    path = f"M{across(axis, low):.1f} {floor:.1f}L{outline}L{across(axis, high):.1f} {floor:.1f}z"
    yield element("path", hover, class_=f"area series-{series}", d=path)
    first, median, third = (across(axis, float(q)) for q in np.quantile(values, (0.25, 0.5, 0.75)))
    yield element("line", class_="half", x1=first, x2=third, y1=floor + 4, y2=floor + 4)
    yield element("circle", class_="median", cx=median, cy=floor + 4, r=3.6)
    written = element(
        "tspan",
        decimals(float(np.median(values)), axis.places + 1),
        x=MEDIANS,
        text_anchor="end",
    )
    count = element("tspan", f"n = {len(values):,}", class_="soft", x=WIDTH, text_anchor="end")
    yield element("text", written, count, class_="value", y=floor + 2)


def _density(values: NDArray[np.float64], axis: Axis) -> NDArray[np.float64]:
    """Computes the shares in `BINS` bins, smoothed by a triangle five bins wide."""
    if not len(values):
        return np.zeros(BINS)
    counts, _ = np.histogram(values, bins=BINS, range=(axis.ticks[0], axis.ticks[-1]))
    kernel = np.array([1, 2, 3, 2, 1]) / 9
    return np.convolve(counts / len(values), kernel, mode="same")


def _numbers(values: ArrayLike) -> NDArray[np.float64]:
    numbers = np.asarray(values, dtype=np.float64)
    return numbers[np.isfinite(numbers)]


def _spoken(name: str, values: NDArray[np.float64]) -> str:
    if not len(values):
        return f"{name}: nothing"
    first, median, third = (number(float(q)) for q in np.quantile(values, (0.25, 0.5, 0.75)))
    return f"{name}: {median} ({first} to {third}), n = {len(values)}"
