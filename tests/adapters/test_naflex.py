"""SigLIP 2's pictures keep their aspect: in one batch, each has its own grid."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import normalize
from transformers import Siglip2Model
from transformers.models.auto.image_processing_auto import get_image_processor_class_from_name
from vlminterp_m2ib.attribution import M2IB
from vlminterp_m2ib.settings import Settings

from tests.adapters.laws import assert_copies_follow
from tests.adapters.marks import assert_mark_comes_back, photo
from tests.adapters.test_any_hf import tokens_of
from tests.adapters.tiny_hf import PATCH, randomise, tiny_config
from vlminterp.adapters.dual_encoder import EMBEDDINGS
from vlminterp.adapters.hf.siglip2 import HFSigLIP2
from vlminterp.adapters.law import measure_law
from vlminterp.adapters.preprocessing import Preprocessing
from vlminterp.attribution.batch_scores import BatchScores
from vlminterp.attribution.noise import pair_seeds
from vlminterp.errors import ModelError

SHAPES = ((213, 320), (320, 213), (64, 64), (40, 300))
GRIDS = ((4, 6), (6, 4), (4, 4), (2, 12))
"""Of up to 24 patches."""


@pytest.fixture(scope="module")
def processor():
    kind = get_image_processor_class_from_name("Siglip2ImageProcessor")
    return kind(patch_size=PATCH, max_num_patches=24)


@pytest.fixture(scope="module")
def encoder(processor):
    model = randomise(Siglip2Model(tiny_config("siglip2")).double())
    return HFSigLIP2(model, Preprocessing.from_processor(processor))


@pytest.fixture(scope="module")
def pixels(encoder):
    found = encoder.preprocess([photo(*shape) for shape in SHAPES])
    return replace(found, values=found.values.double())


def alone(pixels, index):
    """One picture of a batch by itself, without the others' padding."""
    values = pixels.of(index)[None]
    return replace(pixels, values=values, geometry=pixels.geometry[index : index + 1], sizes=())


def row_of(tokens, index):
    """One caption of a batch."""
    rows = slice(index, index + 1)
    ids, mask, special = (part[rows] for part in (tokens.ids, tokens.mask, tokens.special))
    return replace(tokens, ids=ids, mask=mask, special=special, words=((),), truncated=(False,))


def test_embeddings_are_those_of_transformers(encoder, processor, pixels):
    """Its processor, then its model; padded to the whole budget there, to the longest here."""
    inputs = processor([photo(*shape) for shape in SHAPES], return_tensors="pt")
    inputs["pixel_values"] = inputs["pixel_values"].double()
    with torch.no_grad():
        theirs = normalize(encoder.model.get_image_features(**inputs).pooler_output, dim=-1)
        torch.testing.assert_close(encoder.encode_image(pixels), theirs, rtol=0, atol=1e-7)
    assert tuple(map(tuple, inputs["spatial_shapes"].tolist())) == GRIDS


def test_law_of_mixed_grids(encoder, pixels):
    """At every cut, and a picture's embedding does not depend on the others."""
    other = replace(pixels, values=pixels.values.flip(1))
    law = measure_law(encoder.vision, pixels, other)
    assert law.error < 1e-12
    assert law.leak < 1e-12
    assert law.apart > 1e-3
    assert_copies_follow(encoder.vision, pixels)
    whole = encoder.encode_image(pixels)
    for index in range(len(SHAPES)):
        torch.testing.assert_close(
            encoder.encode_image(alone(pixels, index))[0], whole[index], rtol=0, atol=1e-12
        )
    state = encoder.vision.prefix(pixels, EMBEDDINGS)
    assert state.grids == GRIDS
    assert state.mask.sum(1).tolist() == [rows * columns for rows, columns in GRIDS]


def test_maps_of_mixed_grids(encoder, pixels):
    """Each has its own grid, lies on its whole picture, and is the same as by itself."""
    tokens = tokens_of(encoder, batch=len(SHAPES))
    explainer = M2IB(encoder, "image", Settings(steps=3, copies=2))
    found = explainer.attribute(pixels, tokens)
    assert found.grids == GRIDS
    for index, shape in enumerate(SHAPES):
        heat = found.on_image(index)
        assert heat.shape == shape
        assert (heat == heat).all()
        own = alone(pixels, index), row_of(tokens, index)
        assert pair_seeds(*own, 0) == pair_seeds(pixels, tokens, 0)[index : index + 1]
        one = explainer.attribute(*own)
        torch.testing.assert_close(one.map(0), found.map(index), rtol=1e-4, atol=1e-5)
    unknown = [None] * len(SHAPES)
    rows = BatchScores(encoder, pixels, tokens, unknown, unknown, range(4))(found)
    assert [row["coverage.constant"] for row in rows] == [1.0] * len(SHAPES)
    assert all(abs(row["confidence_drop.constant"]) < 1e-4 for row in rows)
    assert len({row["coverage.random"] for row in rows}) == len(SHAPES)


def test_marks_come_back(encoder):
    assert_mark_comes_back(encoder.preprocess, 213, 320)
    assert_mark_comes_back(encoder.preprocess, 320, 213)


def test_a_larger_input_is_a_larger_budget(processor):
    preprocess = Preprocessing.from_processor(processor, image_size=64)
    assert preprocess([photo(64, 64)]).values.shape == (1, 3, 64, 64)
    assert processor.max_num_patches == 24


def test_no_whole_number_of_patches_is_refused(encoder, pixels):
    odd = replace(alone(pixels, 0), values=pixels.values[:1, :, :-3])
    with pytest.raises(ModelError, match="multiples of 8 pixels"):
        encoder.encode_image(odd)
