"""What each stage depends on: a change of anything else does not repeat it."""

from dataclasses import fields, replace

import pytest
from vlminterp_ex2.depends import UNTOUCHED_BY, files_of, options_of
from vlminterp_ex2.inspection.judge_settings import Backend, JudgeConfig
from vlminterp_ex2.plugin import EX2Plugin
from vlminterp_ex2.settings import EX2Config, PolicyConfig, Stage

CHANGES = {
    "margin": 0.05,
    "stage": Stage.inspect,
    "judge": JudgeConfig(backend=Backend.local, model="other"),
    "judges": {"second": JudgeConfig(backend=Backend.local, model="other")},
    "labels": "labels.csv",
    "zero_shot": False,
    "families": "birds",
    "neighbours": True,
    "pool": 40,
    "samples": 3,
    "beta": 0.4,
    "steps": 7,
    "target_kl": 5.0,
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
    "families": {"inspect", "judge"},
    "neighbours": {"inspect"},
    "pool": {"pool"},
    "samples": {"describe", "pool", "zero-shot", "inspect", "judge"},
    "beta": {"align", "describe", "zero-shot", "inspect", "judge"},
    "steps": {"align", "describe", "zero-shot", "inspect", "judge"},
    "target_kl": {"align", "describe", "zero-shot", "inspect", "judge"},
    "raw": set(UNTOUCHED_BY),
    "policy": set(UNTOUCHED_BY),
    "images": set(UNTOUCHED_BY),
}


def options(stage, config):
    return options_of(stage, config, **({"pool": config.pool or 5} if stage == "pool" else {}))


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_repeats_what_depends_on_it_and_nothing_else(name):
    before = EX2Config()
    after = replace(before, **{name: CHANGES[name]})
    changed = {stage for stage in UNTOUCHED_BY if options(stage, before) != options(stage, after)}
    assert changed == AGAIN[name]


def test_only_options_that_exist_are_left_out():
    named = set().union(*UNTOUCHED_BY.values())
    assert named <= {field.name for field in fields(EX2Config)}


def test_the_file_of_families_counts_where_families_do(tmp_path):
    (path := tmp_path / "mine.yaml").write_text("families: {}")
    config = EX2Config(families=str(path))
    assert path in EX2Plugin().files(config)
    assert {stage for stage in UNTOUCHED_BY if path in files_of(stage, config)} == {
        "inspect",
        "judge",
    }
    for stage in UNTOUCHED_BY:
        assert files_of(stage, EX2Config()) == files_of(stage, EX2Config(neighbours=True))


def test_files_of_the_judge_count(tmp_path):
    prompts = tmp_path / "prompts.yaml"
    config = EX2Config(judge=JudgeConfig(prompts=str(prompts)), labels=str(tmp_path / "labels.csv"))
    labels = tmp_path / "labels.csv"
    assert {prompts, labels} <= set(EX2Plugin().files(config))
    assert prompts in files_of("judge", config)
    assert labels not in files_of("judge", config)
    for stage in set(UNTOUCHED_BY) - {"judge"}:
        assert not {prompts, labels} & set(files_of(stage, config))
