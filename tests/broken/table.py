"""Broken checkpoints: the kind of checkpoint, what is broken about it, and how it is broken."""

from tests.broken.ways import (
    HUGE,
    Planted,
    as_folder,
    bare_pickle,
    cut,
    edited,
    empty_zip,
    first_is,
    first_longer,
    header,
    index_of,
    loop,
    own_code,
    pickled,
    replaced,
    template,
    tensors,
    unreadable,
    without_first,
    written,
)

CONFIG, WEIGHTS = "config.json", "model.safetensors"
PROCESSOR, TOKENIZER = "preprocessor_config.json", "tokenizer.json"
OPEN, OPEN_WEIGHTS = "open_clip_config.json", "open_clip_model.safetensors"
LORA, LORA_WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
GGUF = "model.gguf"
GARBAGE = bytes(range(97, 123)) * 40
NAN, INF = float("nan"), float("inf")

HF = {
    "config empty": written(CONFIG, ""),
    "config truncated": cut(CONFIG),
    "config no text": written(CONFIG, b"\xff\xfe\x00garbage"),
    "config a list": written(CONFIG, "[1, 2]"),
    "config a number": written(CONFIG, "7"),
    "config NaN": written(CONFIG, "NaN"),
    "config deeply nested": written(CONFIG, "[" * 100_000),
    "config a folder": as_folder(CONFIG),
    "config a loop": loop(CONFIG),
    "config unreadable": unreadable(CONFIG),
    "model_type unknown": edited(CONFIG, model_type="nope"),
    "model_type a number": edited(CONFIG, model_type=7),
    "model_type a list": edited(CONFIG, model_type=["clip"]),
    "towers lacking": edited(CONFIG, drop=["vision_config", "text_config"]),
    "vision a list": edited(CONFIG, vision_config=[1]),
    "text a string": edited(CONFIG, text_config="large"),
    "hidden negative": edited(CONFIG, vision_config__hidden_size=-24),
    "hidden zero": edited(CONFIG, vision_config__hidden_size=0),
    "hidden a string": edited(CONFIG, vision_config__hidden_size="wide"),
    "hidden NaN": edited(CONFIG, vision_config__hidden_size=NAN),
    "hidden huge": edited(CONFIG, vision_config__hidden_size=2 * HUGE),
    "vocabulary huge": edited(CONFIG, text_config__vocab_size=HUGE),
    "context huge": edited(CONFIG, text_config__max_position_embeddings=HUGE),
    "layers huge": edited(CONFIG, vision_config__num_hidden_layers=HUGE),
    "layers negative": edited(CONFIG, vision_config__num_hidden_layers=-1),
    "heads zero": edited(CONFIG, vision_config__num_attention_heads=0),
    "heads indivisible": edited(CONFIG, text_config__num_attention_heads=7),
    "patch zero": edited(CONFIG, vision_config__patch_size=0),
    "patch larger than image": edited(CONFIG, vision_config__patch_size=999),
    "image huge": edited(CONFIG, vision_config__image_size=200_000),
    "activation unknown": edited(CONFIG, vision_config__hidden_act="nope"),
    "dtype unknown": edited(CONFIG, dtype="float7"),
    "attention unknown": edited(CONFIG, attn_implementation="nope"),
    "own code": own_code(CONFIG, AutoConfig="planted.A", AutoModel="planted.B"),
    "weights empty": written(WEIGHTS, ""),
    "weights truncated": cut(WEIGHTS),
    "weights garbage": written(WEIGHTS, GARBAGE),
    "weights header absurd": written(WEIGHTS, header(2**63 - 1)),
    "weights header no JSON": written(WEIGHTS, header(4, "abcd")),
    "weights header lies": written(
        WEIGHTS,
        header(63, '{"a":{"dtype":"F32","shape":[9,9],"data_offsets":[0,999999]}}'.ljust(63)),
    ),
    "weights a folder": as_folder(WEIGHTS),
    "weights a loop": loop(WEIGHTS),
    "weights unreadable": unreadable(WEIGHTS),
    "weights without one": tensors(WEIGHTS, without_first),
    "weights of none": tensors(WEIGHTS, dict.clear),
    "weights reshaped": tensors(WEIGHTS, first_longer),
    "weights NaN": tensors(WEIGHTS, first_is(NAN)),
    "weights infinite": tensors(WEIGHTS, first_is(INF)),
    "pickle of code": pickled(WEIGHTS, "pytorch_model.bin", lambda canary, _: Planted(canary)),
    "pickle of code among tensors": pickled(
        WEIGHTS, "pytorch_model.bin", lambda canary, found: {**found, "x": Planted(canary)}
    ),
    "pickle by Python": bare_pickle(WEIGHTS, "pytorch_model.bin"),
    "pickle of a list": pickled(WEIGHTS, "pytorch_model.bin", lambda _, found: list(found)),
    "pickle empty": replaced(WEIGHTS, "pytorch_model.bin", ""),
    "pickle garbage": replaced(WEIGHTS, "pytorch_model.bin", GARBAGE),
    "pickle of numbers": replaced(WEIGHTS, "pytorch_model.bin", b"\x80\x02jukji."),
    "pickle an empty archive": empty_zip,
    "index a list": replaced(WEIGHTS, "model.safetensors.index.json", "[]"),
    "index without map": replaced(WEIGHTS, "model.safetensors.index.json", "{}"),
    "index map a number": index_of(7),
    "index of no file": index_of({"a": "model-00001-of-00002.safetensors"}),
    "index leads out": index_of({"a": "../../../../etc/passwd"}),
    "index of numbers": index_of({"a": 7}),
    "processor empty": written(PROCESSOR, ""),
    "processor a list": written(PROCESSOR, "[]"),
    "processor a number": written(PROCESSOR, "7"),
    "processor unknown": edited(PROCESSOR, image_processor_type="NopeProcessor"),
    "processor type a number": edited(PROCESSOR, image_processor_type=7),
    "processor size a string": edited(PROCESSOR, size="large"),
    "processor size negative": edited(PROCESSOR, size={"shortest_edge": -40}),
    "processor size zero": edited(PROCESSOR, size={"shortest_edge": 0}),
    "processor size huge": edited(
        PROCESSOR, size={"shortest_edge": 10**6}, crop_size={"height": 10**6, "width": 10**6}
    ),
    "processor crop a list": edited(PROCESSOR, crop_size=[1, 2, 3]),
    "processor mean a string": edited(PROCESSOR, image_mean="grey"),
    "processor mean of two": edited(PROCESSOR, image_mean=[0.1, 0.2]),
    "processor std zero": edited(PROCESSOR, image_std=[0, 0, 0]),
    "processor std NaN": edited(PROCESSOR, image_std=[NAN, NAN, NAN]),
    "processor resample unknown": edited(PROCESSOR, resample=99),
    "tokenizer empty": written(TOKENIZER, ""),
    "tokenizer truncated": cut(TOKENIZER),
    "tokenizer garbage": written(TOKENIZER, GARBAGE),
    "tokenizer a list": written(TOKENIZER, "[]"),
    "tokenizer model null": edited(TOKENIZER, model=None),
    "tokenizer model unknown": edited(TOKENIZER, model={"type": "Nope"}),
    "tokenizer vocabulary empty": edited(TOKENIZER, model__vocab={}),
    "tokenizer ids huge": edited(TOKENIZER, model__vocab={"a": 2**40, "[UNK]": 0}),
    "tokenizer ids too many": edited(
        TOKENIZER, model__vocab={f"w{i}": i for i in range(400)} | {"[UNK]": 400}
    ),
    "tokenizer pattern explodes": edited(
        TOKENIZER, normalizer={"type": "Replace", "pattern": {"Regex": "(("}, "content": ""}
    ),
    "tokenizer a folder": as_folder(TOKENIZER),
    "tokenizer settings a list": written("tokenizer_config.json", "[]"),
    "tokenizer class a number": edited("tokenizer_config.json", tokenizer_class=7),
}
"""A Chinese-CLIP of transformers, with BERT's tokenizer."""

