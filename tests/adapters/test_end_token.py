"""Captions are read at their end, whatever a checkpoint's files say of padding and end tokens.

The judge is transformers' own `get_text_features` of each caption by itself, without padding.
"""

import json
import shutil

import open_clip
import pytest
import torch
from torch.nn.functional import normalize
from transformers import (
    AutoTokenizer,
    CLIPModel,
    CLIPSegConfig,
    CLIPSegModel,
    OwlViTConfig,
    OwlViTModel,
)

import vlminterp
from tests.adapters.tiny_hf import TEXT, VISION, randomise
from tests.adapters.tiny_open_clip import TEXT as OPEN_CLIP_TEXT
from tests.adapters.tiny_open_clip import VIT, build
from vlminterp.adapters.dual_encoder import EMBEDDINGS
from vlminterp.adapters.hf.clipseg import HFCLIPSeg
from vlminterp.adapters.hf.owlvit import HFOWLViT
from vlminterp.adapters.open_clip import OpenCLIP
from vlminterp.errors import ModelError

END = 49407


@pytest.fixture
def folder(hf_folder, tmp_path):
    """A copy of the tiny CLIP, to be changed."""
    return shutil.copytree(hf_folder, tmp_path / "changed")


def change(folder, file, **values):
    """Sets keys of one of a checkpoint's files."""
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def set_end_token(folder, eos):
    """Says in the config at which token captions are read."""
    text = json.loads((folder / "config.json").read_text())["text_config"]
    change(folder, "config.json", text_config=text | {"eos_token_id": eos})


def alone(model, tokenizer, captions):
    """transformers' own features, caption by caption."""
    return normalize(
        torch.cat(
            [
                model.get_text_features(**tokenizer(text, return_tensors="pt")).pooler_output
                for text in captions
            ]
        ),
        dim=-1,
    )


def test_padding_is_on_the_right(folder, hf_model, captions):
    change(folder, "tokenizer_config.json", padding_side="left")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer.padding_side == "left"
    encoder = vlminterp.load("hf", checkpoint=str(folder))
    found = encoder.encode_text(encoder.tokenize(captions))
    wanted = alone(hf_model, tokenizer, captions)
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-6)


def test_the_tokenizer_stays_as_it_was(folder, captions):
    """It may be the user's own, whose model wants its padding on the left."""
    change(folder, "tokenizer_config.json", padding_side="left")
    encoder = vlminterp.load("hf", checkpoint=str(folder))
    encoder.tokenize(captions)
    assert encoder.tokenizer.padding_side == "left"


def test_an_end_token_that_is_never_written_is_refused(folder):
    """Every caption would be read at its begin token."""
    set_end_token(folder, 7)
    with pytest.raises(ModelError, match=r"token 7 .*never writes.*49407 \(<\|endoftext\|>\)"):
        vlminterp.load("hf", checkpoint=str(folder))


