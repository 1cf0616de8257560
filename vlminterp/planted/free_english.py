"""Descriptions in an LLM's own words: SmolLM2's answers about the planted concepts, filtered.

They may be wrong, as an LLM's are; `families` names the families whose words they have, not what is
true. Made by experiments/recipes/planted/free_english.py.
"""

import json
from functools import cache
from pathlib import Path

from vlminterp.planted.descriptions import PlantedDescription

FREE_ENGLISH = Path(__file__).parent / "free_english.jsonl"


@cache
def load_free_english() -> tuple[PlantedDescription, ...]:
    """Reads `free_english.jsonl` once."""
    rows = map(json.loads, FREE_ENGLISH.read_text(encoding="utf-8").splitlines())
    return tuple(
        PlantedDescription(row["text"], row["concept"], tuple(row["families"])) for row in rows
    )
