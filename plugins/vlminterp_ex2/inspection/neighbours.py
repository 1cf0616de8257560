"""Words that aren't seeds but are near some: "lagoon" is near "sea", a place."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from vlminterp_ex2.inspection.lexicon import Lexicon, Neighbours
from vlminterp_ex2.inspection.norms import norm_of
from vlminterp_ex2.inspection.seeds import Seeds
from vlminterp_ex2.inspection.sentence_encoder import SentenceEncoder
from vlminterp_ex2.inspection.words import NAME, words_of

NEAREST = 3
"""Number of a family's seeds over which a word's cosines are averaged."""
NEAR = 0.45
LEAD = 0.06
"""Lead in cosine that the nearest family needs over the next."""
WEIGHT = 0.7
"""Weight of a neighbour, where a seed has 1."""
CONCRETE = 2.5
LONG_ENOUGH = 3


def learn(encoder: SentenceEncoder, seeds: Seeds, texts: Iterable[tuple[str, str]]) -> Lexicon:
    """Builds a lexicon that also knows the words of a run.

    Args:
        encoder: Sentence encoder for words.
        seeds: Known words and grammar.
        texts: Descriptions, each with its concept's name.

    Returns:
        A lexicon of seeds and neighbours.
    """
    vocabulary: dict[str, None] = {}
    for text, name in texts:
        for word in words_of(text, name):
            if _is_new(word.text.lower(), word.lemma, seeds):
                vocabulary.setdefault(word.lemma)
    return Lexicon(seeds, neighbours(encoder, seeds, list(vocabulary)))


def neighbours(encoder: SentenceEncoder, seeds: Seeds, vocabulary: Sequence[str]) -> Neighbours:
    """Returns the family of each word's nearest seeds; words near none are left out.

    Args:
        encoder: Sentence encoder for words.
        seeds: Known words; a word that is itself a seed isn't compared with itself.
        vocabulary: Base forms of words.
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
    """Returns the family nearest to a word, by its cosines with all seeds; None if unclear."""
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
    """Tells whether a word can have a family but isn't known to the seeds."""
    if lemma == NAME or len(lemma) < LONG_ENOUGH or not lemma.isalpha():
        return False
    if {text, lemma} & (seeds.words.keys() | seeds.silent | seeds.empty_verbs):
        return False
    # function words and abstractions ("the", "idea") are near everything
    return not norm_of(text, lemma).concreteness < CONCRETE
