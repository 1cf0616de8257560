"""What real repositories say in their configs, as facts; only depths and widths are others."""

NARROW = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_attention_heads": 2,
    "num_hidden_layers": 2,
}
EMBEDDING = 24
MEAN, DEVIATION = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
HALVES = [0.5, 0.5, 0.5]

# What transformers wrote beside the facts of a tower in its fourth version's first years.
WRITTEN_THEN = {
    "_name_or_path": "",
    "add_cross_attention": False,
    "architectures": None,
    "bad_words_ids": None,
    "chunk_size_feed_forward": 0,
    "decoder_start_token_id": None,
    "do_sample": False,
    "early_stopping": False,
    "id2label": {"0": "LABEL_0", "1": "LABEL_1"},
    "is_decoder": False,
    "is_encoder_decoder": False,
    "label2id": {"LABEL_0": 0, "LABEL_1": 1},
    "length_penalty": 1.0,
    "max_length": 20,
    "num_beams": 1,
    "output_attentions": False,
    "output_hidden_states": False,
    "return_dict": True,
    "sep_token_id": None,
    "tie_word_embeddings": True,
    "tokenizer_class": None,
    "top_k": 50,
    "torch_dtype": None,
    "torchscript": False,
    "transformers_version": "4.16.0.dev0",
    "use_bfloat16": False,
}


def towers(text, vision, *, written=None, parts=("text", "vision"), **facts):
    """Returns a config of two towers, with everything else that the file says."""
    written = written or {}
    sides = {parts[0]: text, parts[1]: vision}
    configs = {f"{side}_config": {**written, **NARROW, **tower} for side, tower in sides.items()}
    nothing = {f"{side}_config_dict": None for side in sides} if written else {}
    return {**facts, **configs, **nothing, "torch_dtype": "float32", "transformers_version": None}


def old_clip(size, patch, activation="quick_gelu", **facts):
    """Returns the config of CLIP and its kin: the end token is said to be 2, and is 49,407."""
    text = {
        "attention_dropout": 0.0,
        "bos_token_id": 0,
        "eos_token_id": 2,
        "pad_token_id": 1,
        "hidden_act": activation,
        "initializer_factor": 1.0,
        "initializer_range": 0.02,
        "layer_norm_eps": 1e-05,
        "max_position_embeddings": 77,
        "model_type": "clip_text_model",
        "vocab_size": 49408,
    }
    vision = {
        "attention_dropout": 0.0,
        "hidden_act": activation,
        "image_size": size,
        "initializer_factor": 1.0,
        "initializer_range": 0.02,
        "layer_norm_eps": 1e-05,
        "model_type": "clip_vision_model",
        "patch_size": patch,
    }
    head = {
        "architectures": ["CLIPModel"],
        "initializer_factor": 1.0,
        "logit_scale_init_value": 2.6592,
        "model_type": "clip",
        "projection_dim": EMBEDDING,
    }
    return towers(text, vision, written=WRITTEN_THEN, **{**head, **facts})


def siglip(vocabulary, **vision):
    """Returns the config of SigLIP and of SigLIP 2; the sizes of its defaults are left out."""
    width = NARROW["hidden_size"]
    text = {
        "model_type": "siglip_text_model",
        "vocab_size": vocabulary,
        "projection_size": width,
        "hidden_act": "gelu_pytorch_tanh",
    }
    kind = {"model_type": "siglip_vision_model"}
    head = {"architectures": ["SiglipModel"], "initializer_factor": 1.0, "model_type": "siglip"}
    return towers(text, kind | vision, **head)


def clip_preprocessor(size, /, **facts):
    """Returns the `preprocessor_config.json` of CLIP's first repositories: plain numbers."""
    return {
        "crop_size": size,
        "do_center_crop": True,
        "do_normalize": True,
        "do_resize": True,
        "feature_extractor_type": "CLIPFeatureExtractor",
        "image_mean": MEAN,
        "image_std": DEVIATION,
        "resample": 3,
        "size": size,
        **facts,
    }


def squashing_preprocessor(kind, size, /, **facts):
    """Returns the `preprocessor_config.json` of a class that squashes to a square."""
    return {
        "do_normalize": True,
        "do_rescale": True,
        "do_resize": True,
        "image_mean": HALVES,
        "image_std": HALVES,
        "image_processor_type": kind,
        "resample": 3,
        "rescale_factor": 0.00392156862745098,
        "size": {"height": size, "width": size},
        **facts,
    }


def open_clip_vit(**text):
    """Returns open_clip's config of a plain CLIP; heads are 64 wide, as everywhere in it."""
    return {
        "model_cfg": {
            "embed_dim": EMBEDDING,
            "vision_cfg": {"image_size": 224, "layers": 4, "width": 64, "patch_size": 32},
            "text_cfg": {
                "context_length": 77,
                "vocab_size": 49408,
                "width": 64,
                "heads": 1,
                "layers": 3,
                **text,
            },
        },
        "preprocess_cfg": {"mean": MEAN, "std": DEVIATION},
    }
