"""The form by which readers of a page find, sort and filter its pairs."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from vlminterp.report.templating import environment


@dataclass(frozen=True)
class Findable:
    """The words and numbers by which readers find a pair.

    Attributes:
        text: Its id and caption.
        scores: Its numbers by name.
        missed: Whether a map of it misses what its caption names.
    """

    text: str
    scores: Mapping[str, float]
    missed: bool = False

    @property
    def attributes(self) -> Markup:
        """The attributes of its element, which the script reads."""
        numbers = json.dumps({name: round(value, 6) for name, value in self.scores.items()})
        return Markup('data-text="{}" data-scores="{}"{}').format(
            self.text, numbers, Markup(" data-missed") if self.missed else ""
        )


def finder(pairs: Sequence[Findable]) -> Markup:
    """Returns the form; empty for fewer than three pairs."""
    if len(pairs) < 3:
        return Markup("")
    form = environment().get_template("finder.html.j2")
    scores = dict.fromkeys(name for pair in pairs for name in pair.scores)
    return Markup(form.render(scores=scores, misses=sum(pair.missed for pair in pairs)))


def script(*names: str) -> tuple[Markup, str]:
    """Returns a page's script, and the hash by which its policy allows this one alone.

    Args:
        names: Names of the templates that it is made of.
    """
    found = Markup("\n".join(environment().get_template(name).render() for name in names))
    digest = base64.b64encode(hashlib.sha256(found.encode()).digest()).decode()
    return found, f"sha256-{digest}"
