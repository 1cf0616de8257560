"""Shows the product's own pages inside the app, each in a frame that runs no script."""

from html import escape

from markupsafe import Markup

from vlminterp.report.templating import environment


def framed(page: str, title: str) -> str:
    """Returns a frame that holds a page, and fits itself to the page's height.

    Args:
        page: A whole page.
        title: The frame's name for screen readers.
    """
    return (
        f'<iframe class="page" sandbox="allow-same-origin" title="{escape(title)}" '
        f'onload="fitFrame(this)" srcdoc="{escape(page)}"></iframe>'
    )


def fragment(body: Markup, style: str = "") -> str:
    """Returns a part of a product's page as a page of its own.

    Args:
        body: The part.
        style: CSS that the part needs beside the report's own.
    """
    template = environment("vlminterp_app").get_template("fragment.html.j2")
    return template.render(body=body, style=Markup(style))
