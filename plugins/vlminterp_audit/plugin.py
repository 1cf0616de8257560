"""The plugin audit, run by `+plugin=audit`."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vlminterp.plugin import Context, Exporter, Plugin
from vlminterp_audit.settings import BY_MAP, AuditConfig

if TYPE_CHECKING:
    from vlminterp.report.content import Content
    from vlminterp.report.sweep.comparison import SweepComparison
    from vlminterp.report.sweep.groups import Group
    from vlminterp.results.run_folder import RunFolder


class AuditPlugin(Plugin):
    """Tests what a VLM goes by when it names things: the things, or what is around them."""

    Config = AuditConfig
    shares = True

    def files(self, config: Any) -> Iterable[Path]:
        """Returns the user's bank and masks, as far as they are given."""
        paths: list[Path] = config.paths
        return paths

    def exports(self) -> Mapping[str, Exporter]:
        """Returns `flags`, tables and a section of a model card, and `flags-fiftyone`, pictures."""
        from vlminterp_audit.export import write_flags
        from vlminterp_audit.fiftyone import write_samples

        return {"flags": write_flags, "flags-fiftyone": write_samples}

    def run(self, context: Context[AuditConfig]) -> None:
        """Audits every concept that is not audited yet, and finds the verdict."""
        from vlminterp_audit.audit import audit

        with context.helpers():
            audit(context)

    def report(self, folder: "RunFolder") -> "Content":
        """Returns the page's content: shares, flags, and a card for each concept."""
        from vlminterp_audit.page import content

        return content(folder)

    def headline(self, summary: Mapping[str, Any]) -> str:
        """Says for how many concepts the VLM goes by what, and counts the shortcuts."""
        if "drivers" not in summary:
            return super().headline(summary)
        told = [f"{count} {name}" for name, count in summary["drivers"].items() if count]
        found = f"{summary['flags']['shortcut']} shortcuts"
        return f"{', '.join(told)}; {found if summary['regions'] != [BY_MAP] else 'no masks'}"

    def compare(self, group: "Group") -> "SweepComparison":
        """Compares what the VLMs go by, in a matrix of VLMs and concepts."""
        from vlminterp_audit.sweep_page import comparison

        return comparison(group)
