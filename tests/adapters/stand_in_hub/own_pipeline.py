"""What each backend's own whole pipeline makes of the same pictures and captions."""

import inspect

import numpy as np
import open_clip
import torch
import transformers
from torch.nn.functional import normalize
from transformers import AutoProcessor

PADDED = {"siglip", "siglip2", "owlvit", "owlv2"}
"""Families whose captions are padded to the whole context, as in training."""


@torch.no_grad()
def of_transformers(folder, architecture, pictures, captions):
    """Returns pixels and embeddings as a model card has them made: processor, then model."""
    processor = AutoProcessor.from_pretrained(folder)
    model = getattr(transformers, architecture).from_pretrained(folder).eval()
    kind = model.config.model_type
    width = getattr(model.config.text_config, "max_position_embeddings", 64)
    padding = {"padding": True}
    if kind in PADDED:
        padding = {"padding": "max_length", "max_length": width}
    seen = processor.image_processor(images=pictures, return_tensors="pt")
    read = processor.tokenizer(captions, return_tensors="pt", truncation=True, **padding)
    if kind in ("siglip", "siglip2"):
        read = {"input_ids": read["input_ids"]}
    if kind == "blip":
        similarity = model(**seen, **read, use_itm_head=False).itm_score
        return {"pixels": seen["pixel_values"].numpy(), "similarity": similarity.numpy()}
    image = model.get_image_features(**_asked(model.get_image_features, seen)).pooler_output
    text = model.get_text_features(**_asked(model.get_text_features, read)).pooler_output
    if kind == "flava":  # its contrastive loss reads the first token
        image, text = image[:, 0], text[:, 0]
    sides = {"image": normalize(image, dim=-1).numpy(), "text": normalize(text, dim=-1).numpy()}
    return {"pixels": seen["pixel_values"].numpy(), **sides}


def _asked(method, inputs):
    """CLIPSeg's pictures are larger than its positions, which are interpolated."""
    known = inspect.signature(method).parameters
    more = {"interpolate_pos_encoding": True} if "interpolate_pos_encoding" in known else {}
    return dict(inputs) | more


@torch.no_grad()
def of_open_clip(name, pictures, captions):
    """Returns pixels and embeddings by open_clip's own transform, tokenizer and model."""
    if ":" in name:
        model, transform = open_clip.create_model_from_pretrained(name)
    else:
        architecture, tag = name.split("/")
        model, transform = open_clip.create_model_from_pretrained(architecture, tag)
        name = architecture
    tokenizer = open_clip.get_tokenizer(name)
    model.eval()
    pixels = torch.stack([transform(picture) for picture in pictures])
    return {
        "pixels": pixels.numpy(),
        "image": model.encode_image(pixels, normalize=True).numpy(),
        "text": model.encode_text(tokenizer(captions), normalize=True).numpy(),
    }


def grey_levels(ours, theirs):
    """Returns at most how many grey levels pixels differ by; nothing if their shapes differ."""
    if ours.shape != theirs.shape:
        return None
    return float(np.abs(ours - theirs).max()) * 255  # no deviation is larger than 1
