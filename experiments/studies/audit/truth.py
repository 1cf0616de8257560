"""The planted VLMs, and what each goes by and likes to hear."""

from dataclasses import dataclass

from experiments.recipes.planted.plantings import LAST_AT_HOME
from vlminterp.planted.facts import load_facts

OBJECT, CONTEXT, BOTH = "object-driven", "context-driven", "both"


@dataclass(frozen=True)
class Planted:
    """A planted VLM.

    Attributes:
        driver: The driver of most of its names.
        likes: The family of words that it prefers; None where it is not told.
        shortcuts: Names that go by the background all the same.
    """

    driver: str = OBJECT
    likes: str | None = None
    shortcuts: tuple[str, ...] = ()

    def drivers(self) -> dict[str, str]:
        """Returns what each concept's name goes by."""
        names = load_facts().concepts
        return {name: CONTEXT if name in self.shortcuts else self.driver for name in names}


VLMS = {
    "planted-base": Planted(),
    "planted-name": Planted(),
    "planted-visual": Planted(likes="visual"),
    "planted-habitat": Planted(likes="habitat"),
    "planted-diet": Planted(likes="diet"),
    "planted-spurious": Planted(likes="spurious"),
    "planted-shortcut": Planted(CONTEXT),
    "planted-half": Planted(BOTH),
    "planted-partly": Planted(shortcuts=LAST_AT_HOME),
}
