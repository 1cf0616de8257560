"""Compares rules by how rarely they find a preference where there is none.

    python -m experiments.studies.ex2_truth.random_weights

CLIPs with random weights score a run's texts: whatever they seem to prefer is false. So it is for
planted VLMs with shuffled classes; planted VLMs with their own classes show what a rule costs in
power. Every text is scored with every class, so one matrix product serves all rules and shuffles.
"""

import argparse
import copy
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from transformers import AutoModelForCausalLM, AutoTokenizer, CLIPModel
from vlminterp_ex2.inspection.lexicon import Lexicon
from vlminterp_ex2.inspection.said import ClausePool, Comparison, Description, comparisons
from vlminterp_ex2.inspection.seeds import our_families

import vlminterp
from experiments.recipes.planted.describer_check import every, sample
from vlminterp.description.embed import encode_texts
from vlminterp.description.gains import Gains
from vlminterp.description.verdict import LEAST_TO_LEAD, SIGNIFICANT, Finding, preferred
from vlminterp.metrics.intervals import mean_interval
from vlminterp.metrics.significance import p_above, paired_p
from vlminterp.planted import describer_dir
from vlminterp.planted.free_english import load_free_english
from vlminterp.planted.source import PlantedConfig, PlantedSource

HERE = Path(__file__).parent
MARGIN = 0.02
FAMILIES = our_families().names
IMAGES, TEXTS = 4, 6
"""Numbers of scenes, and of different texts of each kind, for each concept."""
FACTORS = (1.0, 1.0, 3.0, 10.0)
"""Transformers' `initializer_factor`, in turn; with larger weights, towers differ more."""
PLANTED = ("visual", "habitat", "diet", "spurious")
NULLS = ("base", "name", "shortcut")

PAGE = """# Which rule finds no preference where there is none?

{draws} CLIPs of random weights (planted-base's architecture, `initializer_factor` 1, 3 or 10)
score {texts} texts of each of 40 concepts, by the describer and in free English; class means are
of {images} scenes each. Whatever a rule says they prefer is false. So it is for planted VLMs
whose classes are shuffled. Planted VLMs as they are show what a rule costs in power. In brackets:
the upper end of the 95 % interval. Made by `python -m experiments.studies.ex2_truth.random_weights`
({draws} draws: 20 minutes on one idle core).

{table}

- *interval*: the rule until now, with today's intervals: the leader's interval above the margin
  (.02), and a clear lead (sign flips, p < .01).
- *own*: the same with p < .01 for the margin, too. *and content*: another concept's words also
  score lower. *and above shuffled*: the gain is also above that under shuffled classes (p < .01);
  **this is the product's rule**. *by the margin*: above it by .02 or more.
- Asking for a content gain as well finds no false preference either, but can never find the
  preference of planted-spurious, since boilerplate says the same of every concept.
- Of 200 draws without a false preference the interval's upper end is near 2 %: that the rate is
  below 1 % is what both kinds of texts and the shuffled classes say together, not a proof.
- Class means of a random CLIP are nearly one vector: mean cosine of two classes {likeness}.
- *none* is any answer but a preference, "undecided" among them: six sentences of free English
  about each concept say too little of looks and diet. All 1,087 do tell (`ABLATIONS.md`).
"""

Fits = NDArray[np.float64]
"""Mean gain of each concept's texts, by family and class: `[C, F, C]`."""
Rule = Callable[[Gains, Gains, Gains], str | None]


def lead(gains: Gains) -> tuple[str, float, float] | None:
    """Returns the leader, and p of its gain above the margin and above the runner-up's."""
    counts = (~np.isnan(gains.per_concept)).sum(0)
    known = [f for f in gains.ranking() if counts[gains.families.index(f)] >= LEAST_TO_LEAD]
    if len(known) < 2:
        return None
    first, second = gains.of(known[0]), gains.of(known[1])
    return known[0], p_above(first, MARGIN), paired_p(first, second)


def by_interval(gains: Gains, shuffled: Gains, content: Gains) -> str | None:
    """Returns the family that the rule until 0.4 prefers: interval above the margin, clear lead."""
    found = lead(gains)
    clear = found and mean_interval(gains.of(found[0])).low > MARGIN and found[2] < SIGNIFICANT
    return found[0] if found and clear else None


def by_own(gains: Gains, shuffled: Gains, content: Gains) -> str | None:
    """Returns the family that leads by the texts' own classes alone, at p < .01."""
    found = lead(gains)
    return found[0] if found and max(found[1:]) < SIGNIFICANT else None


def by_content(gains: Gains, shuffled: Gains, content: Gains) -> str | None:
    """Returns the family of `by_own`, if another concept's words also score lower."""
    family = by_own(gains, shuffled, content)
    return family if family and p_above(content.of(family)) < SIGNIFICANT else None


