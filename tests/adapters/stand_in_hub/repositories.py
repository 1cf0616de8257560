"""Repositories of the hub as they are: file lists, configs, kinds of tokenizer; weights are random.

File lists are those of the main branches as far as they are known here, where the hub can't be
reached; what no loader reads (READMEs, TensorFlow's and Flax's weights) is an empty file.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.adapters.stand_in_hub import configs, families, tokenizers, weights
from tests.adapters.stand_in_hub.configs import HALVES
from tests.adapters.stand_in_hub.open_clip_kinds import (
    write_biomedclip,
    write_laion,
    write_marqo,
    write_mobileclip,
)
from tests.adapters.stand_in_hub.weights import PICKLED, SAFE

FLAX, TENSORFLOW = "flax_model.msgpack", "tf_model.h5"


@dataclass(frozen=True)
class Repository:
    """A repository, and how it is asked for.

    Attributes:
        name: On the hub.
        write: Fills its folder.
        weights: The one file of weights that may be read.
        adapter: By which it is read.
        checkpoint: What `model.checkpoint` says; by default its name.
        unread: Files that nothing reads.
        architecture: Of transformers, for its own pipeline.
        options: What the loader of its folder is also told, by the folder of all repositories.
    """

    name: str
    write: Callable[[Path], None]
    weights: str = SAFE
    adapter: str = "hf"
    checkpoint: str = ""
    unread: tuple[str, ...] = ()
    architecture: str = ""
    options: dict[str, str] = field(default_factory=dict)


def _dump(folder, name, content):
    (folder / name).write_text(json.dumps(content, indent=2), "utf-8")


def _hf(config, architecture, preprocessor, tokenizer, *names):
    """Returns what writes a repository of transformers.

    Args:
        config: Its `config.json`, or what makes it of the size of the vocabulary.
        architecture: Whose weights it holds.
        preprocessor: Its `preprocessor_config.json`.
        tokenizer: Writes the tokenizer, and returns the size of the vocabulary.
        names: Its files of weights.
    """

    def write(folder):
        size = tokenizer(folder)
        whole: Any = config(size) if callable(config) else config
        _dump(folder, "config.json", whole)
        _dump(folder, "preprocessor_config.json", preprocessor)
        weights.write(weights.model_of(whole, architecture), folder, *names)

    return write


def _clip_tokenizer(**settings):
    def write(folder):
        tokenizers.clip(folder, **settings)
        return 49408

    return write


OPENAI = (FLAX, TENSORFLOW, "README.md")
NAFLEX = {
    "default_to_square": True, "do_convert_rgb": None, "do_normalize": True, "do_rescale": True,
    "do_resize": True, "image_mean": HALVES, "image_std": HALVES,
    "image_processor_type": "Siglip2ImageProcessor", "max_num_patches": 256, "patch_size": 16,
    "processor_class": "Siglip2Processor", "resample": 2, "rescale_factor": 0.00392156862745098,
}  # fmt: skip
BIOMEDCLIP = "microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224"
BIOMEDBERT = "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract"
LAION = "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"

REPOSITORIES = (
    Repository(
        "openai/clip-vit-base-patch32",
        _hf(
            configs.old_clip(224, 32), "CLIPModel", configs.clip_preprocessor(224),
            _clip_tokenizer(), PICKLED,
        ),
        PICKLED, unread=OPENAI, architecture="CLIPModel",
    ),
    Repository(
        "openai/clip-vit-large-patch14-336",
        _hf(
            configs.old_clip(336, 14), "CLIPModel", configs.clip_preprocessor(336),
            _clip_tokenizer(), PICKLED,
        ),
        PICKLED, unread=(TENSORFLOW, "README.md"), architecture="CLIPModel",
    ),
    Repository(LAION, write_laion, unread=("README.md",), architecture="CLIPModel"),
    Repository(
        LAION, write_laion, "open_clip_model.safetensors", "open-clip", f"hf-hub:{LAION}",
    ),
    Repository(
        LAION, write_laion, "open_clip_model.safetensors", "open-clip",
        "ViT-B-32/laion2b_s34b_b79k",
    ),
    Repository(
        "google/siglip-base-patch16-224",
        _hf(
            lambda size: configs.siglip(size, image_size=224, patch_size=16), "SiglipModel",
            configs.squashing_preprocessor(
                "SiglipImageProcessor", 224, processor_class="SiglipProcessor"
            ),
            tokenizers.siglip, SAFE,
        ),
        unread=("README.md",), architecture="SiglipModel",
    ),
    Repository(
        "google/siglip2-base-patch16-224",
        _hf(
            lambda size: configs.siglip(size, image_size=224, patch_size=16), "SiglipModel",
            configs.squashing_preprocessor(
                "SiglipImageProcessor", 224, processor_class="SiglipProcessor", resample=2,
                do_convert_rgb=None,
            ),
            tokenizers.gemma, SAFE,
        ),
        unread=("README.md",), architecture="SiglipModel",
    ),
    Repository(
        "google/siglip2-base-patch16-naflex",
        _hf(
            lambda size: configs.towers(
                {"model_type": "siglip2_text_model", "vocab_size": size, "projection_size": 32},
                {"model_type": "siglip2_vision_model", "num_patches": 256, "patch_size": 16},
                architectures=["Siglip2Model"], initializer_factor=1.0, model_type="siglip2",
            ),
            "Siglip2Model", NAFLEX, tokenizers.gemma, SAFE,
        ),
        unread=("README.md",), architecture="Siglip2Model",
    ),
    Repository(
        "facebook/metaclip-b32-400m",
        _hf(
            configs.old_clip(224, 32), "CLIPModel", configs.clip_preprocessor(224),
            _clip_tokenizer(), SAFE, PICKLED,
        ),
        unread=("README.md",), architecture="CLIPModel",
    ),
    Repository(
        "OFA-Sys/chinese-clip-vit-base-patch16",
        _hf(
            families.chinese_clip, "ChineseCLIPModel",
            configs.squashing_preprocessor(
                "ChineseCLIPImageProcessor", 224, do_center_crop=False, image_mean=configs.MEAN,
                image_std=configs.DEVIATION, feature_extractor_type="ChineseCLIPFeatureExtractor",
            ),
            lambda folder: tokenizers.bert(folder, only=("vocab.txt",)), PICKLED,
        ),
        PICKLED, unread=("README.md", "clip_cn_vit-b-16.pt", "festival.jpg"),
        architecture="ChineseCLIPModel",
    ),
    Repository(
        BIOMEDCLIP, write_biomedclip, "open_clip_pytorch_model.bin", "open-clip",
        f"hf-hub:{BIOMEDCLIP}", options={"text_tower": BIOMEDBERT},
    ),
    Repository(
        "facebook/flava-full",
        _hf(
            families.flava, "FlavaForPreTraining",
            configs.clip_preprocessor(
                224, feature_extractor_type="FlavaFeatureExtractor", codebook_size=112,
                codebook_crop_size=112, codebook_do_resize=True, codebook_do_center_crop=True,
                codebook_do_map_pixels=True, codebook_do_normalize=True, codebook_resample=1,
                codebook_image_mean=[0.0] * 3, codebook_image_std=[1.0] * 3,
                input_size_patches=14, total_mask_patches=75, mask_group_min_patches=16,
                mask_group_max_patches=None, mask_group_min_aspect_ratio=0.3,
                mask_group_max_aspect_ratio=None,
            ),
            lambda folder: tokenizers.bert(folder, processor_class="FlavaProcessor"), PICKLED,
        ),
        PICKLED, unread=("README.md",), architecture="FlavaModel",
    ),
    Repository(
        "google/owlv2-base-patch16-ensemble",
        _hf(
            families.detector("owlv2", 960, 16), "Owlv2ForObjectDetection",
            configs.squashing_preprocessor(
                "Owlv2ImageProcessor", 960, do_pad=True, image_mean=configs.MEAN,
                image_std=configs.DEVIATION, processor_class="Owlv2Processor", resample=2,
            ),
            _clip_tokenizer(pad_token="!", model_max_length=16), SAFE, PICKLED,
        ),
        unread=("README.md",), architecture="Owlv2Model",
    ),
    Repository(
        "google/owlvit-base-patch32",
        _hf(
            families.detector("owlvit", 768, 32), "OwlViTForObjectDetection",
            configs.clip_preprocessor(
                768, size=[768, 768], do_center_crop=False,
                feature_extractor_type="OwlViTFeatureExtractor",
            ),
            _clip_tokenizer(pad_token="!", model_max_length=16), SAFE, PICKLED,
        ),
        unread=("README.md",), architecture="OwlViTModel",
    ),
    Repository(
        "Salesforce/blip-itm-base-coco",
        _hf(
            families.blip, "BlipForImageTextRetrieval",
            configs.squashing_preprocessor(
                "BlipImageProcessor", 384, image_mean=configs.MEAN, image_std=configs.DEVIATION,
                do_pad=True, size_divisor=32, processor_class="BlipProcessor",
            ),
            tokenizers.bert, SAFE, PICKLED,
        ),
        unread=("README.md", TENSORFLOW), architecture="BlipForImageTextRetrieval",
    ),
    Repository(
        "kakaobrain/align-base",
        _hf(
            families.align, "AlignModel",
            configs.squashing_preprocessor(
                "EfficientNetImageProcessor", 289, crop_size={"height": 289, "width": 289},
                do_center_crop=True, include_top=False, rescale_offset=True, resample=2,
                rescale_factor=0.00784313725490196, do_normalize=False,
                processor_class="AlignProcessor", size={"height": 346, "width": 346},
            ),
            lambda folder: tokenizers.bert(folder, processor_class="AlignProcessor"), PICKLED,
        ),
        PICKLED, unread=("README.md",), architecture="AlignModel",
    ),
    Repository(
        "CIDAS/clipseg-rd64-refined",
        _hf(
            families.clipseg(), "CLIPSegForImageSegmentation",
            configs.squashing_preprocessor(
                "ViTImageProcessor", 352, image_mean=[0.485, 0.456, 0.406],
                image_std=[0.229, 0.224, 0.225], feature_extractor_type="ViTFeatureExtractor",
                processor_class="CLIPSegProcessor",
            ),
            _clip_tokenizer(), SAFE, PICKLED,
        ),
        unread=("README.md",), architecture="CLIPSegModel",
    ),
    Repository(
        "apple/MobileCLIP-B-OpenCLIP", write_mobileclip, "open_clip_model.safetensors",
        "open-clip", "hf-hub:apple/MobileCLIP-B-OpenCLIP",
    ),
    Repository(
        "Marqo/marqo-fashionSigLIP", write_marqo, "open_clip_model.safetensors", "open-clip",
        "hf-hub:Marqo/marqo-fashionSigLIP",
    ),
)  # fmt: skip


def write_all(root):
    """Writes every repository under `root/ORG/NAME`, once."""
    for repository in REPOSITORIES:
        folder = root / repository.name
        if folder.exists():
            continue
        folder.mkdir(parents=True)
        repository.write(folder)
        for name in (*repository.unread, ".gitattributes"):
            (folder / name).touch()
