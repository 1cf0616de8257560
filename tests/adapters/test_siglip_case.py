"""SigLIP reads captions in lower case, through both backends, whatever its tokenizer does."""

import pytest
import torch
from open_clip.tokenizer import HFTokenizer
from torch.nn.functional import normalize
from transformers import AutoTokenizer

from tests.adapters.folders import gemma, slow_sentencepiece
from tests.adapters.test_parity import CONTEXT, siglip, siglip_as_open_clip
from vlminterp.adapters.hf.siglip import HFSigLIP
from vlminterp.adapters.open_clip import OpenCLIP

CAPTIONS = ["A Photo of a DOG", "two birds", "AN OWL at night"]


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """One SigLIP 2 of fixed resolution, as transformers and open_clip hand it out."""
    folder = tmp_path_factory.mktemp("gemma")
    gemma(folder)
    theirs, ours, _ = siglip(tmp_path_factory.mktemp("configs"))
    weights = siglip_as_open_clip(theirs.model.state_dict())
    ours.model.load_state_dict(weights, strict=False)
    wrapped = HFTokenizer(str(folder), context_length=CONTEXT, clean="canonicalize")
    return (
        HFSigLIP(theirs.model, tokenizer=AutoTokenizer.from_pretrained(folder)),
        OpenCLIP(ours.model, tokenizer=wrapped),
    )


def test_both_backends_agree_on_capitals(both):
    first, second = (encoder.encode_text(encoder.tokenize(CAPTIONS)) for encoder in both)
    torch.testing.assert_close(first, second, rtol=0, atol=1e-10)


def test_transformers_is_given_lower_case(both):
    """Judged by the backend's own features of what was trained on."""
    encoder, _ = both
    own = encoder.tokenizer(
        [text.lower() for text in CAPTIONS],
        padding="max_length",
        padding_side="right",
        max_length=CONTEXT,
        return_tensors="pt",
    )
    wanted = encoder.model.get_text_features(input_ids=own["input_ids"]).pooler_output
    found = encoder.encode_text(encoder.tokenize(CAPTIONS))
    torch.testing.assert_close(found, normalize(wanted, dim=-1), rtol=0, atol=1e-12)
    capital = encoder.tokenizer(CAPTIONS[0])["input_ids"]
    assert capital != encoder.tokenizer(CAPTIONS[0].lower())["input_ids"]


def test_open_clip_is_its_own(both):
    """With the padding on the right, as SigLIP was trained."""
    _, encoder = both
    encoder.tokenizer.tokenizer.padding_side = "right"
    own = encoder.model.encode_text(encoder.tokenizer(CAPTIONS))
    found = encoder.encode_text(encoder.tokenize(CAPTIONS))
    torch.testing.assert_close(found, normalize(own, dim=-1), rtol=0, atol=1e-12)


def test_words_are_as_the_caption_writes_them(both):
    for encoder in both:
        words = encoder.tokenize(CAPTIONS).words
        assert [[word.text for word in row] for row in words] == [text.split() for text in CAPTIONS]


def test_the_departure_is_told(both, tmp_path):
    encoder, _ = both
    (note,) = encoder.notes()
    assert "lower case" in note
    assert "AutoProcessor" in note


def test_a_tokenizer_that_lowers_by_itself_departs_from_nothing(both, tmp_path):
    slow_sentencepiece(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    assert HFSigLIP(both[0].model, tokenizer=tokenizer).notes() == ()
