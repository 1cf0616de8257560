"""Repositories of a hub on the loopback: what is read of them, what is asked, what is said."""

import json
import shutil
import socket
import threading

import pytest
import torch
from huggingface_hub import constants
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from torch.nn.functional import normalize
from transformers import BlipForImageTextRetrieval, CLIPModel

import vlminterp
from tests.adapters.folders import write_folder
from tests.adapters.stand_in_hub.server import StandInHub, commit
from vlminterp.adapters.hub import loading
from vlminterp.errors import ModelError

SAFE, PICKLED = "model.safetensors", "pytorch_model.bin"
CAPTIONS = ["a cat", "a small dog"]


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "blip"
    write_folder(folder, "blip")
    return folder


def point_at(url, monkeypatch):
    monkeypatch.setattr(constants, "ENDPOINT", url)
    address = f"{url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub, a cache of its own, and nothing of the real ones."""
    with StandInHub(tmp_path / "hub") as server:
        point_at(server.url, monkeypatch)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        yield server


@pytest.fixture
def repository(hub, model_folder):
    """`org/name` on the hub, with safetensors."""
    return shutil.copytree(model_folder, hub.root / "org" / "name")


def embedded(**options):
    encoder = vlminterp.load("hf", **options)
    return encoder.encode_text(encoder.tokenize(CAPTIONS))


def pickled(folder):
    """Turns the weights of a folder into a `.bin` as of old, not a zip."""
    weights = load_file(folder / SAFE)
    torch.save(weights, folder / PICKLED, _use_new_zipfile_serialization=False)
    (folder / SAFE).unlink()


def fetched(hub):
    return {line.rpartition("/")[2] for line in hub.requests if line.startswith("GET")}


def test_pickles_are_read_where_there_is_nothing_else(hub, repository, model_folder, monkeypatch):
    """Nobody is asked for a conversion, and what ran online runs offline."""
    pickled(repository)
    wanted = embedded(checkpoint=str(model_folder))
    assert torch.equal(embedded(checkpoint="org/name"), wanted)
    assert hub.conversions() == []
    asked = len(hub.requests)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert torch.equal(embedded(checkpoint="org/name"), wanted)
    assert len(hub.requests) == asked


def test_transformers_asks_for_no_conversion_either(hub, repository):
    """Where it reads a hub's pickles itself, as EX2's language models."""
    pickled(repository)
    cache = {"cache_dir": str(hub.root.parent / "cache")}
    with loading("org/name"):
        BlipForImageTextRetrieval.from_pretrained("org/name", **cache)
    threads = [thread for thread in threading.enumerate() if "conversion" in thread.name]
    for thread in threads:
        thread.join()
    assert PICKLED in fetched(hub)
    assert (threads, hub.conversions()) == ([], [])


def test_safetensors_come_first(hub, repository, model_folder):
    others = {name: weight + 1 for name, weight in load_file(repository / SAFE).items()}
    torch.save(others, repository / PICKLED)
    (repository / "flax_model.msgpack").touch()
    wanted = embedded(checkpoint=str(model_folder))
    assert torch.equal(embedded(checkpoint="org/name"), wanted)
    assert torch.equal(embedded(checkpoint=str(repository)), wanted)
    assert SAFE in fetched(hub)
    assert not {PICKLED, "flax_model.msgpack"} & fetched(hub)


@pytest.mark.parametrize(("name", "save"), [(SAFE, save_file), (PICKLED, torch.save)])
def test_shards(hub, repository, model_folder, name, save):
    weights = load_file(repository / SAFE)
    (repository / SAFE).unlink()
    stem, suffix = name.split(".")
    half = len(weights) // 2
    where = {}
    for part, keys in enumerate((list(weights)[:half], list(weights)[half:]), start=1):
        shard = f"{stem}-0000{part}-of-00002.{suffix}"
        save({key: weights[key] for key in keys}, repository / shard)
        where |= dict.fromkeys(keys, shard)
    index = {"metadata": {"total_size": 1}, "weight_map": where}
    (repository / f"{name}.index.json").write_text(json.dumps(index))
    wanted = embedded(checkpoint=str(model_folder))
    assert torch.equal(embedded(checkpoint="org/name"), wanted)
    assert torch.equal(embedded(checkpoint=str(repository)), wanted)


def test_revisions(hub, repository):
    """A branch or tag and its commit; the main branch when none is named."""
    other = shutil.copytree(repository, repository.with_name("name@v1"))
    weights = load_file(other / SAFE)
    weights["text_proj.weight"] = weights["text_proj.weight"].flip(0).contiguous()
    save_file(weights, other / SAFE, metadata={"format": "pt"})
    wanted = embedded(checkpoint=str(other))
    assert torch.equal(embedded(checkpoint="org/name", revision="v1"), wanted)
    assert torch.equal(embedded(checkpoint="org/name", revision=commit(other)), wanted)
    assert torch.equal(embedded(checkpoint="org/name"), embedded(checkpoint=str(repository)))


def test_a_part_of_it_in_the_cache(hub, repository, monkeypatch):
    """As other programs leave it: a tokenizer without the weights."""
    (repository / SAFE).rename(repository / "elsewhere")
    with pytest.raises(ModelError, match=r"^checkpoint org/name lacks model\.safe[^;]+$"):
        vlminterp.load("hf", checkpoint="org/name")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match=r"lacks model\.safetensors .* its cache holds no more"):
        vlminterp.load("hf", checkpoint="org/name")


