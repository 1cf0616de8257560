"""SVG elements as escaped markup."""

from collections.abc import Sequence

from markupsafe import Markup, escape

Attribute = str | float | None

LONGEST_NAME = 17
"""The number of characters of a row's name that the drawings have room for."""


def element(name: str, *children: Markup | str, **attributes: Attribute) -> Markup:
    """Returns an element as markup.

    Args:
        name: The tag's name.
        children: Elements, or text, which is escaped.
        attributes: The attributes, named with "_" for "-", and `class_` for "class"; floats are
            rounded to a tenth, attributes that are None are left out.

    Example:
        >>> element("text", "a < b", class_="name", text_anchor="end", x=1 / 3)
        Markup('<text class="name" text-anchor="end" x="0.3">a &lt; b</text>')
    """
    written = Markup("").join(
        Markup(' {}="{}"').format(_attribute(key), _rounded(value))
        for key, value in attributes.items()
        if value is not None
    )
    inside = Markup("").join(escape(child) for child in children)
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), written, inside)


def drawing(label: str, width: float, height: float, *children: Markup, class_: str) -> Markup:
    """Wraps elements in an `<svg>` that keeps its text readable: it scrolls where it does not fit.

    Args:
        label: The drawing in words, which screen readers read out.
        width: Width in pixels.
        height: Height in pixels.
        children: The elements to draw.
        class_: Class of the `<svg>`, beside "drawing".
    """
    picture = element(
        "svg",
        *children,
        class_=f"drawing {class_}",
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        style=f"min-width: {width * 0.8:.0f}px; max-width: {width:.0f}px",
        role="img",
        aria_label=label,
    )
    return element("div", picture, class_="scroll")


def row_name(name: str, **attributes: Attribute) -> Markup:
    """Writes a row's name, cut after `LONGEST_NAME` characters; hovering shows all of it.

    Args:
        name: The row's name.
        attributes: Attributes of the text, as `element` takes them.

    Example:
        >>> row_name("behaviour in the wild", x=118.0)
        Markup('<text text-anchor="end" x="118.0">behaviour in the…<title>behaviour in the wild\
</title></text>')
    """
    if len(name) <= LONGEST_NAME:
        return element("text", name, text_anchor="end", **attributes)
    shown = f"{name[: LONGEST_NAME - 1].rstrip()}…"
    return element("text", shown, element("title", name), text_anchor="end", **attributes)


def legend(names: Sequence[str], samples: Sequence[Markup] = ()) -> Markup:
    """Draws a legend of the series; empty for fewer than two.

    Args:
        names: The series' names.
        samples: A drawing for each, 28 x 12 pixels; squares of the series' colours by default.
    """
    if len(names) < 2:
        return Markup("")
    width = 28 if samples else 12
    squares = [
        element("rect", class_=f"bar series-{place}", width=12, height=12, rx=2)
        for place in range(1, len(names) + 1)
    ]
    entries = [
        element(
            "li",
            element(
                "svg",
                sample,
                viewBox=f"0 0 {width} 12",
                style=f"width: {width}px",
                aria_hidden="true",
            ),
            name,
        )
        for name, sample in zip(names, samples or squares, strict=True)
    ]
    return element("ul", *entries, class_="drawing legend")


def _attribute(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _rounded(value: str | float) -> str | float:
    return round(value, 1) if isinstance(value, float) else value
