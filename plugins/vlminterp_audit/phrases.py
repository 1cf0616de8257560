"""Finds the phrases that are tried: a bank's, the planted grammar's, or those of an EX2 run."""

from collections.abc import Sequence
from pathlib import Path

from vlminterp.data.concepts import Concept
from vlminterp.description.bank import BankRow
from vlminterp.description.bank_file import read_bank
from vlminterp.planted.oracle import planted_rows
from vlminterp.planted.source import PlantedSource
from vlminterp.planted.wordings import THINGS
from vlminterp.plugin import Context
from vlminterp_audit.aligned import clauses_of_run
from vlminterp_audit.hear import FamilyClause, clauses_of_bank
from vlminterp_audit.settings import AuditConfig, Describe


def find_clauses(
    context: Context[AuditConfig], concepts: Sequence[Concept]
) -> list[list[FamilyClause]]:
    """Returns the clauses about each concept; without a bank, only names are audited.

    Raises:
        ConfigError: There is no finished EX2 run.
        InputError: The bank can't be used, or does not fit the concepts.
    """
    if context.config.describe is Describe.ex2:
        return clauses_of_run(context, concepts)
    ids, names = [c.id for c in concepts], [c.name for c in concepts]
    known = {"", *ids, *names}
    rows = [row for row in _rows(context) if row.concept in known]
    return clauses_of_bank(rows, ids, names) if rows else [[] for _ in concepts]


def _rows(context: Context[AuditConfig]) -> list[BankRow]:
    bank = context.config.bank
    if bank is not None:
        return read_bank(Path(bank).expanduser())
    if isinstance(context.source, PlantedSource):
        return planted_rows(THINGS.held_out[:1], held_out=True)
    return []
