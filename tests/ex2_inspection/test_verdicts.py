import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vlminterp_ex2.inspection.seeds import our_families
from vlminterp_ex2.inspection.verdicts import (
    InvalidAnswerError,
    JudgeAnswer,
    read_verdict,
    schema_of,
)

VERDICTS = st.builds(
    lambda families, words: JudgeAnswer(
        informative=True,
        visual="visual" in families,
        families=tuple(f for f in our_families().informative if f in families),
        explanation=words,
    ),
    st.sets(st.sampled_from(our_families().informative)),
    st.text(max_size=20),
) | st.builds(
    lambda words: JudgeAnswer(informative=False, visual=None, families=(), explanation=words),
    st.text(),
)
AROUND = st.sampled_from(["", "```json\n", "Sure! {here} it is: ", "\n```", "{", " Bye."])


@given(VERDICTS, AROUND, AROUND)
def test_a_verdict_is_read_out_of_whatever_stands_around_it(verdict, before, after):
    said = json.dumps({**vars(verdict), "families": list(verdict.families)})
    assert read_verdict(before + said + after, our_families()) == verdict


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ("", "no JSON"),
        ("Yes.", "no JSON"),
        ('{"informative": tr', "no JSON"),
        ("[]", "no JSON"),
        ('{"informative": "yes", "visual": true, "families": []}', "'informative'"),
        ('{"visual": true, "families": []}', "'informative'"),
        ('{"informative": true, "visual": null, "families": []}', "'visual'"),
        ('{"informative": true, "visual": true, "families": "visual"}', "'families'"),
        ('{"informative": true, "visual": true, "families": ["colour"]}', "colour"),
        ('{"informative": true, "visual": true, "families": [1]}', "'families'"),
    ],
)
def test_invalid_answers_say_what_is_wrong(answer, what):
    with pytest.raises(InvalidAnswerError, match=what):
        read_verdict(answer, our_families())


def test_what_does_not_inform_is_nothing_else_either():
    answer = '{"informative": false, "visual": true, "families": ["colour"]}'
    expected = JudgeAnswer(informative=False, visual=None, families=())
    assert read_verdict(answer, our_families()) == expected


def test_the_schema_is_strict():
    """What OpenAI's strict mode asks for."""
    schema = schema_of(our_families())
    assert schema["additionalProperties"] is False
    assert schema["required"] == list(schema["properties"])
