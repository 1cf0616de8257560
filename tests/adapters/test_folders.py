"""`model=hf model.checkpoint=/folder`: the family is found; captions have words, pairs maps."""

import json
import shutil

import pytest
import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoTokenizer, BertConfig, BertModel, LlavaConfig
from vlminterp_m2ib.attribution import M2IB
from vlminterp_m2ib.settings import Settings

import vlminterp
from tests.adapters.folders import KINDS, SENTENCES, write_folder
from tests.adapters.laws import assert_words_cover_all_but_specials
from tests.adapters.stand_in_hub.tokenizers import sentencepieces
from tests.adapters.tiny_hf import CONTEXT, SIZE
from vlminterp.errors import InputError, ModelError


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """One folder a family, written once."""
    parent = tmp_path_factory.mktemp("checkpoints")
    return {name: parent / name for name in KINDS if write_folder(parent / name, name)}


@pytest.fixture(params=sorted(KINDS))
def encoder(request, folders):
    return vlminterp.load("hf", checkpoint=str(folders[request.param]))


def test_the_family_is_found_and_explained(encoder, pictures, captions):
    pixels, tokens = encoder.preprocess(pictures), encoder.tokenize(captions)
    for side in ("image", "text"):
        found = M2IB(encoder, side, Settings(steps=2, copies=2)).attribute(pixels, tokens)
        assert torch.isfinite(found.scores).all()
    assert [word.text for word in tokens.words[0]] == ["a", "cat"]
    assert found.word_scores(0)[1][0].text == "cat"


@pytest.mark.parametrize("text", SENTENCES)
def test_words_cover_all_but_specials(encoder, text):
    tokens = encoder.tokenize([text, "a"])
    assert_words_cover_all_but_specials(tokens)


def test_words_are_whole(encoder):
    for text in ("a small dog", "an owl at night"):
        assert [word.text for word in encoder.tokenize([text]).words[0]] == text.split()


def test_a_word_that_no_vocabulary_knows(encoder):
    words = encoder.tokenize(["a photodogcat"]).words[0]
    assert len(words) == 2
    assert words[1].stop == int((~encoder.tokenize(["a photodogcat"]).special[0]).nonzero()[-1]) + 1


def test_scripts_without_spaces_are_told_apart(folders):
    for name in ("altclip", "chinese_clip"):
        encoder = vlminterp.load("hf", checkpoint=str(folders[name]))
        assert len(encoder.tokenize(["猫が好き"]).words[0]) > 1


def test_truncation_is_told(encoder):
    tokens = encoder.tokenize(["dog " * 40, "dog"])
    assert tokens.truncated == (True, False)
    assert tokens.ids.shape[1] == encoder.context <= CONTEXT


def test_a_caption_does_not_depend_on_its_batch(encoder):
    together = encoder.encode_text(encoder.tokenize(SENTENCES))
    alone = torch.cat([encoder.encode_text(encoder.tokenize([text])) for text in SENTENCES])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)


def test_siglip_pads_to_its_context_and_reads_it(folders):
    encoder = vlminterp.load("hf", checkpoint=str(folders["siglip"]))
    tokens = encoder.tokenize(["a cat"])
    assert tokens.ids.shape[1] == CONTEXT
    state = encoder.text.prefix(tokens, 0)
    assert state.mask.all()
    assert state.pooled.tolist() == [CONTEXT - 1]


@pytest.mark.parametrize("size", [48, 64])
def test_other_resolutions(folders, pictures, captions, size):
    for name in ("chinese_clip", "siglip", "blip", "clipseg"):
        encoder = vlminterp.load("hf", checkpoint=str(folders[name]), image_size=size)
        pixels, tokens = encoder.preprocess(pictures), encoder.tokenize(captions)
        assert pixels.values.shape[2:] == (size, size)
        found = M2IB(encoder, "image", Settings(steps=1, copies=2)).attribute(pixels, tokens)
        assert set(found.grids) == {(size // 8, size // 8)}


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"image_mean": "grey"}, "CLIPImageProcessor can't be used: "),
        ({"size": {"longest_edge": 3}}, "size={'longest_edge': 3} is not known here"),
    ],
)
def test_broken_preprocessing(folders, tmp_path, broken, message):
    folder = copied(folders["clipseg"], tmp_path)
    settings = json.loads((folder / "preprocessor_config.json").read_text())
    (folder / "preprocessor_config.json").write_text(json.dumps(settings | broken))
    with pytest.raises(ModelError, match=message):
        vlminterp.load("hf", checkpoint=str(folder))


