"""Jinja templates of the report and of plugins."""

from functools import cache

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from vlminterp.drawing.numbers import decimals, number


@cache
def environment(package: str | None = None) -> Environment:
    """Returns an environment whose templates escape values and reject undefined names.

    Args:
        package: A plugin's package, whose `templates/` is searched first. Its templates can import
            the report's macros: `{% from "parts.html.j2" import settings_table %}`.

    Returns:
        An environment with the filters `number` and `decimals`.
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
