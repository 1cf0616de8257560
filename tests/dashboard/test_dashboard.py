"""The dashboard's panels show what a real sweep has logged, and nothing that it has not."""

import json
import re
import sys

import pytest
import wandb

from tests.tracking.records import history, records, summary_of
from vlminterp.dashboard.__main__ import main
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.sweep import Sweep
from vlminterp.tracking.keys import Keys

pytestmark = [
    pytest.mark.slow,
    # of wandb-workspaces' own: https://github.com/wandb/wandb-workspaces
    pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20"),
]

PLUGINS = ("bank", "ex2", "m2ib")
LISTS = re.compile(r"\.(path|filenames)$")


@pytest.fixture(scope="module")
def saved(tiny_sweep, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "board.json"
    assert main([str(tiny_sweep), "--save", str(path)]) == 0
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def logged(tiny_sweep):
    """All keys of the offline runs by plugin, from their own records."""
    found = {}
    for run in Sweep(tiny_sweep).runs():
        written = records(run.folder.path)
        keys = {LISTS.sub("", key) for row in history(written) for key in row}
        found[run.folder.names["plugin"]] = keys | set(summary_of(written))
    return found


def keys_of(panel):
    """The keys that a panel shows, as W&B is sent them."""
    config = panel["config"]
    match panel["viewType"]:
        case "Bar Chart":
            return config["metrics"]
        case "Run History Line Plot":
            return [*config["metrics"], config["xAxis"]]
        case "Media Browser":
            return config["mediaKeys"]
        case "Weave":
            return [config["panel2Config"]["exp"]["fromOp"]["inputs"]["key"]["val"]]
        case "Parallel Coordinates Plot":
            accessors = [column["accessor"] for column in config["columns"]]
            return [a.removeprefix("summary:") for a in accessors if a.startswith("summary:")]
    raise AssertionError(panel["viewType"])


def sections(saved):
    bank = saved["workspace"]["spec"]["section"]["panelBankConfig"]
    return {section["name"]: section["panels"] for section in bank["sections"]}


def grids(saved):
    """Panels of the report by the heading above them."""
    found, heading = {}, None
    for block in saved["report"]["spec"]["blocks"]:
        if block["type"] == "heading":
            heading = block["children"][0]["text"]
        if block["type"] == "panel-grid":
            found[heading] = block["metadata"]
    return found


def test_comparison_comes_first_and_each_plugin_has_a_section(saved):
    assert list(sections(saved)) == [
        "VLMs side by side",
        *(name for plugin in PLUGINS for name in (plugin, f"{plugin}: more")),
    ]
    assert list(grids(saved)) == ["VLMs side by side", *PLUGINS]


def test_every_key_of_a_plugins_panels_has_been_logged_by_its_run(saved, logged):
    for plugin in PLUGINS:
        own = sections(saved)
        panels = [*own[plugin], *own[f"{plugin}: more"]]
        panels += grids(saved)[plugin]["panelBankSectionConfig"]["panels"]
        assert len(panels) > 4
        for panel in panels:
            keys = keys_of(panel)
            assert keys
            assert set(keys) <= logged[plugin], panel["config"].get("chartTitle")


def test_every_key_of_the_comparison_has_been_logged(saved, logged):
    everything = set.union(*logged.values())
    keys = {key for panel in sections(saved)["VLMs side by side"] for key in keys_of(panel)}
    assert keys <= everything
    assert {"image/pointing_game/mean", "reward/mean"} <= keys
    assert any(key.startswith("gains/presence/habitat") for key in keys)


def test_what_matters_stands_in_front(saved):
    own = sections(saved)
    shown = {plugin: {key for p in own[plugin] for key in keys_of(p)} for plugin in PLUGINS}
    assert {"align/reward", "align/kl", "reward/mean", "kl/base LLM/mean"} <= shown["ex2"]
    assert "align/perplexity" not in shown["ex2"]
    assert {"heatmaps", "convergence/image/fit", "image/pointing_game/random/mean"} <= shown["m2ib"]
    assert "gains/content/habitat/mean" in shown["bank"]
    for plugin in ("ex2", "bank"):  # no gain without its null
        gains = {key for key in shown[plugin] if key.startswith("gains/presence/")}
        assert gains
        assert {key.replace("presence", "shuffled") for key in gains} <= shown[plugin]
    passports = {f"passports/{word}" for word in ("trust", "doubt", "nothing there")}
    assert passports <= shown["m2ib"]
    assert passports <= {key for p in own["VLMs side by side"] for key in keys_of(p)}


def test_keys_are_exactly_what_is_logged(tiny_sweep, logged):
    for run in Sweep(tiny_sweep).runs():
        keys = Keys.of(RunFolder.read(run.folder.path))
        named = {*keys.summary, *keys.media, *keys.tables, *keys.curves}
        named |= {curve for curves in keys.curves.values() for curve in curves}
        # pictures and tables come with facts of their own, such as `pictures.count`
        others = {key for key in logged[run.folder.names["plugin"]] - named if "." not in key}
        assert {key for key in others if not key.startswith("_")} == set()
        assert named <= logged[run.folder.names["plugin"]]


def test_runs_are_those_of_the_sweep_and_of_the_plugin(saved, tiny_sweep):
    workspace = json.dumps(saved["workspace"]["spec"]["section"]["runSets"])
    assert f'"value": "{tiny_sweep.name}"' in workspace
    for plugin in PLUGINS:
        runs = json.dumps(grids(saved)[plugin]["runSets"])
        assert f'"value": "{tiny_sweep.name}"' in runs
        assert f'"value": "{plugin}"' in runs


def test_panels_of_a_report_do_not_lie_on_each_other(saved):
    for grid in grids(saved).values():
        places = [
            (panel["layout"]["x"], panel["layout"]["y"])
            for panel in grid["panelBankSectionConfig"]["panels"]
        ]
        assert len(set(places)) == len(places)


def test_without_the_extra_it_is_one_line(tiny_sweep, monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "vlminterp.dashboard.boards", raising=False)
    monkeypatch.setitem(sys.modules, "wandb_workspaces", None)
    monkeypatch.setitem(sys.modules, "wandb_workspaces.reports.v2", None)
    monkeypatch.setitem(sys.modules, "wandb_workspaces.workspaces", None)
    assert main([str(tiny_sweep)]) == 2
    line = "a dashboard needs wandb-workspaces; pip install 'vlminterp[dashboard]'\n"
    assert capsys.readouterr().err == line


def test_online_without_a_login_is_one_line(tiny_sweep, monkeypatch, capsys):
    monkeypatch.setattr("wandb.login", lambda **_: False)
    assert main([str(tiny_sweep), "--online"]) == 2
    assert capsys.readouterr().err == (
        "--online needs a W&B login and there is none; run `wandb login`, or leave it out\n"
    )


def test_online_saves_and_says_where_or_why_not(tiny_sweep, monkeypatch, capsys, tmp_path):
    from vlminterp.dashboard.boards import Boards

    monkeypatch.setattr("wandb.login", lambda **_: True)
    monkeypatch.setattr(Boards, "save", lambda own: [own.workspace.entity, own.report.project])
    line = [str(tiny_sweep), "--online", "--entity", "us", "--save", str(tmp_path / "a.json")]
    assert main(line) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'a.json'}\nus\nvlminterp\n"

    def unreachable(_):
        raise wandb.errors.CommError("no route\nto host")

    monkeypatch.setattr(Boards, "save", unreachable)
    assert main(line) == 2
    assert capsys.readouterr().err == "W&B has not taken the dashboard: no route\n"


def test_what_is_no_sweep_is_one_line(tmp_path, capsys):
    assert main([str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"{tmp_path} is no sweep")
