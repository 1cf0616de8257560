"""Policies: loaded, asked, and refused with one clear line."""

import json
import shutil

import pytest
import torch
from peft import get_peft_model
from vlminterp_ex2.chat import PromptFormatter
from vlminterp_ex2.likelihood import log_likelihoods
from vlminterp_ex2.policy import (
    PolicyAndReference,
    load_aligned,
    load_model,
    load_tokenizer,
    local_folder,
    lora_config,
)
from vlminterp_ex2.quiet import quietly
from vlminterp_ex2.settings import Chat, Lora, PolicyConfig, Quantisation

from tests.ex2.letters import save_policy
from vlminterp.errors import ConfigError, ModelError

CPU = torch.device("cpu")
TEMPLATE = (
    "{% for m in messages %}u{{ m['content'] }}.{% endfor %}"
    "{% if add_generation_prompt %}a{% endif %}"
)


@pytest.fixture
def policy(tiny_policy):
    def make(**options):
        return PolicyConfig(**{"checkpoint": str(tiny_policy), **options})

    return make


def adapted(model, lora):
    with quietly():
        return get_peft_model(model, lora_config(lora))


def one_line(raised):
    message = str(raised.value)
    assert "\n" not in message
    return message


def test_plain_prompts_end_with_two_newlines(policy):
    questioner = PromptFormatter(load_tokenizer(policy()), Chat.auto)
    assert questioner.ask("See an owl.") == "See an owl.\n\n"
    ids = questioner.tokens(["See an owl.", "A bat"])
    assert ids == [
        questioner.tokenizer(text + "\n\n").input_ids for text in ("See an owl.", "A bat")
    ]


def test_chat_templates_are_used_where_there_are_any(policy):
    tokenizer = load_tokenizer(policy())
    tokenizer.chat_template = TEMPLATE
    questioner = PromptFormatter(tokenizer, Chat.auto)
    assert questioner.ask("owl") == [{"role": "user", "content": "owl"}]
    assert tokenizer.decode(questioner.tokens(["owl"])[0]) == "uowl.a"
    assert PromptFormatter(tokenizer, Chat.plain).ask("owl") == "owl\n\n"


def test_a_template_that_is_not_there_is_an_error(policy):
    with pytest.raises(ConfigError, match="has no chat template; choose chat=plain") as raised:
        PromptFormatter(load_tokenizer(policy()), Chat.template)
    one_line(raised)


def test_without_a_padding_token_the_end_token_pads(tmp_path):
    folder = save_policy(tmp_path / "unpadded", pad_token=None)
    tokenizer = load_tokenizer(PolicyConfig(checkpoint=str(folder)))
    assert tokenizer.pad_token == tokenizer.eos_token == "<eos>"
    assert tokenizer.padding_side == "left"


def test_without_an_end_token_it_is_refused(tmp_path, tiny_policy):
    folder = shutil.copytree(tiny_policy, tmp_path / "endless")
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "eos_token": None}))
    with pytest.raises(ModelError, match="no end-of-text token") as raised:
        load_tokenizer(PolicyConfig(checkpoint=str(folder)))
    one_line(raised)


@pytest.mark.parametrize("quantisation", [Quantisation.int8, Quantisation.int4])
def test_quantisation_without_a_gpu_is_one_clear_line(policy, quantisation):
    with pytest.raises(ConfigError, match="needs a CUDA GPU and this run is on cpu") as raised:
        load_model(policy(quantisation=quantisation), CPU)
    assert "quantisation=none" in one_line(raised)


def test_a_missing_package_is_named_with_what_to_run():
    config = PolicyConfig(checkpoint="pkg://no_such_llm", install="pip install no-such-llm")
    for load in (load_tokenizer, local_folder):
        with pytest.raises(ModelError, match=r"no_such_llm.*; pip install no-such-llm") as raised:
            load(config)
        assert "plugin.policy.checkpoint" in one_line(raised)


def test_a_missing_folder_is_named():
    with pytest.raises(ModelError, match=r"plugin\.policy\.checkpoint=/no/where: no such folder"):
        load_model(PolicyConfig(checkpoint="/no/where"), CPU)


def test_an_unreachable_hub_is_one_clear_line(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="the hub can't be reached") as raised:
        load_tokenizer(PolicyConfig(checkpoint="nobody/nothing"))
    assert "plugin.policy.checkpoint" in one_line(raised)


def test_a_gguf_pattern_must_fit_one_file(policy, tmp_path, tiny_policy):
    folder = shutil.copytree(tiny_policy, tmp_path / "gguf")
    for name in ("a.gguf", "b.gguf"):
        (folder / name).touch()
    with pytest.raises(ModelError, match="holds 2 files like"):
        load_model(policy(checkpoint=str(folder), gguf="*.gguf"), CPU)


def test_without_its_adapter_a_policy_is_its_reference(policy):
    config = policy(lora=Lora(rank=2, targets=["all-linear"]))
    base = load_model(config, CPU)
    asked, said = [[5, 6, 7]], [[8, 9, 2]]
    expected = log_likelihoods(base, asked, said, 1)
    model = adapted(base, config.lora)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.5)
    pair = PolicyAndReference(model)
    changed = log_likelihoods(pair.aligned, asked, said, 1)
    with pair.reference() as reference:
        assert torch.equal(log_likelihoods(reference, asked, said, 1), expected)
    assert torch.equal(log_likelihoods(pair.aligned, asked, said, 1), changed)
    assert abs(changed - expected) > 0.1


@pytest.mark.parametrize("lora", [Lora(rank=2), None], ids=["lora", "every weight"])
def test_what_is_saved_is_what_is_loaded(policy, tmp_path, lora):
    config = policy(lora=lora)
    model = load_model(config, CPU)
    if lora is not None:
        model = adapted(model, lora)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1)
    model.save_pretrained(tmp_path / "saved")
    pair = load_aligned(config, CPU, tmp_path / "saved")
    asked, said = [[5, 6, 7]], [[8, 9, 2]]
    model.train(mode=False)
    assert torch.equal(
        log_likelihoods(pair.aligned, asked, said, 1), log_likelihoods(model, asked, said, 1)
    )
    with pair.reference() as reference:
        assert torch.equal(
            log_likelihoods(reference, asked, said, 1),
            log_likelihoods(load_model(config, CPU), asked, said, 1),
        )
    assert not pair.aligned.training


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"learning_rate": 0.0}, "policy.learning_rate=0.0 must be above 0"),
        ({"max_tokens": 1}, "policy.max_tokens=1 must be at least 2"),
        ({"micro_batch": 0}, "policy.micro_batch=0 must be at least 1"),
        ({"lora": None, "gguf": "*.gguf"}, "policy.lora=null"),
        ({"lora": None, "quantisation": Quantisation.int8}, "policy.lora=null"),
    ],
)
def test_ranges_are_checked(options, complaint):
    with pytest.raises(ConfigError) as raised:
        PolicyConfig(**options)
    assert complaint in one_line(raised)


@pytest.mark.parametrize(
    "options", [{"rank": 0}, {"alpha": 0.0}, {"dropout": 1.0}, {"targets": []}]
)
def test_ranges_of_adapters_are_checked(options):
    with pytest.raises(ConfigError, match=f"lora.{next(iter(options))}"):
        Lora(**options)
