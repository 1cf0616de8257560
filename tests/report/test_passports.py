"""Pages sort by passport: what needs a reader's own eyes comes first."""

from vlminterp.report.passport import Stamp, grouped, split_counts, split_table

MAPS = {
    "sure": [("trust", 0.95), ("trust", 0.9)],
    "one doubt": [("trust", 0.99), ("doubt", 0.4)],
    "barely": [("trust", 0.7), ("trust", 0.98)],
    "nothing": [("nothing there", 0.9), ("nothing there", 0.9)],
    "text alone": [],
    "great doubt": [("doubt", 0.1), ("trust", 0.8)],
}
SPLITS = {
    "ig": {"trust": 3, "doubt": 1, "nothing there": 0},
    "gae": {"trust": 2, "doubt": 1, "nothing there": 1},
}


def test_a_pair_is_as_sure_as_its_least_sure_map():
    groups = grouped(MAPS, lambda name: [Stamp(*stamp, "") for stamp in MAPS[name]])
    assert [(group.word, group.entries) for group in groups] == [
        ("doubt", ["great doubt", "one doubt"]),
        ("trust", ["barely", "sure"]),
        ("nothing there", ["nothing"]),
        ("", ["text alone"]),
    ]
    assert groups[2].anchor == "maps-nothing-there"


def test_without_passports_the_order_stays():
    (group,) = grouped("cab", lambda _: [])
    assert (group.word, group.entries) == ("", ["c", "a", "b"])


def test_words_are_counted_over_all_methods_and_for_each_of_several():
    assert split_counts(SPLITS) == {"passports": "trust 5, doubt 2, nothing there 1 of 8 maps"}
    assert split_counts({}) == {}
    cells = split_table(SPLITS)
    assert cells.count("<tr>") == 3
    assert not split_table({"ig": SPLITS["ig"]})
