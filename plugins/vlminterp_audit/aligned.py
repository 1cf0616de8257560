"""The clauses of a finished EX2 run of the same model and data."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from vlminterp_ex2.inspection.lexicon import Lexicon

from vlminterp.data.concepts import Concept
from vlminterp.errors import ConfigError, ResultsError
from vlminterp.plugin import Context
from vlminterp.results.run_folder import RunFolder
from vlminterp_audit.hear import FamilyClause
from vlminterp_audit.settings import AuditConfig

DESCRIBE, ALIGNED = "describe", "aligned"
"""EX2's table of descriptions, and those of the aligned model in it."""
MOST = 24
"""Clauses of each concept that are tried: those of its best descriptions."""
SAME = ("model", "data", "seed")
"""Settings in which an EX2 run must be equal."""


def clauses_of_run(
    context: Context[AuditConfig], concepts: Sequence[Concept]
) -> list[list[FamilyClause]]:
    """Returns the clauses of each concept's best descriptions.

    Raises:
        ConfigError: There is no finished EX2 run of the same model and data.
        ResultsError: The folder that was given is not a run's.
    """
    run = find_run(context)
    rows = run.table(DESCRIBE).rows()
    rows = rows[rows["policy"] == ALIGNED].sort_values("reward", ascending=False, kind="stable")
    texts = {concept: own["text"].tolist() for concept, own in rows.groupby("concept")}
    lexicon = Lexicon()
    return [
        list(dict.fromkeys(_clauses(texts.get(concept.id, []), concept.name, lexicon)))[:MOST]
        for concept in concepts
    ]


def find_run(context: Context[AuditConfig]) -> RunFolder:
    """Returns the EX2 run that was given, or the newest finished one of the same model and data.

    Raises:
        ConfigError: There is none.
        ResultsError: The folder that was given is not a run's.
    """
    if context.config.run is not None:
        given = RunFolder.read(Path(context.config.run).expanduser())
        if given.names["plugin"] != "ex2" or not given.finished:
            raise ConfigError(f"plugin.run={given.path} is no finished run of ex2")
        return given
    own = context.results
    output = own.path.parents[2]
    for path in sorted(output.glob("ex2/*/*"), key=lambda path: -path.stat().st_mtime):
        if path.parent.name != "stages" and (run := _read(path)) and _is_same(run, own):
            return run
    raise ConfigError(
        f"no finished EX2 run of this model, data and seed in {output}; run +plugin=ex2 with them "
        "first, or give its folder in plugin.run"
    )


def _read(path: Path) -> RunFolder | None:
    try:
        return RunFolder.read(path)
    except ResultsError:
        return None


def _is_same(run: RunFolder, own: RunFolder) -> bool:
    if not run.finished or run.names["plugin"] != "ex2":
        return False
    theirs: dict[str, Any] = run.config
    return all(theirs.get(key) == own.config.get(key) for key in SAME)


def _clauses(texts: Sequence[str], name: str, lexicon: Lexicon) -> Iterator[FamilyClause]:
    """Yields the clauses of descriptions, without those that call the concept by its name."""
    for text in texts:
        for clause in lexicon.clauses(text, name):
            words = text[clause.start : clause.stop].strip(" ,;:–-")
            if name.lower() not in words.lower():
                yield FamilyClause(clause.family, words)
