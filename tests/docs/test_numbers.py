"""Numbers on pages of the docs are those of the studies that they are taken from."""

import re

import pytest

from tests.docs.documented import ROOT

STUDIES = {
    "M2IB at ViT-B/32, one image map": "experiments/benchmarks/speed_m2ib",
    "method": "experiments/studies/methods_truth",
    "": "experiments/studies/passport",
    "VLM": "experiments/studies/ex2_truth",
}
"""The study behind a table, by the head of the table's first column."""
SUMS = ("Grad-ECLIP / LeGrad / RISE", "`planted-name` (prefers", "`planted-spurious`")
"""Rows that put several rows of the study together."""


def decimals(text):
    return {number.lstrip("0") for number in re.findall(r"(?<![\w.])\d*\.\d+", text)}


def rows():
    """Each row of `measured.md` whose numbers stand in one line of its study."""
    head = None
    for line in (ROOT / "docs" / "measured.md").read_text("utf-8").splitlines():
        if not line.startswith("|"):
            head = None
        if not line.startswith("| "):
            continue
        first = line[1:].partition("|")[0].strip()
        if head is None:
            head, several = first, "EX2" in line
        elif head in STUDIES and not several and not first.startswith(SUMS) and decimals(line):
            yield pytest.param(line, ROOT / STUDIES[head], id=first)


@pytest.mark.parametrize(("row", "study"), list(rows()))
def test_a_row_is_the_studys(row, study):
    lines = [line for page in study.rglob("*.md") for line in page.read_text("utf-8").splitlines()]
    assert any(decimals(row) <= decimals(line) for line in lines)


def test_enough_rows_are_compared():
    assert len(list(rows())) >= 15


def test_readme_says_what_the_tables_say():
    readme = " ".join((ROOT / "README.md").read_text("utf-8").split())
    measured = (ROOT / "docs" / "measured.md").read_text("utf-8")
    (pointing,) = re.findall(r"^\| pointing game \(.*", measured, re.M)
    ours, paper, chance = re.findall(r"(?:\*\*)?(\.\d\d)(?:\*\*)? ?(?:\[|\|)", pointing)[:3]
    assert f"in **{ours[1:]} %** of 60 held-out scenes" in readme
    assert f"with the paper's setting in {paper[1:]} %" in readme
    assert f"by chance in {chance[1:].lstrip('0')} %" in readme
    for share in ("**144 of 144**", "**16 of 16**", f"{audited_right():,} of 1,080", "0 of 400"):
        assert share in readme
        assert share in measured


def audited_right():
    """Returns the number of names of the audit's study that came out right."""
    study = (ROOT / "experiments/studies/audit/README.md").read_text("utf-8")
    table = study.split("| likes to hear |")[1].split("\n\n")[0]
    right = re.findall(r"^\| planted-\w+ \| [^|]+ \| (\d+)", table, re.M)
    assert len(right) == 9
    return sum(map(int, right))
