"""`vlminterp.wrap` takes models, transforms, processors and tokenizers as backends give them."""

import open_clip
import pytest
import torch
from peft import LoraConfig, PromptTuningConfig, get_peft_model
from torch import nn
from torch.nn import functional
from transformers import (
    AutoProcessor,
    AutoTokenizer,
    CLIPForImageClassification,
    CLIPModel,
    CLIPVisionModel,
)

import vlminterp
from vlminterp.adapters.preprocessing import Preprocessing
from vlminterp.errors import ModelError

# PEFT asks transformers by an attribute's old name.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")


@pytest.fixture
def hf(hf_folder):
    return CLIPModel.from_pretrained(hf_folder), AutoProcessor.from_pretrained(hf_folder)


@pytest.fixture
def of_open_clip(open_clip_folder):
    """Model, both transforms and tokenizer, as open_clip's README has them."""
    name = f"local-dir:{open_clip_folder}"
    model, train, preprocess = open_clip.create_model_and_transforms(name)
    return model, train, preprocess, open_clip.get_tokenizer(name)


def assert_same(encoder, pictures, captions, image, text):
    found = (
        encoder.encode_image(encoder.preprocess(pictures)),
        encoder.encode_text(encoder.tokenize(captions)),
    )
    for ours, own in zip(found, (image, text), strict=True):
        own = functional.normalize(own, dim=-1)
        torch.testing.assert_close(ours, own, rtol=0, atol=1e-5)


@torch.no_grad()
def own_of_transformers(model, processor, pictures, captions):
    inputs = processor(text=captions, images=pictures, return_tensors="pt", padding=True)
    text = {name: inputs[name] for name in ("input_ids", "attention_mask")}
    return (
        model.get_image_features(pixel_values=inputs["pixel_values"]).pooler_output,
        model.get_text_features(**text).pooler_output,
    )


def test_transformers_and_its_processor(hf, pictures, captions):
    model, processor = hf
    encoder = vlminterp.wrap(model, processor)
    own = own_of_transformers(model, processor, pictures, captions)
    assert_same(encoder, pictures, captions, *own)
    apart = vlminterp.wrap(model, processor.image_processor, processor.tokenizer, name="mine")
    assert_same(apart, pictures, captions, *own)
    assert apart.name == "mine"


def test_a_model_that_peft_wraps(hf, pictures, captions):
    model, processor = hf
    torch.manual_seed(0)
    config = LoraConfig(target_modules=["q_proj", "text_projection"], init_lora_weights=False)
    tuned = get_peft_model(model, config).eval()
    own = own_of_transformers(tuned, processor, pictures, captions)
    assert_same(vlminterp.wrap(tuned, processor), pictures, captions, *own)


def test_open_clip_and_its_transform(of_open_clip, pictures, captions):
    model, _, preprocess, tokenizer = of_open_clip
    encoder = vlminterp.wrap(model, preprocess, tokenizer)
    with torch.no_grad():
        image = model.encode_image(torch.stack([preprocess(one) for one in pictures]))
        text = model.encode_text(tokenizer(captions))
    assert_same(encoder, pictures, captions, image, text)


def test_our_own_preprocessing(of_open_clip, pictures):
    model, _, preprocess, tokenizer = of_open_clip
    ours = Preprocessing.from_open_clip(model.visual.preprocess_cfg)
    values = vlminterp.wrap(model, ours, tokenizer).preprocess(pictures[:1]).values
    torch.testing.assert_close(values[0], preprocess(pictures[0]), rtol=0, atol=1e-6)


def test_the_transform_for_training_is_refused(of_open_clip):
    model, train, _, tokenizer = of_open_clip
    with pytest.raises(ModelError, match=r"open_clip's transform"):
        vlminterp.wrap(model, train, tokenizer)


def test_a_model_without_its_configuration(of_open_clip):
    model, _, preprocess, tokenizer = of_open_clip
    del model.visual.preprocess_cfg
    with pytest.raises(ModelError, match=r"no preprocess_cfg.*Preprocessing\.from_open_clip"):
        vlminterp.wrap(model, preprocess, tokenizer)


def test_what_is_missing_or_another_thing(hf, of_open_clip, hf_folder):
    model, processor = hf
    theirs, _, preprocess, _ = of_open_clip
    with pytest.raises(ModelError, match=r"a Linear is no model of transformers or open_clip"):
        vlminterp.wrap(nn.Linear(2, 2), processor)
    with pytest.raises(ModelError, match=r"without a tokenizer"):
        vlminterp.wrap(model, processor.image_processor)
    with pytest.raises(ModelError, match=r"without a tokenizer"):
        vlminterp.wrap(theirs, preprocess)
    with pytest.raises(ModelError, match=r"a CLIPTokenizer\w* is no image processor"):
        vlminterp.wrap(model, AutoTokenizer.from_pretrained(hf_folder))
    with pytest.raises(ModelError, match=r"CLIPVisionModel is of model_type 'clip_vision_model'"):
        vlminterp.wrap(CLIPVisionModel(model.config.vision_config), processor)
    with pytest.raises(ModelError, match=r"a CLIPForImageClassification is not the CLIPModel"):
        vlminterp.wrap(CLIPForImageClassification(model.config), processor)


def test_learned_prompts_are_refused(hf):
    prompts = PromptTuningConfig(
        task_type="FEATURE_EXTRACTION",
        num_virtual_tokens=2,
        token_dim=32,
        num_layers=3,
        num_attention_heads=2,
        num_transformer_submodules=1,
    )
    model = get_peft_model(hf[0], prompts)
    with pytest.raises(ModelError, match=r"a PeftModel\w* that learns prompts"):
        vlminterp.wrap(model, hf[1])


class Otherwise(CLIPModel):
    """A user's own class, whose features our tower does not know."""

    def get_image_features(self, *args, **kwargs):
        output = super().get_image_features(*args, **kwargs)
        output.pooler_output = output.pooler_output.roll(1, -1)
        return output


def test_a_class_that_computes_otherwise_is_refused(hf_folder, hf):
    model = Otherwise.from_pretrained(hf_folder)
    with pytest.raises(ModelError, match=r"its image embedding by vlminterp is .* away from"):
        vlminterp.wrap(model, hf[1])
