"""Line charts of a quantity over steps, or over another quantity."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from vlminterp.drawing.charts.axis import Axis
from vlminterp.drawing.charts.svg import drawing, element, legend
from vlminterp.drawing.numbers import number

WIDTH, HEIGHT = 640.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 16.0, 10.0, 46.0
SHAPES = ("circle", "square", "diamond", "triangle")
Point = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """One line of a chart.

    Attributes:
        name: Name in the legend.
        points: Pairs of x and y, in the order in which they are joined; pairs that are not finite
            are left out.
        marked: Whether each point is marked, for lines of few points; a single point always is.
    """

    name: str
    points: Sequence[Point]
    marked: bool = False


def line_chart(title: str, lines: Sequence[Line], x: str, y: str) -> Markup:
    """Draws lines on shared axes.

    Lines differ in colour, in dash and in the shape of their marks.

    Args:
        title: Name of the chart; screen readers read it out, then the first and last point of each
            line.
        lines: The lines, in the order of their colours.
        x: Label of the horizontal axis, with its unit.
        y: Label of the vertical axis, with its unit.

    Returns:
        A legend, if there is more than one line, and an `<svg>`; empty without a finite point.
    """
    drawn = [Line(line.name, _finite(line.points), line.marked) for line in lines]
    everything = [point for line in drawn for point in line.points]
    if not everything:
        return Markup("")
    across = Axis.over(point[0] for point in everything)
    up = Axis.over(point[1] for point in everything)
    parts = list(_grid(across, up, x, y))
    for series, line in enumerate(drawn, 1):
        parts.extend(_line(line, series, across, up))
    spoken = "; ".join(_spoken(line) for line in drawn if line.points)
    label = f"{title}: {y} over {x}. {spoken}"
    samples = [_sample(series, marked=line.marked) for series, line in enumerate(lines, 1)]
    shown = drawing(label, WIDTH, HEIGHT, *parts, class_="lines")
    return legend([line.name for line in lines], samples) + shown


def _line(line: Line, series: int, across: Axis, up: Axis) -> Iterator[Markup]:
    placed = [_place(point, across, up) for point in line.points]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
    hover = element("title", line.name)
    yield element("polyline", hover, class_=f"line series-{series}", points=points)
    marked = zip(placed, line.points, strict=True) if line.marked or len(placed) == 1 else ()
    for (x, y), (value, height) in marked:
        told = element("title", f"{line.name}: {number(value)}, {number(height)}")
        yield element("path", told, class_=f"mark series-{series}", d=_shape(series, x, y))


def _sample(series: int, *, marked: bool) -> Markup:
    """Draws a piece of a line for the legend."""
    line = element("path", class_=f"line series-{series}", d="M0 6H28")
    mark = element("path", class_=f"mark series-{series}", d=_shape(series, 14, 6))
    return line + mark if marked else line


def _shape(series: int, x: float, y: float, r: float = 4.5) -> str:
    """Returns the outline of a series' mark, as an SVG path."""
    name = SHAPES[(series - 1) % len(SHAPES)]
    if name == "circle":
        return f"M{x - r:.1f} {y:.1f}a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0 {-2 * r} 0z"
    corners = {
        "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
        "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
        "triangle": ((0, -1.2), (1.1, 0.9), (-1.1, 0.9)),
    }[name]
    return "M" + "L".join(f"{x + r * dx:.1f} {y + r * dy:.1f}" for dx, dy in corners) + "z"


def _grid(across: Axis, up: Axis, x: str, y: str) -> Iterator[Markup]:
    right, floor = WIDTH - RIGHT, HEIGHT - BOTTOM
    for tick, label in zip(up.ticks, up.labels(), strict=True):
        height = up.place(tick, floor, TOP)
        style = "grid zero" if tick == up.ticks[0] else "grid"
        yield element("line", class_=style, x1=LEFT, x2=right, y1=height, y2=height)
        yield element("text", label, class_="tick", x=LEFT - 8, y=height + 4, text_anchor="end")
    for tick, label in zip(across.ticks, across.labels(), strict=True):
        place = across.place(tick, LEFT, right)
        yield element("line", class_="grid zero", x1=place, x2=place, y1=floor, y2=floor + 4)
        yield element("text", label, class_="tick", x=place, y=floor + 19, text_anchor="middle")
    middle = (LEFT + right) / 2
    yield element("text", x, class_="unit", x=middle, y=HEIGHT - 6, text_anchor="middle")
    centre = (TOP + floor) / 2
    turned = f"rotate(-90 14 {centre:.0f})"
    yield element("text", y, class_="unit", x=14, y=centre, text_anchor="middle", transform=turned)


def _place(point: Point, across: Axis, up: Axis) -> Point:
    return (
        across.place(point[0], LEFT, WIDTH - RIGHT),
        up.place(point[1], HEIGHT - BOTTOM, TOP),
    )


def _finite(points: Sequence[Point]) -> list[Point]:
    return [(float(x), float(y)) for x, y in points if math.isfinite(x) and math.isfinite(y)]


def _spoken(line: Line) -> str:
    (x0, y0), (x1, y1) = line.points[0], line.points[-1]
    ends = f"{number(y0)} at {number(x0)} to {number(y1)} at {number(x1)}"
    return f"{line.name}: {ends}" if len(line.points) > 1 else f"{line.name}: {number(y0)}"
