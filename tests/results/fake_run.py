"""A run folder as the runner writes it, with pictures drawn on the spot."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from vlminterp.results import RunFolder

CONFIG = {
    "names": {"plugin": "m2ib", "model": "planted-base", "data": "planted"},
    "plugin": {"layer": 0.8, "beta": 0.1, "steps": 10, "sides": ["image", "text"]},
    "model": {"adapter": "hf", "checkpoint": "planted/base"},
    "data": {"pairs": 6},
    "seed": 0,
}
SCENES = [
    # size, ground, object's colour, place (0 … 1), caption, what of it is named
    ((320, 240), "#8fb8d8", "#d9622b", (0.3, 0.55), "an orange fox on the beach", "fox"),
    ((240, 320), "#2e4a2f", "#e8e4da", (0.6, 0.35), "a white owl in the dark forest", "owl"),
    ((128, 128), "#d8c08a", "#5a4632", (0.7, 0.7), "a camel", "camel"),
    ((640, 360), "#f4f4f2", "#2c5fa8", (0.2, 0.4), "a blue whale, far away from the ice", "whale"),
    ((300, 300), "#101418", "#ffd54a", (0.5, 0.5), "лимон 🍋 on a <b>black</b> plate", "лимон"),
]


def scene(size, ground, colour, place):
    """A gradient, some clutter, and an object."""
    width, height = size
    shade = np.linspace(1.12, 0.7, height)[:, None, None]
    base = np.array(Image.new("RGB", (1, 1), ground))[0, 0] * shade * np.ones((1, width, 1))
    noise = np.random.default_rng(width).normal(0, 5, (height, width, 1))
    image = Image.fromarray((base + noise).clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for at in range(5):
        x = width * (at + 0.5) / 5
        draw.ellipse((x - 14, height * 0.9 - 8, x + 20, height * 1.05), fill=ground)
    x, y, r = place[0] * width, place[1] * height, min(size) * 0.16
    draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)
    draw.polygon(
        [(x - r, y - r * 0.3), (x - r * 0.8, y - r * 1.5), (x - r * 0.1, y - r)], fill=colour
    )
    draw.polygon(
        [(x + r, y - r * 0.3), (x + r * 0.8, y - r * 1.5), (x + r * 0.1, y - r)], fill=colour
    )
    return image


def named_mask(size, place):
    """Where the object is, white on black."""
    mask = Image.new("1", size)
    x, y, r = place[0] * size[0], place[1] * size[1], min(size) * 0.16
    ImageDraw.Draw(mask).ellipse((x - r, y - r, x + r, y + r), fill=1)
    return mask


def attribution(place, strength, seed):
    """Nats per patch, [8, 8]: high at the object."""
    rows, columns = np.mgrid[0:8, 0:8] + 0.5
    away = (columns / 8 - place[0]) ** 2 + (rows / 8 - place[1]) ** 2
    noise = np.random.default_rng(seed).gamma(1.0, 0.05, (8, 8))
    return (strength * np.exp(-away / 0.02) + noise).astype(np.float32)


PASSPORTS = [("trust", 0.9, 0.1), None, ("doubt", 0.6, 0.2), ("nothing there", 0.1, 0.8)]
PASSPORTS += [("doubt", 0.3, 0.2), ("trust", 0.8, 0.0)]
"""Word, probability of trust and of nothing, by pair."""


def passport(pair):
    """A passport's columns."""
    word, trust, nothing = PASSPORTS[pair % len(PASSPORTS)]
    features = {"gain": 5.0, "left": 0.5, "foresight": 0.75, "wording": 2.0}
    return {"passport": word, "trust": trust, "nothing": nothing, **features}


