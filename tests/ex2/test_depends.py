"""What each stage depends on: a change of anything else does not repeat it."""

from dataclasses import fields, replace

import pytest
from vlminterp_ex2.depends import UNTOUCHED_BY, options_of
from vlminterp_ex2.inspection.judge_settings import Backend, JudgeConfig
from vlminterp_ex2.plugin import Config, EX2Plugin, Stage
from vlminterp_ex2.settings import PolicyConfig

from vlminterp.results.stages import Stages

CHANGES = {
    "margin": 0.05,
    "stage": Stage.inspect,
    "judge": JudgeConfig(backend=Backend.local, model="other"),
    "judges": {"second": JudgeConfig(backend=Backend.local, model="other")},
    "labels": "labels.csv",
    "zero_shot": False,
    "neighbours": True,
    "pool": 40,
    "samples": 3,
    "beta": 0.4,
    "steps": 7,
    "raw": True,
    "policy": PolicyConfig(max_tokens=9),
    "images": 3,
}
AGAIN = {
    "margin": set(),
    "stage": set(),
    "judge": {"judge"},
    "judges": set(),
    "labels": set(),
    "zero_shot": set(),
    "neighbours": {"inspect"},
    "pool": {"pool"},
    "samples": {"describe", "pool", "inspect", "judge"},
    "beta": {"align", "describe", "inspect", "judge"},
    "steps": {"align", "describe", "inspect", "judge"},
    "raw": set(UNTOUCHED_BY),
    "policy": set(UNTOUCHED_BY),
    "images": set(UNTOUCHED_BY),
}


def pool_of(config):
    return config.pool or 5


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_repeats_what_depends_on_it_and_nothing_else(name):
    before = Config()
    after = replace(before, **{name: CHANGES[name]})
    changed = {
        stage
        for stage in UNTOUCHED_BY
        if options_of(stage, before, pool_of(before)) != options_of(stage, after, pool_of(after))
    }
    assert changed == AGAIN[name]


def test_only_options_that_exist_or_are_to_come_are_left_out():
    named = set().union(*UNTOUCHED_BY.values())
    assert named - {field.name for field in fields(Config)} <= {"families"}


def test_files_of_the_judge_count(tmp_path):
    prompts = tmp_path / "prompts.yaml"
    config = Config(judge=JudgeConfig(prompts=str(prompts)), labels=str(tmp_path / "labels.csv"))
    assert {prompts, tmp_path / "labels.csv"} <= set(EX2Plugin().files(config))


def test_a_stage_is_found_by_inputs_options_and_files(tmp_path):
    file = tmp_path / "templates.txt"
    file.write_text("one")
    paths = []
    for inputs, options, text in (
        ("a", 1, "one"),
        ("a", 1, "one"),
        ("b", 1, "one"),
        ("a", 2, "one"),
    ):
        file.write_text(text)
        stages = Stages(tmp_path / "stages", inputs)
        with stages.open("align", {"beta": options}, [file]) as folder:
            paths.append(folder.path)
    file.write_text("two")
    with Stages(tmp_path / "stages", "a").open("align", {"beta": 1}, [file]) as folder:
        paths.append(folder.path)
    assert paths[0] == paths[1]
    assert len(set(paths)) == 4
