"""The plugin bank, run by `+plugin=bank`."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from vlminterp.plugin import Context, Plugin
from vlminterp_bank.settings import BankConfig

if TYPE_CHECKING:
    from vlminterp.description.preference import PreferenceSummary
    from vlminterp.report.content import Content
    from vlminterp.report.sweep.comparison import SweepComparison
    from vlminterp.report.sweep.groups import Group
    from vlminterp.results.run_folder import RunFolder


class BankPlugin(Plugin):
    """Scores described families with a VLM, and says which it prefers."""

    Config = BankConfig
    shares = True

    def files(self, config: Any) -> Iterable[Path]:
        """Returns the user's bank, if there is one."""
        return [] if config.path is None else [config.path]

    def run(self, context: Context[BankConfig]) -> None:
        """Scores what is not scored yet, and finds the verdict."""
        from vlminterp_bank.scoring import score_bank

        with context.helpers():
            score_bank(context)

    def report(self, folder: "RunFolder") -> "Content":
        """Returns the page's content: families' gains and scores, and each concept's best."""
        from vlminterp_bank.page import content

        return content(folder)

    def headline(self, summary: Mapping[str, Any]) -> str:
        """Says what the VLM prefers, with the null beside it."""
        from vlminterp.description.preference import preference_headline

        if "gains" not in summary:
            return super().headline(summary)
        return preference_headline(cast("PreferenceSummary", summary))

    def compare(self, group: "Group") -> "SweepComparison":
        """Compares what the VLMs prefer."""
        from vlminterp.report.sweep.families import preference_comparison

        return preference_comparison(group)
