"""Small line charts as inline SVG, in the colours of the page."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

WIDTH, HEIGHT, MARGIN = 240.0, 56.0, 5.0
WHISKER_WIDTH, WHISKER_HEIGHT = 220.0, 18.0


@dataclass(frozen=True)
class Curve:
    """A trajectory: its first and last value, their unit, and an `<svg>` of all values."""

    first: float
    last: float
    unit: str
    drawing: Markup


def curve(name: str, values: NDArray[np.float32], unit: str = "") -> Curve | None:
    """Draws one trajectory from its first to its last step.

    Args:
        name: Name of the quantity; screen readers read it out.
        values: Values by step, `[steps]`; those not finite are left out.
        unit: The values' unit.

    Returns:
        The curve; None if no value is finite.
    """
    steps = np.flatnonzero(np.isfinite(values))
    if not len(steps):
        return None
    shown = values[steps].astype(np.float64)
    first, last = float(shown[0]), float(shown[-1])
    x = MARGIN + (WIDTH - 2 * MARGIN) * steps / max(len(values) - 1, 1)
    spread = float(np.ptp(shown)) or 1.0
    y = HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * (shown - shown.min()) / spread
    points = " ".join(f"{px:.1f},{py:.1f}" for px, py in zip(x, y, strict=True))
    label = f"{name} over {len(values)} steps: {first:.3g} to {last:.3g} {unit}".strip()
    drawing = Markup(
        '<svg class="curve" viewBox="0 0 {w:.0f} {h:.0f}" role="img" aria-label="{label}">'
        '<line class="floor" x1="0" x2="{w:.0f}" y1="{floor:.0f}" y2="{floor:.0f}"/>'
        '<polyline points="{points}"/>'
        '<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/></svg>'
    ).format(w=WIDTH, h=HEIGHT, floor=HEIGHT - 1, label=label, points=points, x=x[-1], y=y[-1])
    return Curve(first, last, unit, drawing)


def whisker(mean: float, low: float, high: float, axis: tuple[float, float]) -> Markup:
    """Draws a mean as a dot and its interval as a line, on an axis that its neighbours share.

    Args:
        mean: The mean, drawn as a dot.
        low: Lower end of the interval.
        high: Upper end of the interval.
        axis: Values at the left and right edge.

    Returns:
        An `<svg>`, hidden from screen readers because the numbers stand beside it.
    """
    start, stop = axis
    scale = (WHISKER_WIDTH - 2 * MARGIN) / ((stop - start) or 1.0)
    left, dot, right = (MARGIN + (value - start) * scale for value in (low, mean, high))
    return Markup(
        '<svg class="whisker" viewBox="0 0 {w:.0f} {h:.0f}" aria-hidden="true">'
        '<line class="floor" x1="0" x2="{w:.0f}" y1="{y:.0f}" y2="{y:.0f}"/>'
        '<line class="range" x1="{left:.1f}" x2="{right:.1f}" y1="{y:.0f}" y2="{y:.0f}"/>'
        '<circle cx="{dot:.1f}" cy="{y:.0f}" r="4.5"/></svg>'
    ).format(
        w=WHISKER_WIDTH, h=WHISKER_HEIGHT, y=WHISKER_HEIGHT / 2, left=left, right=right, dot=dot
    )


def common_axis(intervals: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Returns an axis for several intervals: 0 … 1 if they fit, else what they and 0 span.

    Example:
        >>> common_axis([(0.2, 0.4), (0.5, 0.9)]), common_axis([(-2.0, 3.0)])
        ((0.0, 1.0), (-2.0, 3.0))
    """
    low = min((interval[0] for interval in intervals), default=0.0)
    high = max((interval[1] for interval in intervals), default=1.0)
    return (0.0, 1.0) if low >= 0 and high <= 1 else (min(low, 0.0), max(high, 0.0))
