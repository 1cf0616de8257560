"""The product's own script on a page, beside which there must be no other."""

from vlminterp.report.finder import script


def own_script(html):
    """The page's one script, which its policy allows by its hash and no other."""
    code, digest = script("finder.js")
    assert f"script-src '{digest}'\">" in html
    return code


def without_own_script(html):
    """A page without its script."""
    return html.replace(f"<script>{own_script(html)}</script>", "")
