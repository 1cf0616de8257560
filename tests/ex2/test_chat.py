"""Chat templates: system message, variables, no clock, and one line where they can't be used."""

import datetime

import pytest
from jinja2.exceptions import TemplateError
from trl.data_utils import apply_chat_template
from vlminterp_ex2.chat import DATE, PromptFormatter, prompt_formatter, stop_clock
from vlminterp_ex2.policy import load_tokenizer
from vlminterp_ex2.settings import Chat, PolicyConfig

from tests.ex2.letters import letter_tokenizer
from vlminterp.errors import ConfigError

THINKING = (
    "{% for m in messages %}{{ m['role'][0] }}{{ m['content'] }}.{% endfor %}"
    "{% if add_generation_prompt %}a{% endif %}"
    "{% if enable_thinking is defined and enable_thinking is false %}off{% endif %}"
)
DATED = "{{ strftime_now('%d %b %Y') }} {% for m in messages %}{{ m['content'] }}{% endfor %}"
NO_SYSTEM = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "{{ messages[0]['content'] }}"
)


def tokenizer_with(template):
    tokenizer = letter_tokenizer()
    tokenizer.chat_template = template
    return tokenizer


def text_of(asking, text="owl"):
    return asking.tokenizer.decode(asking.tokens([text])[0])


def test_thinking_is_off_and_can_be_had():
    config = PolicyConfig()
    tokenizer = tokenizer_with(THINKING)
    assert text_of(prompt_formatter(config, tokenizer)) == "uowl.aoff"
    thinking = PolicyConfig(chat_template_kwargs={"enable_thinking": True})
    assert text_of(prompt_formatter(thinking, tokenizer)) == "uowl.a"


def test_a_system_message_comes_first_and_trl_reads_the_same():
    asking = PromptFormatter(
        tokenizer_with(THINKING), Chat.auto, "be brief", {"enable_thinking": False}
    )
    assert text_of(asking) == "sbe brief.uowl.aoff"
    by_trl = apply_chat_template(
        {"prompt": asking.ask("owl")}, asking.tokenizer, enable_thinking=False
    )
    assert asking.tokenizer(by_trl["prompt"]).input_ids == asking.tokens(["owl"])[0]


def test_prompts_are_the_same_every_day():
    tokenizer = tokenizer_with(DATED)
    today = datetime.datetime.now().strftime("%d %b %Y")
    rendered = tokenizer.apply_chat_template([{"role": "user", "content": "x"}], tokenize=False)
    assert rendered.startswith(today)
    stop_clock(tokenizer)
    stop_clock(tokenizer)
    rendered = tokenizer.apply_chat_template([{"role": "user", "content": "x"}], tokenize=False)
    assert rendered == f"{DATE} x"


def test_loading_stops_the_clock(tiny_policy, tmp_path):
    tokenizer = tokenizer_with(DATED)
    tokenizer.save_pretrained(tmp_path)
    loaded = load_tokenizer(PolicyConfig(checkpoint=str(tmp_path)))
    rendered = loaded.apply_chat_template([{"role": "user", "content": "x"}], tokenize=False)
    assert rendered == f"{DATE} x"


@pytest.mark.parametrize("template", [NO_SYSTEM, "{{ messages[0].nothing.here }}", "{% if %}"])
def test_a_template_that_fails_is_one_line(template):
    with pytest.raises(ConfigError, match="chat template can't be used") as raised:
        PromptFormatter(tokenizer_with(template), Chat.auto, "be brief")
    assert "\n" not in str(raised.value)
    assert isinstance(raised.value.__cause__, TemplateError)


def test_a_template_that_reaches_for_more_is_one_line():
    """transformers renders in a sandbox; what it refuses is told like any other fault."""
    evil = "{{ messages.__class__.__mro__ }}"
    with pytest.raises(ConfigError, match="chat template can't be used"):
        PromptFormatter(tokenizer_with(evil), Chat.auto)


def test_a_system_message_without_a_template():
    with pytest.raises(ConfigError, match=r"plugin\.policy\.system needs a chat template"):
        PromptFormatter(letter_tokenizer(), Chat.auto, "be brief")
