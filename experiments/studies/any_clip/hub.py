"""Tests the hub's own repositories: `python -m experiments.studies.any_clip.hub` writes `hub.md`.

Every repository of `tests/adapters/stand_in_hub` is downloaded from a server on the loopback,
loaded, and compared in a whole run with the backend's own pipeline; then again offline, and from
its folder. About two minutes.
"""

import importlib.metadata
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.adapters.stand_in_hub.repositories import REPOSITORIES
from tests.adapters.stand_in_hub.runs import tried

HERE = Path(__file__).parent
Row = dict[str, Any]
HEAD = """\
# Repositories as they are on the hub

Made by `python -m experiments.studies.any_clip.hub`, with transformers {transformers}, open_clip \
{open_clip_torch}, torch {torch}. The hub can't be reached from here: a server on the loopback \
stands in for it, with repositories that have the real ones' file lists, configs, kinds of \
tokenizer and names of tensors (`tests/adapters/stand_in_hub`), as far as they are known. Models \
are shallow and narrow; their weights are random, so that nothing here says how good a map is.

Two pictures (640×427 and 333×500) and two captions go through us and through the backend's own \
pipeline (`AutoProcessor` and the model's `get_*_features`; `create_model_from_pretrained` and \
`get_tokenizer`). Differences are the largest of all: of pixels in grey levels of 255, of \
embeddings per coordinate of unit length. M2IB explains the first pair on both sides; its maps are \
compared between the loads.

| repository, as `model.checkpoint` | adapter | weights that are read | pixels | text embedding \
| image embedding | maps | offline after one run | from its folder |
|-|-|-|-|-|-|-|-|-|"""


def main() -> None:
    """Tests every repository, then writes the table."""
    with tempfile.TemporaryDirectory() as place:
        rows, hub = tried(Path(place))
    lines = [_line(repository, row) for repository, row in zip(REPOSITORIES, rows, strict=True)]
    packages = ("transformers", "open_clip_torch", "torch")
    versions = {name: importlib.metadata.version(name) for name in packages}
    lines = [HEAD.format(**versions), *lines, "", *_closing(rows, hub)]
    (HERE / "hub.md").write_text("\n".join(lines) + "\n", "utf-8")


def _line(repository: Any, row: Row) -> str:
    cells = [repository.checkpoint or repository.name, repository.adapter, repository.weights]
    if "failed" in row:
        return "| " + " | ".join([*cells, *["–"] * 5, f"**{row['failed']}**"]) + " |"
    pixels = "shapes differ" if row["pixels"] is None else f"{row['pixels']:.1f}"
    sides = [_difference(row.get(side)) for side in ("text", "image")]
    if "similarity" in row:
        sides = [f"cosines {row['similarity']:.0e}"] * 2
    same = ["the same" if row[how] == 0 else f"{row[how]:.1e}" for how in ("offline", "folder")]
    finite = "finite" if row["finite"] else "**not finite**"
    return "| " + " | ".join([*cells, pixels, *sides, finite, *same]) + " |"


def _difference(value: float | None) -> str:
    return "–" if value is None else f"{value:.0e}"


def _closing(rows: Sequence[Row], hub: Any) -> list[str]:
    """Returns the lines that hold for all repositories."""
    worst = {
        name: max(row.get(name) or 0 for row in rows)
        for name in ("pixels", "text", "image", "similarity")
    }
    files = len([line for line in hub.requests if line.startswith("GET") and "/resolve/" in line])
    return [
        f"Worst: pixels {worst['pixels']:.1f} grey levels, text {worst['text']:.0e}, image "
        f"{worst['image']:.0e}, cosines {worst['similarity']:.0e}. Of {len(hub.requests)} "
        f"requests to the hub, {files} for files, **{len(hub.conversions())}** asked for a "
        "conversion or for another branch than main.",
        "",
        "BLIP's model tells cosines only. NaFlex's processor hands on flat patches, so that its "
        "pixels can't be compared as pictures; its embeddings can.",
    ]


if __name__ == "__main__":
    main()
