"""Jinja templates: the report's own, and a plugin's beside them."""

from functools import cache

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from vlminterp.drawing.numbers import decimals, number


@cache
def environment(package: str | None = None) -> Environment:
    """Templates that escape what they are given, and refuse names they don't know.

    Args:
        package: A plugin's, whose `templates/` is looked into first. Its templates can import the
            report's macros: `{% from "parts.html.j2" import settings_table %}`.

    Returns:
        With the filters `number` and `decimals`.
    """
    packages = [package, "vlminterp.report"] if package else ["vlminterp.report"]
    made = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["number"] = number
    made.filters["decimals"] = decimals
    return made
