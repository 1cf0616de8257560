"""Measures what a family's words gain, by ablation of texts in an LLM's English.

`python -m experiments.studies.ex2_truth.ablations` scores the comparisons of texts that SmolLM2
wrote with the planted VLMs, averages them by concept, as EX2's third stage does, and prints the
table of `ABLATIONS.md`: a line for each VLM and kind of comparison.
"""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from vlminterp_ex2.inspection.clauses import WORD
from vlminterp_ex2.inspection.lexicon import Lexicon
from vlminterp_ex2.inspection.said import ClausePool, Comparison, Description, comparisons
from vlminterp_ex2.inspection.seeds import load_seeds, our_families
from vlminterp_ex2.inspection.words import lemma

import vlminterp
from vlminterp.description.class_means import class_means
from vlminterp.description.embed import encode_texts
from vlminterp.description.gains import Gains
from vlminterp.description.scores import own_scores, shuffled_scores
from vlminterp.description.verdict import Finding, Verdict, preferred
from vlminterp.planted.facts import load_facts
from vlminterp.planted.free_english import load_free_english
from vlminterp.planted.source import PlantedConfig, PlantedSource

SMOLLM2 = Path(__file__).parents[3] / "tests" / "ex2_inspection" / "smollm2_english.jsonl"
MARGIN = 0.02
FAMILIES = our_families().names
MODELS = ("name", "base", "visual", "habitat", "diet", "spurious", "shortcut")

Score = Callable[[Sequence[str], Sequence[int]], NDArray[np.float64]]


def free_english() -> list[tuple[str, str]]:
    """Returns texts and concepts of the 1,087 SmolLM2 sentences that trained planted VLMs."""
    return [(one.text, one.concept) for one in load_free_english()]


def smollm2() -> list[tuple[str, str]]:
    """Returns texts and concepts of SmolLM2's answers to EX2's templates, before alignment."""
    rows = map(json.loads, SMOLLM2.read_text("utf-8").splitlines())
    return [(row["text"], row["concept"]) for row in rows]


TEXTS = {"free English": free_english, "SmolLM2": smollm2}


def said_of(texts: Sequence[tuple[str, str]], lexicon: Lexicon | None = None) -> list[Description]:
    """Cuts texts about planted concepts into clauses; each text counts once."""
    lexicon = lexicon or Lexicon()
    numbers = {name: place for place, name in enumerate(load_facts().concepts)}
    return [
        Description({"text": text, "name": name}, numbers[name], lexicon.clauses(text, name))
        for text, name in dict.fromkeys(texts)
    ]


def scorer(model: str) -> Score:
    """Scores texts as `planted-MODEL` does.

    Returns:
        A function of texts and concepts that returns `[T, 2]`: the cosine to the concept's own
        class mean, and the same under shuffled classes, the mean over all others.
    """
    encoder = vlminterp.load(f"planted-{model}")
    classes = class_means(encoder, list(PlantedSource(PlantedConfig()).concepts()))
    means = classes.means.double()

    def score(texts: Sequence[str], concepts: Sequence[int]) -> NDArray[np.float64]:
        different = list(dict.fromkeys(texts))
        places = {text: place for place, text in enumerate(different)}
        embedded = encode_texts(encoder, different).double()[[places[text] for text in texts]]
        own = torch.tensor(concepts, device=embedded.device)
        both = [by(embedded, own, means) for by in (own_scores, shuffled_scores)]
        scores: NDArray[np.float64] = torch.stack(both, 1).cpu().numpy()
        return scores

    return score


@dataclass(frozen=True)
class Compared:
    """Descriptions with their comparisons.

    Attributes:
        said: The descriptions.
        found: Comparisons, each after the index of its description.
    """

    said: Sequence[Description]
    found: Sequence[tuple[int, Comparison]]


def compare(said: Sequence[Description], seed: int = 0) -> Compared:
    """Returns all comparisons of descriptions; the seed draws the words that are swapped in."""
    lenders = ClausePool(said)
    found = [
        (place, one)
        for place, whose in enumerate(said)
        for one in comparisons(whose, lenders, np.random.default_rng((seed, place)))
    ]
    return Compared(said, found)


