"""The keys under which a run is logged to W&B, for building panels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Self

from vlminterp.attribution.rows import compared_methods, explained_pairs
from vlminterp.results.run_folder import RunFolder
from vlminterp.tracking.content import CONVERGENCE_STEP, mean_curves, of_method
from vlminterp.tracking.galleries import gallery_key, illustrated
from vlminterp.tracking.summary import flat_summary
from vlminterp.tracking.tables import STEP, step_values


@dataclass(frozen=True)
class Keys:
    """The keys of one run in W&B.

    Attributes:
        metrics: The metrics in the run's summary, by name.
        summary: Keys of the summary.
        curves: Keys of the charts, by the key of their axis.
        media: Keys of the lists of pictures.
        tables: Keys of the tables.
    """

    metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    summary: Sequence[str] = ()
    curves: Mapping[str, Sequence[str]] = field(default_factory=dict)
    media: Sequence[str] = ()
    tables: Sequence[str] = ()

    @classmethod
    def of(cls, results: RunFolder) -> Self:
        """Finds the keys under which a run folder is logged.

        Args:
            results: The run folder; finished or not.
        """
        summary = results.summary or {}
        drawn = any((results.path / "pictures").glob("[!.]*"))
        media: list[str] = []
        tables: list[str] = []
        for method in compared_methods(results):
            for pair in islice(explained_pairs(results, method), 1):
                maps = pair.image is not None and pair.image.map is not None
                tables.append(of_method("pairs", method))
                media += [of_method("heatmaps", method)] * (drawn and maps)
                media += [of_method("pictures", method)] * drawn
        return cls(
            metrics=summary.get("metrics") or {},
            summary=list(flat_summary(summary)),
            curves=_curves(results),
            media=media or ["pictures"] * drawn,
            tables=[
                *tables,
                *(
                    gallery_key(name)
                    for name, parts in results.tables().items()
                    if any(True for _ in illustrated(parts))
                ),
                *(["rows"] if len(results.parts) else []),
                *(f"tables/{name}" for name in results.tables()),
            ],
        )


def _curves(results: RunFolder) -> dict[str, list[str]]:
    found = {}
    if curves := mean_curves(islice(explained_pairs(results), 1)):
        found[CONVERGENCE_STEP] = list(curves[0])
    for name, parts in results.tables().items():
        columns = dict.fromkeys(c for values in step_values(parts).values() for c in values)
        if columns:
            found[f"{name}/{STEP}"] = [f"{name}/{column}" for column in columns]
    return found
