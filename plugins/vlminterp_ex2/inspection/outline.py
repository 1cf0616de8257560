"""Tells from first words how the clauses of a sentence depend on each other. No parser."""

from collections.abc import Sequence

from vlminterp_ex2.inspection.clauses import PARTICIPLE
from vlminterp_ex2.inspection.fillers import Guest
from vlminterp_ex2.inspection.lexicon import Clause
from vlminterp_ex2.inspection.seeds import Grammar
from vlminterp_ex2.inspection.words import NAME, TaggedWord, words_of


class Outline:
    """A text's clauses with their words; methods take the index of a clause.

    Args:
        text: A description.
        clauses: All clauses of the description.
        name: The concept's name.
        grammar: Small words.
    """

    def __init__(self, text: str, clauses: Sequence[Clause], name: str, grammar: Grammar) -> None:
        self.text, self.clauses, self.grammar = text, clauses, grammar
        words = words_of(text, name)
        self._words = [[w for w in words if c.start <= w.start < c.stop] for c in clauses]

    def words(self, place: int) -> list[TaggedWord]:
        """Returns the words of a clause; there is at least one."""
        return self._words[place]

    def first(self, place: int) -> str:
        """Returns a clause's first word in lower case."""
        return self._words[place][0].text.lower()

    def begins(self, place: int) -> bool:
        """Tells whether a clause is the first of its sentence."""
        return not place or self.clauses[place - 1].sentence != self.clauses[place].sentence

    def next(self, place: int) -> int | None:
        """Returns the next clause of the same sentence; None if there is none."""
        last = place + 1 == len(self.clauses)
        return None if last or self.begins(place + 1) else place + 1

    def is_joined(self, place: int) -> bool:
        """Tells whether a clause begins with a conjunction."""
        words = self._words[place]
        return len(words) > 1 and words[0].lemma in self.grammar.conjunctions

    def is_list_rest(self, place: int) -> bool:
        """Tells whether a clause only continues a list that the one before it begins."""
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
        """Tells whether a clause can follow a subject directly: "An owl [found in the woods]"."""
        told = self.grammar.relatives | self.grammar.finite | self.grammar.determiners
        return self.first(place) in told or self.hangs(self._words[place][0])

    def is_subject(self, place: int) -> bool:
        """Tells whether a first clause is the subject of a later one: "[The owl], …, is big"."""
        after = self.next(place)
        while self.begins(place) and after is not None:
            if self.first(after) in self.grammar.finite:
                return True
            after = self.next(after)
        return False

    def hangs(self, word: TaggedWord) -> bool:
        """Tells whether a word begins a modifier of something else: "in", "found in", "with"."""
        if word.text.lower() in self.grammar.prepositions:
            return True
        return PARTICIPLE.match(f" {self.text[word.start :]}") is not None

    def is_finite(self, words: Sequence[TaggedWord]) -> bool:
        """Tells whether words hold a finite verb, outside any clause that depends on them."""
        linked = self.grammar.relatives | self.grammar.subordinators
        for word in words:
            if word.text.lower() in self.grammar.finite:
                return True
            if word.text.lower() in linked:
                return False
        return False

    def acts(self, words: Sequence[TaggedWord]) -> bool:
        """Tells whether words begin with an adverb and a verb: "mainly eats mice"."""
        verb = next((word for word in words if not self.is_adverb(word)), words[0])
        written = verb.text.lower()
        return verb is not words[0] and written.endswith("s") and written != verb.lemma

    def is_verb(self, word: TaggedWord, *, many: bool) -> bool:
        """Tells whether a word behind a noun is its verb.

        Args:
            word: The word.
            many: Whether the noun is plural, whose verb has no ending to be known by.
        """
        written, grammar = word.text.lower(), self.grammar
        if written in grammar.finite or self.is_adverb(word):
            return True
        if many:
            small = grammar.small | grammar.prepositions | grammar.relatives | grammar.conjunctions
            return written not in small and not self.hangs(word)
        return written.endswith("s") and written != word.lemma

    def is_adverb(self, word: TaggedWord) -> bool:
        """Tells whether a word can stand before any verb."""
        return word.lemma in self.grammar.adverbs or word.text.lower().endswith("ly")

    def guest(self, place: int, *, many: bool) -> Guest:
        """Returns what depends on a clause's last noun: a relative clause or participle after it.

        Args:
            place: Index of the clause.
            many: Whether its subject is plural.
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
