"""Configs of families that are more than CLIP, as their repositories have them."""

from tests.adapters.stand_in_hub import configs
from tests.adapters.stand_in_hub.configs import EMBEDDING, NARROW


def bert_text(**facts):
    """Returns a BERT-like text tower's facts."""
    return {"hidden_act": "gelu", "layer_norm_eps": 1e-12, "pad_token_id": 0, **facts}


def chinese_clip(size):
    """Returns the config of Chinese-CLIP: a BERT beside a ViT."""
    text = bert_text(
        model_type="chinese_clip_text_model", vocab_size=size, max_position_embeddings=512,
        type_vocab_size=2, bos_token_id=0,
    )  # fmt: skip
    vision = {"model_type": "chinese_clip_vision_model", "image_size": 224, "patch_size": 16}
    return configs.towers(
        text, vision | {"hidden_act": "quick_gelu"}, written=configs.WRITTEN_THEN,
        architectures=["ChineseCLIPModel"], model_type="chinese_clip",
        initializer_factor=1.0, logit_scale_init_value=2.6592, projection_dim=EMBEDDING,
    )  # fmt: skip


def flava(size):
    """Returns the config of FLAVA, whose repository holds the whole model of its pretraining."""
    text = bert_text(model_type="flava_text_model", vocab_size=size, max_position_embeddings=512)
    image = {"model_type": "flava_image_model", "image_size": 224, "patch_size": 16}
    return configs.towers(
        text, image, parts=("text", "image"), written=configs.WRITTEN_THEN,
        architectures=["FlavaForPreTraining"], model_type="flava", init_codebook=True,
        hidden_size=NARROW["hidden_size"], projection_dim=EMBEDDING,
        multimodal_config={**NARROW, "model_type": "flava_multimodal_model"},
        image_codebook_config={"model_type": "flava_image_codebook", "hidden_size": 8},
    )  # fmt: skip


def blip(size):
    """Returns the config of BLIP for retrieval."""
    text = bert_text(
        model_type="blip_text_model", vocab_size=size, max_position_embeddings=512,
        encoder_hidden_size=NARROW["hidden_size"], bos_token_id=size - 2, eos_token_id=2,
        sep_token_id=3,
    )  # fmt: skip
    vision = {"model_type": "blip_vision_model", "image_size": 384, "patch_size": 16}
    return configs.towers(
        text, vision, written=configs.WRITTEN_THEN,
        architectures=["BlipForImageTextRetrieval"], model_type="blip",
        image_text_hidden_size=EMBEDDING, projection_dim=EMBEDDING,
    )  # fmt: skip


def align(size):
    """Returns the config of ALIGN: an EfficientNet of two stages beside a BERT."""
    text = bert_text(model_type="align_text_model", vocab_size=size, max_position_embeddings=512)
    stages = {
        "in_channels": [32, 8],
        "out_channels": [8, EMBEDDING],
        "kernel_sizes": [3, 3],
        "strides": [1, 2],
        "depthwise_padding": [],
        "num_block_repeats": [1, 1],
        "expand_ratios": [1, 2],
        "width_coefficient": 1.0,
        "depth_coefficient": 1.0,
        "hidden_dim": 2560,
        "image_size": 289,
    }
    whole = configs.towers(
        text, {"model_type": "align_vision_model"}, architectures=["AlignModel"],
        model_type="align", projection_dim=EMBEDDING, temperature_init_value=1.0,
    )  # fmt: skip
    return whole | {"vision_config": {"model_type": "align_vision_model", **stages}}


def detector(kind, size, patch):
    """Returns the config of OWL-ViT or OWLv2: a detector that holds a CLIP."""
    text = {
        "model_type": f"{kind}_text_model", "bos_token_id": 0, "eos_token_id": 2,
        "hidden_act": "quick_gelu", "max_position_embeddings": 16, "vocab_size": 49408,
        "pad_token_id": 1,
    }  # fmt: skip
    vision = {"model_type": f"{kind}_vision_model", "image_size": size, "patch_size": patch}
    name = {"owlvit": "OwlViT", "owlv2": "Owlv2"}[kind]
    return configs.towers(
        text, vision | {"hidden_act": "quick_gelu"}, written=configs.WRITTEN_THEN,
        architectures=[f"{name}ForObjectDetection"], model_type=kind, projection_dim=EMBEDDING,
    )  # fmt: skip


def clipseg():
    """Returns the config of CLIPSeg, whose pictures are larger than those of its CLIP."""
    whole = configs.old_clip(
        224, 16, architectures=["CLIPSegForImageSegmentation"], model_type="clipseg",
        extract_layers=[0, 1], reduce_dim=16, decoder_num_attention_heads=2,
        decoder_intermediate_size=32, conditional_layer=0, use_complex_transposed_convolution=True,
    )  # fmt: skip
    whole["vision_config"]["model_type"] = "clipseg_vision_model"
    whole["text_config"]["model_type"] = "clipseg_text_model"
    return whole