def by_shuffled(gains: Gains, shuffled: Gains, content: Gains) -> str | None:
    """Returns the family that the product prefers."""
    found = preferred(gains, shuffled, MARGIN)
    return found.family if found.finding is Finding.preferred else None


def by_margin(gains: Gains, shuffled: Gains, content: Gains) -> str | None:
    """Returns the family of `by_own`, if its gain exceeds the shuffled one by the margin."""
    family = by_own(gains, shuffled, content)
    above = family and p_above(gains.less(shuffled).of(family), MARGIN) < SIGNIFICANT
    return family if above else None


RULES: dict[str, Rule] = {
    "interval": by_interval,
    "own": by_own,
    "own and content": by_content,
    "own and above shuffled": by_shuffled,
    "own and above shuffled by the margin": by_margin,
}


def texts() -> dict[str, list[tuple[str, str]]]:
    """Returns concepts and texts by their origin, `TEXTS` for each concept."""
    model = AutoModelForCausalLM.from_pretrained(describer_dir())
    tokenizer = AutoTokenizer.from_pretrained(describer_dir())
    written = sample(model, tokenizer, every(1), seed=1)
    return {
        "describer": _some([(one.concept, one.text) for one in written]),
        "free English": _some([(one.concept, one.text) for one in load_free_english()]),
    }


