"""The plugin EX2, run by `+plugin=ex2`."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from vlminterp.plugin import Context, Exporter, Plugin
from vlminterp_ex2.settings import EX2Config

if TYPE_CHECKING:
    from vlminterp.description.preference import PreferenceSummary
    from vlminterp.report.content import Content
    from vlminterp.report.sweep.comparison import SweepComparison
    from vlminterp.report.sweep.groups import Group
    from vlminterp.results.run_folder import RunFolder


class EX2Plugin(Plugin):
    """Aligns a language model with a VLM, samples its descriptions, and inspects them."""

    Config = EX2Config
    shares = True
    groups: ClassVar = {"policy": "describer", "judge": None, "preset": None}
    not_identity: ClassVar = ("stage",)

    def files(self, config: Any) -> Iterable[Path]:
        """Returns the local files: the policy's, templates, families, judges' prompts, labels."""
        from vlminterp_ex2.depends import rater_files, spoken_files

        return [*spoken_files(config), *rater_files(config)]

    def run(self, context: Context[EX2Config]) -> None:
        """Runs the requested stages that are not done yet."""
        from vlminterp_ex2.requirements import check_requirements

        check_requirements()
        from vlminterp_ex2.stages import run

        run(context)

    def exports(self) -> Mapping[str, Exporter]:
        """Returns the exporters: rows for people to label, and descriptions in DCLIP's format."""
        from vlminterp_ex2.descriptors import descriptors
        from vlminterp_ex2.inspection.people import blinded

        return {"labels": blinded, "descriptions": descriptors}

    def report(self, folder: "RunFolder") -> "Content":
        """Returns the page's content: the answer first, then what it rests on."""
        from vlminterp_ex2.page import content

        return content(folder)

    def headline(self, summary: Mapping[str, Any]) -> str:
        """Says what the VLM prefers, with the null beside it."""
        from vlminterp.description.preference import preference_headline

        if "gains" not in summary:
            return super().headline(summary)
        return preference_headline(cast("PreferenceSummary", summary))

    def compare(self, group: "Group") -> "SweepComparison":
        """Compares what the VLMs prefer, and what their rewards have cost."""
        from vlminterp_ex2.sweep_page import comparison

        return comparison(group)
