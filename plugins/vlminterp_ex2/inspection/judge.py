"""Asks a judge about each different description once, and again after an invalid answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from vlminterp_ex2.inspection.judge_cache import JudgeCache
from vlminterp_ex2.inspection.judge_prompt import JudgePrompt, Message, complaint, reply
from vlminterp_ex2.inspection.verdicts import InvalidAnswerError, JudgeAnswer


class JudgeUnavailableError(Exception):
    """No judge can be asked; the message says why in one line, without any key."""


@dataclass(frozen=True)
class Answer:
    """A judge's answer to one conversation.

    Attributes:
        text: The judge's words; None if no answer came after all retries.
        prompt_tokens: Number of tokens read.
        completion_tokens: Number of tokens written.
    """

    text: str | None
    prompt_tokens: int = 0
    completion_tokens: int = 0


Told = Callable[[int, Answer], None]


class Judge(Protocol):
    """A language model that answers conversations."""

    def answer(self, conversations: Sequence[Sequence[Message]], told: Told) -> None:
        """Answers conversations in any order.

        Args:
            conversations: Lists of messages, each ending with the user's.
            told: Called once for each conversation, with its index, once answered or given up.

        Raises:
            JudgeUnavailableError: The judge can't answer any conversation.
        """


@dataclass
class Cost:
    """Counts of what judging has cost.

    Attributes:
        cached: Descriptions whose verdict was found in the cache.
        asked: Conversations that the judge has answered, repeated ones included.
        prompt_tokens: Tokens read by the judge.
        completion_tokens: Tokens written by the judge.
        invalid_answers: Answers that were no valid verdict.
        invalid: Descriptions left without a verdict because no answer was valid.
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
    """A description that has no verdict yet."""

    key: tuple[str, str]
    first: list[Message]
    messages: list[Message]


@dataclass
class Panel:
    """A judge with its prompt, its cache and its cost so far.

    Attributes:
        judge: The judge that answers.
        prompt: Instructions and shots for the judge.
        cache: Earlier answers of the judge.
        attempts: Highest number of times a description is asked about until an answer is valid.
        cost: Total cost of all calls so far.
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
        """Returns a verdict for each description, asking the judge where none is cached.

        Args:
            descriptions: Pairs of a concept's name and a text; they may repeat.
            on_advance: Called with how many more different descriptions are finished.

        Returns:
            Verdicts in the order of `descriptions`; None where the judge gave no valid one.

        Raises:
            JudgeUnavailableError: No judge can be asked. Verdicts so far are in the cache.
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
        """Returns an earlier verdict; None if there is none, or its file is no valid answer."""
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
        """Asks about each description once; returns those whose answer was invalid."""
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
        """Records an answer; returns whether its description is finished."""
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
            # name the fault, so that even a model that always repeats itself gets a new prompt
            one.messages = [*one.first, reply(answer.text), complaint(error)]
            return False
        found[one.key] = verdict
        self.cache.write(one.first, answer.text)
        return True
