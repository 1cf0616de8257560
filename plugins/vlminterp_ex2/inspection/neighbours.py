"""Words that are no seeds but near some: "lagoon" is near "sea", a place."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from vlminterp_ex2.inspection.lexicon import Lexicon, Neighbours
from vlminterp_ex2.inspection.norms import norm_of
from vlminterp_ex2.inspection.seeds import Seeds
from vlminterp_ex2.inspection.sentence_encoder import SentenceEncoder
from vlminterp_ex2.inspection.words import NAME, words_of

NEAREST = 3
"""A word is as near to a family as to this many of its seeds, on average."""
NEAR = 0.45
LEAD = 0.06
"""How much nearer the family must be than the next."""
WEIGHT = 0.7
"""What a neighbour counts, where a seed counts 1."""
CONCRETE = 2.5
LONG_ENOUGH = 3


def learn(encoder: SentenceEncoder, seeds: Seeds, texts: Iterable[tuple[str, str]]) -> Lexicon:
    """A lexicon that also knows the words of a run.

    Args:
        encoder: Places words.
        seeds: What is known.
        texts: Descriptions, each with its concept's name.

    Returns:
        Seeds and neighbours.
    """
    vocabulary: dict[str, None] = {}
    for text, name in texts:
        for word in words_of(text, name):
            if _is_new(word.text.lower(), word.lemma, seeds):
                vocabulary.setdefault(word.lemma)
    return Lexicon(seeds, neighbours(encoder, seeds, list(vocabulary)))


def neighbours(encoder: SentenceEncoder, seeds: Seeds, vocabulary: Sequence[str]) -> Neighbours:
    """The family that each word's nearest seeds are of; words near none are left out.

    Args:
        encoder: Places words.
        seeds: What is known; the vocabulary's own words among them are not used for themselves.
        vocabulary: Base forms.
    """
    known = [word for word, families in seeds.words.items() if len(families) == 1]
    if not vocabulary or not known:
        return {}
    families = [seeds.words[word][0] for word in known]
    cosines = encoder.embed(vocabulary) @ encoder.embed(known).T
    found = {}
    for word, row in zip(vocabulary, cosines, strict=True):
        family = _nearest(row, families, excluded=known.index(word) if word in known else None)
        if family:
            found[word] = (family, WEIGHT)
    return found


def _nearest(cosines: Tensor, families: Sequence[str], excluded: int | None) -> str | None:
    """Which family leads among a word's cosines with all seeds; None if none does clearly."""
    if excluded is not None:
        cosines = cosines.clone()
        cosines[excluded] = -1.0
    closeness = {}
    for family in dict.fromkeys(families):
        own = cosines[torch.tensor([other == family for other in families])]
        closeness[family] = float(own.topk(min(NEAREST, len(own))).values.mean())
    first, second = sorted([*closeness.values(), 0.0], reverse=True)[:2]
    if first < NEAR or first - second < LEAD:
        return None
    return max(closeness, key=lambda family: closeness[family])


def _is_new(text: str, lemma: str, seeds: Seeds) -> bool:
    """Whether a word can have a family that seeds do not tell yet."""
    if lemma == NAME or len(lemma) < LONG_ENOUGH or not lemma.isalpha():
        return False
    if {text, lemma} & (seeds.words.keys() | seeds.silent | seeds.empty_verbs):
        return False
    # function words and abstractions ("the", "idea") are near everything
    return not norm_of(text, lemma).concreteness < CONCRETE
