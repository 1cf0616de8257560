"""How the clauses of a sentence hang together, as far as their first words tell. No parser."""

from collections.abc import Sequence

from vlminterp_ex2.inspection.clauses import PARTICIPLE
from vlminterp_ex2.inspection.fillers import Guest
from vlminterp_ex2.inspection.lexicon import Clause
from vlminterp_ex2.inspection.seeds import Grammar
from vlminterp_ex2.inspection.words import NAME, TaggedWord, words_of


class Outline:
    """A text's clauses with their words; a clause is told by its place among all.

    Args:
        text: A description.
        clauses: All of its clauses.
        name: The concept's.
        grammar: Small words.
    """

    def __init__(self, text: str, clauses: Sequence[Clause], name: str, grammar: Grammar) -> None:
        self.text, self.clauses, self.grammar = text, clauses, grammar
        words = words_of(text, name)
        self._words = [[w for w in words if c.start <= w.start < c.stop] for c in clauses]

    def words(self, place: int) -> list[TaggedWord]:
        """The words of a clause; a clause has at least one."""
        return self._words[place]

    def first(self, place: int) -> str:
        """A clause's first word in lower case."""
        return self._words[place][0].text.lower()

    def begins(self, place: int) -> bool:
        """Whether a clause is the first of its sentence."""
        return not place or self.clauses[place - 1].sentence != self.clauses[place].sentence

    def next(self, place: int) -> int | None:
        """The clause that follows in the same sentence."""
        last = place + 1 == len(self.clauses)
        return None if last or self.begins(place + 1) else place + 1

    def is_joined(self, place: int) -> bool:
        """Whether a clause begins with a conjunction."""
        words = self._words[place]
        return len(words) > 1 and words[0].lemma in self.grammar.conjunctions

    def is_list_rest(self, place: int) -> bool:
        """Whether a clause but goes on with a list that the one before it begins."""
        joined = self.is_joined(place)
        word = self._words[place][joined]
        written = word.text.lower()
        if written in self.grammar.determiners | self.grammar.pronouns | self.grammar.finite:
            return False
        if word.lemma == NAME or self.is_adverb(word):
            return False
        behind = self._words[place][joined + 1 :]
        if written.endswith("s") and behind and behind[0].lemma not in self.grammar.conjunctions:
            return False  # rather "eats mice" than "frogs and toads"
        linked = self.grammar.relatives | self.grammar.subordinators
        hangs = written in linked or self.hangs(word) or written.endswith("ing")
        return joined or not hangs

    def follows_bare_subject(self, place: int) -> bool:
        """Whether a clause makes sense right behind a subject: "An owl [found in the woods]"."""
        told = self.grammar.relatives | self.grammar.finite | self.grammar.determiners
        return self.first(place) in told or self.hangs(self._words[place][0])

    def is_subject(self, place: int) -> bool:
        """Whether a sentence's first clause is the subject of a later: "[The owl], …, is big"."""
        after = self.next(place)
        while self.begins(place) and after is not None:
            if self.first(after) in self.grammar.finite:
                return True
            after = self.next(after)
        return False

    def hangs(self, word: TaggedWord) -> bool:
        """Whether a word begins what tells more of something else: "in", "found in", "with"."""
        if word.text.lower() in self.grammar.prepositions:
            return True
        return PARTICIPLE.match(f" {self.text[word.start :]}") is not None

    def is_finite(self, words: Sequence[TaggedWord]) -> bool:
        """Whether a verb makes a sentence of words, outside a clause that hangs on them."""
        linked = self.grammar.relatives | self.grammar.subordinators
        for word in words:
            if word.text.lower() in self.grammar.finite:
                return True
            if word.text.lower() in linked:
                return False
        return False

    def acts(self, words: Sequence[TaggedWord]) -> bool:
        """Whether words begin with an adverb and a verb: "mainly eats mice"."""
        verb = next((word for word in words if not self.is_adverb(word)), words[0])
        written = verb.text.lower()
        return verb is not words[0] and written.endswith("s") and written != verb.lemma

    def is_adverb(self, word: TaggedWord) -> bool:
        """Whether a word can stand before any verb."""
        return word.lemma in self.grammar.adverbs or word.text.lower().endswith("ly")

    def guest(self, place: int, *, many: bool) -> Guest:
        """What hangs on a clause's last noun: the relative clause or participle that follows.

        Args:
            place: The clause's.
            many: Whether its subject is in the plural.
        """
        after = self.next(place)
        if after is None:
            return Guest.none
        words, either = self._words[after], Guest.many if many else Guest.one
        if self.first(after) in self.grammar.relatives and len(words) > 1:
            verb = next((word for word in words[1:] if not self.is_adverb(word)), words[-1])
            if verb.text.lower() in self.grammar.modals:
                return either
            return Guest.one if verb.text.lower().endswith("s") else Guest.many
        unbroken = self.text[self.clauses[place].stop - 1].isalnum()
        participle = PARTICIPLE.match(f" {self.text[words[0].start :]}")
        return either if unbroken and participle else Guest.none
