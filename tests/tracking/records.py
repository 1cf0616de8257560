"""Reads back what W&B wrote: a `.wandb` file is a header, then LevelDB log records."""

import json
import struct
import time
from pathlib import Path

from wandb.proto.wandb_internal_pb2 import Record

HEADER, BLOCK = 7, 32 * 1024
FULL, LAST = 1, 4
PATIENCE = 20.0


def records(folder):
    """Every record of the one `.wandb` file below a folder.

    W&B's own process writes it, and on a busy machine ends it after `finish` has returned.
    """
    (file,) = folder.glob("wandb/*run-*/run-*.wandb")
    deadline = time.monotonic() + PATIENCE
    while True:
        found = _records(file)
        if any(record.HasField("exit") for record in found) or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def _records(file):
    content, at, whole, found = file.read_bytes(), HEADER, b"", []
    assert content[:4] == b":W&B"
    while at + 7 <= len(content):
        room = BLOCK - at % BLOCK
        if room < 7:
            at += room
            continue
        _, length, kind = struct.unpack("<IHB", content[at : at + 7])
        if at + 7 + length > len(content):  # is being written
            break
        whole += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (FULL, LAST):
            record = Record()
            record.ParseFromString(whole)
            found.append(record)
            whole = b""
    return found


def items(of):
    """Key-value items as a dict; nested keys are joined by dots."""
    return {
        ".".join(item.nested_key) if item.nested_key else item.key: json.loads(item.value_json)
        for item in of
    }


def history(written):
    """Each logged step."""
    return [items(record.history.item) for record in written if record.HasField("history")]


def summary_of(written):
    """The summary as it is in the end."""
    summary = {}
    for record in written:
        if record.HasField("summary"):
            summary |= items(record.summary.update)
    return summary


def tables(folder):
    """Rows of every table by key, increments put together, and how many increments there were."""
    rows, increments = {}, {}
    for step in history(records(folder)):
        for key in (key.removesuffix(".ncols") for key in step if key.endswith(".ncols")):
            (file,) = folder.glob(f"wandb/*/files/{step[f'{key}.path']}")
            rows.setdefault(key, []).extend(json.loads(file.read_text())["data"])
            increments[key] = increments.get(key, 0) + 1
    return rows, increments


def table_with_media(folder, key):
    """A table as its artifact has it: a step's own file has but a word in place of a picture."""
    (file,) = (
        Path(entry.local_path)
        for record in records(folder)
        if record.HasField("artifact")
        for entry in record.artifact.manifest.contents
        if entry.path == f"{key}.table.json"
    )
    return json.loads(file.read_text())


def pictures(folder):
    """Files of every list of pictures by key, as bytes."""
    found = {}
    for step in history(records(folder)):
        for key in (key.removesuffix(".filenames") for key in step if key.endswith(".filenames")):
            files = [f for n in step[f"{key}.filenames"] for f in folder.glob(f"wandb/*/files/{n}")]
            found[key] = [file.read_bytes() for file in files]
    return found
