"""A run's rows as a table that can be filtered and sorted."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from vlminterp.attribution.passport.verdict import DOUBT
from vlminterp.attribution.rows import DESCRIPTIVE
from vlminterp.errors import ConfigError
from vlminterp.metrics.facts import POINTING
from vlminterp.results.run_folder import SUMMARY, RunFolder

MAIN = "rows"
"""The main table's name among a run's tables."""
PLACE, PART = "row", "part"
"""The row's place in its table, and the number of the part that holds it."""
FIRST = ("text", "concept", "family", "method", "side", "passport", "trust", "similarity")
LAST = ("id", "pair")
FIXED = ["method", "side", "passport"]
"""Columns of words of the product's own, which a search leaves out."""
MOST = 1000
"""The most rows that a page shows at once."""


@dataclass(frozen=True)
class Wanted:
    """The rows that a user wants to see.

    Attributes:
        word: Text that the row must hold, in any letter case; empty for any.
        score: The column to filter and sort by; None for none.
        low: The lowest wanted value of that score; None for any.
        high: The highest wanted value of that score; None for any.
        doubtful: Whether only maps are wanted whose passport says "doubt".
        failures: Whether only maps are wanted that miss what is named.
        descending: Whether the highest scores come first.
    """

    word: str = ""
    score: str | None = None
    low: float | None = None
    high: float | None = None
    doubtful: bool = False
    failures: bool = False
    descending: bool = False


def tables(run: RunFolder) -> list[str]:
    """Returns the names of a run's tables; those that hold texts come first."""
    every = {**({MAIN: run.parts} if len(run.parts) else {}), **run.tables()}
    with_texts = {
        name for name, parts in every.items() if "text" in next(parts.tables()).column_names
    }
    return sorted(every, key=lambda name: (name not in with_texts, name != MAIN, name))


def read_rows(run: RunFolder, table: str) -> pd.DataFrame:
    """Reads a table without what was skipped, and without columns that are lists or files.

    Args:
        run: The run.
        table: A name among `tables`.

    Returns:
        A row each, with its `PLACE` and `PART`; baselines are left out.
    """
    changed = (run.path / SUMMARY).stat().st_mtime_ns
    return _read(run.path, table, changed)


@lru_cache(maxsize=4)
def _read(path: Path, table: str, _changed: int) -> pd.DataFrame:
    run = RunFolder.read(path)
    parts = run.parts if table == MAIN else run.table(table)
    frames = [parts.table(number).to_pandas().assign(**{PART: number}) for number in parts]
    frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    frame.insert(0, PLACE, range(len(frame)))
    if "skipped" in frame:
        frame = frame[frame["skipped"].isna()]
    return frame


def shown(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns the columns that a page shows, texts first: no lists, files or baselines."""
    kept = [name for name in frame if _is_shown(frame, str(name))]
    first, last = ([name for name in names if name in kept] for names in (FIRST, LAST))
    others = [name for name in kept if name not in (PLACE, *first, *last)]
    return frame[[PLACE, *first, *others, *last]]


def scores(frame: pd.DataFrame) -> list[str]:
    """Returns the names of the columns that rows can be filtered and sorted by."""
    numeric = shown(frame).select_dtypes(["number", "bool"]).columns
    return [name for name in numeric if name not in (PLACE, "pair")]


def _is_shown(frame: pd.DataFrame, name: str) -> bool:
    if "." in name or name in (PART, "picture", "overlay", "mask", "skipped"):
        return False
    if name in DESCRIPTIVE and name not in ("id", "text", "side", "method", "similarity", "pair"):
        return False
    present = frame[name].dropna()
    return not present.empty and not isinstance(present.iloc[0], dict | list) and _is_flat(present)


def _is_flat(column: "pd.Series[Any]") -> bool:
    return not hasattr(column.iloc[0], "__len__") or isinstance(column.iloc[0], str)


def chosen(frame: pd.DataFrame, wanted: Wanted) -> pd.DataFrame:
    """Returns the wanted rows, sorted by the wanted score.

    Args:
        frame: Rows, as `read_rows` returns them.
        wanted: The rows that are wanted.

    Raises:
        ConfigError: The rows have no passport, or no truth to fail by; or a range has no score.
    """
    kept = pd.Series(data=True, index=frame.index)
    if wanted.word:
        kept &= _holds(frame, wanted.word)
    if wanted.doubtful:
        if "passport" not in frame:
            raise ConfigError("these rows have no passports: no row is doubtful")
        kept &= frame["passport"] == DOUBT
    if wanted.failures:
        kept &= _misses(frame)
    if wanted.score is None:
        if wanted.low is not None or wanted.high is not None:
            raise ConfigError("choose the score that the range is about")
        return frame[kept]
    score = frame[wanted.score].astype(float)
    if wanted.low is not None:
        kept &= score >= wanted.low
    if wanted.high is not None:
        kept &= score <= wanted.high
    order = score[kept].sort_values(ascending=not wanted.descending, kind="stable").index
    return frame.loc[order]


def _holds(frame: pd.DataFrame, word: str) -> "pd.Series[bool]":
    """Tells which rows hold a word in a column of text, other than those of a few fixed words."""
    texts = shown(frame).select_dtypes(["object", "string"]).drop(columns=FIXED, errors="ignore")
    found = [texts[name].astype(str).str.contains(word, case=False, regex=False) for name in texts]
    return pd.DataFrame(dict(enumerate(found)), index=frame.index).any(axis=1)


def _misses(frame: pd.DataFrame) -> "pd.Series[bool]":
    """Tells which rows have a map that misses what is named, as pages do."""
    if POINTING not in frame:
        raise ConfigError("these rows say nothing of what is named: no row is known to fail")
    return frame[POINTING] == 0
