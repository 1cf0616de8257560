"""The page of one run."""

from pathlib import Path

from markupsafe import Markup

from vlminterp.errors import ConfigError
from vlminterp.plugin import load_plugin
from vlminterp.report.content import Content
from vlminterp.report.default import default_content
from vlminterp.report.finder import script
from vlminterp.report.templating import environment
from vlminterp.results.plain import flatten
from vlminterp.results.run_folder import RunFolder

SKIPS_ON_PAGE = 50


def write_report(folder: RunFolder) -> Path:
    """Writes `report.html` for a run, finished or not.

    Args:
        folder: The run's folder.

    Returns:
        The page's path.

    Raises:
        ResultsError: The page can't be written.
    """
    content, missing = _content(folder)
    for path, file in content.beside:
        folder.write_beside(path, file)
    return folder.write_report(_rendered(folder, content, missing).encode())


def render(folder: RunFolder) -> str:
    """Renders the page as HTML that loads nothing over the network."""
    return _rendered(folder, *_content(folder))


def _rendered(folder: RunFolder, content: Content, missing: str | None) -> str:
    summary, skips = folder.summary or {}, folder.skips()
    found, digest = script("finder.js", *(["search.js"] if content.beside else []))
    settings = {k: v for k, v in flatten(folder.config) if not k.startswith("names.")}
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            **folder.names,
            content=content,
            style=Markup(content.style),
            script=found,
            script_hash=digest,
            missing=missing,
            finished=folder.finished,
            verdict=summary.get("verdict"),
            truncated=summary.get("truncated", 0),
            notes=summary.get("notes", []),
            settings={k: v for k, v in settings.items() if k.startswith("plugin.")},
            other_settings={k: v for k, v in settings.items() if not k.startswith("plugin.")},
            versions=folder.versions,
            skips=skips,
            skips_on_page=SKIPS_ON_PAGE,
        )
    )


def _content(folder: RunFolder) -> tuple[Content, str | None]:
    """Returns the plugin's content; if it can't be loaded, default content and the reason."""
    try:
        plugin = load_plugin(folder.names["plugin"])
    except ConfigError as error:
        return default_content(folder), str(error)
    return plugin.report(folder), None
