"""Any question and answer: schemas of others, what their fields mean, and the paper's."""

import json

import pytest
from vlminterp_ex2.inspection.judge_form import Form, form_of
from vlminterp_ex2.inspection.judge_prompt import DEFAULT, SHIPPED, load_prompt, prompt_file
from vlminterp_ex2.inspection.judge_summary import summarise_judge
from vlminterp_ex2.inspection.seeds import our_families
from vlminterp_ex2.inspection.verdicts import InvalidAnswerError, read_verdict

from vlminterp.errors import InputError

SCHEMA = {
    "type": "object",
    "properties": {
        "explanation": {"type": "string"},
        "colourful": {"type": "boolean"},
        "tone": {"enum": ["dry", "warm"]},
    },
    "required": ["colourful", "tone"],
    "additionalProperties": False,
}


def test_our_own_answer_is_the_default():
    answer = '{"informative": true, "visual": true, "families": ["visual"]}'
    assert form_of(None).read(answer) == read_verdict(answer, our_families())


def test_a_schema_of_ones_own_is_read_and_kept_whole():
    form = form_of({"schema": SCHEMA, "means": {"visual": "colourful"}})
    verdict = form.read('Well: {"tone": "dry", "colourful": true, "explanation": "it is"} so.')
    assert (verdict.informative, verdict.visual, verdict.families) == (None, True, None)
    assert json.loads(verdict.labels) == {"colourful": True, "tone": "dry"}
    assert verdict.explanation == "it is"


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ("Yes", "no JSON object"),
        ('{"colourful": true}', "'tone' is a required property"),
        ('{"colourful": "yes", "tone": "dry"}', "'colourful': 'yes' is not of type 'boolean'"),
        ('{"colourful": true, "tone": "loud"}', "'tone': 'loud' is not one of"),
    ],
)
def test_an_answer_of_another_form_says_what_is_wrong(answer, what):
    with pytest.raises(InvalidAnswerError) as raised:
        form_of({"schema": SCHEMA}).read(answer)
    assert what in str(raised.value)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ({"schema": {"type": "nothing"}}, "is no JSON Schema"),
        ({"schema": SCHEMA, "means": {"nice": "tone"}}, "answer.means has 'nice'"),
        ({"schema": SCHEMA, "means": {"visual": "shape"}}, "the schema has no 'shape'"),
    ],
)
def test_a_form_that_makes_no_sense_is_refused(data, what):
    with pytest.raises(ValueError, match=what):
        form_of(data)


def test_files_say_which_answer_they_want(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "instructions: Look.\nquestion: '{concept}: {text}'\n"
        f"answer: {json.dumps({'schema': SCHEMA})}\n"
        "shots: [{concept: an owl, text: Red., answer: {colourful: true, tone: dry}}]\n"
    )
    assert load_prompt(path).form.json_schema == SCHEMA
    path.write_text(path.read_text().replace("tone: dry", "tone: loud"))
    with pytest.raises(InputError, match="'loud' is not one of"):
        load_prompt(path)


def test_the_papers_question_is_in_the_papers_form():
    assert prompt_file(None) == DEFAULT
    prompt = load_prompt(prompt_file("ex2-paper"))
    roles = [message["role"] for message in prompt.messages("owl", "It hoots.")]
    assert roles == ["system", "user", "assistant", "user"]
    ((_, shown),) = prompt.shots
    assert list(json.loads(shown)) == ["explanation", "increases_knowledge"]
    for said, informative in (("Yes", True), ("No", False)):
        verdict = prompt.form.read(json.dumps({"explanation": "", "increases_knowledge": said}))
        assert (verdict.informative, verdict.visual, verdict.families) == (informative, None, None)
    with pytest.raises(InvalidAnswerError):
        prompt.form.read('{"explanation": "", "increases_knowledge": "maybe"}')
    assert SHIPPED["ex2-paper"].is_file()


def test_only_what_was_asked_is_summed_up():
    form = form_of({"schema": SCHEMA, "means": {"informative": {"field": "tone", "value": "dry"}}})
    rows, verdicts = [], []
    for place in range(8):
        policy, concept = ("base", "aligned")[place % 2], f"c{place // 4}"
        rows.append({"concept": concept, "policy": policy, "informative": True, "visual": True})
        rows[-1]["text"] = "It flies."
        rows[-1]["families"] = ["visual"]
        answer = {"colourful": place < 4, "tone": ("dry", "warm")[place % 2]}
        verdict = form.read(json.dumps(answer))
        verdicts.append({"place": place, "concept": concept, "policy": policy, "valid": True})
        verdicts[-1]["text"] = rows[-1]["text"]
        verdicts[-1] |= {
            "informative": verdict.informative,
            "visual": None,
            "families": None,
            "labels": verdict.labels,
        }
    found = summarise_judge(rows, verdicts, [], our_families())
    assert set(found["shares"]["aligned"]) == {"uninformative"}
    assert found["shares"]["aligned"]["uninformative"]["mean"] == 1
    assert found["shares"]["base"]["uninformative"]["mean"] == 0
    assert set(found["kappa"]) == {"informative"}
    assert found["answers"]["tone"] == {'"dry"': {"base": 4}, '"warm"': {"aligned": 4}}
    assert found["answers"]["colourful"]["true"] == {"base": 2, "aligned": 2}


def test_forms_are_told_apart():
    assert Form() == Form()
    assert form_of({"schema": SCHEMA}) != Form()