SIGLIP = {
    "sentencepieces empty": written("spiece.model", ""),
    "sentencepieces truncated": cut("spiece.model"),
    "sentencepieces garbage": written("spiece.model", GARBAGE),
    "sentencepieces a folder": as_folder("spiece.model"),
}
"""A SigLIP, whose tokenizer is one of SentencePiece."""

OPEN_CLIP = {
    "config empty": written(OPEN, ""),
    "config a list": written(OPEN, "[]"),
    "model_cfg a list": edited(OPEN, model_cfg=[1]),
    "model_cfg a string": edited(OPEN, model_cfg="ViT-B-32"),
    "model_cfg empty": edited(OPEN, model_cfg={}),
    "text_cfg a list": edited(OPEN, model_cfg__text_cfg=[1]),
    "text_cfg a null": edited(OPEN, model_cfg__text_cfg=None),
    "vision_cfg a number": edited(OPEN, model_cfg__vision_cfg=7),
    "option unknown": edited(OPEN, model_cfg__nope=7),
    "vision option unknown": edited(OPEN, model_cfg__vision_cfg__nope=7),
    "width negative": edited(OPEN, model_cfg__vision_cfg__width=-48),
    "width a string": edited(OPEN, model_cfg__vision_cfg__width="48"),
    "width huge": edited(OPEN, model_cfg__vision_cfg__width=10**8),
    "layers huge": edited(OPEN, model_cfg__vision_cfg__layers=HUGE),
    "embedding huge": edited(OPEN, model_cfg__embed_dim=10**8),
    "context huge": edited(OPEN, model_cfg__text_cfg__context_length=200_000),
    "vocabulary huge": edited(OPEN, model_cfg__text_cfg__vocab_size=10**8),
    "image huge": edited(OPEN, model_cfg__vision_cfg__image_size=300_000),
    "patch zero": edited(OPEN, model_cfg__vision_cfg__patch_size=0),
    "timm unknown": edited(OPEN, model_cfg__vision_cfg__timm_model_name="nope"),
    "preprocess a list": edited(OPEN, preprocess_cfg=[1]),
    "mean a string": edited(OPEN, preprocess_cfg__mean="grey"),
    "mean of two": edited(OPEN, preprocess_cfg__mean=[0.1, 0.2]),
    "std zero": edited(OPEN, preprocess_cfg__std=[0, 0, 0]),
    "interpolation unknown": edited(OPEN, preprocess_cfg__interpolation="nope"),
    "resize unknown": edited(OPEN, preprocess_cfg__resize_mode="nope"),
    "weights empty": written(OPEN_WEIGHTS, ""),
    "weights truncated": cut(OPEN_WEIGHTS),
    "weights header absurd": written(OPEN_WEIGHTS, header(2**63 - 1)),
    "weights a folder": as_folder(OPEN_WEIGHTS),
    "weights without one": tensors(OPEN_WEIGHTS, without_first),
    "weights reshaped": tensors(OPEN_WEIGHTS, first_longer),
    "weights NaN": tensors(OPEN_WEIGHTS, first_is(NAN)),
    "pickle of code": pickled(
        OPEN_WEIGHTS, "open_clip_pytorch_model.bin", lambda canary, _: Planted(canary)
    ),
    "pickle by Python": bare_pickle(OPEN_WEIGHTS, "open_clip_pytorch_model.bin"),
    "pickle garbage": replaced(OPEN_WEIGHTS, "open_clip_pytorch_model.bin", GARBAGE),
    "pickle of numbers": replaced(OPEN_WEIGHTS, "open_clip_pytorch_model.bin", b"\x80\x02jukji."),
    "tokenizer named": edited(OPEN, model_cfg__text_cfg__hf_tokenizer_name="org/name"),
    "text tower nowhere": edited(OPEN, model_cfg__text_cfg={"hf_model_name": "./nowhere"}),
    "text tower a number": edited(OPEN, model_cfg__text_cfg__hf_model_name=7),
}
"""A folder of open_clip's."""