def one_pair(results, pair):
    """The two rows and the arrays of one pair."""
    size, ground, colour, place, text, named = SCENES[pair % len(SCENES)]
    image = scene(size, ground, colour, place)
    side = min(size)
    seen = [0.5 + (at - 0.5) * whole / side for at, whole in zip(place, size, strict=True)]
    heat = attribution(seen, 0.9 + 0.2 * (pair % 5), pair)
    fit = (0.31 - 0.12 * np.exp(-np.arange(10) / 3)).astype(np.float32)
    information = (60 * np.exp(-np.arange(10) / 3) + heat.sum()).astype(np.float32)
    words = text.replace(",", " ,").split()
    shared = {
        "pair": pair,
        "id": f"scene/{pair:04d}.png",
        "text": text,
        "skipped": None,
        "truncated": False,
        "similarity": 0.29 + 0.01 * pair,
        "layer": 4,
        "fit": float(fit[-1]),
        "picture": results.save_picture(f"{pair}-input", image),
        "overlay": results.save_picture(f"{pair}-explained", image),
        "width": size[0],
        "height": size[1],
    }
    if pair % 2 == 0:
        shared["mask"] = results.save_picture(f"{pair}-named", named_mask(size, place))
    left, top = (size[0] - side) / 2, (size[1] - side) / 2
    image_row = {
        **shared,
        "side": "image",
        "total": float(heat.sum()) + 0.8,
        "prefix": 0.8,
        "box": [left, top, left + side, top + side],
        "pointing": 1.0,
        "pointing.random": 0.08,
        "energy": 0.61,
        "energy.random": 0.1,
        "energy.centre": 0.22,
    }
    scores = [1.9 if word == named else 0.1 + 0.2 * (len(word) > 4) for word in words]
    text_row = {
        **shared,
        "side": "text",
        "total": sum(scores) + 0.2,
        "prefix": 0.2,
        "words": words,
        "word_scores": scores,
    }
    arrays = {
        f"{pair}.image.map": heat,
        f"{pair}.image.curve.fit": fit,
        f"{pair}.image.curve.information": information,
        f"{pair}.text.curve.fit": fit,
        f"{pair}.text.curve.information": information / 9,
    }
    return [image_row, text_row], arrays


def interval(mean, half):
    return {"mean": mean, "low": mean - half, "high": mean + half}


SUMMARY = {
    "kind": "attribution",
    "plugin": "m2ib",
    "model": "planted-base",
    "data": "planted",
    "pairs": 6,
    "skipped": 1,
    "truncated": 0,
    "metrics": {
        "pointing": {
            **interval(0.59, 0.06),
            "n": 256,
            "higher_is_better": True,
            "description": "the highest score lies on the object named",
            "baselines": {"random": interval(0.08, 0.03), "centre": interval(0.16, 0.05)},
        },
        "energy": {
            **interval(0.31, 0.08),
            "n": 256,
            "higher_is_better": True,
            "baselines": {"random": interval(0.09, 0.01), "centre": interval(0.25, 0.05)},
        },
        "drop": {
            **interval(12.4, 1.9),
            "n": 256,
            "higher_is_better": False,
            "baselines": {"random": interval(31.0, 3.0)},
        },
    },
}


def by_method(rows, arrays, method, factor):
    """The rows and arrays as a method of several has them; maps are `factor` times as high."""
    renamed = {}
    for name, values in arrays.items():
        pair, side, rest = name.split(".", 2)
        renamed[f"{pair}.{side}.{method}.{rest}"] = values * factor
    return [{**row, "method": method, "unit": "cosine"} for row in rows], renamed


def make_run(
    path: Path, pairs: int = 6, *, finish: bool = True, methods=(), passports=False
) -> Path:
    """Writes parts of two pairs; pair 1 is skipped."""
    with RunFolder.open(path, CONFIG) as results:
        for number in range((pairs + 1) // 2):
            rows, arrays = [], {}
            for pair in range(2 * number, min(2 * number + 2, pairs)):
                if pair == 1:
                    reason = "scene/0001.png: picture can't be read (truncated)"
                    row = {"pair": 1, "id": "scene/0001.png", "text": "an owl", "skipped": reason}
                    rows.append(row)
                    continue
                one, own_arrays = one_pair(results, pair)
                one[0] |= passport(pair) if passports else {}
                found = [by_method(one, own_arrays, *m) for m in zip(methods, (1, 2), strict=False)]
                for more_rows, more_arrays in found or [(one, own_arrays)]:
                    rows += more_rows
                    arrays |= more_arrays
            results.parts.write(number, rows, arrays)
        if finish:
            results.finish({**SUMMARY, "pairs": pairs})
    return path
