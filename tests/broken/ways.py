"""Ways to break a checkpoint folder, each a function of the folder."""

import json
import os
import pickle
import struct
import zipfile

import torch
from safetensors.torch import load_file, save_file

HUGE = 10**9
"""A size that no machine has the memory for."""


class Planted:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def written(name, content):
    """A file with other content."""

    def spoil(folder):
        (folder / name).unlink(missing_ok=True)
        data = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(data)

    return spoil


def cut(name, share=0.5):
    """The beginning of a file."""

    def spoil(folder):
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: int(len(data) * share)])

    return spoil


def edited(name, *, drop=(), **changes):
    """A JSON file with other values; `a__b=1` is a nested one."""

    def spoil(folder):
        found = json.loads((folder / name).read_text())
        for key, value in changes.items():
            *parents, last = key.split("__")
            inner = found
            for parent in parents:
                inner = inner[parent]
            inner[last] = value
        for key in drop:
            del found[key]
        (folder / name).write_text(json.dumps(found))

    return spoil


def tensors(name, change):
    """A file of weights whose tensors were changed in place by a function."""

    def spoil(folder):
        found = load_file(folder / name)
        change(found)
        save_file(found, folder / name, metadata={"format": "pt"})

    return spoil


def without_first(found):
    del found[min(found)]


def first_longer(found):
    found[min(found)] = torch.zeros(3, 5, 7)


def first_is(value):
    def change(found):
        name = next(key for key, tensor in found.items() if tensor.is_floating_point())
        found[name] = torch.full_like(found[name], value)

    return change


def header(length, text="{}"):
    """A safetensors file that promises a header of any length."""
    return struct.pack("<Q", length) + text.encode()


def pickled(name, new, make):
    """Weights as a pickle; `make` takes where code may leave a trace, and the tensors."""

    def spoil(folder):
        found = load_file(folder / name)
        (folder / name).unlink()
        torch.save(make(folder.parent / "canary", found), folder / new)

    return spoil


def bare_pickle(name, new):
    """A pickle as Python itself writes it."""

    def spoil(folder):
        (folder / name).unlink()
        (folder / new).write_bytes(pickle.dumps(Planted(folder.parent / "canary")))

    return spoil


def replaced(name, new, content):
    """A file of another name and content in place of a file."""

    def spoil(folder):
        (folder / name).unlink()
        written(new, content)(folder)

    return spoil


def empty_zip(folder):
    (folder / "model.safetensors").unlink()
    with zipfile.ZipFile(folder / "pytorch_model.bin", "w") as archive:
        archive.writestr("archive/version", "3")


def as_folder(name):
    def spoil(folder):
        (folder / name).unlink()
        (folder / name).mkdir()

    return spoil


def loop(name):
    """A link that points at itself."""

    def spoil(folder):
        (folder / name).unlink()
        (folder / name).symlink_to(folder / name)

    return spoil


def unreadable(name):
    def spoil(folder):
        (folder / name).chmod(0)

    return spoil


def template(text):
    """A policy's chat template."""

    def spoil(folder):
        (folder / "chat_template.jinja").write_text(text)

    return spoil


def own_code(name, **mapped):
    """An `auto_map` that names a file of the folder's own, and that file."""

    def spoil(folder):
        code = f"import os\nos.mkdir({str(folder.parent / 'canary')!r})\n"
        (folder / "planted.py").write_text(code)
        edited(name, auto_map=mapped, model_type="planted")(folder)

    return spoil


def index_of(weight_map):
    """Shards instead of one file, by an index that says `weight_map`."""

    def spoil(folder):
        (folder / "model.safetensors").unlink()
        content = {"metadata": {"total_size": 1}, "weight_map": weight_map}
        (folder / "model.safetensors.index.json").write_text(json.dumps(content))

    return spoil
