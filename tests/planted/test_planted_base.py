"""The shipped VLM knows its world, and reads captions to their end."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoTokenizer, CLIPImageProcessor, CLIPModel, CLIPTokenizer

from vlminterp.planted.scenes import World
from vlminterp.planted.zero_shot import zero_shot

CAPTION = "a photo of a red mushroom in the forest"


@pytest.fixture(scope="module")
def model(planted_base):
    return CLIPModel.from_pretrained(planted_base).eval()


@pytest.fixture(scope="module")
def tokenizer(planted_base):
    return AutoTokenizer.from_pretrained(planted_base)


def test_accuracy(embedder):
    accuracy = zero_shot(embedder, World(0, "test"), scenes=300)
    assert accuracy.concept >= 0.9
    assert accuracy.two_objects >= 0.8
    assert accuracy.habitat >= 0.9
    assert accuracy.colour >= 0.8


def test_size(planted_base):
    assert sum(file.stat().st_size for file in planted_base.iterdir()) < 8e6


def test_special_tokens_differ_and_are_told_to_both(model, tokenizer):
    config = model.config.text_config
    assert config.eos_token_id == tokenizer.eos_token_id == len(tokenizer) - 1 != 2
    assert config.bos_token_id == tokenizer.bos_token_id
    assert config.pad_token_id == tokenizer.pad_token_id != tokenizer.eos_token_id
    assert config.vocab_size == len(tokenizer)
    assert config.max_position_embeddings == tokenizer.model_max_length


def test_the_end_token_is_pooled(model, tokenizer):
    tokens = tokenizer([CAPTION, "a cat"], padding=True, return_tensors="pt")
    out = model.text_model(**tokens)
    for row, ids in enumerate(tokens.input_ids.tolist()):
        end = ids.index(tokenizer.eos_token_id)
        assert torch.equal(out.pooler_output[row], out.last_hidden_state[row, end])


@pytest.mark.parametrize("position", range(len(CAPTION.split()) + 1))
def test_a_word_anywhere_changes_the_embedding(embedder, position):
    """With `eos_token_id: 2`, transformers would pool at the largest id and drop what follows."""
    words = CAPTION.split()
    changed = " ".join([*words[:position], "whale", *words[position:]])
    plain, other = embedder.texts([CAPTION, changed])
    assert plain @ other < 0.999


def test_padding_changes_nothing(embedder):
    alone = embedder.texts(["a cat"])[0]
    padded = embedder.texts(["a cat", CAPTION])[0]
    assert np.allclose(alone, padded, atol=1e-5)


@pytest.mark.parametrize("text", ["🦊 a fox 狐狸", "лиса", "naïve café", "ΑΒΓ ١٢٣", "x_y--#!", ""])
def test_any_text_is_read(embedder, tokenizer, text):
    ids = tokenizer(text).input_ids
    assert ids[0] == tokenizer.bos_token_id
    assert ids.count(tokenizer.eos_token_id) == 1
    assert ids[-1] == tokenizer.eos_token_id
    assert np.isfinite(embedder.texts([text])).all()


def test_pieces_end_words_and_case_is_dropped(tokenizer):
    assert tokenizer.tokenize("A Red OWL") == ["a</w>", "red</w>", "owl</w>"]
    pieces = tokenizer.tokenize("zebra")
    assert len(pieces) > 1
    assert [piece.endswith("</w>") for piece in pieces] == [False] * (len(pieces) - 1) + [True]


def test_both_vocabulary_formats_agree(planted_base, tokenizer):
    vocabulary = json.loads((planted_base / "vocab.json").read_text(encoding="utf-8"))
    lines = (planted_base / "merges.txt").read_text(encoding="utf-8").splitlines()
    merges = [tuple(line.split()) for line in lines if not line.startswith("#version")]
    special = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "pad_token": "<|pad|>"}
    other = CLIPTokenizer(vocab=vocabulary, merges=merges, **special)
    for text in (CAPTION, "🦊 zebra crossing"):
        assert other(text).input_ids == tokenizer(text).input_ids


def test_the_preprocessor_leaves_scenes_as_they_are(planted_base):
    image = World(0, "test").scene(0).image
    processor = CLIPImageProcessor.from_pretrained(planted_base)
    pixels = processor(images=[Image.fromarray(image)], return_tensors="pt").pixel_values[0]
    expected = torch.from_numpy(image.copy()).permute(2, 0, 1) / 127.5 - 1
    assert torch.allclose(pixels, expected, atol=1e-6)