def add_token(folder):
    """Adds a token, whose id is then the largest, to a checkpoint of old; returns its tokenizer."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens(["<axolotl>"])
    tokenizer.save_pretrained(folder)
    model = CLIPModel.from_pretrained(folder)
    embeddings = model.text_model.embeddings
    old = embeddings.token_embedding.weight.detach()
    embeddings.token_embedding = torch.nn.Embedding.from_pretrained(torch.cat([old, old[-3:-2]]))
    model.config.text_config.vocab_size = END + 2
    model.save_pretrained(folder)
    set_end_token(folder, 2)
    return tokenizer


def test_a_legacy_end_token_is_the_tokenizers_own(folder, hf_model, captions):
    """Where the largest id is an added token, the caption is still read at its end."""
    tokenizer = add_token(folder)
    encoder = vlminterp.load("hf", checkpoint=str(folder))
    assert encoder.model.config.text_config.eos_token_id == 2
    texts = [*captions, "an <axolotl> on a mat", "<axolotl>"]
    tokens = encoder.tokenize(texts)
    assert (tokens.ids == END + 1).any()
    state = encoder.text.prefix(tokens, EMBEDDINGS)
    assert (tokens.ids.gather(1, state.pooled[:, None]) == END).all()
    plain = encoder.encode_text(encoder.tokenize(captions))
    torch.testing.assert_close(plain, alone(hf_model, tokenizer, captions), rtol=0, atol=1e-6)
    # What comes after the added token is read.
    first, second = encoder.encode_text(encoder.tokenize(["<axolotl> cat", "<axolotl> dog"]))
    assert (first - second).abs().max() > 0.01


def test_replayed_towers_read_there_too(folder):
    """CLIPSeg's own forward would read at the largest id."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens(["<axolotl>"])
    text = TEXT | {"vocab_size": END + 2, "eos_token_id": 2, "max_position_embeddings": 20}
    model = randomise(CLIPSegModel(CLIPSegConfig(vision_config=VISION, text_config=text)))
    encoder = HFCLIPSeg(model, tokenizer=tokenizer)
    first, second = encoder.encode_text(encoder.tokenize(["<axolotl> cat", "<axolotl> dog"]))
    assert (first - second).abs().max() > 0.01


def test_where_the_largest_id_is_read_nothing_may_be_above_the_end_token(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    text = TEXT | {"vocab_size": END + 2, "eos_token_id": END, "max_position_embeddings": 20}
    model = randomise(OwlViTModel(OwlViTConfig(vision_config=VISION, text_config=text)))
    assert HFOWLViT(model, tokenizer=tokenizer).end_token == END
    tokenizer.add_tokens(["<axolotl>"])
    with pytest.raises(ModelError, match=r"above the end token.*<axolotl>"):
        HFOWLViT(model, tokenizer=tokenizer)


@pytest.mark.parametrize("adapter", ["hf", "open-clip"])
def test_an_end_token_in_a_caption_is_told(load_tiny, adapter):
    """It is told as cut, because the model reads no further; and read as the backend reads it."""
    encoder = load_tiny(adapter)
    written = {"hf": "<|endoftext|>", "open-clip": "<end_of_text>"}[adapter]
    tokens = encoder.tokenize([f"a cat {written} on a mat", "a cat on a mat"])
    assert tokens.truncated == (True, False)
    one, other = encoder.encode_text(
        encoder.tokenize([f"a cat {written} on a mat", f"a cat {written} and a dog"])
    )
    torch.testing.assert_close(one, other)
    if adapter == "hf":
        own = alone(encoder.model, encoder.tokenizer, [f"a cat {written} on a mat"])
        torch.testing.assert_close(one[None], own, rtol=0, atol=1e-6)
    else:
        own = encoder.model.encode_text(
            open_clip.SimpleTokenizer(context_length=20)(f"a cat {written} on a mat")
        )
        torch.testing.assert_close(one[None], normalize(own, dim=-1), rtol=0, atol=1e-6)


def test_open_clip_refuses_an_end_token_that_is_never_written(tmp_path):
    text = OPEN_CLIP_TEXT | {"vocab_size": END + 1, "context_length": 20}
    model = build(VIT, text | {"pool_type": "eos", "eos_id": 7}, {}, tmp_path).model
    with pytest.raises(ModelError, match=r"token 7 .*never writes"):
        OpenCLIP(model, tokenizer=open_clip.SimpleTokenizer(context_length=20))


def test_open_clip_refuses_tokens_above_the_end_token(tmp_path):
    text = OPEN_CLIP_TEXT | {"vocab_size": END + 2, "context_length": 20}
    model = build(VIT, text, {}, tmp_path).model
    tokenizer = open_clip.SimpleTokenizer(
        context_length=20, additional_special_tokens=["<axolotl>"]
    )
    with pytest.raises(ModelError, match=r"above the end token.*<axolotl>"):
        OpenCLIP(model, tokenizer=tokenizer)