PEFT = {
    "config empty": written(LORA, ""),
    "config a list": written(LORA, "[]"),
    "base a number": edited(LORA, base_model_name_or_path=7),
    "base nowhere": edited(LORA, base_model_name_or_path="/nowhere/at/all"),
    "base itself": lambda folder: edited(LORA, base_model_name_or_path=str(folder))(folder),
    "kind unknown": edited(LORA, peft_type="NOPE"),
    "kind lacking": edited(LORA, drop=["peft_type"]),
    "option unknown": edited(LORA, nope=7),
    "rank negative": edited(LORA, r=-1),
    "rank zero": edited(LORA, r=0),
    "rank a string": edited(LORA, r="8"),
    "rank huge": edited(LORA, r=HUGE),
    "targets nowhere": edited(LORA, target_modules=["nope"]),
    "targets a pattern that is none": edited(LORA, target_modules="(("),
    "weights empty": written(LORA_WEIGHTS, ""),
    "weights truncated": cut(LORA_WEIGHTS),
    "weights a folder": as_folder(LORA_WEIGHTS),
    "weights without one": tensors(LORA_WEIGHTS, without_first),
    "weights reshaped": tensors(LORA_WEIGHTS, first_longer),
    "weights NaN": tensors(LORA_WEIGHTS, first_is(NAN)),
    "pickle of code": pickled(LORA_WEIGHTS, "adapter_model.bin", lambda canary, _: Planted(canary)),
}
"""A LoRA of the Chinese-CLIP, alone in its folder."""

