"""EX2's options: ranges, presets, and what makes two runs the same run."""

import pytest
from omegaconf import OmegaConf
from vlminterp_ex2.plugin import EX2Plugin
from vlminterp_ex2.settings import EX2Config, PolicyConfig, Quantisation

from vlminterp.config.composition import composing
from vlminterp.errors import ConfigError, ModelError


def composed(*overrides):
    from hydra import compose

    with composing():
        config = compose(config_name="config", overrides=["+plugin=ex2", *overrides])
        return OmegaConf.to_object(config).plugin


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"beta": 0.0}, "beta=0.0 must be above 0"),
        ({"beta": float("nan")}, "beta=nan must be above 0"),
        ({"scale": -1.0}, "scale=-1.0 must be above 0"),
        ({"steps": 0}, "steps=0 must be at least 1"),
        ({"generations": 1}, "generations=1 must be at least 2"),
        ({"completions": 10, "generations": 4}, "completions=10 must be a multiple"),
        ({"samples": 3, "pool": 2}, "pool=2 must be at least samples=3"),
        ({"patience": 0}, "patience=0 must be at least 1"),
        ({"shown": -1}, "shown=-1 must be at least 0"),
    ],
)
def test_ranges_are_checked(options, complaint):
    with pytest.raises(ConfigError) as raised:
        EX2Config(**options)
    assert complaint in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("completions", "most", "expected"), [(8, 32, 8), (96, 32, 32), (40, 32, 20)]
)
def test_micro_batches_divide_a_step_into_equal_parts(completions, most, expected):
    config = EX2Config(
        completions=completions, generations=2, policy=PolicyConfig(micro_batch=most)
    )
    assert config.micro_batch == expected


def test_the_describer_is_the_default():
    config = composed()
    assert isinstance(config, EX2Config)
    assert config.policy.checkpoint == "pkg://vlminterp/planted/models/describer"
    assert (config.beta, config.scale) == (0.2, 100.0)


def test_the_papers_policy():
    policy = composed("plugin/policy=mistral-7b").policy
    assert policy.checkpoint == "mistralai/Mistral-7B-v0.1"
    assert policy.quantisation is Quantisation.int8
    assert vars(policy.lora) == {
        "rank": 16,
        "alpha": 32.0,
        "dropout": 0.05,
        "targets": ["q_proj", "v_proj"],
    }
    assert (policy.learning_rate, policy.max_tokens, policy.chat.name) == (1.41e-5, 32, "plain")


@pytest.mark.parametrize("name", ["describer", "qwen2.5-0.5b"])
def test_every_weight_can_be_trained(name):
    config = composed(f"plugin/policy={name}", "plugin.policy.lora=null")
    assert config.policy.lora is None
    assert config.completions % config.micro_batch == 0


@pytest.mark.parametrize("name", ["smollm2", "mistral-7b"])
def test_quantised_weights_are_trained_by_adapters_alone(name):
    assert composed(f"plugin/policy={name}").policy.lora is not None
    with pytest.raises(ConfigError, match=r"policy\.lora=null"):
        composed(f"plugin/policy={name}", "plugin.policy.lora=null")


def test_files_are_the_policys_and_the_templates(tiny_policy, tmp_path):
    mine = tmp_path / "mine.txt"
    config = EX2Config(policy=PolicyConfig(checkpoint=str(tiny_policy)), templates=str(mine))
    assert list(EX2Plugin().files(config)) == [tiny_policy, mine]
    hub = EX2Config(policy=PolicyConfig(checkpoint="org/name"))
    assert [path.name for path in EX2Plugin().files(hub)] == ["templates.txt"]
    with pytest.raises(ModelError, match="no such folder"):
        EX2Plugin().files(EX2Config(policy=PolicyConfig(checkpoint="/no/where")))


def test_further_judges_are_checked_like_the_first():
    second = composed("+plugin.judges.second={backend: local, model: m, limit: 3}").judges["second"]
    assert (second.backend.name, second.model, second.limit, second.attempts) == (
        "local",
        "m",
        3,
        3,
    )


@pytest.mark.parametrize(
    ("name", "options", "complaint"),
    [
        ("second", {"backend": "local"}, "judge.backend=local needs a model"),
        ("second", {"modell": "m"}, "judges.second: Key 'modell' not in 'JudgeConfig'"),
        ("people", {}, "judges.people is no name for a judge"),
        ("A b", {}, "judges.A b is no name for a judge"),
    ],
)
def test_further_judges_that_make_no_sense(name, options, complaint):
    with pytest.raises(ConfigError) as raised:
        EX2Config(judges={name: options})
    assert complaint in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"epochs": 0}, "epochs=0 must be at least 1"),
        ({"completions": 64, "mini_batches": 3}, "completions=64 must be a multiple of"),
        ({"adaptive_kl": 0.0}, "adaptive_kl=0.0 must be above 0, or null"),
    ],
)
def test_updates_are_checked(options, complaint):
    with pytest.raises(ConfigError, match=complaint):
        EX2Config(**options)
