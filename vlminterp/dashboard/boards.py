"""The workspace and the report of a sweep: VLMs side by side, then a section for each plugin."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import wandb_workspaces.reports.v2 as wr
import wandb_workspaces.workspaces as ws
from wandb_workspaces.expr import And
from wandb_workspaces.reports.v2.interface import Panel

from vlminterp.dashboard.panels import Panels, comparison, panels
from vlminterp.results.run_folder import RunFolder
from vlminterp.tracking.keys import Keys

COMPARISON = "VLMs side by side"
ACROSS, HIGH = 3, 6
"""Panels in a row of a report, which is 24 columns wide, and the height of a panel in lines."""

COLUMNS = ("run:displayName", "run:jobType", "config:names.value.model", "summary:verdict")


@dataclass(frozen=True)
class Where:
    """The location of a sweep's runs in W&B.

    Attributes:
        entity: W&B user or team.
        project: W&B project.
        group: The sweep's name, which is the group of its runs.
    """

    entity: str
    project: str
    group: str


class Boards:
    """The workspace and the report of a sweep.

    Args:
        where: Location of the sweep's runs in W&B.
        runs: Folders of the runs; at least one.

    Attributes:
        workspace: The workspace, for exploring.
        report: The report, for reading.
    """

    def __init__(self, where: Where, runs: Sequence[RunFolder]) -> None:
        self._where = where
        self._logged: dict[str, list[Keys]] = {}
        for run in sorted(runs, key=lambda run: run.names["plugin"]):
            self._logged.setdefault(run.names["plugin"], []).append(Keys.of(run))
        self.workspace = self._workspace()
        self.report = self._report()

    def save(self) -> list[str]:
        """Saves workspace and report in W&B, which needs a login.

        Returns:
            The two URLs.
        """
        self.workspace.save()
        self.report.save()
        return [self.workspace.url, self.report.url]

    def to_json(self) -> dict[str, Any]:
        """Returns workspace and report as the JSON that W&B would be sent."""
        models = {"workspace": self.workspace._to_model(), "report": self.report._to_model()}
        return {
            name: json.loads(model.model_dump_json(by_alias=True, exclude_none=True))
            for name, model in models.items()
        }

    # Workspace and report each build their own panels, since every panel has its own id.

    def _own(self) -> dict[str, Panels]:
        return {plugin: panels(plugin, logged) for plugin, logged in self._logged.items()}

    def _workspace(self) -> ws.Workspace:
        sections = [ws.Section(name=COMPARISON, panels=comparison(self._logged), is_open=True)]
        for plugin, each in self._own().items():
            sections.append(ws.Section(name=plugin, panels=list(each.matter), is_open=True))
            sections.append(ws.Section(name=f"{plugin}: more", panels=list(each.more)))
        return ws.Workspace(
            entity=self._where.entity,
            project=self._where.project,
            name=f"sweep {self._where.group}",
            sections=[section for section in sections if section.panels],
            runset_settings=ws.RunsetSettings(
                filters=And(ws.Metric("Group") == self._where.group), pinned_columns=list(COLUMNS)
            ),
        )

    def _report(self) -> wr.Report:
        blocks: list[Any] = [
            wr.TableOfContents(),
            *self._part(COMPARISON, comparison(self._logged)),
        ]
        for plugin, each in self._own().items():
            blocks += self._part(plugin, [*each.matter, *each.more], plugin)
        return wr.Report(
            entity=self._where.entity,
            project=self._where.project,
            title=f"Sweep {self._where.group}: {COMPARISON}",
            blocks=blocks,
            width="fluid",
        )

    def _part(self, title: str, shown: Sequence[Panel], plugin: str | None = None) -> list[Any]:
        """Returns a heading and its panels, over the sweep's runs of one plugin or of all."""
        filters = [ws.Metric("Group") == self._where.group]
        if plugin is not None:
            filters.append(ws.Metric("JobType") == plugin)
        # no project, so the report's own: a named one would be looked up, even offline
        runs = wr.Runset(name=title, filters=And(*filters))
        return [wr.H1(title), wr.PanelGrid(runsets=[runs], panels=_laid_out(shown))]


def _laid_out(shown: Sequence[Panel]) -> list[Panel]:
    """Places panels in rows, since a report does not arrange them by itself."""
    width = 24 // ACROSS
    for place, panel in enumerate(shown):
        across, down = place % ACROSS * width, place // ACROSS * HIGH
        panel.layout = wr.Layout(x=across, y=down, w=width, h=HIGH)
    return list(shown)
