"""What the language model is asked."""

from collections import Counter

import pytest
from vlminterp_ex2.prompts import all_prompts, load_templates, schedule

from vlminterp.errors import InputError


def test_there_are_25_templates_that_all_name_their_concept():
    templates = load_templates()
    assert len(set(templates)) == 25
    prompts = all_prompts(["owl", "horned bat"], templates)
    assert len(prompts) == 50
    assert all("an owl" in prompt.text for prompt in prompts[:25])
    assert all("a horned bat" in prompt.text for prompt in prompts[25:])
    assert [prompt.concept for prompt in prompts] == [0] * 25 + [1] * 25


def test_names_with_braces_are_names():
    assert all_prompts(["{x} owl"], ["See {concept}."])[0].text == "See a {x} owl."


def test_every_round_has_every_prompt_once():
    prompts = all_prompts(["owl", "bat", "cat"], ["A {concept}", "B {concept}"])
    asked = schedule(prompts, 18, seed=3)
    rounds = [asked[:6], asked[6:12], asked[12:]]
    assert all(Counter(some) == Counter(prompts) for some in rounds)
    assert rounds[0] != rounds[1]


def test_a_longer_schedule_begins_with_the_shorter_one():
    prompts = all_prompts(["owl", "bat", "cat"], ["A {concept}", "B {concept}"])
    assert schedule(prompts, 20, 1)[:7] == schedule(prompts, 7, 1)
    assert schedule(prompts, 20, 1) != schedule(prompts, 20, 2)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "holds no prompt templates"),
        (
            "Describe {concept}.\n\nDescribe it.\n",
            "line 3: a template must hold {concept} or {} once",
        ),
        ("{concept} and {concept}", "line 1"),
    ],
)
def test_a_bad_file_of_templates_is_one_clear_line(tmp_path, content, complaint):
    path = tmp_path / "templates.txt"
    path.write_text(content)
    with pytest.raises(InputError, match=complaint.replace("{", r"\{")) as raised:
        load_templates(path)
    assert "\n" not in str(raised.value)


def test_a_missing_file_of_templates_is_named(tmp_path):
    with pytest.raises(InputError, match=r"templates\.txt: prompt templates can't be read"):
        load_templates(tmp_path / "templates.txt")