def test_a_hub_that_is_gone(hub, repository, monkeypatch):
    embedded(checkpoint="org/name")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        point_at(f"http://127.0.0.1:{free.getsockname()[1]}", monkeypatch)
        embedded(checkpoint="org/name")
        with pytest.raises(ModelError, match="the hub can't be reached and 'org/other' is not in"):
            vlminterp.load("hf", checkpoint="org/other")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"checkpoint": "org/nope"}, r"can't be loaded: the hub has no such repository, or a priv"),
        ({"checkpoint": "gated/name"}, r"its terms have to be accepted .* `hf auth login`"),
        ({"checkpoint": "org/name", "revision": "v9"}, r"no such revision; see model\.revision"),
        ({"checkpoint": "org/name", "text_tower": "org/x"}, r"model\.text_tower is for open_clip"),
    ],
)
def test_one_line_says_what_to_do(hub, repository, options, message):
    with pytest.raises(ModelError, match=message) as caught:
        vlminterp.load("hf", **options)
    assert "\n" not in str(caught.value)


def test_a_folder_has_no_revisions(model_folder):
    with pytest.raises(ModelError, match=r"revision is for the hub; checkpoint .* has none"):
        vlminterp.load("hf", checkpoint=str(model_folder), revision="main")


def test_the_other_librarys_repository_is_told(hub, repository, open_clip_folder):
    shutil.copytree(open_clip_folder, hub.root / "org" / "other")
    with pytest.raises(ModelError, match=r"model=open-clip model\.checkpoint=hf-hub:org/other$"):
        vlminterp.load("hf", checkpoint="org/other")
    with pytest.raises(ModelError, match=r"model=hf model\.checkpoint=org/name$"):
        vlminterp.load("open-clip", checkpoint="hf-hub:org/name")


def test_revisions_of_open_clip(hub, open_clip_folder, pictures):
    shutil.copytree(open_clip_folder, hub.root / "org" / "clip")
    shutil.copytree(open_clip_folder, hub.root / "org" / "clip@v1")
    path = hub.root / "org" / "clip@v1" / "open_clip_model.safetensors"
    save_file({name: weight.flip(0) for name, weight in load_file(path).items()}, path)
    images = []
    for options in (
        {"checkpoint": "hf-hub:org/clip", "revision": "v1"},
        {"checkpoint": str(path.parent)},
        {"checkpoint": "hf-hub:org/clip"},
    ):
        encoder = vlminterp.load("open-clip", **options)
        images.append(encoder.encode_image(encoder.preprocess(pictures)))
    assert torch.equal(images[0], images[1])
    assert not torch.equal(images[0], images[2])
    with pytest.raises(ModelError, match=r"model\.revision is for the hub"):
        vlminterp.load("open-clip", checkpoint="ViT-B-32/laion2b_s34b_b79k", revision="v1")


def test_a_tokenizer_that_is_not_where_it_is_said(hub, open_clip_folder):
    folder = shutil.copytree(open_clip_folder, hub.root / "org" / "clip")
    config = json.loads((folder / "open_clip_config.json").read_text())
    config["model_cfg"]["text_cfg"]["hf_tokenizer_name"] = "org/words"
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"'org/words' can't be loaded"):
        vlminterp.load("open-clip", checkpoint="hf-hub:org/clip")


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("adapter", ["hf", "open-clip"])
def test_code_in_weights_never_runs(adapter, model_folder, open_clip_folder, tmp_path, monkeypatch):
    source, safe, unsafe = {
        "hf": (model_folder, SAFE, PICKLED),
        "open-clip": (
            open_clip_folder,
            "open_clip_model.safetensors",
            "open_clip_pytorch_model.bin",
        ),
    }[adapter]
    folder = shutil.copytree(source, tmp_path / "checkpoint")
    weights = load_file(folder / safe)
    (folder / safe).unlink()
    torch.save(weights, folder / unsafe)
    vlminterp.load(adapter, checkpoint=str(folder))
    torch.save({**weights, "more": Trap(tmp_path / "sprung")}, folder / unsafe)
    with pytest.raises(ModelError, match=r"a pickle of more than tensors") as caught:
        vlminterp.load(adapter, checkpoint=str(folder))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "sprung").exists()


def test_repositories_are_loaded_by_what_is_in_them(hub, repository, open_clip_folder, monkeypatch):
    """Neither library is named; online, then offline."""
    shutil.copytree(open_clip_folder, hub.root / "org" / "clip")
    for offline in (False, True):
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
        kinds = [type(vlminterp.load(name)).__name__ for name in ("org/name", "org/clip")]
        assert kinds == ["HFBLIP", "OpenCLIP"], offline


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")
def test_an_adapters_repository_names_its_bases(hub, hf_folder, captions, monkeypatch):
    shutil.copytree(hf_folder, hub.root / "org" / "base")
    torch.manual_seed(0)
    lora = LoraConfig(target_modules=["q_proj"], init_lora_weights=False)
    tuned = get_peft_model(CLIPModel.from_pretrained(hf_folder), lora).eval()
    tuned.save_pretrained(hub.root / "org" / "lora")
    path = hub.root / "org" / "lora" / "adapter_config.json"
    settings = json.loads(path.read_text()) | {"base_model_name_or_path": "org/base"}
    path.write_text(json.dumps(settings))
    for offline in (False, True):
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
        encoder = vlminterp.load("org/lora")
        tokens = encoder.tokenize(captions)
        own = tuned.get_text_features(
            input_ids=tokens.ids, attention_mask=tokens.mask.long()
        ).pooler_output
        found = encoder.encode_text(tokens)
        torch.testing.assert_close(found, normalize(own, dim=-1), rtol=0, atol=1e-5)
