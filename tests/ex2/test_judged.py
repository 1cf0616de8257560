"""A run with a judge, from end to end: a local model, an endpoint, and one that is not there."""

import csv
import json
import socket
from itertools import combinations

import pytest
from vlminterp_ex2.inspection.agreement import cohen_kappa
from vlminterp_ex2.inspection.seeds import our_families
from vlminterp_ex2.journal import rows_of

from tests.ex2.last_word import families_of, save_judge
from tests.ex2_inspection.endpoint import VERDICT, asked_about, completion, serving
from tests.report.test_page import Page, words
from vlminterp.drawing.numbers import number
from vlminterp.export.__main__ import main as export
from vlminterp.report.page import render

GOOD = json.dumps(VERDICT)
ENDPOINT = ("plugin/judge=endpoint", "plugin.judge.model=stand-in", "plugin.judge.retries=0")


@pytest.fixture(scope="session")
def judge_folder(tmp_path_factory):
    return save_judge(tmp_path_factory.mktemp("judges") / "last-word")


@pytest.fixture
def free_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


def text_of(folder):
    return words(Page((folder.path / "report.html").read_text()).text)


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def by_concept(rows, share):
    """A share as the summary has it: of each concept's descriptions, then of the concepts."""
    groups = {}
    for row in rows:
        groups.setdefault(row["concept"], []).append(share(row))
    return mean(mean(values) for values in groups.values())


def test_a_local_model_judges(finish, judge_folder):
    folder, _ = finish("plugin/judge=local", f"plugin.judge.model={judge_folder}")
    inspected, judged = (rows_of(folder.table(name)) for name in ("inspect", "judge"))
    assert [row["place"] for row in judged] == list(range(len(inspected)))
    expected = [families_of(row["text"]) for row in inspected]
    assert [row["families"] for row in judged] == expected
    valid = [row for row in judged if row["valid"]]
    assert 0 < len(valid) < len(judged)
    assert {row["visual"] for row in valid} == {True, False, None}

    found = folder.summary["judge"]
    asked = {(row["name"], row["text"]) for row in inspected}
    unjudged = [text for _, text in asked if families_of(text) is None]
    assert (found["judged"], found["valid"]) == (len(judged), len(valid))
    assert found["invalid"] == len(unjudged)
    assert found["invalid_answers"] == 3 * len(unjudged)
    assert found["asked"] == len(asked) + 2 * len(unjudged)
    assert found["prompt_tokens"] > 100 * found["asked"]
    assert found["completion_tokens"] == found["asked"]  # each answer is one token; ends pad

    same = [inspected[row["place"]] for row in valid]
    for rows, view in ((valid, found), (same, found["lexicon"])):
        own = [row for row in rows if row["policy"] == "aligned"]
        shares = view["shares"]["aligned"]
        habitat = by_concept(own, lambda row: "habitat" in row["families"])
        nothing = by_concept(own, lambda row: not row["informative"])
        assert shares["says_habitat"]["mean"] == pytest.approx(habitat)
        assert shares["uninformative"]["mean"] == pytest.approx(nothing)
    labels = [[row["informative"] for row in rows] for rows in (same, valid)]
    assert found["kappa"]["informative"]["mean"] == pytest.approx(cohen_kappa(*labels))


def test_the_page_tells_what_the_judge_has_found(finish, judge_folder):
    folder, _ = finish("plugin/judge=local", f"plugin.judge.model={judge_folder}")
    page = Page((folder.path / "report.html").read_text())
    found, text = folder.summary["judge"], words(page.text)
    assert f"gave valid verdicts on {found['valid']} of {found['judged']} descriptions" in text
    for name in ("informative", "visual", *our_families().informative):
        kappa = found["kappa"][name]
        shown = "–" if kappa["mean"] is None else f"{kappa['mean']:.2f}".replace("-", "−")
        assert f"{name} {shown}" in text
    assert f"answers that were no verdict {found['invalid_answers']}" in text
    assert f"tokens read {found['prompt_tokens']}" in text
    drawn = [svg["aria-label"] for svg in page.all("svg") if "lexicon" in svg.get("aria-label", "")]
    assert len(drawn) == 2
    for label, part in zip(drawn, ("change", "shares"), strict=True):
        views = (found[part], found["lexicon"][part])
        if part == "shares":
            views = tuple(view["aligned"] for view in views)
        judge, lexicon = (number(view["says_habitat"]["mean"]) for view in views)
        assert f"habitat: judge {judge} " in label
        assert f", lexicon {lexicon} " in label