TOWER = {
    "config empty": written(CONFIG, ""),
    "config a list": written(CONFIG, "[]"),
    "model_type unknown": edited(CONFIG, model_type="nope"),
    "model_type none of text": edited(CONFIG, model_type="clip"),
    "hidden negative": edited(CONFIG, hidden_size=-32),
    "hidden a string": edited(CONFIG, hidden_size="32"),
    "layers huge": edited(CONFIG, num_hidden_layers=HUGE),
    "own code": own_code(CONFIG, AutoConfig="planted.A", AutoModel="planted.B"),
}
"""What `model.text_tower` names."""

POLICY = {
    "config empty": written(CONFIG, ""),
    "config a list": written(CONFIG, "[]"),
    "config NaN": written(CONFIG, "NaN"),
    "model_type unknown": edited(CONFIG, model_type="nope"),
    "model_type no language model": edited(CONFIG, model_type="clip_vision_model"),
    "hidden negative": edited(CONFIG, hidden_size=-32),
    "hidden a string": edited(CONFIG, hidden_size="wide"),
    "hidden huge": edited(CONFIG, hidden_size=2 * HUGE),
    "layers huge": edited(CONFIG, num_hidden_layers=HUGE),
    "heads zero": edited(CONFIG, num_attention_heads=0),
    "vocabulary too small": edited(CONFIG, vocab_size=4),
    "rope unknown": edited(CONFIG, rope_scaling={"rope_type": "nope", "factor": 2.0}),
    "own code": own_code(CONFIG, AutoConfig="planted.A", AutoModelForCausalLM="planted.B"),
    "weights empty": written(WEIGHTS, ""),
    "weights truncated": cut(WEIGHTS),
    "weights without one": tensors(WEIGHTS, without_first),
    "weights of none": tensors(WEIGHTS, dict.clear),
    "weights reshaped": tensors(WEIGHTS, first_longer),
    "weights NaN": tensors(WEIGHTS, first_is(NAN)),
    "weights infinite": tensors(WEIGHTS, first_is(INF)),
    "pickle of code": pickled(WEIGHTS, "pytorch_model.bin", lambda canary, _: Planted(canary)),
    "pickle of numbers": replaced(WEIGHTS, "pytorch_model.bin", b"\x80\x02jukji."),
    "index of no file": index_of({"a": "model-00001-of-00002.safetensors"}),
    "tokenizer empty": written(TOKENIZER, ""),
    "tokenizer truncated": cut(TOKENIZER),
    "tokenizer a list": written(TOKENIZER, "[]"),
    "tokenizer settings a number": written("tokenizer_config.json", "7"),
    "template no Jinja": template("{% for %}"),
    "template raises": template("{{ raise_exception('not today') }}"),
    "template reaches out": template("{{ messages.__class__.__mro__[1].__subclasses__() }}"),
    "template divides": template("{{ 1 // 0 }}"),
    "template calls nothing": template("{{ nothing() }}"),
    "template adds words": template("{{ messages + 1 }}"),
    "template without end": template("{% for i in range(99999999999) %}a{% endfor %}"),
    "template recurses": template("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}"),
    "generation a list": written("generation_config.json", "[]"),
}
"""A language model of EX2."""

GGUFS = {
    "empty": written(GGUF, ""),
    "garbage": written(GGUF, GARBAGE),
    "magic alone": written(GGUF, b"GGUF"),
    "no tensors": written(GGUF, b"GGUF" + (3).to_bytes(4, "little") + bytes(16)),
    "tensors without end": written(GGUF, b"GGUF" + (3).to_bytes(4, "little") + b"\xff" * 16),
    "a folder": lambda folder: (folder / GGUF).mkdir(),
    "a loop": lambda folder: (folder / GGUF).symlink_to(folder / GGUF),
}
"""A language model of EX2 in one file."""

KINDS = {
    "hf": HF,
    "siglip": SIGLIP,
    "open_clip": OPEN_CLIP,
    "peft": PEFT,
    "text_tower": TOWER,
    "policy": POLICY,
    "gguf": GGUFS,
}
CODE_BESIDE = {
    "hf": own_code(PROCESSOR, AutoImageProcessor="planted.A"),
    "siglip": own_code("tokenizer_config.json", AutoTokenizer=[None, "planted.A"]),
    "policy": own_code("tokenizer_config.json", AutoTokenizer=[None, "planted.A"]),
}
"""Code for something that transformers has a class of its own for: read without it."""

TABLE = [(kind, way) for kind, ways in KINDS.items() for way in ways]
