"""Sorts each clause of a description into a family, without any judge.

Turns of phrase decide first ("it is found in …"), then words: seeds, their neighbours in a sentence
encoder's space, and people's ratings of how visible the thing is that a word names.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from vlminterp_ex2.inspection.clauses import split
from vlminterp_ex2.inspection.families import NEUTRAL, Families
from vlminterp_ex2.inspection.grammar import predicate
from vlminterp_ex2.inspection.seeds import Seeds, load_seeds
from vlminterp_ex2.inspection.words import NAME, TaggedWord, base_forms, without, words_of

FRAME = 2.0
WORD_CAP = 1.8
"""Cap on the weight of words, so that a turn of phrase outweighs any number of them."""
ENOUGH = 0.9
"""Score that a clause needs: a seed word reaches it alone, a neighbour only with others."""

TELLING = 2
"""Meaningful words that a clause without a family needs to count as saying something."""

Neighbours = Mapping[str, tuple[str, float]]
"""Maps a base form to the family of its nearest seeds, and a weight in [0, 1]."""


@dataclass(frozen=True)
class Clause:
    """A part of a description and its family.

    Attributes:
        start: Index of its first character.
        stop: One past its last character.
        sentence: Index of its sentence, from 0.
        family: One of the seeds' families, or "neutral".
        words: The words that decided, as written.
    """

    start: int
    stop: int
    sentence: int
    family: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lexicon:
    """Seed words, and what a run's own vocabulary adds to them.

    Attributes:
        seeds: Seed words and turns of phrase.
        neighbours: Words that aren't seeds but near some.
    """

    seeds: Seeds = field(default_factory=load_seeds)
    neighbours: Neighbours = field(default_factory=dict)

    @property
    def families(self) -> Families:
        """The families that it tells apart."""
        return self.seeds.families

    def clauses(self, text: str, name: str) -> list[Clause]:
        """Returns clauses in order; adjacent ones of the same sentence and family are joined.

        Args:
            text: The description.
            name: The concept's name.

        Example:
            >>> text = "This is an owl. It is at home in the woods."
            >>> [(text[c.start:c.stop], c.family) for c in Lexicon().clauses(text, "owl")]
            [('This is an owl.', 'neutral'), ('It is at home in the woods.', 'habitat')]
        """
        found: list[Clause] = []
        words = words_of(text, name)
        for piece in split(text):
            inside = [word for word in words if piece.start <= word.start < piece.stop]
            family, told = self._classify(inside)
            before = found[-1] if found and found[-1].sentence == piece.sentence else None
            if before and self._goes_with(before, family, inside):
                family = before.family
            clause = Clause(piece.start, piece.stop, piece.sentence, family, told)
            if before and (before.family == family or self._is_led_by(before, words)):
                clause = replace(clause, start=before.start, words=(*before.words, *told))
                found.pop()
            found.append(clause)
        return found

    def other(self, text: str, name: str, clauses: Sequence[Clause]) -> list[str]:
        """Returns clauses that say something, but nothing of any family.

        Args:
            text: The description.
            name: The concept's name.
            clauses: The description's clauses, as `clauses` finds them.

        Example:
            >>> lexicon, text = Lexicon(), "An owl. It reminds us of old professors."
            >>> lexicon.other(text, "owl", lexicon.clauses(text, "owl"))
            ['It reminds us of old professors.']
        """
        words = [word for word in words_of(text, name) if self._tells(word)]
        return [
            text[clause.start : clause.stop]
            for clause in clauses
            if clause.family == NEUTRAL
            and sum(clause.start <= word.start < clause.stop for word in words) >= TELLING
        ]

    def _tells(self, word: TaggedWord) -> bool:
        """Tells whether a word has a meaning of its own: neither small, nor vague, nor the name."""
        grammar, known = self.seeds.grammar, self.seeds
        small = (*vars(grammar).values(), known.silent, known.empty_verbs, {NAME})
        forms = {word.lemma, word.text.lower()}
        return word.text.isalpha() and len(word.text) > 1 and not any(forms & s for s in small)

    def _goes_with(self, before: Clause, family: str, words: Sequence[TaggedWord]) -> bool:
        """Tells whether a piece merely continues what the one before it says."""
        if before.family in self.families.uninformative:
            return True  # "I'm a model, designed to …"
        if before.family == NEUTRAL:
            return False
        if words[0].lemma == "with":  # how something is done, not what something has
            return before.family in self.seeds.shapes["with"]
        return family == NEUTRAL and len(words) <= 3  # the rest of a list

    def _is_led_by(self, before: Clause, words: Sequence[TaggedWord]) -> bool:
        """Tells whether the clause before is a lead-in that can't stand alone: "It is curled"."""
        own = [word.lemma for word in words if before.start <= word.start < before.stop]
        return (
            before.family == NEUTRAL and own[0] in self.seeds.grammar.pronouns and NAME not in own
        )

    def _classify(self, words: Sequence[TaggedWord]) -> tuple[str, tuple[str, ...]]:
        evidence = self._evidence(words)
        if not evidence:
            return NEUTRAL, ()
        # on a tie the earlier wins, but boilerplate before all: its frames are telling
        order = (*self.families.uninformative, *self.families.informative)
        best = max(evidence, key=lambda family: (evidence[family][0], -order.index(family)))
        score, told = evidence[best]
        return (best, tuple(told)) if score >= ENOUGH else (NEUTRAL, ())

    def _evidence(self, words: Sequence[TaggedWord]) -> dict[str, tuple[float, list[str]]]:
        telling = without(words, self.seeds.leads)
        said = base_forms(telling)
        scores: dict[str, float] = {}
        told: dict[str, list[str]] = {}
        for word in telling:
            for family, weight in self._word(word):
                scores[family] = min(WORD_CAP, scores.get(family, 0.0) + weight)
                told.setdefault(family, []).append(word.text)
        framed = {
            family
            for family, frames in self.seeds.frames.items()
            if any(frame.search(said) for frame in frames)
        }
        shaped = predicate(said, telling, self.seeds, framed=bool(framed))
        spoken_for = scores.keys() | framed
        meant = [(f, w) for shape, w in shaped for f in self._meant(shape, spoken_for)]
        for family, weight in [*((family, FRAME) for family in framed), *meant]:
            scores[family] = scores.get(family, 0.0) + weight
        return {family: (score, told.get(family, [])) for family, score in scores.items()}

    def _meant(self, shape: str, spoken_for: Set[str]) -> Sequence[str]:
        """Returns a shape's families: its only one, or those that the words suggest too."""
        able = self.seeds.shapes[shape]
        return able if len(able) == 1 else [family for family in able if family in spoken_for]

    def _word(self, word: TaggedWord) -> list[tuple[str, float]]:
        if word.lemma == NAME:
            return []
        forms = (word.text.lower(), word.lemma)
        families = next((f for form in forms if (f := self.seeds.words.get(form))), None)
        if families:
            return [(family, 1.0 / len(families)) for family in families]
        if word.lemma in self.seeds.silent or word.text.lower() in self.seeds.silent:
            return []
        if near := self.neighbours.get(word.lemma):
            return [near]
        return []
