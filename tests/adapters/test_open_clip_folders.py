"""`model=open-clip model.checkpoint=/folder` with a text tower of transformers, as BiomedCLIP's."""

import json
import shutil
from pathlib import Path

import open_clip
import pytest
import torch
from safetensors.torch import save_file
from transformers import BertConfig
from vlminterp_m2ib.attribution import M2IB
from vlminterp_m2ib.settings import Settings

import vlminterp
from tests.adapters.folders import SENTENCES, wordpiece
from tests.adapters.tiny_hf import CONTEXT
from tests.adapters.tiny_open_clip import SMALL, build, timm_tower
from vlminterp.adapters.registry import model_files
from vlminterp.adapters.settings import ModelConfig
from vlminterp.errors import ModelError

CONFIG = "open_clip_config.json"
SIZE = 32


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The whole checkpoint; its text tower's configuration is elsewhere, as if on the hub."""
    text, folder = (tmp_path_factory.mktemp(name) for name in ("text", "checkpoint"))
    size = wordpiece(folder)
    BertConfig(**SMALL | {"vocab_size": size, "max_position_embeddings": 64}).save_pretrained(text)
    vision = timm_tower(
        "vit_base_patch16_224", SIZE, "", "linear", img_size=SIZE, patch_size=8,
        depth=3, embed_dim=32, num_heads=2,
    )  # fmt: skip
    config = {
        "embed_dim": 24,
        "vision_cfg": vision,
        "text_cfg": {
            "hf_model_name": str(text),
            "hf_tokenizer_name": "org/name",
            "hf_proj_type": "mlp",
            "hf_pooler_type": "cls_last_hidden_state_pooler",
            "context_length": CONTEXT,
        },
    }
    encoder = build(vision, config["text_cfg"], {}, tmp_path_factory.mktemp("configs"))
    preprocessing = {
        "size": SIZE,
        "mean": [0.5, 0.4, 0.3],
        "std": [0.2, 0.3, 0.4],
        "interpolation": "bicubic",
        "resize_mode": "shortest",
        "fill_color": 0,
    }
    (folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": config, "preprocess_cfg": preprocessing})
    )
    weights = {key: value.float() for key, value in encoder.model.state_dict().items()}
    save_file(weights, folder / "open_clip_model.safetensors")
    return folder


def test_a_text_tower_of_transformers(folder, pictures, captions):
    encoder = vlminterp.load("open-clip", checkpoint=str(folder))
    pixels, tokens = encoder.preprocess(pictures), encoder.tokenize(captions)
    assert tokens.ids.shape[1] == CONTEXT
    assert [word.text for word in tokens.words[3]] == ["an", "owl"]
    for side in ("image", "text"):
        found = M2IB(encoder, side, Settings(steps=2, copies=2)).attribute(pixels, tokens)
        assert torch.isfinite(found.scores).all()


def test_a_caption_does_not_depend_on_its_batch(folder):
    encoder = vlminterp.load("open-clip", checkpoint=str(folder))
    together = encoder.encode_text(encoder.tokenize(SENTENCES))
    alone = torch.cat([encoder.encode_text(encoder.tokenize([text])) for text in SENTENCES])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)


def test_a_missing_tokenizer_is_named(folder, tmp_path):
    for name in ("open_clip_config.json", "open_clip_model.safetensors"):
        (tmp_path / name).symlink_to(folder / name)
    with pytest.raises(ModelError, match=r"lacks tokenizer\.json or"):
        vlminterp.load("open-clip", checkpoint=str(tmp_path))


@pytest.mark.parametrize("missing", ["mean", "std"])
def test_colours_that_a_folder_does_not_state_are_not_openais(folder, tmp_path, missing):
    """As they silently are to open_clip, for any architecture."""
    copied = shutil.copytree(folder, tmp_path / "checkpoint")
    config = json.loads((copied / "open_clip_config.json").read_text())
    del config["preprocess_cfg"][missing]
    (copied / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(
        ModelError, match=rf"open_clip_config\.json has no preprocess_cfg.{missing}"
    ):
        vlminterp.load("open-clip", checkpoint=str(copied))
    del config["preprocess_cfg"]
    (copied / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"no preprocess_cfg\.mean and no preprocess_cfg\.std"):
        vlminterp.load("open-clip", checkpoint=str(copied))


def test_pixels_are_open_clips_own(folder, pictures):
    """Through its own way from a folder to model and transform."""
    ours = vlminterp.load("open-clip", checkpoint=str(folder)).preprocess(pictures).values
    _, transform = open_clip.create_model_from_pretrained(
        f"local-dir:{folder}", pretrained_hf=False
    )
    theirs = torch.stack([transform(picture) for picture in pictures])
    torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


@pytest.fixture
def apart(folder, tmp_path):
    """The checkpoint as it is downloaded: what describes its text tower stays on the hub."""
    here = shutil.copytree(folder, tmp_path / "checkpoint")
    config = json.loads((here / CONFIG).read_text())
    tower = Path(config["model_cfg"]["text_cfg"]["hf_model_name"])
    config["model_cfg"]["text_cfg"]["hf_model_name"] = "microsoft/bert-of-another-repository"
    (here / CONFIG).write_text(json.dumps(config))
    return here, shutil.copytree(tower, tmp_path / "tower")


def test_a_text_tower_elsewhere(folder, apart, captions):
    checkpoint, tower = map(str, apart)
    encoder = vlminterp.load("open-clip", checkpoint=checkpoint, text_tower=tower)
    whole = vlminterp.load("open-clip", checkpoint=str(folder))
    ours, wanted = (each.encode_text(each.tokenize(captions)) for each in (encoder, whole))
    assert torch.equal(ours, wanted)


def test_a_text_tower_that_is_not_here(apart, monkeypatch):
    """Both places and the option are named; nothing is asked for a minute."""
    checkpoint, tower = apart
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError) as caught:
        vlminterp.load("open-clip", checkpoint=str(checkpoint))
    for part in (str(checkpoint), "microsoft/bert-of-another", "model.text_tower=/local/folder"):
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)
    (tower / "config.json").unlink()
    with pytest.raises(ModelError, match=rf"{tower} lacks config\.json"):
        vlminterp.load("open-clip", checkpoint=str(checkpoint), text_tower=str(tower))
    with pytest.raises(ModelError, match=r"^model\.text_tower=\./nowhere: no such folder"):
        vlminterp.load("open-clip", checkpoint=str(checkpoint), text_tower="./nowhere")


def test_a_text_tower_too_many(open_clip_folder, apart):
    with pytest.raises(ModelError, match=r"has its own text tower; leave out model\.text_tower"):
        vlminterp.load("open-clip", checkpoint=str(open_clip_folder), text_tower=str(apart[1]))


def test_what_a_models_numbers_depend_on(apart):
    checkpoint, tower = apart
    config = ModelConfig("open-clip", str(checkpoint), text_tower=str(tower))
    found = {path.relative_to(checkpoint.parent).as_posix() for path in model_files(config)}
    assert {"checkpoint/open_clip_model.safetensors", "tower/config.json"} <= found
