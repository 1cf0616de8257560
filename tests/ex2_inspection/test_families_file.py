"""Families of one's own: what a file may say, what is refused, and how well shipped ones read."""

import json
from pathlib import Path

import pytest
import torch
import yaml
from vlminterp_ex2.inspection.families import Families
from vlminterp_ex2.inspection.families_file import OURS, SHIPPED, families_file
from vlminterp_ex2.inspection.judge_prompt import load_prompt
from vlminterp_ex2.inspection.lexicon import Lexicon
from vlminterp_ex2.inspection.neighbours import learn
from vlminterp_ex2.inspection.seeds import load_seeds, our_families
from vlminterp_ex2.inspection.verdicts import InvalidAnswerError

from vlminterp.errors import ConfigError, InputError

MINE = """
families:
  bill: {question: "how its bill looks: shape, colour", visual: true, shapes: [has],
    words: [bill, beak, hooked]}
  coat: {question: how its feathers look, visual: true, shapes: [has], words: [feather, brown]}
  call: {question: how it sounds, words: {sounds: [song, hoot], loudness: [loud]},
    frames: ['^IT hoot']}
  habitat: default
  spurious: default
"""
BROKEN = [
    ("no families", "is no file of families"),
    ("families: [bill", "can't be read"),
    ("families: {}", "names no families"),
    ("family: {}", "has 'family'; "),
    ("families: [bill]", "families must be a mapping"),
    ("families: {Bill: {question: q, words: [b]}}", "families.Bill is no name for a family"),
    ("families: {neutral: {question: q, words: [b]}}", "families.neutral is no name for a family"),
    ("families: {visual: {question: q, words: [b]}}", "families.visual must have visual: true"),
    ("families: {bill: {words: [bill]}}", "families.bill has no question"),
    ("families: {bill: {question: q}}", "families.bill has no words, frames or shapes"),
    ("families: {bill: {question: q, wrods: [b]}}", "families.bill has 'wrods'; nearest: words"),
    ("families: {bill: {question: q, words: bill}}", "families.bill: words must be a list or a"),
    ("families: {bill: {question: q, words: [no]}}", "families.bill.words has False, which is no"),
    ("families: {bill: {question: q, words: [sea ice]}}", "'sea ice', which is not one word"),
    ("families: {bill: {question: q, frames: ['(']}}", "families.bill: '(' is no regular expr"),
    ("families: {bill: {question: q, frames: ['']}}", "families.bill: '' is found in every text"),
    ("families: {bill: {question: q, shapes: [have]}}", "shapes has 'have'; nearest: has"),
    ("families: {bill: {question: q, words: [b], visual: 1}}", "visual must be true or false"),
    ("families: {bill: default}", "families.bill: there is no such family of ours"),
    ("families: {spurious: default}", "no family is informative"),
    ("families: {kind: default}\ngrammar: {articles: an}", "grammar.articles must be a list"),
    ("families: {kind: default}\ngrammar: {verbs: [be]}", "grammar: "),
    ("families: {kind: default}\nshots: [{text: An owl.}]", "shots: each needs concept, text"),
    (
        "families: {kind: default}\nshots: [{concept: an owl, text: a, families: [kin]}]",
        "shots has family 'kin'; nearest: kind",
    ),
]


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(MINE, "utf-8")
    return path


def said(seeds, text, name="owl"):
    lexicon = Lexicon(seeds)
    return [clause.family for clause in lexicon.clauses(text, name)]


def test_a_short_file_is_enough(mine):
    seeds = load_seeds(mine)
    assert seeds.families.names == ("bill", "coat", "call", "habitat", "spurious")
    assert seeds.families.visual == ("bill", "coat")
    assert seeds.families.uninformative == ("spurious",)
    assert seeds.families.says("bill") == "how its bill looks"
    assert seeds.families.says("habitat") == our_families().says("habitat")
    assert seeds.grammar == load_seeds().grammar
    assert said(seeds, "It has a hooked beak. It hoots. It is found in the woods.") == [
        "bill",
        "call",
        "habitat",
    ]
    assert said(seeds, "An owl. Click to enlarge.") == ["neutral", "spurious"]


def test_a_shape_that_two_families_have_speaks_for_the_one_that_words_speak_for(mine):
    seeds = load_seeds(mine)
    assert said(seeds, "It has brown feathers.") == ["coat"]
    assert said(seeds, "It has a beak.") == ["bill"]
    assert said(seeds, "It has a tail.") == ["neutral"]  # of which, nothing tells
    assert said(load_seeds(), "It has a zorgle.") == ["visual"]  # ours has but one


def test_what_is_of_none_of_them_is_other(mine):
    lexicon = Lexicon(load_seeds(mine))
    text = "An owl. It eats fat mice and frogs."
    assert lexicon.other(text, "owl", lexicon.clauses(text, "owl")) == [text[8:]]


def test_a_file_that_has_changed_is_read_anew(mine):
    assert load_seeds(mine) is load_seeds(mine)
    mine.write_text(MINE.replace("hoot]", "hoot, wail]"), "utf-8")
    assert "wail" in load_seeds(mine).words


