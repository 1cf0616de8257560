"""Words deleted from a caption leave the caption that says the rest."""

import re

import numpy as np
import open_clip
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from open_clip.model import CLIP

from vlminterp.adapters.dual_encoder import Tokens, Word
from vlminterp.adapters.open_clip import OpenCLIP
from vlminterp.metrics.deletion import above_median, keep_words

BEGIN, END, PAD, CONTEXT = 1, 2, 0, 12


def tokenize(captions, context=CONTEXT, pad=PAD, *, counts_padding=False):
    """A tokenizer of letters: "ab c" is BEGIN a b c END PAD…, with the words "ab" and "c"."""
    rows = []
    for caption in captions:
        ids, words = [BEGIN], []
        for match in re.finditer(r"\S+", caption):
            word = match.group()
            words.append(Word(word, len(ids), len(ids) + len(word), match.span()))
            ids += [ord(letter) for letter in word]
        ids.append(END)
        padding = context - len(ids)
        special = [index in (0, len(ids) - 1) or index >= len(ids) for index in range(context)]
        mask = [True] * len(ids) + [counts_padding] * padding
        rows.append((ids + [pad] * padding, mask, special, tuple(words)))
    ids, mask, special, words = zip(*rows, strict=True)
    return Tokens(
        torch.tensor(ids),
        torch.tensor(mask),
        torch.tensor(special),
        words,
        tuple(False for _ in captions),
    )


def runs(tokens):
    """Words and their tokens; where they stood in the whole caption stays as it was."""
    return [[(word.text, word.start, word.stop) for word in row] for row in tokens.words]


def same(first, second):
    return (
        torch.equal(first.ids, second.ids)
        and torch.equal(first.mask, second.mask)
        and torch.equal(first.special, second.special)
        and runs(first) == runs(second)
        and first.truncated == second.truncated
    )


CAPTIONS = st.lists(
    st.lists(st.tuples(st.sampled_from(["a", "bc", "def"]), st.booleans()), max_size=3),
    min_size=1,
    max_size=3,
)


@pytest.mark.parametrize("counts_padding", [False, True])
@given(captions=CAPTIONS)
def test_deleting_is_tokenizing_the_rest(captions, counts_padding):
    def tokens(words):
        texts = [" ".join(row) for row in words]
        return tokenize(texts, counts_padding=counts_padding)

    before = tokens([[word for word, _ in row] for row in captions])
    kept = [np.array([keep for _, keep in row], bool) for row in captions]
    expected = tokens([[word for word, keep in row if keep] for row in captions])
    assert same(keep_words(before, kept), expected)


def test_each_caption_is_its_own():
    kept = [np.array([True, False]), np.array([False]), np.array([], bool)]
    together = keep_words(tokenize(["ab c", "def", ""]), kept)
    for row, caption in enumerate(["ab c", "def", ""]):
        alone = keep_words(tokenize([caption]), [kept[row]])
        assert torch.equal(together.ids[row], alone.ids[0])
        assert together.words[row] == alone.words[0]


def test_a_caption_that_fills_the_context_takes_padding_from_another():
    tokens = tokenize(["ab cd", "a"], context=6)
    after = keep_words(tokens, [np.array([False, True]), np.array([True])])
    assert same(after, tokenize(["cd", "a"], context=6))


def test_without_any_padding_the_end_is_repeated_and_not_counted():
    after = keep_words(tokenize(["ab cd"], context=6), [np.array([True, False])])
    assert after.ids[0].tolist() == [BEGIN, ord("a"), ord("b"), END, END, END]
    assert after.mask[0].tolist() == [True] * 4 + [False] * 2
    assert after.special[0].tolist() == [True, False, False, True, True, True]


def test_padding_with_the_end_token():
    """OpenAI's tokenizer pads with its end token; the first one is where the model pools."""
    after = keep_words(tokenize(["ab c"], pad=END), [np.array([False, True])])
    assert same(after, tokenize(["c"], pad=END))


def test_the_original_is_untouched():
    tokens = tokenize(["ab c"])
    ids = tokens.ids.clone()
    keep_words(tokens, [np.array([False, False])])
    assert torch.equal(tokens.ids, ids)


def test_choices_must_fit():
    tokens = tokenize(["ab c"])
    with pytest.raises(ValueError, match="caption 0 has 2 words, 1 choices"):
        keep_words(tokens, [np.array([True])])
    with pytest.raises(ValueError, match="0 choices for 1 captions"):
        keep_words(tokens, [])


@pytest.mark.parametrize(
    ("scores", "kept"),
    [
        ([], []),
        ([1.0], [0]),
        ([2.0, 2.0], [0, 0]),
        ([1.0, 2.0], [0, 1]),
        ([5.0, -1.0, 3.0, 4.0], [1, 0, 0, 1]),
        ([1.0, 1.0, 1.0, 9.0], [0, 0, 0, 1]),
    ],
)
def test_above_median(scores, kept):
    assert above_median(scores).tolist() == [bool(keep) for keep in kept]


@pytest.mark.parametrize(
    "captions",
    [
        ["A Red Panda, in the forest!", "two dogs' unbelievablyfluffy tails 🐕", "x"],
        ["two dogs' unbelievablyfluffy tails 🐕"],  # alone, so without padding
        ["a b c d", "e f g h"],  # likewise
        ["word " * 90, "a cat"],  # truncated
    ],
)
def test_a_real_model_reads_the_rest(captions):
    """open_clip's tokenizer and text tower embed what is left as if it had been the caption."""
    torch.manual_seed(0)
    vision = {"image_size": 32, "layers": 1, "width": 32, "patch_size": 16, "head_width": 16}
    text = {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}
    model = CLIP(embed_dim=32, vision_cfg=vision, text_cfg=text).eval()
    encoder = OpenCLIP(model, tokenizer=open_clip.get_tokenizer("ViT-B-32"))
    tokens = encoder.tokenize(captions)
    generator = np.random.default_rng(1)
    kept = [generator.random(len(words)) > 0.5 for words in tokens.words]
    rest = [
        " ".join(word.text for word, keep in zip(words, choice, strict=True) if keep)
        for words, choice in zip(tokens.words, kept, strict=True)
    ]
    with torch.no_grad():
        deleted = encoder.encode_text(keep_words(tokens, kept))
        for row, caption in enumerate(rest):
            written = encoder.encode_text(encoder.tokenize([caption]))[0]
            assert torch.allclose(deleted[row], written, atol=1e-6)