def _some(rows: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    kept: dict[str, list[tuple[str, str]]] = {}
    for row in dict.fromkeys(rows):
        kept.setdefault(row[0], []).append(row)
    return [row for own in kept.values() for row in own[:TEXTS]]


def compared(rows: Sequence[tuple[str, str]], ids: Sequence[str]) -> list[tuple[int, Comparison]]:
    """Returns the comparisons of EX2's third stage for the texts, each with its concept."""
    lexicon = Lexicon()
    said = [
        Description({"text": text, "name": name}, ids.index(name), lexicon.clauses(text, name))
        for name, text in rows
    ]
    lenders = ClausePool(said)
    return [
        (one.concept, comparison)
        for place, one in enumerate(said)
        for comparison in comparisons(one, lenders, np.random.default_rng((0, place)))
    ]


@torch.no_grad()
def fits(
    encoder: Any, means: torch.Tensor, pairs: Sequence[tuple[int, Comparison]]
) -> dict[str, Fits]:
    """Returns the gain of each family's words with every class, by kind."""
    written = [pair.kept for _, pair in pairs] + [pair.changed for _, pair in pairs]
    scores = (encode_texts(encoder, written).float() @ means.T).double().numpy()
    gained = scores[: len(pairs)] - scores[len(pairs) :]
    found = {}
    for kind in ("presence", "content"):
        sums = np.zeros((len(means), len(FAMILIES), len(means)))
        counts = np.zeros((len(means), len(FAMILIES), 1))
        for (concept, pair), gain in zip(pairs, gained, strict=True):
            if pair.kind == kind:
                sums[concept, FAMILIES.index(pair.family)] += gain
                counts[concept, FAMILIES.index(pair.family)] += 1
        with np.errstate(invalid="ignore"):
            found[kind] = sums / counts
    return found


def gains_of(fit: Fits, classes: NDArray[np.intp]) -> tuple[Gains, Gains]:
    """Returns the gains with each concept's class, and their mean over all other classes."""
    own = fit[np.arange(len(fit)), :, classes]
    others = (fit.sum(2) - own) / (len(fit) - 1)
    return Gains(FAMILIES, own), Gains(FAMILIES, others)


def verdicts(fit: dict[str, Fits], classes: NDArray[np.intp]) -> dict[str, str | None]:
    """Returns the family that each rule prefers."""
    gains, shuffled = gains_of(fit["presence"], classes)
    content, _ = gains_of(fit["content"], classes)
    return {name: rule(gains, shuffled, content) for name, rule in RULES.items()}


def derangements(count: int, classes: int, seed: int) -> Iterator[NDArray[np.intp]]:
    """Yields random orders of classes in which none keeps its place."""
    rng = np.random.default_rng(seed)
    while count:
        found = rng.permutation(classes)
        if not (found == np.arange(classes)).any():
            count -= 1
            yield found


class Pictures:
    """The planted world's scenes, to be embedded by each VLM.

    Args:
        encoder: VLM whose preprocessing is used; all VLMs here share it.
    """

    def __init__(self, encoder: Any) -> None:
        concepts = list(PlantedSource(PlantedConfig(images=IMAGES)).concepts())
        self.ids = [concept.id for concept in concepts]
        images: list[Image.Image] = [load() for concept in concepts for load in concept.images]
        self._pixels = encoder.preprocess(images)

    @torch.no_grad()
    def means(self, encoder: Any) -> torch.Tensor:
        """Returns the class means, `[C, D]`."""
        embedded: torch.Tensor = encoder.encode_image(self._pixels).float()
        return embedded.view(len(self.ids), IMAGES, -1).mean(1)


def randomise(encoder: Any, seed: int, factor: float) -> None:
    """Gives a CLIP random weights, `factor` times as large as its usual initial ones."""
    config = copy.deepcopy(encoder.model.config)
    for part in (config, config.text_config, config.vision_config):
        part.initializer_factor = factor
    torch.manual_seed(seed)
    encoder.model.load_state_dict(CLIPModel(config).state_dict())


def likeness(means: torch.Tensor) -> float:
    """Returns the mean cosine of two classes' means."""
    unit = torch.nn.functional.normalize(means, dim=1)
    count = len(unit)
    return float(((unit @ unit.T).sum() - count) / (count * (count - 1)))


def measure(draws: int, shuffles: int) -> Iterator[dict[str, Any]]:
    """Yields a row with each rule's preference for each VLM, kind of texts and order of classes."""
    base = vlminterp.load("planted-base")
    pictures = Pictures(base)
    pairs = {kind: compared(rows, pictures.ids) for kind, rows in texts().items()}
    same = np.arange(len(pictures.ids))
    for name in (*PLANTED, *NULLS):
        encoder = vlminterp.load(f"planted-{name}")
        means = pictures.means(encoder)
        for kind, some in pairs.items():
            fit = fits(encoder, means, some)
            told = {"vlm": f"planted-{name}", "texts": kind}
            yield {**told, "classes": "own", **verdicts(fit, same)}
            for classes in derangements(shuffles, len(same), seed=0):
                yield {**told, "classes": "shuffled", **verdicts(fit, classes)}
    for seed in range(draws):
        factor = FACTORS[seed % len(FACTORS)]
        randomise(base, seed, factor)
        means = pictures.means(base)
        for kind, some in pairs.items():
            found = verdicts(fits(base, means, some), same)
            told = {"vlm": f"random, factor {factor:g}", "texts": kind, "classes": "own"}
            yield {**told, "likeness": likeness(means), **found}


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Returns a Markdown table of how often each rule finds a preference, and which."""
    lines = ["| VLM | texts | classes | runs | " + " | ".join(RULES) + " |"]
    lines.append("|" + "-|" * (4 + len(RULES)))
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows:
        for name in _counted_as(row):
            groups.setdefault((name, row["texts"], row["classes"]), []).append(row)
    for key in sorted(groups, key=lambda key: (key[2], not key[0].startswith("planted"))):
        group = groups[key]
        cells = [_cell(group, rule) for rule in RULES]
        lines.append("| " + " | ".join([*key, str(len(group)), *cells]) + " |")
    return "\n".join(lines)


def _counted_as(row: dict[str, Any]) -> list[str]:
    """Returns the groups of a row: shuffled VLMs form one, random ones also one per factor."""
    if row["classes"] == "shuffled":
        return ["all planted"]
    return [row["vlm"], "random, all"] if row["vlm"].startswith("random") else [row["vlm"]]


def page(rows: Sequence[dict[str, Any]]) -> str:
    """Returns the table with the text that explains it."""
    alike: dict[str, list[float]] = {}
    for row in rows:
        if "likeness" in row:
            alike.setdefault(row["vlm"].split(", ")[1], []).append(row["likeness"])
    return PAGE.format(
        draws=sum(map(len, alike.values())) // 2,
        texts=TEXTS,
        images=IMAGES,
        table=table(rows),
        likeness=", ".join(f"{np.mean(found):.2f} at {name}" for name, found in alike.items()),
    )


def _cell(group: Sequence[dict[str, Any]], rule: str) -> str:
    if len(group) == 1:
        return group[0][rule] or "none"
    false = [row[rule] is not None for row in group]
    upper = mean_interval(false, bounds=(0, 1)).high
    return f"{sum(false)} (≤ {100 * upper:.1f} %)"


def main() -> None:
    """Measures, and writes `random_weights.md` beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--shuffles", type=int, default=50)
    parser.add_argument("--again", action="store_true", help="only write the page again")
    options = parser.parse_args()
    record = HERE / "random_weights.jsonl"
    if not options.again:
        with record.open("w", encoding="utf-8") as file:
            for row in measure(options.draws, options.shuffles):
                file.write(json.dumps(row) + "\n")
                file.flush()
    rows = [json.loads(line) for line in record.read_text("utf-8").splitlines()]
    (HERE / "random_weights.md").write_text(page(rows), "utf-8")
    print(page(rows))


if __name__ == "__main__":
    main()