def pure(compared: Compared) -> Compared:
    """Leaves out comparisons that also lose a word of another family alone: "eats in the woods"."""
    known = load_seeds().words

    def strange(one: Comparison) -> bool:
        kept, changed = (Counter(map(lemma, WORD.findall(t))) for t in (one.kept, one.changed))
        return any(one.family not in known[word] for word in kept - changed if word in known)

    return Compared(compared.said, [row for row in compared.found if not strange(row[1])])


@dataclass(frozen=True)
class Gained:
    """The gains of one kind of comparison, averaged over a concept's descriptions.

    Attributes:
        own: Gains with the concepts' own classes.
        shuffled: Gains of the same texts under shuffled classes.
    """

    own: Gains
    shuffled: Gains


def gains(compared: Compared, score: Score) -> dict[str, Gained]:
    """Returns the gains of each kind of comparison."""
    said, found = compared.said, compared.found
    concepts = [said[place].concept for place, _ in found]
    kept = score([one.kept for _, one in found], concepts)
    gained = kept - score([one.changed for _, one in found], concepts)
    by_text: dict[str, dict[tuple[int, str], list[NDArray[np.float64]]]] = {}
    for (place, one), gain in zip(found, gained, strict=True):
        by_text.setdefault(one.kind, {}).setdefault((place, one.family), []).append(gain)
    result = {}
    for kind, values in by_text.items():
        means = {
            (said[place].concept, place, family): np.mean(some, 0)
            for (place, family), some in values.items()
        }
        own, shuffled = (
            _averaged({key: float(mean[column]) for key, mean in means.items()})
            for column in (0, 1)
        )
        result[kind] = Gained(own, shuffled)
    return result


def _averaged(by_text: dict[tuple[int, int, str], float]) -> Gains:
    concepts = len(load_facts().concepts)
    values: dict[tuple[int, str], list[float]] = {}
    for (concept, _, family), gain in by_text.items():
        values.setdefault((concept, family), []).append(gain)
    means = np.full((concepts, len(FAMILIES)), np.nan)
    for (concept, family), own in values.items():
        means[concept, FAMILIES.index(family)] = np.mean(own)
    return Gains(FAMILIES, means)


def answer(verdict: Verdict) -> str:
    """Returns a verdict in a word or two."""
    if verdict.family:
        return f"**{verdict.family}**"
    if verdict.finding is Finding.nothing:
        return "none" + (f" (too little of {', '.join(verdict.unsaid)})" if verdict.unsaid else "")
    if verdict.finding is Finding.undecided:
        return f"undecided: {verdict.leader}, {verdict.runner_up}"
    return str(verdict.finding.value)


def line(model: str, kind: str, gained: Gained) -> str:
    """Returns a line of the table."""
    found = gained.own.intervals()
    cells = [
        f"{i.mean:+.3f} [{i.low:+.3f}, {i.high:+.3f}] {i.n}" if (i := found.get(family)) else ""
        for family in FAMILIES
    ]
    verdict = answer(preferred(gained.own, gained.shuffled, MARGIN))
    return "| " + " | ".join([f"planted-{model}", kind, *cells, verdict]) + " |"


def main() -> None:
    """Reads the command line and prints a table for each kind of texts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", nargs="+", default=list(TEXTS), choices=list(TEXTS))
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--pure", action="store_true", help="lose no other family's words")
    options = parser.parse_args()
    columns = ["VLM", "against", *FAMILIES, "answer"]
    for name in options.texts:
        said = said_of(TEXTS[name]())
        compared = compare(said)
        compared = pure(compared) if options.pure else compared
        print(f"\n{name}: {len(said)} texts, {len(compared.found)} comparisons\n")
        print("| " + " | ".join(columns) + " |\n" + "|-" * len(columns) + "|")
        for model in options.models:
            for kind, gained in gains(compared, scorer(model)).items():
                print(line(model, kind, gained), flush=True)


if __name__ == "__main__":
    main()
