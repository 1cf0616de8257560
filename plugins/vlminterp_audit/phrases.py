"""Finds the phrases that are tried: a bank's, the planted grammar's, or those of an EX2 run."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vlminterp.data.concepts import Concept
from vlminterp.description.bank import BankRow
from vlminterp.description.bank_file import read_bank
from vlminterp.errors import InputError
from vlminterp.planted.oracle import planted_rows
from vlminterp.planted.source import PlantedSource
from vlminterp.planted.wordings import THINGS
from vlminterp.plugin import Context
from vlminterp_audit.aligned import clauses_of, differing, find_run
from vlminterp_audit.hear import FamilyClause, clauses_of_bank
from vlminterp_audit.settings import AuditConfig, Describe

NAMED = 3
"""Concepts that messages name."""


@dataclass(frozen=True)
class Phrases:
    """The phrases that are tried.

    Attributes:
        clauses: Each concept's clauses; none at all without a bank, when only names are audited.
        notes: Sentences on them for users.
    """

    clauses: list[list[FamilyClause]]
    notes: list[str]


def find_phrases(context: Context[AuditConfig], concepts: Sequence[Concept]) -> Phrases:
    """Returns the clauses about each concept.

    Raises:
        ConfigError: There is no finished EX2 run.
        InputError: The bank can't be used, or does not fit the concepts.
    """
    if context.config.describe is Describe.ex2:
        run = find_run(context)
        other = differing(run, context.results)
        notes = [f"phrases come from an EX2 run of another {' and '.join(other)}"] if other else []
        clauses = clauses_of(run, concepts)
    else:
        clauses, notes = _of_bank(context, concepts)
    if unsaid := sum(not own for own in clauses) if any(clauses) else 0:
        notes.append(f"concepts without phrases, of which names alone are audited: {unsaid}")
    return Phrases(clauses, notes)


def _of_bank(
    context: Context[AuditConfig], concepts: Sequence[Concept]
) -> tuple[list[list[FamilyClause]], list[str]]:
    ids, names = [c.id for c in concepts], [c.name for c in concepts]
    known = {"", *ids, *names}
    given = _rows(context)
    rows = [row for row in given if row.concept in known]
    missed = list(dict.fromkeys(row.concept for row in given if row.concept not in known))
    bank = context.config.bank
    if missed and not any(row.family for row in rows):
        raise InputError(
            f"plugin.bank={bank}: none of its concepts ({_some(missed)}) is in the data, which has "
            f"{_some(names)}; the column concept must hold names or ids of the data"
        )
    notes = [f"concepts of the bank that are not in the data: {len(missed)} ({_some(missed)})"]
    clauses = clauses_of_bank(rows, ids, names) if rows else [[] for _ in concepts]
    return clauses, notes if missed and bank else []


def _some(names: Sequence[str]) -> str:
    return ", ".join([*names[:NAMED], *(["…"] if len(names) > NAMED else [])])


def _rows(context: Context[AuditConfig]) -> list[BankRow]:
    bank = context.config.bank
    if bank is not None:
        return read_bank(Path(bank).expanduser())
    if isinstance(context.source, PlantedSource):
        return planted_rows(THINGS.held_out[:1], held_out=True)
    return []
