"""Puts prompts to a language model: plain, or by its chat template."""

from collections.abc import Mapping, Sequence
from typing import Any

from vlminterp.errors import ConfigError
from vlminterp_ex2.settings import Chat, PolicyConfig

AFTER_PLAIN = "\n\n"
DATE = "26 Jul 2024"
"""The date that templates are given: with today's, prompts would differ from day to day."""
CLOCK = "strftime_now"
DATED = "{%- macro " + CLOCK + "(format) -%}" + DATE + "{%- endmacro -%}"
"""Macro put before a template, so that the function of that name is never called."""


class PromptFormatter:
    """Puts prompts to a language model.

    Args:
        tokenizer: The model's tokenizer.
        chat: The form of a prompt.
        system: A system message; None for none.
        options: Further variables of the chat template, such as `enable_thinking`.

    Raises:
        ConfigError: A chat template is asked for and there is none, or it can't be used.
    """

    def __init__(
        self,
        tokenizer: Any,
        chat: Chat,
        system: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        has_template = bool(getattr(tokenizer, "chat_template", None))
        self.tokenizer = tokenizer
        self._chat = has_template and chat is not Chat.plain
        self._system, self._options = system, dict(options or {})
        if chat is Chat.template and not has_template:
            raise ConfigError(
                "plugin.policy.chat=template, but this language model has no chat template; "
                "choose chat=plain or chat=auto"
            )
        if system is not None and not self._chat:
            raise ConfigError(
                "plugin.policy.system needs a chat template, and this language model is asked "
                "without one; leave it out"
            )
        self.tokens(["Describe an owl."])

    def ask(self, text: str) -> Any:
        """Returns a prompt as TRL takes it: messages, or plain text."""
        if not self._chat:
            return text + AFTER_PLAIN
        first = [] if self._system is None else [{"role": "system", "content": self._system}]
        return [*first, {"role": "user", "content": text}]

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """Returns prompts as token ids, the same as TRL's."""
        asked = [self.ask(text) for text in texts]
        encoded = self._templated(asked) if self._chat else self.tokenizer(text=asked)
        ids: list[list[int]] = encoded["input_ids"]
        return ids

    def _templated(self, asked: Sequence[Any]) -> Any:
        try:
            return self.tokenizer.apply_chat_template(
                asked,
                add_generation_prompt=True,
                tokenize=True,
                return_dict=True,
                **self._options,
            )
        except Exception as error:  # a template is a program, which can fail in any way
            reason = str(error).strip().splitlines() or [type(error).__name__]
            raise ConfigError(
                f"{self.tokenizer.name_or_path or 'this language model'}: its chat template can't "
                f"be used: {reason[0]}; "
                "leave out plugin.policy.system, or choose plugin.policy.chat=plain"
            ) from error


def prompt_formatter(config: PolicyConfig, tokenizer: Any) -> PromptFormatter:
    """Returns the prompt formatter of a policy.

    Args:
        config: The policy's configuration.
        tokenizer: The tokenizer that `load_tokenizer` returned.

    Raises:
        ConfigError: Its chat template can't be used as the config says.
    """
    return PromptFormatter(tokenizer, config.chat, config.system, config.chat_template_kwargs)


def stop_clock(tokenizer: Any) -> None:
    """Fixes the date that a chat template writes, so that a prompt is the same every day.

    Args:
        tokenizer: The policy's tokenizer, changed in place.
    """
    template = getattr(tokenizer, "chat_template", None)
    if isinstance(template, str) and CLOCK in template and not template.startswith(DATED):
        tokenizer.chat_template = DATED + template
    elif isinstance(template, dict):
        tokenizer.chat_template = {
            name: DATED + one if CLOCK in one and not one.startswith(DATED) else one
            for name, one in template.items()
        }
