"""Tokenizers in the files that real repositories keep: CLIP's own, small ones of other kinds."""

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import open_clip
import sentencepiece
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import CLIPTokenizer, GemmaTokenizer

from tests.adapters.folders import SENTENCES, wordpiece

END, START = "<|endoftext|>", "<|startoftext|>"
CLIP_FILES = (
    "vocab.json",
    "merges.txt",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
)


def added(token):
    """Writes a special token as old tokenizer files do."""
    facts = {"lstrip": False, "normalized": True, "rstrip": False, "single_word": False}
    return {"content": token, **facts, "__type": "AddedToken"}


CLIP_CONFIG = {
    "unk_token": added(END),
    "bos_token": added(START),
    "eos_token": added(END),
    "pad_token": END,
    "add_prefix_space": False,
    "errors": "replace",
    "do_lower_case": True,
    "name_or_path": "openai/clip-vit-base-patch32",
    "model_max_length": 77,
    "special_tokens_map_file": "./special_tokens_map.json",
    "tokenizer_class": "CLIPTokenizer",
}


@cache
def _clip_files():
    """Returns the contents of CLIP's files, with its whole vocabulary of 49,408 pieces."""
    bpe = open_clip.SimpleTokenizer()
    renamed = {"<start_of_text>": START, "<end_of_text>": END}
    vocabulary = {renamed.get(piece, piece): i for piece, i in bpe.encoder.items()}
    merges = list(bpe.bpe_ranks)
    with TemporaryDirectory() as folder:
        CLIPTokenizer(vocabulary, merges, model_max_length=77).save_pretrained(folder)
        whole = (Path(folder) / "tokenizer.json").read_text("utf-8")
    return {
        "vocab.json": json.dumps(vocabulary),
        "merges.txt": "#version: 0.2\n" + "\n".join(map(" ".join, merges)) + "\n",
        "tokenizer.json": whole,
    }


def clip(folder, only=CLIP_FILES, **settings):
    """Writes CLIP's tokenizer.

    Args:
        folder: Where to.
        only: The files that the repository has.
        settings: What its `tokenizer_config.json` says otherwise.
    """
    config = CLIP_CONFIG | settings
    special = {"bos_token": START, "eos_token": END, "unk_token": END}
    files = _clip_files() | {
        "tokenizer_config.json": json.dumps(config),
        "special_tokens_map.json": json.dumps(special | {"pad_token": config["pad_token"]}),
    }
    for name in only:
        (folder / name).write_text(files[name], "utf-8")


@cache
def _bert_pieces():
    """Returns a WordPiece tokenizer as JSON: every repository of one process has the same."""
    with TemporaryDirectory() as place:
        wordpiece(Path(place))
        return (Path(place) / "tokenizer.json").read_text("utf-8")


def bert(folder, *, only=None, **settings):
    """Writes a WordPiece tokenizer; returns the size of its vocabulary.

    Args:
        folder: Where to.
        only: The files that the repository has; all by default.
        settings: Its `tokenizer_config.json`.
    """
    vocabulary = json.loads(_bert_pieces())["model"]["vocab"]
    pieces = sorted(vocabulary, key=vocabulary.get)
    special = {"unk": "[UNK]", "sep": "[SEP]", "pad": "[PAD]", "cls": "[CLS]", "mask": "[MASK]"}
    special = {f"{name}_token": piece for name, piece in special.items()}
    config = {"do_lower_case": True, "model_max_length": 512, "tokenizer_class": "BertTokenizer"}
    files = {
        "vocab.txt": "\n".join(pieces) + "\n",
        "tokenizer.json": _bert_pieces(),
        "tokenizer_config.json": json.dumps({**config, **special, **settings}),
        "special_tokens_map.json": json.dumps(special),
    }
    for name in only or files:
        (folder / name).write_text(files[name], "utf-8")
    return len(pieces)


def sentencepieces(prefix, size, **ids):
    """Trains `PREFIX.model`, SentencePiece's own file."""
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES),
        model_prefix=str(prefix),
        vocab_size=size,
        hard_vocab_limit=False,
        minloglevel=9,
        **ids,
    )
    Path(f"{prefix}.vocab").unlink()


def siglip(folder):
    """Writes SigLIP's tokenizer: SentencePiece, end token behind, padded with it."""
    sentencepieces(folder / "spiece", 72, pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    config = {
        "additional_special_tokens": [],
        "clean_up_tokenization_spaces": True,
        "do_lower_case": True,
        "eos_token": "</s>",
        "model_input_names": ["input_ids"],
        "model_max_length": 64,
        "pad_token": "</s>",
        "processor_class": "SiglipProcessor",
        "sp_model_kwargs": {},
        "tokenizer_class": "SiglipTokenizer",
        "unk_token": "<unk>",
    }
    special = {"eos_token": "</s>", "pad_token": "</s>", "unk_token": "<unk>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    (folder / "special_tokens_map.json").write_text(json.dumps(special))
    return 72


def gemma(folder):
    """Writes SigLIP 2's tokenizer, which is Gemma's: BPE that marks spaces, end token behind."""
    special = ["<pad>", "<eos>", "<bos>", "<unk>"]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    trainer = trainers.BpeTrainer(vocab_size=150, special_tokens=special)
    tokenizer.train_from_iterator(SENTENCES, trainer)
    learned = json.loads(tokenizer.to_str())["model"]
    merges = [tuple(merge) for merge in learned["merges"]]
    GemmaTokenizer(
        vocab=learned["vocab"], merges=merges, add_bos_token=False, add_eos_token=True,
        padding_side="right", model_max_length=1000000000000000019884624838656,
        processor_class="SiglipProcessor",
    ).save_pretrained(folder)  # fmt: skip
    path = folder / "tokenizer.json"
    ending = processors.TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", 1)])
    backend = Tokenizer.from_file(str(path))
    backend.post_processor = ending
    backend.save(str(path))
    named = {f"{name}_token": f"<{name}>" for name in ("bos", "eos", "pad", "unk")}
    (folder / "special_tokens_map.json").write_text(json.dumps(named))
    sentencepieces(folder / "tokenizer", 80, pad_id=0, eos_id=1, bos_id=2, unk_id=3)
    return len(backend.get_vocab())
