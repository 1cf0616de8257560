"""Banks: whose a description is, what is said of others, and a user's mistakes."""

import pytest

from vlminterp.description.bank import Bank, BankRow, Statement
from vlminterp.description.bank_file import read_bank
from vlminterp.errors import InputError

IDS, NAMES = ("1", "2", "3"), ("owl", "eagle", "whale")
FOOD = {"owl": "mice", "eagle": "fish", "whale": "plankton"}
EVERYONES = [
    BankRow("", "", "{Concept}.", "f"),
    BankRow("", "spurious", "{Concept}. Click here.", "f"),
]


def diet(text="{Concept}. It eats {food}.", frame="f"):
    return [BankRow(name, "diet", text.replace("{food}", FOOD[name]), frame) for name in NAMES]


def test_rows_find_their_concepts_by_id_or_name_and_are_filled():
    rows = [
        BankRow("", "", "a {name}"),
        BankRow("2", "x", "{concept}"),
        BankRow("whale", "y", "{Concept}!"),
    ]
    bank = Bank(rows, IDS, NAMES)
    assert bank.said == (
        Statement(0, "", "", "a owl"),
        Statement(1, "", "", "a eagle"),
        Statement(2, "", "", "a whale"),
        Statement(1, "x", "", "an eagle"),
        Statement(2, "y", "", "A whale!"),
    )
    assert bank.families == ("x", "y")


def test_an_id_wins_over_a_name():
    bank = Bank(
        [BankRow("", "", "a {name}"), BankRow("owl", "f", "{name}")],
        ("owl", "b"),
        ("night owl", "owl"),
    )
    assert bank.said[-1].text == "night owl"


def test_swapping_says_what_is_true_of_others():
    bank = Bank([*EVERYONES, *diet()], IDS, NAMES)
    swapped = bank.swapped(others=5)
    found = {(bank.said[swap.row].text, swap.text) for swap in swapped}
    assert found == {
        (f"{named} It eats {FOOD[own]}.", f"{named} It eats {food}.")
        for own, named in zip(NAMES, ("An owl.", "An eagle.", "A whale."), strict=True)
        for other, food in FOOD.items()
        if other != own
    }
    assert len(swapped) == 6


def test_swapping_takes_so_many_others_and_is_repeatable():
    bank = Bank([*EVERYONES, *diet()], IDS, NAMES)
    assert len(bank.swapped(others=1)) == 3
    assert bank.swapped(1, seed=3) == bank.swapped(1, seed=3)
    assert len({tuple(bank.swapped(1, seed)) for seed in range(9)}) > 1


def test_what_is_true_of_both_is_no_counterpart():
    rows = [BankRow(name, "home", "{Concept}. In the wood.", "f") for name in NAMES[:2]]
    rows += [BankRow("whale", "home", "{Concept}. In the sea.", "f")]
    bank = Bank([*EVERYONES, *rows], IDS, NAMES)
    pairs = {(bank.said[swap.row].about, swap.text) for swap in bank.swapped(5)}
    assert pairs == {
        (0, "An owl. In the sea."),
        (1, "An eagle. In the sea."),
        (2, "A whale. In the wood."),
    }


def test_frames_do_not_mix():
    frames = [BankRow("", "", "See {concept}.", "g"), *diet("See {concept}. It eats {food}.", "g")]
    bank = Bank([*EVERYONES, *diet(), *frames], IDS, NAMES)
    for swap in bank.swapped(5):
        assert swap.text.startswith("See") == (bank.said[swap.row].frame == "g")


def test_a_text_that_names_its_concept_itself_is_not_swapped():
    rows = [BankRow("owl", "diet", "An Owl. It eats mice.", "f"), *diet()[1:]]
    bank = Bank([*EVERYONES, *rows], IDS, NAMES)
    assert {bank.said[swap.row].about for swap in bank.swapped(5)} == {1, 2}
    assert not any("Owl" in swap.text for swap in bank.swapped(5))


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            [*EVERYONES, BankRow("eagel", "x", "y", place="b.csv, line 3")],
            "^b.csv, line 3: no concept 'eagel' in the data; nearest: eagle",
        ),
        (EVERYONES[:1], "no families"),
        ([BankRow("owl", "x", "y")], "concept '1' has no neutral description; add a row"),
        ([BankRow("owl", "", "y"), *diet(frame="")], "concept '2' has no neutral description"),
        ([*EVERYONES, BankRow("owl", "x", "y", "g")], "concept '1' has no neutral .* frame 'g'"),
    ],
)  # fmt: skip
def test_mistakes(rows, words):
    with pytest.raises(InputError, match=words):
        Bank(rows, IDS, NAMES)


def test_an_ambiguous_name():
    with pytest.raises(InputError, match="'owl' names several concepts; use an id: 1, 2"):
        Bank([BankRow("owl", "x", "y")], ("1", "2"), ("owl", "owl"))


def test_an_unknown_placeholder():
    with pytest.raises(InputError, match=r"unknown placeholder \{concpt\}; known: \{name\}"):
        BankRow("", "", "a {concpt}")


def test_a_file_is_read(tmp_path):
    path = tmp_path / "bank.csv"
    path.write_text(
        'family,concept,note,text\n,,x,a photo of {concept}\n\ndiet,owl,,"mice,\n voles"\n',
        encoding="utf-8-sig",
    )
    first, second = read_bank(path)
    assert (first.concept, first.family, first.text, first.frame) == (
        "", "", "a photo of {concept}", "",
    )  # fmt: skip
    assert (second.concept, second.family, second.text) == ("owl", "diet", "mice, voles")
    assert second.place == f"{path}, line 4"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "bank.csv: no column concept and family and text; columns found: none"),
        (b"concept,text\n", "bank.csv: no column family; columns found: concept, text"),
        (b"concept,family,text\n", "bank.csv: has no rows"),
        (b"concept,family,text\na,b\n", "line 2: 2 fields where there are 3 columns"),
        (b"concept,family,text\n,,ok\n,, \n", "line 3: the text is empty"),
        (b"concept,family,text\n,,a {b}\n", r"line 2: unknown placeholder \{b\}"),
        (b"concept,family,text\n,,\xff\n", "line 2: column text is not valid UTF-8"),
        (b'concept,family,text\n,,ok\n,,"x\n', "line 3: malformed row"),
    ],
)
def test_broken_files(tmp_path, content, words):
    path = tmp_path / "bank.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=words) as caught:
        read_bank(path)
    assert "\n" not in str(caught.value)


def test_missing_files(tmp_path):
    with pytest.raises(InputError, match=r"no bank at .*x.csv; check plugin.bank="):
        read_bank(tmp_path / "x.csv")
    with pytest.raises(InputError, match="can't be read"):
        read_bank(tmp_path)


def test_a_name_that_only_one_of_two_texts_has_is_no_gain_of_the_family():
    rows = [BankRow("", "", "{Concept}."), BankRow("owl", "diet", "It eats mice.")]
    with pytest.raises(InputError, match=r"'It eats mice.' names it 0 times, .* with 1 times"):
        Bank(rows, IDS, NAMES)
    Bank([rows[0], BankRow("owl", "diet", "Owls eat mice.")], IDS, NAMES)


def test_no_counterpart_names_the_concept_once_more():
    rows = [*EVERYONES, *diet()[:1], BankRow("eagle", "diet", "{Concept}. It eats owls.", "f")]
    bank = Bank(rows, IDS, NAMES)
    assert [swap.text for swap in bank.swapped(others=5)] == ["An eagle. It eats mice."]
