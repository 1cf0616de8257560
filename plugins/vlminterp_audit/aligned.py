"""The clauses of a finished EX2 run of the same model and data."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from vlminterp_ex2.inspection.lexicon import Lexicon

from vlminterp.data.concepts import Concept
from vlminterp.errors import ConfigError, ResultsError
from vlminterp.plugin import Context
from vlminterp.results.atomic import write_whole
from vlminterp.results.run_folder import RunFolder
from vlminterp_audit.hear import FamilyClause
from vlminterp_audit.settings import AuditConfig

DESCRIBE, ALIGNED = "describe", "aligned"
"""EX2's table of descriptions, and those of the aligned model in it."""
MOST = 24
"""Clauses of each concept that are tried: those of its best descriptions."""
SAME = ("model", "data", "seed")
"""Settings in which an EX2 run must be equal, or a note says that it is not."""
NOTED = "run"
"""The file in the folder `phrases` that holds the path of the run that an audit began with."""


def clauses_of(run: RunFolder, concepts: Sequence[Concept]) -> list[list[FamilyClause]]:
    """Returns the clauses of each concept's best descriptions in an EX2 run."""
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

    An audit that goes on keeps the run that it began with, even if there is a newer one.

    Raises:
        ConfigError: There is none, or it is gone.
        ResultsError: The folder that was given is not a run's.
    """
    noted = context.results.work("phrases") / NOTED
    if noted.is_file():
        path = Path(noted.read_text("utf-8"))
        if (run := _read(path)) and run.finished:
            return run
        raise ConfigError(
            f"{path}, the EX2 run that this audit began with, is gone; put it back, or "
            "begin anew with overwrite=true"
        )
    run = _given(context.config.run) if context.config.run is not None else _newest(context.results)
    write_whole(noted, str(run.path.resolve()).encode())
    return run


def differing(run: RunFolder, own: RunFolder) -> list[str]:
    """Returns the settings among `SAME` in which an EX2 run differs from the audit."""
    return [key for key in SAME if run.config.get(key) != own.config.get(key)]


def _given(folder: str) -> RunFolder:
    given = RunFolder.read(Path(folder).expanduser())
    if given.names["plugin"] != "ex2" or not given.finished:
        raise ConfigError(f"plugin.run={given.path} is no finished run of ex2")
    return given


def _newest(own: RunFolder) -> RunFolder:
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
    return run.finished and run.names["plugin"] == "ex2" and not differing(run, own)


def _clauses(texts: Sequence[str], name: str, lexicon: Lexicon) -> Iterator[FamilyClause]:
    """Yields the clauses of descriptions, without those that call the concept by its name."""
    for text in texts:
        for clause in lexicon.clauses(text, name):
            words = text[clause.start : clause.stop].strip(" ,;:–-")
            if name.lower() not in words.lower():
                yield FamilyClause(clause.family, words)
