"""SVG elements, escaped."""

from markupsafe import Markup, escape

Attribute = str | float | None


def element(name: str, *children: Markup | str, **attributes: Attribute) -> Markup:
    """An element as markup.

    Args:
        name: Of the tag.
        children: Elements, or text, which is escaped.
        attributes: Their names with "_" for "-", and `class_` for "class"; lengths are rounded to a
            tenth, None is left out.

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
    """A picture whose text is as large as the page's, and that scrolls where it does not fit.

    Args:
        label: All that the picture says: screen readers read it out.
        width: In pixels.
        height: In pixels.
        children: What is drawn.
        class_: The class of the `<svg>`.
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


def legend(names: list[str]) -> Markup:
    """What the series' colours and shapes mean; empty for a single series."""
    if len(names) < 2:
        return Markup("")
    entries = [
        element(
            "li",
            element("span", "", class_=f"swatch series-{place}", aria_hidden="true"),
            name,
        )
        for place, name in enumerate(names, 1)
    ]
    return element("ul", *entries, class_="legend")


def _attribute(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _rounded(value: str | float) -> str | float:
    return round(value, 1) if isinstance(value, float) else value
