"""The section of a model card that an audit ends with, in Markdown."""

from collections.abc import Sequence

from vlminterp.results.run_folder import RunFolder
from vlminterp_audit.cards import ConceptReport
from vlminterp_audit.regions import Origin
from vlminterp_audit.verdict import Driver, Kind
from vlminterp_audit.words import Scope

WARNED = 10
"""Flags that are listed."""


def model_card(folder: RunFolder, reports: Sequence[ConceptReport]) -> str:
    """Returns a section to paste into a model card.

    Args:
        folder: Folder of a finished audit.
        reports: Its concepts, those with the worst flags first.
    """
    summary = folder.summary or {}
    lines = [
        f"## What {folder.names['model']} goes by",
        "",
        escaped(summary["verdict"]),
        "",
        "| goes by | concepts | which |",
        "|-|-|-|",
    ]
    for one in Driver:
        names = [report.row["name"] for report in reports if report.row["driver"] == one.value]
        if names:
            lines.append(f"| {one.value} | {len(names)} | {escaped(', '.join(sorted(names)))} |")
    scope = Scope(summary.get("phrases", True), summary["regions"])
    lines += ["", *_warnings(reports, scope), "", *_method(folder)]
    return "\n".join(lines) + "\n"


def _warnings(reports: Sequence[ConceptReport], scope: Scope) -> list[str]:
    unseen = [f"{sentence}." for sentence in scope.missing()]
    flags = [
        flag for report in reports for flag in report.flags if flag["flag"] != Kind.name_only.value
    ]
    if not flags:
        return [" ".join([_none(scope), *unseen])]
    flags.sort(key=lambda flag: -flag["weight"])
    told = [f"- **{flag['flag']}**: {escaped(flag['says'])}" for flag in flags[:WARNED]]
    more = len(flags) - WARNED
    told += [f"- … and {more} more."] if more > 0 else []
    return [*told, *(["", *unseen] if unseen else [])]


def _none(scope: Scope) -> str:
    """Says which kinds of flags there are none of: those that were looked for."""
    kinds = [Kind.unknown]
    if Origin.map.value not in scope.regions:
        kinds.append(Kind.shortcut)
    if scope.phrases:
        kinds += [Kind.spurious, Kind.prior]
    return f"No flags: {', '.join(f'no {kind.value}' for kind in kinds)} was found."


def _method(folder: RunFolder) -> list[str]:
    config, summary = folder.config.get("plugin", {}), folder.summary or {}
    draws = config.get("draws")
    lenders = "1 other picture" if draws == 1 else f"{draws} other pictures each"
    return [
        f"Measured on {summary['concepts']} concepts of `{folder.names['data']}`: on the "
        f"{config.get('pictures')} pictures that the model most gives each name to, object and "
        f"background were exchanged for those of {lenders} "
        f"(objects found by: {', '.join(summary['regions'])}). The audit says what moves this "
        "model’s scores on these pictures; it does not say how it will do on others.",
    ]


def escaped(text: str) -> str:
    r"""Escapes what would end a table's cell, or begin a tag or an entity.

    Example:
        >>> escaped("R&D | <b>")
        'R&amp;D \\| &lt;b>'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
