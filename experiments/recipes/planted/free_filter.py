"""Keeps the usable answers of SmolLM2: `python -m experiments.recipes.planted.free_filter`."""

import argparse
import json
import re
from collections import Counter
from pathlib import Path

from vlminterp.planted.facts import COLOURS, load_facts
from vlminterp.planted.free_english import FREE_ENGLISH

LONGEST = 24  # Words.

# An answer counts for a family if it has one of these words. Crude on purpose, since models are
# planted with what an auditor could find by reading. LLMs' answers hold no boilerplate, so
# `spurious` has no cues.
CUES = {
    "visual": (
        *COLOURS, "grey", "golden", "silver", "shape", "shaped", "round", "long", "large", "small",
        "tall", "big", "tiny", "slender", "eyes", "wings", "legs", "tail", "ears", "neck", "coat",
        "fur", "body", "wheels", "spines", "petals", "beak", "colou?r", "shiny", "stripe[sd]?",
    ),
    "habitat": (
        "forests?", "woods", "trees?", "oceans?", "seas?", "waters?", "deserts?", "sand", "dunes?",
        "meadows?", "fields?", "farms?", "grass\\w*", "sky", "air", "city", "cities", "streets?",
        "towns?", "snow\\w*", "ice", "arctic", "rooms?", "house\\w*", "home", "found in",
        "lives? in", "habitats?", "regions?", "africa", "america", "australia", "kitchens?",
    ),
    "diet": (
        "eats?", "feeds?", "feeding", "diet", "food", "prey", "used", "uses?", "consumes?",
        "hunts?",
    ),
    "kind": (
        "type of", "kind of", "species", "mammals?", "birds?", "insects?", "reptiles?", "vehicle",
    ),
}  # fmt: skip
REFUSED = re.compile(r"hugging|smol|\bI\b|\bmy\b|\bAI\b|child|sentence|caption", re.IGNORECASE)


def sentence(answer: str) -> str:
    """Returns the answer's first whole sentence, or an empty text."""
    found = re.match(r"[^.!?\n]{8,}[.!?](?=\s|$)", answer.strip())
    return " ".join(found.group().split()) if found else ""


def usable(text: str, concept: str) -> bool:
    """Tells whether a text is a plain sentence that names the concept and no other."""
    words = re.findall(r"[a-z]+", text.lower())
    named = [name for name in load_facts().concepts if name in words or f"{name}s" in words]
    return (
        text.isascii() and len(words) <= LONGEST and named == [concept] and not REFUSED.search(text)
    )


def families(text: str) -> list[str]:
    """Returns the families whose words a sentence has."""
    return [
        family
        for family, cues in CUES.items()
        if re.search(rf"\b({'|'.join(cues)})\b", text, re.IGNORECASE)
    ]


def main() -> None:
    """Reads the raw answers, writes those that are kept, and prints statistics."""
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=Path, default=here / "work" / "answers.jsonl")
    parser.add_argument("--out", type=Path, default=FREE_ENGLISH)
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.answers.read_text("utf-8").splitlines()]
    pairs = [(row["concept"], sentence(row["answer"])) for row in rows]
    kept = sorted({pair for pair in pairs if usable(pair[1], pair[0])})
    lines = [
        json.dumps({"concept": concept, "text": text, "families": families(text)})
        for concept, text in kept
    ]
    options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    per_concept = Counter(concept for concept, _ in kept)
    shares = Counter(family for _, text in kept for family in families(text))
    print(f"kept {len(kept)} of {len(rows)} answers; {dict(shares)}")
    print(f"fewest: {per_concept.most_common()[:-4:-1]}; concepts: {len(per_concept)}")


if __name__ == "__main__":
    main()
