"""What a plugin puts on the page of a sweep."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from vlminterp.report.content import Section


@dataclass(frozen=True)
class SweepComparison:
    """What a plugin says of its finished runs, side by side.

    Attributes:
        answers: Sentences for the top of the page.
        sections: What the answers rest on.
        pictures: Sections that are long; they come last.
    """

    answers: Sequence[Markup] = ()
    sections: Sequence[Section] = ()
    pictures: Sequence[Section] = ()
