"""A judge that says what it is told, to see what is made of its answers."""

import json

import pytest
from vlminterp_ex2.inspection.judge import Answer, JudgeUnavailableError, Panel
from vlminterp_ex2.inspection.judge_cache import JudgeCache
from vlminterp_ex2.inspection.judge_prompt import DEFAULT, load_prompt
from vlminterp_ex2.inspection.seeds import our_families
from vlminterp_ex2.inspection.verdicts import read_verdict

from tests.ex2_inspection.endpoint import VERDICT
from vlminterp.errors import InputError

GOOD = json.dumps(VERDICT)
SAID = read_verdict(GOOD, our_families())


class Scripted:
    """Gives its answers in order; None is none; an exception is raised."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def answer(self, conversations, told):
        for number, messages in enumerate(conversations):
            self.asked.append(messages)
            said = self.answers.pop(0)
            if isinstance(said, Exception):
                raise said
            told(number, Answer(said, 100, 10))


@pytest.fixture
def panel_of(tmp_path):
    def make(*answers, folder="cache", judge="scripted", attempts=3):
        cache = JudgeCache(tmp_path / folder, judge)
        return Panel(Scripted(*answers), load_prompt(), cache, attempts)

    return make


def test_each_different_description_is_asked_about_once(panel_of):
    panel = panel_of(GOOD, GOOD)
    found = panel.verdicts([("owl", "a"), ("owl", "b"), ("owl", "a")])
    assert found == [SAID] * 3
    assert (panel.cost.asked, panel.cost.prompt_tokens, panel.cost.completion_tokens) == (
        2,
        200,
        20,
    )


def test_nothing_is_asked_twice(panel_of):
    panel_of(GOOD).verdicts([("owl", "a")])
    again = panel_of()
    assert again.verdicts([("owl", "a")]) == [SAID]
    assert (again.cost.cached, again.cost.asked) == (1, 0)


@pytest.mark.parametrize("change", [{"judge": "other"}, {"folder": "elsewhere"}])
def test_another_judge_is_asked_again(panel_of, change):
    panel_of(GOOD).verdicts([("owl", "a")])
    panel = panel_of(GOOD, **change)
    panel.verdicts([("owl", "a")])
    assert panel.cost.asked == 1


def test_an_invalid_answer_is_complained_about(panel_of):
    panel = panel_of("Well, yes.", GOOD)
    assert panel.verdicts([("owl", "a")]) == [SAID]
    first, second = panel.judge.asked
    assert second[: len(first)] == first
    assert second[len(first)]["content"] == "Well, yes."
    assert "no JSON object" in second[-1]["content"]
    assert (panel.cost.invalid_answers, panel.cost.invalid) == (1, 0)


def test_after_some_attempts_there_is_no_verdict(panel_of):
    panel = panel_of("No.", GOOD, "No.", "No.")
    assert panel.verdicts([("owl", "a"), ("owl", "b")]) == [None, SAID]
    assert (panel.cost.invalid_answers, panel.cost.invalid, panel.cost.failed) == (3, 1, 0)
    assert panel_of(GOOD).verdicts([("owl", "a")]) == [SAID]  # not cached


def test_an_answer_that_never_came_is_no_verdict_and_not_asked_for_again(panel_of):
    panel = panel_of(None)
    assert panel.verdicts([("owl", "a")]) == [None]
    assert (panel.cost.failed, panel.cost.invalid, panel.cost.asked) == (1, 0, 0)


def test_what_was_answered_before_the_judge_was_lost_is_kept(panel_of):
    with pytest.raises(JudgeUnavailableError):
        panel_of(GOOD, JudgeUnavailableError("gone")).verdicts([("owl", "a"), ("owl", "b")])
    again = panel_of(GOOD)
    again.verdicts([("owl", "a"), ("owl", "b")])
    assert (again.cost.cached, again.cost.asked) == (1, 1)


def test_a_damaged_cache_is_asked_again(panel_of, tmp_path):
    panel_of(GOOD).verdicts([("owl", "a")])
    (file,) = (tmp_path / "cache").rglob("*.answer")
    for damage in (b"", b"{", b"\xff", GOOD.encode()[:20]):
        file.write_bytes(damage)
        panel = panel_of(GOOD)
        assert panel.verdicts([("owl", "a")]) == [SAID]
        assert panel.cost.asked == 1


def test_progress_counts_each_description_once(panel_of):
    counted = []
    panel_of(GOOD, "No.", "No.", None, attempts=2).verdicts(
        [("owl", "a"), ("owl", "b"), ("owl", "b")], counted.append
    )
    assert sum(counted) == 2


def test_shots_are_balanced_and_in_mixed_order():
    verdicts = [read_verdict(answer, our_families()) for _, answer in load_prompt().shots]
    informative = [verdict.informative for verdict in verdicts]
    assert sum(informative) * 2 == len(informative)
    assert sum(verdict.visual is True for verdict in verdicts) * 2 == sum(informative)
    assert informative not in (sorted(informative), sorted(informative, reverse=True))
    assert all(
        verdict.visual == ("visual" in verdict.families)
        for verdict in verdicts
        if verdict.informative
    )


def test_braces_in_a_description_stay_as_they_are():
    messages = load_prompt().messages("owl", "A {concept} {text} {}")
    assert messages[-1]["content"] == "The thing: an owl\nThe text: A {concept} {text} {}"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("shots:", "no_shots:", "no file of judge prompts"),
        ("informative: false", "informative: maybe", "'informative'"),
        ("{text}", "text", "needs"),
    ],
)
def test_a_broken_file_of_prompts(tmp_path, old, new, message):
    path = tmp_path / "prompt.yaml"
    path.write_text(DEFAULT.read_text("utf-8").replace(old, new), "utf-8")
    with pytest.raises(InputError, match=message):
        load_prompt(path)