def test_a_summary_holds_all_that_pages_need(mine):
    families = load_seeds(mine).families
    assert Families.read(json.loads(json.dumps({"families": families.plain()}))) == families
    assert Families.read({}) is None


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_a_broken_file_is_one_line_that_names_file_and_family(tmp_path, text, message):
    path = tmp_path / "mine.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError) as raised:
        load_seeds(path)
    assert message in str(raised.value)
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)


def test_names_and_paths(mine):
    assert families_file(None) == OURS
    assert families_file("birds") == SHIPPED / "birds.yaml"
    assert families_file(str(mine)) == mine
    with pytest.raises(ConfigError, match=r"families=brids is no file.*; nearest: birds; all: "):
        families_file("brids")


def test_the_judge_is_asked_about_them(mine):
    prompt = load_prompt(seeds=load_seeds(mine))
    instructions = prompt.messages("owl", "It hoots.")[0]["content"]
    assert "- bill: how its bill looks: shape, colour\n- coat: how its" in instructions
    assert '"visual" is true when one of the families bill, coat is among them' in instructions
    assert "spurious" not in instructions
    assert "{" not in instructions
    assert prompt.shots == ()  # ours would be about our families
    named = prompt.form.json_schema["properties"]["families"]["items"]["enum"]
    assert named == ["bill", "coat", "call", "habitat"]
    answer = {"explanation": "", "informative": True, "visual": True, "families": ["call", "Bill"]}
    assert prompt.form.read(json.dumps(answer)).families == ("bill", "call")
    with pytest.raises(InvalidAnswerError, match="holds 'diet'; allowed: bill, coat"):
        prompt.form.read(json.dumps({**answer, "families": ["diet"]}))


def test_a_file_without_visual_families_lets_the_judge_decide(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("families: {kind: default}", "utf-8")
    seeds = load_seeds(path)
    told = load_prompt(seeds=seeds).instructions
    assert '"visual" is true when the text tells how the thing looks, and null' in told
    assert seeds.families.are_visual(["kind"]) is False


@pytest.mark.parametrize("families", ["{kind: default}", "{kind: default, habitat: default}"])
def test_neighbours_work_with_any_number_of_families(tmp_path, monkeypatch, families):
    path = tmp_path / "mine.yaml"
    path.write_text(f"families: {families}", "utf-8")
    seeds = load_seeds(path)
    monkeypatch.setattr("vlminterp_ex2.inspection.neighbours.CONCRETE", 0.0)

    class Apart:
        """Kinds point one way, as the new word does, all else the other."""

        def embed(self, phrases):
            kinds = [seeds.words.get(p, ("kind",))[0] == "kind" for p in phrases]
            return torch.tensor([[1.0, 0.0] if kind else [0.0, 1.0] for kind in kinds])

    found = learn(Apart(), seeds, [("It is like some zorgle.", "owl")]).neighbours
    assert found["zorgle"][0] == "kind"


SHIPPED_FILES = sorted(SHIPPED.glob("*.yaml"))
FIRST = {"aircraft": 0.85, "birds": 0.65, "flowers": 0.75, "pets": 0.85}
"""The least F1 over families that is to stay; measured when first run: .90, .70, .82, .90."""


@pytest.mark.parametrize("path", SHIPPED_FILES, ids=lambda path: path.stem)
def test_shipped_families_read_sentences_that_were_labelled_before_the_seeds_were_written(path):
    seeds = load_seeds(path)
    lexicon, known = Lexicon(seeds), set(seeds.families.informative)
    lines = (Path(__file__).parent / "own_english" / f"{path.stem}.jsonl").read_text("utf-8")
    rows = [json.loads(line) for line in lines.splitlines()]
    hits = told = true = 0
    for row in rows:
        found = {c.family for c in lexicon.clauses(row["text"], row["concept"])} & known
        labelled = set(row["families"])
        assert labelled <= known
        hits, told, true = hits + len(found & labelled), told + len(found), true + len(labelled)
    assert len(rows) >= 30
    assert 2 * hits / (told + true) >= FIRST[path.stem]


@pytest.mark.parametrize("path", SHIPPED_FILES, ids=lambda path: path.stem)
def test_shipped_families_have_balanced_shots_and_boilerplate(path):
    seeds = load_seeds(path)
    assert seeds.families.uninformative == ("spurious",)
    verdicts = [bool(shot.families) for shot in seeds.shots]
    assert sum(verdicts) * 2 == len(verdicts) == 8
    assert len(load_prompt(seeds=seeds).shots) == 8
    visual = [seeds.families.are_visual(shot.families) for shot in seeds.shots if shot.families]
    assert sum(visual) * 2 == len(visual)


def test_our_own_file_has_the_form_that_it_documents():
    data = yaml.safe_load(OURS.read_text("utf-8"))
    assert list(data["families"]) == list(our_families().names)
    assert our_families().informative == ("visual", "habitat", "diet", "kind", "behaviour")
