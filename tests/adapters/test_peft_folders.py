"""Checkpoints that PEFT has fine-tuned: beside their base, without it, or merged into it."""

import json
import shutil

import pytest
import torch
from peft import IA3Config, LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from torch.nn import functional
from transformers import AutoImageProcessor, AutoTokenizer, CLIPModel

import vlminterp
from vlminterp.adapters.registry import model_files
from vlminterp.adapters.settings import ModelConfig
from vlminterp.errors import ModelError

# PEFT asks transformers by an attribute's old name.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")

LORA = LoraConfig(
    target_modules=["q_proj", "k_proj", "v_proj", "visual_projection"], init_lora_weights=False
)


@pytest.fixture(scope="module")
def tuned(hf_folder):
    """A base whose LoRA is random, as PEFT holds it."""
    torch.manual_seed(0)
    return get_peft_model(CLIPModel.from_pretrained(hf_folder), LORA).eval()


@pytest.fixture(scope="module")
def adapter(tuned, tmp_path_factory):
    """The adapter alone, which names its base."""
    folder = tmp_path_factory.mktemp("adapter")
    tuned.save_pretrained(folder)
    return folder


@pytest.fixture
def beside(adapter, hf_folder, tmp_path):
    """A folder of both, as transformers takes it."""
    folder = shutil.copytree(hf_folder, tmp_path / "both")
    return shutil.copytree(adapter, folder, dirs_exist_ok=True)


@pytest.fixture(scope="module")
def merged(adapter, hf_folder, tmp_path_factory):
    """What is merged and saved where the adapter was: its files are left over."""
    folder = shutil.copytree(hf_folder, tmp_path_factory.mktemp("merged") / "all")
    whole = PeftModel.from_pretrained(CLIPModel.from_pretrained(hf_folder), adapter)
    whole.merge_and_unload().save_pretrained(folder)
    return shutil.copytree(adapter, folder, dirs_exist_ok=True)


def assert_tuned(encoder, tuned, pictures, captions):
    """Against the PEFT object's own features."""
    pixels, tokens = encoder.preprocess(pictures), encoder.tokenize(captions)
    with torch.no_grad():
        image = tuned.get_image_features(pixel_values=pixels.values).pooler_output
        text = tuned.get_text_features(
            input_ids=tokens.ids, attention_mask=tokens.mask.long()
        ).pooler_output
    for found, own in (
        (encoder.encode_image(pixels), image),
        (encoder.encode_text(tokens), text),
    ):
        own = functional.normalize(own, dim=-1)
        torch.testing.assert_close(found, own, rtol=0, atol=1e-5)


def test_an_adapter_beside_its_base(beside, tuned, pictures, captions):
    assert_tuned(vlminterp.load("hf", checkpoint=str(beside)), tuned, pictures, captions)


def test_an_adapter_that_names_its_base(adapter, tuned, pictures, captions):
    assert_tuned(vlminterp.load("hf", checkpoint=str(adapter)), tuned, pictures, captions)


def test_what_a_trainer_leaves_beside_an_adapter_is_no_base(
    adapter, tuned, hf_folder, tmp_path, pictures, captions
):
    """As `Trainer` saves `checkpoint-500/`."""
    folder = shutil.copytree(adapter, tmp_path / "checkpoint-500")
    for name in ("training_args.bin", "optimizer.pt", "rng_state.pth", "scheduler.pt"):
        torch.save({}, folder / name)
    (folder / "trainer_state.json").write_text("{}")
    assert_tuned(vlminterp.load(str(folder), device="cpu"), tuned, pictures, captions)
    files = model_files(ModelConfig(None, str(folder)))
    assert hf_folder / "model.safetensors" in files


def test_the_bases_files_are_part_of_the_run(adapter, hf_folder):
    files = model_files(ModelConfig("hf", str(adapter)))
    assert {adapter / "adapter_model.safetensors", hf_folder / "model.safetensors"} <= set(files)


def test_a_merged_adapter_is_not_applied_again(merged, adapter, tuned, pictures, captions):
    with pytest.raises(ModelError, match=r"in its weights already.*remove adapter_config\.json"):
        vlminterp.load("hf", checkpoint=str(merged))
    cleaned = shutil.copytree(merged, merged.parent / "cleaned")
    (cleaned / "adapter_config.json").unlink()
    assert_tuned(vlminterp.load("hf", checkpoint=str(cleaned)), tuned, pictures, captions)


