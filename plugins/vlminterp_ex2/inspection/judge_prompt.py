"""The prompt of a judge: instructions, balanced shots, then the description."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from vlminterp.data.concepts import article
from vlminterp.errors import InputError
from vlminterp_ex2.inspection.families import Families
from vlminterp_ex2.inspection.judge_form import Form, form_of
from vlminterp_ex2.inspection.seeds import Seeds, Shot, load_seeds
from vlminterp_ex2.inspection.verdicts import InvalidAnswerError

DEFAULT = Path(__file__).with_name("judge_prompt.yaml")
SHIPPED = {"ex2-paper": Path(__file__).with_name("judge_prompt_ex2_paper.yaml")}
"""Prompt files that go by a name."""

Message = dict[str, str]


@dataclass(frozen=True)
class JudgePrompt:
    """The text that a judge is given before and around each description.

    Attributes:
        instructions: The system message.
        question: Template with `{concept}` and `{text}`.
        shots: Pairs of a question and the answer that it should get.
        form: Form of the answer that is wanted.
    """

    instructions: str
    question: str
    shots: tuple[tuple[str, str], ...]
    form: Form = field(default_factory=Form)

    def messages(self, name: str, text: str) -> list[Message]:
        """Returns the conversation that ends with the question about one description.

        Args:
            name: The concept's name, without an article.
            text: The description.
        """
        said = [{"role": "system", "content": self.instructions}]
        for question, answer in self.shots:
            said += [{"role": "user", "content": question}, reply(answer)]
        question = _fill(self.question, f"{article(name)} {name}", text)
        return [*said, {"role": "user", "content": question}]


def reply(answer: str) -> Message:
    """Returns the judge's answer as a message."""
    return {"role": "assistant", "content": answer}


def complaint(error: InvalidAnswerError) -> Message:
    """Returns the message that follows an invalid answer."""
    words = f"That was not valid: {error}. Answer again, with one JSON object and nothing else."
    return {"role": "user", "content": words}


def prompt_file(prompts: str | None) -> Path:
    """Returns the file of prompts that a config means: ours, one by its name, or the user's."""
    if prompts is None:
        return DEFAULT
    return SHIPPED.get(prompts) or Path(prompts).expanduser()


def load_prompt(path: Path = DEFAULT, seeds: Seeds | None = None) -> JudgePrompt:
    """Reads instructions and shots.

    Args:
        path: A file in the format of `judge_prompt.yaml`. Its part `answer` (see `form_of`) asks
            for another answer than ours. In the instructions, {families} stands for the families
            with their questions, one a line, and {seen} for when a text counts as visual.
        seeds: Known words with the families that the judge is asked about; their shots, if any,
            replace those of our own prompt. None for ours.

    Raises:
        InputError: The file can't be read, or a shot's answer is no valid verdict.
    """
    seeds = seeds or load_seeds()
    try:
        data: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        instructions, question = str(data["instructions"]).strip(), str(data["question"]).strip()
        form = form_of(data.get("answer"), seeds.families)
        shown = _list(data["shots"])
        if path == DEFAULT and seeds.shots is not None:
            shown = [_shown(shot, seeds.families) for shot in seeds.shots]
        shots = [_shot(question, shot, form) for shot in shown]
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(
            f"{path} is no file of judge prompts ({error!r}); see {DEFAULT}"
        ) from error
    if "{text}" not in question or "{concept}" not in question:
        raise InputError(f"{path}: the question needs {{concept}} and {{text}}")
    return JudgePrompt(_told(instructions, seeds.families), question, tuple(shots), form)


def _told(instructions: str, families: Families) -> str:
    """Returns instructions with the families filled in."""
    asked = [f"- {one.name}: {one.question}" for one in families.all if one.informative]
    seen = "the text tells how the thing looks"
    if families.visual:
        several = len(families.visual) > 1
        seen = "one of the families " if several else "the family "
        seen += f"{', '.join(families.visual)} is among them"
    return instructions.replace("{families}", "\n".join(asked)).replace("{seen}", seen)


def _shown(shot: Shot, families: Families) -> dict[str, Any]:
    """Converts a shot from a file of families into the format of a prompt file."""
    answer = {
        "explanation": shot.explanation,
        "informative": bool(shot.families),
        "visual": families.are_visual(shot.families),
        "families": list(shot.families),
    }
    return {"concept": shot.concept, "text": shot.text, "answer": answer}


def _shot(question: str, shot: Mapping[str, Any], form: Form) -> tuple[str, str]:
    answer = json.dumps(shot["answer"], ensure_ascii=False)
    form.read(answer)
    return _fill(question, str(shot["concept"]), str(shot["text"])), answer


def _fill(question: str, concept: str, text: str) -> str:
    # str.format would fail on braces in descriptions; fill text last, since it may hold {concept}
    return question.replace("{concept}", concept).replace("{text}", text)


def _list(value: Any) -> Sequence[Mapping[str, Any]]:
    if not isinstance(value, list):
        raise TypeError("shots must be a list")
    return value
