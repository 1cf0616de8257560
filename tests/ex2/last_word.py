"""A judge whose verdicts are known: a real Llama that goes by the last word it has read.

Its embeddings are one-hot, its blocks add nothing, and its head is a table from each token to the
next. So it answers what the last word of a description stands for, and ends.
"""

import json

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

LAST_WORDS = {
    "habitat": (
        "trees",
        "woods",
        "forest",
        "sea",
        "ocean",
        "water",
        "floor",
        "door",
        "town",
        "street",
    ),
    "visual": ("blue", "gray", "orange", "red", "wings", "throat", "paws", "corner", "upright"),
    None: ("owl", "whale", "cat", "bus", "cart", "orders", "photo", "copyright", "shop"),
}
UNKNOWN, END, NO_VERDICT = "<unk>", "<eos>", "Hm"


def answer(family):
    """What it says after one of a family's words; `None` are words that inform of nothing."""
    told = {"informative": bool(family), "visual": family == "visual" if family else None}
    return json.dumps({"explanation": "e", **told, "families": [family] if family else []})


def families_of(text):
    """Its verdict by hand: the families of a description, or None where it gives no verdict."""
    last = text.rstrip(" .").split()[-1].lower()
    for family, words in LAST_WORDS.items():
        if last in words:
            return [family] if family else []
    return None


def save_judge(folder):
    """Model and tokenizer, without chat template and without a padding token."""
    following = {word: answer(f) for f, words in LAST_WORDS.items() for word in words}
    following |= {UNKNOWN: NO_VERDICT}
    following |= dict.fromkeys(set(following.values()), END)
    pieces = sorted({*following, END})
    pieces += ["<unused>"] * (len(pieces) % 2)  # rotary embeddings want an even width
    number = {piece: place for place, piece in enumerate(pieces)}
    backend = Tokenizer(models.WordLevel(number, unk_token=UNKNOWN))
    backend.normalizer = normalizers.Sequence(
        [normalizers.Replace(".", " "), normalizers.Lowercase()]
    )
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        unk_token=UNKNOWN,
        eos_token=END,
        clean_up_tokenization_spaces=False,
    )
    model = LlamaForCausalLM(_config(len(pieces), number[END]))
    with torch.no_grad():
        for parameter in model.model.layers.parameters():
            parameter.zero_()
        model.model.embed_tokens.weight.copy_(torch.eye(len(pieces)))
        model.lm_head.weight.zero_()
        for piece, then in following.items():
            model.lm_head.weight[number[then], number[piece]] = 1.0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _config(width, end):
    return LlamaConfig(
        vocab_size=width,
        hidden_size=width,
        intermediate_size=2,
        num_hidden_layers=1,
        num_attention_heads=1,
        max_position_embeddings=4096,
        bos_token_id=None,
        eos_token_id=end,
        pad_token_id=None,
    )