def test_a_config_without_its_adapter(beside):
    (beside / "adapter_model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"adapter_config\.json but no adapter_model\.safetenso"):
        vlminterp.load("hf", checkpoint=str(beside))


def test_what_can_not_be_told_is_refused(hf_folder, tmp_path):
    """IA³ multiplies: it leaves no update that could be looked for in the weights."""
    config = IA3Config(target_modules=["k_proj"], feedforward_modules=[])
    folder = shutil.copytree(hf_folder, tmp_path / "both")
    get_peft_model(CLIPModel.from_pretrained(hf_folder), config).save_pretrained(folder)
    with pytest.raises(ModelError, match=r"can't be told.*a folder of its own"):
        vlminterp.load("hf", checkpoint=str(folder))


def test_a_base_that_is_not_there(adapter, tmp_path):
    folder = shutil.copytree(adapter, tmp_path / "adapter")
    config = json.loads((folder / "adapter_config.json").read_text())
    for base, message in (("/content/clip", "no such folder"), ("", "names no base")):
        config["base_model_name_or_path"] = base
        (folder / "adapter_config.json").write_text(json.dumps(config))
        with pytest.raises(ModelError, match=rf"base_model_name_or_path.*{message}|{message}"):
            vlminterp.load("hf", checkpoint=str(folder))


def test_a_base_that_lacks_tensors(beside):
    """Transformers reports the adapter's tensors alone."""
    weights = load_file(beside / "model.safetensors")
    del weights["text_projection.weight"]
    save_file(weights, beside / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"1 tensor is missing, e\.g\. text_projection"):
        vlminterp.load("hf", checkpoint=str(beside))


def test_an_adapter_of_another_model(beside):
    """Of a deeper one: its last block's update finds no place."""
    weights = load_file(beside / "adapter_model.safetensors")
    more = {k.replace("layers.0", "layers.7"): v.clone() for k, v in weights.items()}
    save_file(weights | more, beside / "adapter_model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"is of another model: .* e\.g\. .*layers\.7"):
        vlminterp.load("hf", checkpoint=str(beside))


def test_a_dora_is_told_and_can_be_wrapped(hf_folder, tmp_path, pictures, captions):
    """Transformers drops its magnitudes as it loads one (5.24); PEFT does not."""
    config = LoraConfig(target_modules=["q_proj"], use_dora=True, init_lora_weights=False)
    dora = get_peft_model(CLIPModel.from_pretrained(hf_folder), config).eval()
    with torch.no_grad():
        for name, magnitude in dora.named_parameters():
            if "lora_magnitude_vector" in name:
                magnitude.mul_(torch.linspace(0.5, 2, len(magnitude)))
    dora.save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=r"DoRA.*PeftModel\.from_pretrained.*vlminterp\.wrap"):
        vlminterp.load("hf", checkpoint=str(tmp_path))
    plain = vlminterp.load("hf", checkpoint=str(hf_folder))
    again = PeftModel.from_pretrained(CLIPModel.from_pretrained(hf_folder), tmp_path)
    processor, tokenizer = (
        kind.from_pretrained(hf_folder) for kind in (AutoImageProcessor, AutoTokenizer)
    )
    wrapped = vlminterp.wrap(again, processor, tokenizer)
    assert_tuned(wrapped, dora, pictures, captions)
    pixels = plain.preprocess(pictures)
    assert (wrapped.encode_image(pixels) - plain.encode_image(pixels)).abs().max() > 0.01


def test_open_clip_applies_no_adapter(open_clip_folder, adapter, tmp_path):
    folder = shutil.copytree(open_clip_folder, tmp_path / "both")
    shutil.copytree(adapter, folder, dirs_exist_ok=True)
    with pytest.raises(ModelError, match=r"holds an adapter, which open_clip would not apply"):
        vlminterp.load("open-clip", checkpoint=str(folder))


def test_an_adapter_without_safetensors_is_read_as_tensors(
    adapter, tuned, tmp_path, pictures, captions
):
    folder = shutil.copytree(adapter, tmp_path / "bin")
    tensors = folder / "adapter_model.safetensors"
    torch.save(load_file(tensors), folder / "adapter_model.bin")
    tensors.unlink()
    assert_tuned(vlminterp.load(str(folder), device="cpu"), tuned, pictures, captions)
