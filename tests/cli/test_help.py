"""`--help` and `--version`, and the page of all options."""

from dataclasses import fields
from pathlib import Path

import pytest
from vlminterp_m2ib.plugin import M2IBConfig

from vlminterp.cli.help import as_markdown
from vlminterp.cli.main import run
from vlminterp.config.composition import register

ROOT = Path(__file__).parents[2]


def test_help_says_every_option_of_what_is_chosen(capsys):
    assert run(["--help", "plugin=m2ib", "data=pair"]) == 0
    out = capsys.readouterr().out
    assert "vlminterp_options" not in out
    assert max(map(len, out.splitlines())) <= 80
    assert {f"plugin.{one.name}" for one in fields(M2IBConfig)} <= {
        ".".join(line.strip().partition("=")[0].split(".")[:2])
        for line in out.splitlines()
        if line.startswith("  plugin.")
    }
    assert "  data.text=null" in out
    assert "  data.pairs" not in out


def test_defaults_are_those_of_the_plugin_not_of_the_class(capsys):
    run(["--help", "+plugin=m2ib"])
    lines = capsys.readouterr().out.splitlines()
    config = M2IBConfig()
    assert f"  plugin.text.layer={config.text.layer}" in lines
    assert f"  plugin.image.copies={config.image.copies}" in lines


def test_help_of_an_unknown_plugin_is_one_line(capsys):
    assert run(["--help", "plugin=m3ib"]) == 1
    assert "nearest: m2ib" in capsys.readouterr().err


def test_version_is_ours(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("vlminterp 0")


def test_the_page_of_options_is_what_help_says():
    register()
    assert (ROOT / "docs" / "options.md").read_text("utf-8") == as_markdown(), (
        "python -m vlminterp.cli.help > docs/options.md"
    )


@pytest.mark.slow
def test_a_plugin_is_chosen_with_or_without_the_plus(tmp_path, capsys):
    options = ["data.pairs=1", "plugin.sides=text", "plugin.text.steps=1", "tracking=disabled"]
    options += ["console=quiet", f"output={tmp_path}", "device=cpu"]
    paths = []
    for choice in ("plugin=m2ib", "+plugin=m2ib"):
        assert run([choice, *options]) == 0
        paths.append(capsys.readouterr().out)
    assert paths[0] == paths[1]
