"""Tells by rules what a clause's subject and verb say of its family. Base forms; no parser."""

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from vlminterp_ex2.inspection.norms import norm_of
from vlminterp_ex2.inspection.seeds import Grammar, Seeds
from vlminterp_ex2.inspection.words import NAME, TaggedWord

VERB, OWNING, SEEN, BARE_NOUN = 1.9, 1.2, 0.7, 2.0
CONCRETE = 3.3

SUBJECT = re.compile(
    rf"^(?:and |but |or |that |which |who |while |because |where |although )*"
    rf"(?P<subject>it|they|he|she|which|that|who|(?:(?:a|an|the|this|these|most|some|many|all) )?"
    rf"(?:(?!with |of |in |on |like )[\w-]+ ){{0,2}}{NAME})(?: |$)"
)


def predicate(
    said: str, words: Sequence[TaggedWord], seeds: Seeds, *, framed: bool
) -> Iterator[tuple[str, float]]:
    """Yields the shapes of a clause that follow from its verb and the words after it.

    Args:
        said: The clause's base forms, without introductory words.
        words: The clause's words.
        seeds: Known words and grammar.
        framed: Whether a turn of phrase already tells what the verb is about ("helps with").

    Yields:
        "has", "looks", "is" or "does", with a weight. `Seeds.shapes` maps these to families.
    """
    subject = SUBJECT.match(said)
    if subject and subject["subject"].endswith(NAME) and _owns(words):
        return  # "the owl's eyes are …" speaks of the eyes
    rest = (said[subject.end() :] if subject else said).split()
    while rest and (rest[0] in seeds.grammar.adverbs or (rest[0].endswith("ly") and len(rest) > 1)):
        rest = rest[1:]
    if not rest:
        return
    verb, after = rest[0], rest[1:]
    if verb == "have" and _is_auxiliary(after, seeds.grammar):
        after = after[1:]
    elif verb in seeds.grammar.owning:
        if _something(after, words, seeds):
            yield "has", OWNING
    elif verb in seeds.grammar.copulas:
        yield from _copula(after, words, seeds)
    elif subject and not framed and _is_verb(verb, words, subject["subject"], seeds):
        yield "does", VERB


def _owns(words: Sequence[TaggedWord]) -> bool:
    """Tells whether the first name among words is a possessive."""
    written = next(word.text for word in words if word.lemma == NAME).replace("’", "'")
    return written.endswith(("'s", "s'"))


def _copula(
    after: Sequence[str], words: Sequence[TaggedWord], seeds: Seeds
) -> Iterator[tuple[str, float]]:
    """Yields the shape of what follows "be": "hunched" is seen, "a mollusc" says the kind."""
    if len(after) == 2 and after[0] in seeds.grammar.articles:
        if _something(after[1:], words, seeds):
            yield "is", BARE_NOUN
        return
    if after and after[0] in seeds.grammar.articles:
        return
    by_lemma = {word.lemma: word for word in words}
    told = seeds.grammar.small | seeds.silent | seeds.words.keys()
    for form in takewhile(lambda form: form not in seeds.grammar.prepositions, after):
        word = by_lemma.get(form)
        if word and form not in told and norm_of(word.text, form).seen:
            yield "looks", SEEN


def _something(after: Sequence[str], words: Sequence[TaggedWord], seeds: Seeds) -> bool:
    """Tells whether what is owned can be seen: its noun is concrete, or has no rating."""
    rated = [
        norm_of(word.text, word.lemma).concreteness
        for word in words
        if word.lemma in after and word.lemma not in seeds.grammar.small | seeds.silent | {NAME}
    ]
    return any(not rating < CONCRETE for rating in rated)  # NaN counts as concrete


def _is_verb(verb: str, words: Sequence[TaggedWord], subject: str, seeds: Seeds) -> bool:
    """Tells whether a word is a verb: any word after a pronoun, one that ends in s after a name."""
    if verb in seeds.empty_verbs | seeds.grammar.small | seeds.grammar.prepositions | {NAME}:
        return False
    if subject in seeds.grammar.relatives:
        return False  # one can't tell whose action it is
    if not subject.endswith(NAME):
        return True
    written = next((word.text.lower() for word in words if word.lemma == verb), "")
    return written.endswith("s") and written != verb and "'" not in written


def _is_auxiliary(after: Sequence[str], grammar: Grammar) -> bool:
    """Tells whether "have" only forms a perfect: "has been shown", "has inspired the …"."""
    follows = grammar.articles | grammar.prepositions | {"many", "people"}
    return after[:1] == ["be"] or (
        len(after) > 1 and after[0] not in grammar.small and after[1] in follows - {"of", "with"}
    )
