"""Every tokenizer cuts a caption into the same words, and knows where they stand in it."""

from itertools import pairwise

import open_clip
import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer, CLIPTokenizer, SiglipTokenizer

from tests.adapters.folders import byte_level, gemma, slow_sentencepiece, unigram, wordpiece
from vlminterp.adapters.hf.tokenizing import tokenize
from vlminterp.adapters.open_clip_tokenizing import tokenize_bpe
from vlminterp.adapters.provenance import sources
from vlminterp.adapters.words import word_spans, words_of_offsets
from vlminterp.metrics.words import named

CAPTIONS = {
    "Hindi": ["कुत्ता", "घर", "में"],
    "Tamil": ["தமிழ்", "நாய்"],
    "Hebrew with points": ["שָׁלוֹם", "עולם"],
    "Arabic": ["قِطٌّ", "أسود"],
    "Persian, joined by nothing": ["می\u200cخواهم", "گربه"],
    "Malayalam, ends in a joiner": ["അവന്\u200d", "പൂച്ച"],
    "composed": ["été", "à", "naïve"],
    "decomposed": ["e\u0301te\u0301", "a\u0300", "nai\u0308ve"],
    "Vietnamese, decomposed": ["con", "che\u0302\u0301t"],
    "family of emoji": ["👨\u200d👩\u200d👧", "at", "night"],
    "full width": ["ａ", "panda"],
    "capitals": ["An", "AXOLOTL", "rests"],
    "length changes in lower case": ["İstanbul", "cat"],
    "apostrophes": ["the", "dog's", "and", "cat’s", "ball"],
    "soft hyphen": ["a", "hyphen\u00adated", "dog"],
    "numbers": ["1.50", "2024", "1,000"],
}
"""Words that a reader would name, between spaces."""
KINDS = ("wordpiece", "byte-level", "unigram", "gemma", "slow", "clip", "open_clip")
FAST = (
    ("wordpiece", wordpiece),
    ("byte-level", byte_level),
    ("unigram", unigram),
    ("gemma", gemma),
)


@pytest.fixture(scope="module")
def tokenizers(tmp_path_factory):
    """A tokenizer of every kind, as a function from a caption to its tokens."""
    found = {}
    for kind, write in FAST:
        folder = tmp_path_factory.mktemp(kind)
        write(folder)
        found[kind] = AutoTokenizer.from_pretrained(folder)
    folder = tmp_path_factory.mktemp("slow")
    slow_sentencepiece(folder)
    found["slow"] = SiglipTokenizer(str(folder / "spiece.model"))
    bpe = open_clip.SimpleTokenizer()
    renamed = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": "<|endoftext|>"}
    vocabulary = {renamed.get(piece, piece): i for piece, i in bpe.encoder.items()}
    found["clip"] = CLIPTokenizer(vocabulary, list(bpe.bpe_ranks), model_max_length=77)

    def of(kind):
        if kind == "open_clip":
            return lambda text: tokenize_bpe(bpe, [text], 200, pad=False, end_token=None)
        return lambda text: tokenize(found[kind], [text], 200, pad=False)

    return {kind: of(kind) for kind in KINDS}


@pytest.fixture(params=KINDS)
def of(request, tokenizers):
    return tokenizers[request.param]


@pytest.mark.parametrize("written", CAPTIONS.values(), ids=CAPTIONS)
def test_every_tokenizer_cuts_the_same_words(of, written):
    text = "  ".join(written) + " "
    words = of(text).words[0]
    assert [word.text for word in words] == written
    assert [text[slice(*word.span)] for word in words] == written


def test_every_token_of_a_caption_is_in_one_word(of):
    for written in CAPTIONS.values():
        tokens = of(" " + " ".join(written) + "  ")
        stops = [0, *(word.stop for word in tokens.words[0])]
        places = (~tokens.special[0]).nonzero().flatten().tolist()
        starts = [word.start for word in tokens.words[0]]
        assert starts == [places[0], *stops[1:-1]]
        assert stops[-1] == places[-1] + 1


@pytest.mark.parametrize("kind", ["clip", "open_clip", "unigram", "slow", "wordpiece"])
def test_words_of_scripts_without_spaces_are_characters(tokenizers, kind):
    assert [w.text for w in tokenizers[kind]("猫が好き").words[0]] == ["猫", "が", "好", "き"]


def test_words_that_share_a_token_are_one(tokenizers):
    """Byte-level merges may hold bytes of two characters."""
    words = tokenizers["byte-level"]("猫が好き").words[0]
    assert "".join(word.text for word in words) == "猫が好き"
    assert len(words) < 4


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("the “red” dog’s ball…", ["red", "dog’s"]),
        ("cats &amp; dogs, two cats", ["dogs", "cats"]),
        ("a &quot;red&quot; cat", ["red", "cat"]),
        ("ａ panda and a cat", ["panda", "cat"]),
        ("a half-moon, it's 1.50 €!", ["moon", "it's", "1.50"]),
        ("It’s the cat’s red ball", ["cat’s", "ball"]),
        ("mojibake: the dogâ€™s ball", ["ball"]),
    ],
)
def test_truth_is_found_by_characters_whatever_was_cleaned(of, text, written):
    """Quotes are straightened, entities resolved, marks dropped: words stay in their places."""
    start, spans = 0, []
    for word in written:
        start = text.index(word, start)
        spans.append((start, start + len(word)))
    words = of(text).words[0]
    truth = named(words, spans)
    assert [word.text for word, true in zip(words, truth, strict=True) if true] == written


def test_a_full_width_letter_is_no_part_of_a_later_word(of):
    words = of("ａ panda").words[0]
    assert named(words, [(0, 1)]).tolist() == [True, False]


def test_a_caption_of_nothing_visible_has_no_words(of):
    assert of("\u200e \u200b").words == ((),)


def test_a_word_that_is_cut_off_is_named_whole(tokenizers):
    tokens = tokenize_bpe(
        open_clip.SimpleTokenizer(), ["a cat and an axolotl"], 7, pad=False, end_token=None
    )
    assert tokens.truncated == (True,)
    assert [word.text for word in tokens.words[0]] == ["a", "cat", "and", "an", "axolotl"]


def test_a_piece_of_a_space_alone_belongs_to_the_word_after_it():
    words = words_of_offsets("a  cat ", [(0, 1), (1, 2), (2, 6), (6, 7)], [False] * 4)
    assert [(word.text, word.start, word.stop) for word in words] == [("a", 0, 1), ("cat", 1, 4)]


@given(st.text(max_size=40))
def test_words_hold_all_that_is_visible(text):
    spans = word_spans(text)
    assert all(start < stop for start, stop in spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    left = "".join(
        character
        for place, character in enumerate(text)
        if not any(start <= place < stop for start, stop in spans)
    )
    assert not any(character.isalnum() for character in left)


@given(st.text(alphabet="aA éÉ’\"'&;.,ßİ", max_size=30))
def test_sources_of_a_lowered_text_are_exact(text):
    """Closed form: each character of the lowered text comes from the one that was lowered."""
    lowered = "".join(character.lower() for character in text)
    expected = [
        (place, place + 1) for place, character in enumerate(text) for _ in character.lower()
    ]
    for (start, stop), wanted, character in zip(
        sources(lowered, text), expected, lowered, strict=True
    ):
        if not character.isspace() and lowered != text:
            assert start <= wanted[0] < stop