def test_an_endpoint_judges_and_its_faults_are_counted(finish):
    refused = []

    def behave(times, body):
        if asked_about(body) in refused or not refused:
            refused.append(asked_about(body))
            return 200, completion("I think so.")
        return 200, completion(GOOD)

    with serving(behave) as server:
        folder, err = finish(*ENDPOINT, f"plugin.judge.base_url={server.url}")
    assert "descriptions have no verdict: its answers were not valid" in err
    found, judged = folder.summary["judge"], rows_of(folder.table("judge"))
    left = [row for row in judged if not row["valid"]]
    assert {row["text"] for row in left} == set(refused)
    assert all(row["families"] == ["visual"] for row in judged if row["valid"])
    assert found["asked"] == len(server.bodies)
    assert found["prompt_tokens"] == 100 * len(server.bodies)
    assert found["invalid_answers"] == len(refused) == 3 * found["invalid"]
    assert found["valid"] == len(judged) - len(left)
    assert f"tokens read {100 * len(server.bodies)}" in text_of(folder)


def test_without_any_valid_verdict_the_page_says_so(finish):
    with serving(lambda times, body: (200, completion("Perhaps."))) as server:
        folder, _ = finish(*ENDPOINT, f"plugin.judge.base_url={server.url}")
    assert folder.summary["judge"]["valid"] == 0
    assert "gave no valid verdict" in text_of(folder)


def test_nobody_there_costs_only_the_judge(finish, free_port):
    url = f"plugin.judge.base_url=http://127.0.0.1:{free_port}/v1"
    folder, err = finish(*ENDPOINT, url)
    told = [line for line in err.splitlines() if line.startswith("vlminterp:")]
    assert len(told) == 1
    assert "no judge (stand-in: " in told[0]
    assert "can't be reached" in told[0]
    assert "lexicon and ablation go on without" in told[0]
    assert not folder.finished  # the same line asks again
    assert folder.summary["gains"]["presence"]
    assert "No judge could be asked (stand-in: " in text_of(folder)


def test_a_local_judge_that_is_not_there_costs_only_itself(finish, tmp_path):
    folder, err = finish("plugin/judge=local", f"plugin.judge.model={tmp_path}/none")
    assert f"vlminterp: no judge ({tmp_path}/none: plugin.judge.model=" in err
    assert "no such folder" in folder.summary["judge"]["unavailable"]


def test_what_a_judge_is_called_is_escaped(finish):
    evil = "<script>x</script>"
    with serving(lambda times, body: (401, {})) as server:
        folder, _ = finish(
            *ENDPOINT, f"plugin.judge.base_url={server.url}", f"plugin.judge.model='{evil}'"
        )
    assert evil in folder.summary["judge"]["unavailable"]
    assert "<script" not in render(folder)


def test_several_judges_and_people_are_compared(finish, judge_folder, tmp_path, monkeypatch):
    local = ("plugin/judge=local", f"plugin.judge.model={judge_folder}")
    folder, _ = finish(*local)
    assert export([str(folder.path), "--format", "labels", "--to", str(tmp_path / "out")]) == 0
    path = tmp_path / "out" / "labels.csv"
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, lines[0].keys())
        writer.writeheader()
        for place, line in enumerate(lines):
            told = {"informative": ("yes", "no")[place % 2], "families": "habitat"}
            writer.writerow({**line, **told})

    monkeypatch.setattr("vlminterp_ex2.stages.align", None)  # nothing is trained again
    second = "+plugin.judges.paper={backend: endpoint, model: m, prompts: ex2-paper, base_url: {}}"
    paper = json.dumps({"explanation": "e", "increases_knowledge": "Yes"})
    with serving(lambda times, body: (200, completion(paper))) as server:
        again, err = finish(
            *local, second.replace("{}", f"'{server.url}'"), f"plugin.labels={path}"
        )
    assert again.finished, err
    assert again.path != folder.path
    shared = again.path.parents[1] / "stages"
    done = {stage.name: len(list(stage.iterdir())) for stage in shared.iterdir()}
    assert [done[stage] for stage in ("describe", "inspect", "judge")] == [1, 1, 2]
    summary = again.summary
    pairs = [(one["first"], one["second"]) for one in summary["kappa"]["informative"]]
    raters = ["lexicon", "judge", "paper", "people"]
    assert pairs == list(combinations(raters, 2))
    assert {one["first"] for one in summary["kappa"]["habitat"]} == {"lexicon", "judge"}
    assert summary["judges"]["paper"]["valid"] == summary["judges"]["paper"]["judged"]
    assert set(summary["judges"]["paper"]["shares"]["aligned"]) == {"uninformative"}
    assert len(rows_of(again.table("judge-paper"))) == summary["judges"]["paper"]["judged"]
    text = text_of(again)
    assert "Who agrees with whom" in text
    assert "paper people" in text
    assert "Do its descriptions tell things apart?" in text
    assert "random words" in text
