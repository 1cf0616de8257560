"""The content that a plugin puts on the page of a sweep."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from vlminterp.report.content import Section


@dataclass(frozen=True)
class SweepComparison:
    """A plugin's comparison of its finished runs.

    Attributes:
        answers: Sentences for the top of the page.
        sections: Sections that support the answers.
        pictures: Long sections, placed last on the page.
        style: CSS for these sections, in addition to the page's own.
    """

    answers: Sequence[Markup] = ()
    sections: Sequence[Section] = ()
    pictures: Sequence[Section] = ()
    style: str = ""
