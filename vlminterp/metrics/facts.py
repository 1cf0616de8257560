"""Facts about each metric, by which reports sort and caption."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Metric:
    """Facts about one metric.

    Attributes:
        name: Name of the metric in tables and rows.
        higher_is_better: Whether higher is better; None where neither direction is (coverage).
        range: Least and greatest possible value.
        paper: Source of the metric: a paper, a library, or none and why.
        meaning: The metric in one line, for a table's caption.
        constant: The score of a constant map, which says nothing, in a few words.
        matched: The one baseline that a verdict may be against; None where all will do. A metric
            that depends on how much a map marks must not be compared with a map that marks more.
        misleads: One sentence that says how the metric ranks image maps wrongly, and what to read
            instead; empty where it is not known to. Measured by `experiments/studies/truth_table`.
        beyond: Whether such a metric ranks as the causes do once that of the shuffled map is
            subtracted.
    """

    name: str
    higher_is_better: bool | None
    range: tuple[float, float]
    paper: str
    meaning: str
    constant: str
    matched: str | None = None
    misleads: str = ""
    beyond: bool = False


POINTING = "pointing_game"
"""The metric that is 0 for a map that misses what is named."""
SHUFFLED = "shuffled"
"""The baseline of a method's own values at random places."""

_UPSIDE_DOWN = (
    "Where a planted VLM goes by an object, it ranks methods nearly upside down (Kendall's τ with "
    "the causal ranking: {} and {} on planted-base), since it favours maps that show more; read "
    "the confidence drop beyond that of the shuffled map (τ .91 and .96) or ROAD (.64 to .69), "
    "see docs/metrics.md."
)

_ALL = (
    Metric(
        name=POINTING,
        higher_is_better=True,
        range=(0, 1),
        paper="Zhang et al., ECCV 2016, Excitation Backprop",
        meaning="share of pairs whose hottest pixel lies on what the text names",
        constant="the mask's share of the area",
    ),
    Metric(
        name="energy_in_mask",
        higher_is_better=True,
        range=(0, 1),
        paper="Wang et al., CVPRW 2020, Score-CAM",
        meaning="share of the positive heat that lies on what the text names",
        constant="the mask's share of the area",
    ),
    Metric(
        name="average_precision",
        higher_is_better=True,
        range=(0, 1),
        paper="as scikit-learn's average_precision_score",
        meaning="precision of the hottest pixels, averaged over all thresholds",
        constant="the mask's share of the area",
    ),
    Metric(
        name="word_pointing",
        higher_is_better=True,
        range=(0, 1),
        paper="Zhang et al., ECCV 2016, on words",
        meaning="share of captions whose top word names something in the image",
        constant="the share of words that name something",
    ),
    Metric(
        name="word_average_precision",
        higher_is_better=True,
        range=(0, 1),
        paper="as scikit-learn's average_precision_score",
        meaning="precision of the top words, averaged over all thresholds",
        constant="the share of words that name something",
    ),
    Metric(
        name="confidence_drop",
        higher_is_better=False,
        range=(0, 200),
        paper="Chattopadhay et al., WACV 2018, absolute form",
        meaning="points of cosine lost when only the hot part is shown",
        constant="0, the best, since a map of ones hides nothing",
        matched=SHUFFLED,
        misleads=_UPSIDE_DOWN.format("-.82", "-.60"),
        beyond=True,
    ),
    Metric(
        name="confidence_increase",
        higher_is_better=True,
        range=(0, 100),
        paper="Chattopadhay et al., WACV 2018",
        meaning="percentage of pairs whose cosine grows when only the hot part is shown",
        constant="0, since a map of ones changes nothing",
        matched=SHUFFLED,
        misleads=_UPSIDE_DOWN.format("-.61", "-.54"),
    ),
    Metric(
        name="coverage",
        higher_is_better=None,
        range=(0, 1),
        paper="none; guards confidence_drop, which an all-ones map wins",
        meaning="share of the input that is shown",
        constant="1, since a map of ones shows everything",
    ),
    Metric(
        name="insertion",
        higher_is_better=True,
        range=(-100, 100),
        paper="Petsiuk, Das and Saenko, BMVC 2018, RISE",
        meaning="mean points of cosine as the hottest patches appear first on the mean colour",
        constant="what patches in random order score",
        matched=SHUFFLED,
    ),
    Metric(
        name="deletion",
        higher_is_better=False,
        range=(-100, 100),
        paper="Petsiuk, Das and Saenko, BMVC 2018, RISE",
        meaning="mean points of cosine as the hottest patches are the first to be hidden",
        constant="what patches in random order score",
        matched=SHUFFLED,
    ),
    Metric(
        name="keep_minus_delete",
        higher_is_better=True,
        range=(-200, 200),
        paper="none; insertion less deletion, so that picture and fill cancel out",
        meaning="points of cosine by which insertion is above deletion",
        constant="0 on average, as any random order",
        matched=SHUFFLED,
    ),
    Metric(
        name="road",
        higher_is_better=True,
        range=(-200, 200),
        paper="Rong et al., ICML 2022, ROAD: noisy linear imputation",
        meaning="points of cosine lost without the hottest patches, beyond those lost without the "
        "coldest; what is removed continues its surroundings",
        constant="0 on average, as any random order",
        matched=SHUFFLED,
    ),
    Metric(
        name="sensitivity_n",
        higher_is_better=True,
        range=(-1, 1),
        paper="Ancona et al., ICLR 2018",
        meaning="correlation of the heat in random sets of patches with what hiding them costs",
        constant="0, since its sums do not differ",
        matched=SHUFFLED,
    ),
    Metric(
        name="word_deletion",
        higher_is_better=False,
        range=(-100, 100),
        paper="Petsiuk, Das and Saenko, BMVC 2018, on words",
        meaning="mean points of cosine as the top words are the first to be deleted",
        constant="what words in random order score",
        matched=SHUFFLED,
    ),
)


def of_baseline(scores: Mapping[str, float], baseline: str) -> dict[str, float]:
    """Names metrics as those of a baseline.

    Example:
        >>> of_baseline({"road": 1.5}, "random")
        {'road.random': 1.5}
    """
    return {f"{metric}.{baseline}": value for metric, value in scores.items()}


METRICS = {metric.name: metric for metric in _ALL}
"""Every metric by its name."""


def how_it_misleads(name: str) -> str:
    """Returns how a metric misleads on image maps; empty where it is not known to.

    Args:
        name: The metric in a summary, `SIDE.METRIC` or `SIDE.METHOD.METRIC`.

    Example:
        >>> how_it_misleads("image.ig.confidence_drop")[:48]
        'Where a planted VLM goes by an object, it ranks '
        >>> how_it_misleads("text.confidence_drop")
        ''
    """
    side, _, rest = name.partition(".")
    facts = METRICS.get(rest.rpartition(".")[2])
    return facts.misleads if facts and side == "image" else ""
