"""What readers find pairs by. How the form works is tested in a browser."""

import json
import re
from html import unescape

from vlminterp.report.finder import Findable, finder


def test_attributes_hold_text_and_scores_whatever_the_text():
    text = '"><script>alert(1)</script> & <b>'
    attributes = str(Findable(text, {"similarity": 0.25, "image fit": 1 / 3}).attributes)
    assert "<" not in attributes
    assert "data-missed" not in attributes
    words, numbers = re.fullmatch(r'data-text="(.*)" data-scores="(.*)"', attributes).groups()
    assert unescape(words) == text
    assert json.loads(unescape(numbers)) == {"similarity": 0.25, "image fit": 0.333333}


def test_the_form_offers_every_score_once_and_counts_misses():
    pairs = [
        Findable("a", {"x": 1.0}, missed=True),
        Findable("b", {"x": 0, "y_z": 1}),
        Findable("c", {}),
    ]
    form = finder(pairs)
    assert re.findall(r'<option value="([^"]+)">([^<]+)', form.split("from the")[0]) == [
        ("x", "x"),
        ("y_z", "y z"),
    ]
    assert "only the 1 miss<" in form
    assert finder(pairs[:2]) == ""
