"""Policies by name: their options, and one training step of each architecture."""

import pytest
from transformers import (
    AutoModelForCausalLM,
    Gemma3TextConfig,
    LlamaConfig,
    Qwen3Config,
    SmolLM3Config,
)
from vlminterp_ex2.align import align
from vlminterp_ex2.journal import rows_of
from vlminterp_ex2.settings import Chat, Lora, PolicyConfig

from tests.ex2.letters import letter_tokenizer
from tests.ex2.test_config import composed

CHECKPOINTS = {
    "llama-3.2-1b": "meta-llama/Llama-3.2-1B-Instruct",
    "qwen3-0.6b": "Qwen/Qwen3-0.6B",
    "qwen3-4b": "Qwen/Qwen3-4B",
    "gemma-3-1b": "google/gemma-3-1b-it",
    "smollm3-3b": "HuggingFaceTB/SmolLM3-3B",
}
CONFIGS = {
    "llama-3.2-1b": LlamaConfig,
    "qwen3-0.6b": Qwen3Config,
    "gemma-3-1b": Gemma3TextConfig,
    "smollm3-3b": SmolLM3Config,
}
SMALL = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 256,
    "initializer_range": 0.2,
}


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_policies_by_name(name):
    policy = composed(f"plugin/policy={name}").policy
    assert policy.checkpoint == CHECKPOINTS[name]
    assert policy.chat is Chat.template
    assert policy.chat_template_kwargs == {"enable_thinking": False}
    assert not policy.trust_remote_code
    assert policy.lora.targets == ["all-linear"]


def test_the_papers_budget():
    config = composed("plugin/preset=ex2-paper")
    assert (config.completions, config.updates, config.steps) == (32, 16, 1000)
    assert config.completions // config.mini_batches == 8  # responses in an optimiser step
    assert (config.beta, config.adaptive_kl, config.scale, config.raw) == (0.2, 10.0, 100.0, True)
    assert config.judge.prompts == "ex2-paper"
    small = composed("plugin/preset=ex2-paper", "plugin.steps=2", "plugin/policy=smollm2")
    assert (small.steps, small.policy.gguf) == (2, "*.gguf")


@pytest.mark.parametrize("name", CONFIGS)
def test_each_architecture_takes_a_step(name, tmp_path, context_in, tiny_config, scorer, prompts):
    tokenizer = letter_tokenizer()
    special = {
        kind: getattr(tokenizer, kind) for kind in ("bos_token_id", "eos_token_id", "pad_token_id")
    }
    config = CONFIGS[name](vocab_size=len(tokenizer), **SMALL, **special)
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path / "policy")
    tokenizer.save_pretrained(tmp_path / "policy")
    policy = {"checkpoint": str(tmp_path / "policy"), "lora": Lora(targets=["all-linear"])}
    with context_in(tmp_path / "run", tiny_config(steps=2, policy=policy)) as context:
        found = align(context, scorer, prompts)
        steps = rows_of(context.results.table("align"))
    assert found.steps == 2
    assert steps[0]["kl"] == pytest.approx(0, abs=1e-4)
    assert steps[1]["kl"] != 0
    assert isinstance(context.config.policy, PolicyConfig)
