"""Every family of transformers keeps the law, gives its backend's own numbers, and is explained."""

import pytest
import torch
import transformers
from torch.nn.functional import normalize
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.siglip2.image_processing_siglip2 import convert_image_to_patches

from tests.adapters.laws import assert_explained, assert_law
from tests.adapters.tiny_hf import (
    CONTEXT,
    DUAL,
    END,
    PARTS,
    PATCH,
    SIZE,
    VOCABULARY,
    randomise,
    tiny_config,
)
from vlminterp.adapters.dual_encoder import Geometry, Pixels, Tokens
from vlminterp.adapters.hf.any import OWN, families
from vlminterp.entry_points import FAMILIES, load

NAMES = [*PARTS, *DUAL]


@pytest.fixture(scope="module", params=NAMES)
def encoder(request):
    if request.param not in {*CONFIG_MAPPING, *DUAL}:
        pytest.skip(f"transformers {transformers.__version__} has no {request.param}")
    config = tiny_config(request.param)
    family = load(FAMILIES, config.model_type, OWN)
    torch.manual_seed(0)
    model = randomise(getattr(transformers, family.architecture)(config).double())
    return family(model, name=request.param)


def pixels_of(encoder, batch=2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    size = encoder.vision.facts.size if hasattr(encoder.vision, "facts") else (32, 32)
    values = torch.rand(batch, 3, *size, generator=generator, dtype=torch.float64) * 2 - 1
    return Pixels(values, (Geometry(size, (0, 0, size[1], size[0])),) * batch)


def tokens_of(encoder, batch=2, seed=0, length=7, padded=None):
    """Random ids that end at the same place; padding is 0, as in the configs."""
    generator = torch.Generator().manual_seed(seed)
    width = CONTEXT if encoder.pads_to_context else padded or length + 2
    ids = torch.zeros(batch, width, dtype=torch.long)
    ids[:, : length - 1] = torch.randint(
        3, VOCABULARY - 2, (batch, length - 1), generator=generator
    )
    ids[:, length - 1] = END
    mask = (torch.arange(width) < length).expand(batch, width)
    return Tokens(ids, mask, ~mask, ((),) * batch, (False,) * batch)


def test_every_family_is_tried():
    """A new family without a shrunk version fails here."""
    assert {*PARTS, "vision-text-dual-encoder"} == set(families())


def test_law_at_every_cut(encoder):
    pixels = [pixels_of(encoder, seed=seed) for seed in (0, 1)]
    assert_law(encoder, pixels, [tokens_of(encoder, seed=seed) for seed in (0, 1)])


def test_every_block_counts(encoder):
    """A cut at which nothing is at stake would be no cut."""
    for tower, inputs in (
        (encoder.vision, pixels_of(encoder)),
        (encoder.text, tokens_of(encoder)),
    ):
        whole = tower.encode(inputs)
        for layer in range(tower.depth):
            state = tower.prefix(inputs, layer)
            changed = tower.suffix(state.with_hidden(state.hidden.flip(2)))
            assert (changed - whole).abs().max() > 1e-4


def test_encode_is_the_models_own(encoder):
    """What the whole model's forward calls its embeddings, where it tells them."""
    pixels, tokens = pixels_of(encoder), tokens_of(encoder)
    if encoder.model_type in ("blip", "flava", "siglip2"):
        pytest.skip("its forward takes or gives something else")
    attended = {} if encoder.pads_to_context else {"attention_mask": tokens.mask.long()}
    output = encoder.model(input_ids=tokens.ids, pixel_values=pixels.values, **attended)
    image, text = (normalize(side, dim=-1) for side in (output.image_embeds, output.text_embeds))
    torch.testing.assert_close(encoder.encode_image(pixels), image, rtol=0, atol=1e-12)
    torch.testing.assert_close(encoder.encode_text(tokens), text, rtol=0, atol=1e-12)
    logits = encoder.logits(image, text)
    torch.testing.assert_close(logits, output.logits_per_image, rtol=1e-9, atol=1e-9)


def test_blip_is_its_contrastive_score():
    """BLIP's forward tells the cosines of its contrastive heads."""
    family = load(FAMILIES, "blip", OWN)
    encoder = family(
        randomise(transformers.BlipForImageTextRetrieval(tiny_config("blip")).double())
    )
    pixels, tokens = pixels_of(encoder), tokens_of(encoder)
    told = encoder.model(
        input_ids=tokens.ids,
        attention_mask=tokens.mask.long(),
        pixel_values=pixels.values,
        use_itm_head=False,
    ).itm_score
    ours = encoder.logits(encoder.encode_image(pixels), encoder.encode_text(tokens))
    torch.testing.assert_close(ours, told, rtol=0, atol=1e-12)


def test_naflex_patches_are_its_processors():
    """The processor's own way from a picture to flat patches."""
    family = load(FAMILIES, "siglip2", OWN)
    encoder = family(randomise(transformers.Siglip2Model(tiny_config("siglip2")).double()))
    pixels = pixels_of(encoder)
    patches = torch.stack([convert_image_to_patches(image, PATCH) for image in pixels.values])
    count = patches.shape[1]
    output = encoder.model.get_image_features(
        pixel_values=patches,
        pixel_attention_mask=torch.ones(2, count, dtype=torch.long),
        spatial_shapes=torch.tensor([[SIZE // PATCH, SIZE // PATCH]] * 2),
    )
    wanted = normalize(output.pooler_output, dim=-1)
    torch.testing.assert_close(encoder.encode_image(pixels), wanted, rtol=0, atol=1e-12)


def test_padding_changes_nothing(encoder):
    if encoder.pads_to_context:
        pytest.skip("it reads its padding")
    short, long = tokens_of(encoder, padded=7), tokens_of(encoder, padded=14)
    assert torch.equal(short.ids, long.ids[:, :7])
    whole = encoder.encode_text(short)
    torch.testing.assert_close(encoder.encode_text(long), whole, rtol=0, atol=1e-12)


@pytest.mark.parametrize("side", ["image", "text"])
def test_m2ib_explains_it(encoder, side):
    assert_explained(encoder, pixels_of(encoder), tokens_of(encoder), side)


def test_a_pair_alone_is_the_same(encoder):
    pixels, tokens = pixels_of(encoder), tokens_of(encoder)
    together = encoder.encode_image(pixels), encoder.encode_text(tokens)
    first = Pixels(pixels.values[:1], pixels.geometry[:1])
    words = Tokens(tokens.ids[:1], tokens.mask[:1], tokens.special[:1], ((),), (False,))
    alone = encoder.encode_image(first), encoder.encode_text(words)
    for whole, part in zip(together, alone, strict=True):
        torch.testing.assert_close(part, whole[:1], rtol=0, atol=1e-12)


def test_nothing_stays_behind(encoder):
    """Every module has its class's own forward again, also after an error."""
    pixels = pixels_of(encoder)
    with pytest.raises(RuntimeError):
        encoder.vision.suffix(
            encoder.vision.prefix(pixels, 0).with_hidden(torch.zeros(2, 3, 5, dtype=torch.float64))
        )
    assert not any("forward" in vars(module) for module in encoder.model.modules())


def test_a_forward_that_was_put_there_stays(encoder):
    """As accelerate puts one when it spreads a model over devices."""
    block = encoder.text.blocks[0]
    if not isinstance(block, torch.nn.Module):
        pytest.skip("it is not replayed")
    called = []
    own = block.forward

    def noted(*args, **kwargs):
        called.append(True)
        return own(*args, **kwargs)

    block.forward = noted
    tokens = tokens_of(encoder)
    encoder.text.suffix(encoder.text.prefix(tokens, 0))
    assert called
    assert block.forward is noted
    del block.forward