def test_preprocessing_is_the_image_processors(folders, pictures):
    """Whatever class the folder names."""
    for folder in folders.values():
        processor = AutoImageProcessor.from_pretrained(folder)
        ours = vlminterp.load("hf", checkpoint=str(folder)).preprocess(pictures).values
        theirs = [processor(picture, return_tensors="pt")["pixel_values"] for picture in pictures]
        torch.testing.assert_close(ours, torch.cat(theirs), rtol=0, atol=0)


def copied(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "checkpoint")


@pytest.mark.parametrize("other", ["bert", "llava"])
def test_no_dual_encoder(folders, tmp_path, other):
    folder = copied(folders["siglip"], tmp_path)
    if other == "bert":
        small = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
        BertModel(BertConfig(**small, intermediate_size=32, vocab_size=50)).save_pretrained(folder)
    else:
        LlavaConfig().save_pretrained(folder)
    with pytest.raises(ModelError, match=rf"is of model_type '{other}', which is no dual encoder"):
        vlminterp.load("hf", checkpoint=str(folder))


def test_weights_of_another_architecture(folders, tmp_path):
    folder = copied(folders["siglip"], tmp_path)
    shutil.copy(folders["blip"] / "model.safetensors", folder)
    with pytest.raises(ModelError, match=r"is no SiglipModel: \d+ tensors are missing, e\.g\. "):
        vlminterp.load("hf", checkpoint=str(folder))


def test_a_missing_preprocessor_is_named_not_guessed(folders, tmp_path):
    folder = copied(folders["siglip"], tmp_path)
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(ModelError, match=r"lacks preprocessor_config\.json"):
        vlminterp.load("hf", checkpoint=str(folder))


def test_sentencepieces_alone(folders, tmp_path):
    """XLM-R's own file, as old repositories keep it; transformers itself reads it so."""
    folder = copied(folders["altclip"], tmp_path)
    (folder / "tokenizer.json").unlink()
    settings = {"tokenizer_class": "XLMRobertaTokenizer", "model_max_length": CONTEXT}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    sentencepieces(folder / "sentencepiece.bpe", 90)
    own = AutoTokenizer.from_pretrained(folder)
    encoder = vlminterp.load("hf", checkpoint=str(folder))
    tokens = encoder.tokenize(SENTENCES)
    for text, ids, mask in zip(SENTENCES, tokens.ids, tokens.mask, strict=True):
        assert ids[mask].tolist() == own(text, truncation=True, max_length=CONTEXT)["input_ids"]
    assert [word.text for word in encoder.tokenize(["a small dog"]).words[0]] == [
        "a",
        "small",
        "dog",
    ]


def test_an_open_clip_folder_is_told(tmp_path):
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": {}}))
    with pytest.raises(ModelError, match=r"is open_clip's; use model=open-clip"):
        vlminterp.load("hf", checkpoint=str(tmp_path))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("side", ["image", "text"])
def test_half_precision_ranks_like_float32(folders, pictures, captions, side, dtype):
    """The bottleneck is float32; the tower's rounding may not turn the map around."""
    for name in ("siglip", "altclip"):
        maps = []
        for precision in ("float32", dtype):
            encoder = vlminterp.load("hf", checkpoint=str(folders[name]), dtype=precision)
            pixels, tokens = encoder.preprocess(pictures), encoder.tokenize(captions)
            found = M2IB(encoder, side, Settings(steps=5, copies=4)).attribute(pixels, tokens)
            assert found.scores.dtype == torch.float32
            maps.append(found.scores)
        for first, second in zip(*maps, strict=True):
            assert torch.corrcoef(torch.stack([first, second]))[0, 1] > 0.9


def test_a_folder_that_resizes_nothing(folders, tmp_path):
    """Pictures of the model's own size are taken, others are refused by name."""
    folder = copied(folders["siglip"], tmp_path)
    settings = json.loads((folder / "preprocessor_config.json").read_text())
    settings |= {"do_resize": False, "do_center_crop": False}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    encoder = vlminterp.load("hf", checkpoint=str(folder))
    assert encoder.preprocess([Image.new("RGB", (SIZE, SIZE))]).values.shape == (1, 3, SIZE, SIZE)
    with pytest.raises(InputError, match=f"40×{SIZE} pixels: .* do_resize=false"):
        encoder.preprocess([Image.new("RGB", (SIZE, 40))])
