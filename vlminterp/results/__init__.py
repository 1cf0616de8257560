"""The run folder: a run's rows, arrays and pictures, written so that a killed run can go on."""

from vlminterp.results.identity import run_identity
from vlminterp.results.parts import Parts
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.tables import Skip

__all__ = ["Parts", "RunFolder", "Skip", "run_identity"]
