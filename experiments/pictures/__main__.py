"""Makes the pictures of README and docs: `python -m experiments.pictures [NAME …]`."""

import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from experiments.pictures.gallery import gallery
from experiments.pictures.photograph import photograph
from experiments.pictures.runs import run
from vlminterp.attribution.rows import explained_pairs
from vlminterp.results.run_folder import RunFolder

DOCS = Path(__file__).parents[2] / "docs"
FOUR = "planted-base,planted-visual,planted-habitat,planted-diet"
PAIR = 1
"""Place of the pair of `explained`: two objects, one of them named."""


def explained() -> Image.Image:
    """Returns the figure of one pair, as its run keeps it."""
    folder = run("+plugin=m2ib", "model=planted-base", "data=planted")
    pairs = explained_pairs(RunFolder.read(folder), places=[PAIR])
    return Image.open(folder / next(pairs).sides["image"].row["overlay"])


def sweep() -> Image.Image:
    """Returns the answers on the page of four VLMs, and the first pictures of its last section."""
    page = run("-m", "+plugin=m2ib,ex2", f"model={FOUR}") / "report.html"
    maps = ".maps-head, .lines > li:nth-child(-n + 2)"
    return photograph(
        page, f"body > header, .answers, section:last-of-type > h2, {maps}", width=1280
    )


def heard() -> Image.Image:
    """Returns the chart on a sweep's page of what four VLMs like to hear."""
    page = run("-m", "+plugin=ex2", f"model={FOUR}") / "report.html"
    parts = "section:first-of-type > :is(h2, .legend, .scroll:has(> .bars))"
    return photograph(page, parts)


def audited() -> Image.Image:
    """Returns the first card of an audit's page."""
    page = run("+plugin=audit", "model=planted-partly") / "report.html"
    return photograph(page, ".audited:first-child", width=1280)


PICTURES: dict[str, Callable[[], Image.Image]] = {
    "explained": explained,
    "gallery": gallery,
    "audited": audited,
    "heard": heard,
    "sweep": sweep,
}


def main(names: list[str]) -> None:
    """Writes the pictures of these names, or all, to `docs/`."""
    for name in names or PICTURES:
        out = DOCS / f"{name}.png"
        PICTURES[name]().save(out, optimize=True)
        print(f"{out}: {out.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main(sys.argv[1:])
