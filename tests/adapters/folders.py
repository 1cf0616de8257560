"""Checkpoint folders of several families in the hub's format, with tokenizers of every kind."""

import json

import sentencepiece
import transformers
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import (
    AutoConfig,
    BertTokenizer,
    GemmaTokenizer,
    PreTrainedTokenizerFast,
    SiglipTokenizer,
)

from tests.adapters.tiny_hf import CONTEXT, PARTS, SIZE, randomise

SENTENCES = [
    "a photo of a small brown dog",
    "two birds, one tree",
    "an owl at night",
    "a cat's tail",
    "кошка на дереве",
    "猫が好き",
    "the cat sat on the mat; it's red",
]
SQUASHED = {"size": {"height": SIZE, "width": SIZE}, "do_center_crop": False}
CROPPED = {"size": {"shortest_edge": 40}, "crop_size": {"height": SIZE, "width": SIZE}}
COLOURS = {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.3, 0.4], "resample": 3}


def wordpiece(folder):
    """BERT's kind, as Chinese-CLIP and BLIP have it."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=150, special_tokens=special)
    tokenizer.train_from_iterator(SENTENCES, trainer)
    vocabulary = tokenizer.get_vocab()
    BertTokenizer(vocab=vocabulary, model_max_length=CONTEXT).save_pretrained(folder)
    return len(vocabulary)


def byte_level(folder):
    """RoBERTa's kind of BPE."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=330,
        special_tokens=["<pad>", "<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>"
    ).save_pretrained(folder)
    return tokenizer.get_vocab_size()


def unigram(folder):
    """XLM-R's kind, as AltCLIP and MetaCLIP 2 have it."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    special = ["<pad>", "<s>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(vocab_size=120, special_tokens=special, unk_token="<unk>")
    tokenizer.train_from_iterator(SENTENCES, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>"
    ).save_pretrained(folder)
    return tokenizer.get_vocab_size()


def gemma(folder):
    """SigLIP 2's: capitals are other letters, and padding is on the left unless it is said."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    alphabet = sorted({*"".join(SENTENCES), *"ACDO▁"} - {" "})
    trainer = trainers.BpeTrainer(vocab_size=95, special_tokens=special, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(SENTENCES, trainer)
    GemmaTokenizer(
        vocab=tokenizer.get_vocab(),
        merges=[tuple(m) for m in json.loads(tokenizer.to_str())["model"]["merges"]],
        add_bos_token=False,
        add_eos_token=True,
        model_max_length=CONTEXT,
    ).save_pretrained(folder)
    return tokenizer.get_vocab_size()


def slow_sentencepiece(folder):
    """SigLIP's own, which has no fast version."""
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES),
        model_prefix=str(folder / "spiece"),
        vocab_size=72,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        hard_vocab_limit=False,
        minloglevel=9,
    )
    tokenizer = SiglipTokenizer(str(folder / "spiece.model"), model_max_length=CONTEXT)
    tokenizer.save_pretrained(folder)
    return len(tokenizer)


KINDS = {
    "chinese_clip": (wordpiece, CROPPED),
    "blip": (wordpiece, SQUASHED),
    "clipseg": (byte_level, CROPPED),
    "altclip": (unigram, CROPPED),
    "siglip": (slow_sentencepiece, SQUASHED),
}
"""Families and how their checkpoints come."""


def write_folder(folder, model_type):
    """Writes a whole checkpoint of random weights; returns its model."""
    folder.mkdir()
    make_tokenizer, resizing = KINDS[model_type]
    size = make_tokenizer(folder)
    vision, text = PARTS[model_type]
    special = {"vocab_size": size, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    config = AutoConfig.for_model(
        model_type, vision_config=vision, text_config=text | special, projection_dim=16
    )
    architecture = {"blip": "BlipForImageTextRetrieval"}.get(model_type)
    names = transformers.models.auto.modeling_auto.MODEL_MAPPING_NAMES
    model = randomise(getattr(transformers, architecture or names[model_type])(config))
    model.save_pretrained(folder)
    settings = {"image_processor_type": "CLIPImageProcessor", **COLOURS, **resizing}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    return model
