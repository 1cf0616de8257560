"""Random weights, in the files and with the tensors that real repositories keep."""

import torch
import transformers
from safetensors.torch import save_file

from tests.adapters.tiny_hf import randomise

SAFE, PICKLED = "model.safetensors", "pytorch_model.bin"


def model_of(config, architecture):
    """Returns a random model of transformers, from what `config.json` says."""
    kind = getattr(transformers, architecture)
    return randomise(kind(kind.config_class.from_dict(config)))


def write(model, folder, *names):
    """Writes a model's tensors under each name; of two, the second file holds other numbers."""
    tensors = {key: value.contiguous() for key, value in model.state_dict().items()}
    shared = [key for key, tied in getattr(model, "all_tied_weights_keys", {}).items() if tied]
    for number, name in enumerate(names):
        others = {key: value + number for key, value in tensors.items() if key not in shared}
        if name.endswith(".safetensors"):
            save_file(others, folder / name, metadata={"format": "pt"})
        else:
            _pickle(others, folder / name)


def _pickle(tensors, path):
    """Writes a `.bin` as transformers did in 2021: with counters of positions, not as a zip."""
    for key, table in list(tensors.items()):
        if key.endswith(("position_embedding.weight", "position_embeddings.weight")):
            ids = key.rpartition(".")[0].rpartition(".")[0] + ".position_ids"
            tensors[ids] = torch.arange(len(table))[None]
    torch.save(tensors, path, _use_new_zipfile_serialization=False)
