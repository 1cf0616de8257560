"""`+plugin=bank`."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vlminterp.plugin import Context, Plugin
from vlminterp_bank.settings import BankConfig

if TYPE_CHECKING:
    from vlminterp.report.content import Content
    from vlminterp.results.run_folder import RunFolder


class BankPlugin(Plugin):
    """Scores described families with a VLM, and says which it prefers."""

    Config = BankConfig

    def files(self, config: Any) -> Iterable[Path]:
        """The bank."""
        return [] if config.path is None else [config.path]

    def run(self, context: Context[BankConfig]) -> None:
        """Scores what is not scored yet, and decides."""
        from vlminterp_bank.scoring import score_bank

        score_bank(context)

    def report(self, folder: "RunFolder") -> "Content":
        """The gains of families, how they score, and the best of each concept."""
        from vlminterp_bank.page import content

        return content(folder)
