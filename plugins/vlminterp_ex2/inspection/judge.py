"""Asks a judge about descriptions: each different one once, again where an answer is no verdict."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from vlminterp_ex2.inspection.judge_cache import JudgeCache
from vlminterp_ex2.inspection.judge_prompt import JudgePrompt, Message, complaint, reply
from vlminterp_ex2.inspection.verdicts import InvalidAnswerError, JudgeAnswer


class JudgeUnavailableError(Exception):
    """There is no judge to be had; says why in one line, without any key."""


@dataclass(frozen=True)
class Answer:
    """What a judge has answered to one conversation.

    Attributes:
        text: Its words; None if no answer came after all retries.
        prompt_tokens: What was read.
        completion_tokens: What was written.
    """

    text: str | None
    prompt_tokens: int = 0
    completion_tokens: int = 0


Told = Callable[[int, Answer], None]


class Judge(Protocol):
    """A language model that answers."""

    def answer(self, conversations: Sequence[Sequence[Message]], told: Told) -> None:
        """Answers conversations, in any order.

        Args:
            conversations: Each ends with a user's message.
            told: Called once for each, as soon as it is answered or given up, with its number.

        Raises:
            JudgeUnavailableError: None will be answered.
        """


@dataclass
class Cost:
    """What judging has cost.

    Attributes:
        cached: Descriptions whose verdict an earlier call had found.
        asked: Conversations that the judge has answered, repeated ones included.
        prompt_tokens: Read by the judge.
        completion_tokens: Written by the judge.
        invalid_answers: Answers that were no verdict.
        invalid: Descriptions left without a verdict for that reason.
        failed: Descriptions left without a verdict because no answer came.
    """

    cached: int = 0
    asked: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    invalid_answers: int = 0
    invalid: int = 0
    failed: int = 0


@dataclass
class _Open:
    """A description without a verdict so far."""

    key: tuple[str, str]
    first: list[Message]
    messages: list[Message]


@dataclass
class Panel:
    """A judge, how it is asked, and what it has said so far.

    Attributes:
        judge: Who answers.
        prompt: What it is told.
        cache: What it has said before.
        attempts: How often it is asked until an answer is a verdict.
        cost: Of all calls so far.
    """

    judge: Judge
    prompt: JudgePrompt
    cache: JudgeCache
    attempts: int = 3
    cost: Cost = field(default_factory=Cost)

    def verdicts(
        self,
        descriptions: Sequence[tuple[str, str]],
        on_advance: Callable[[int], None] | None = None,
    ) -> list[JudgeAnswer | None]:
        """Judges descriptions.

        Args:
            descriptions: Concepts' names and texts, repeated or not.
            on_advance: Told how many different ones are done with.

        Returns:
            Verdicts in the order of `descriptions`; None where the judge gave no valid one.

        Raises:
            JudgeUnavailableError: The judge can't be had. Verdicts so far are in the cache.
        """
        found: dict[tuple[str, str], JudgeAnswer | None] = {}
        left: list[_Open] = []
        for key in dict.fromkeys(descriptions):
            messages = self.prompt.messages(*key)
            found[key] = self._recalled(messages)
            if found[key] is None:
                left.append(_Open(key, messages, messages))
        self.cost.cached += len(found) - len(left)
        if on_advance:
            on_advance(len(found) - len(left))
        for attempt in range(self.attempts):
            if left:
                last = attempt == self.attempts - 1
                left = self._ask(left, found, on_advance, last=last)
        return [found[key] for key in descriptions]

    def _recalled(self, messages: Sequence[Message]) -> JudgeAnswer | None:
        """Returns an earlier verdict; None if there is none, or its file is damaged."""
        answer = self.cache.read(messages)
        try:
            return None if answer is None else self.prompt.form.read(answer)
        except InvalidAnswerError:
            return None

    def _ask(
        self,
        left: Sequence[_Open],
        found: dict[tuple[str, str], JudgeAnswer | None],
        on_advance: Callable[[int], None] | None,
        *,
        last: bool,
    ) -> list[_Open]:
        """Asks once about each; returns those whose answer was no verdict."""
        again: list[_Open] = []

        def told(number: int, answer: Answer) -> None:
            one = left[number]
            done = self._read(one, answer, found)
            if not done:
                again.append(one)
                self.cost.invalid += last
            if on_advance and (done or last):
                on_advance(1)

        self.judge.answer([one.messages for one in left], told)
        return again

    def _read(
        self, one: _Open, answer: Answer, found: dict[tuple[str, str], JudgeAnswer | None]
    ) -> bool:
        """Takes note of an answer; returns whether one is done with."""
        self.cost.prompt_tokens += answer.prompt_tokens
        self.cost.completion_tokens += answer.completion_tokens
        if answer.text is None:
            self.cost.failed += 1
            return True
        self.cost.asked += 1
        try:
            verdict = self.prompt.form.read(answer.text)
        except InvalidAnswerError as error:
            self.cost.invalid_answers += 1
            # the fault is told, so that even a model that always says the same says something else
            one.messages = [*one.first, reply(answer.text), complaint(error)]
            return False
        found[one.key] = verdict
        self.cache.write(one.first, answer.text)
        return True
