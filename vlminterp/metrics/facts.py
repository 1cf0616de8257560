"""Facts about each metric, by which reports sort and caption."""

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
    """

    name: str
    higher_is_better: bool | None
    range: tuple[float, float]
    paper: str
    meaning: str


_ALL = (
    Metric(
        name="pointing_game",
        higher_is_better=True,
        range=(0, 1),
        paper="Zhang et al., ECCV 2016, Excitation Backprop",
        meaning="share of pairs whose hottest pixel lies on what the text names",
    ),
    Metric(
        name="energy_in_mask",
        higher_is_better=True,
        range=(0, 1),
        paper="Wang et al., CVPRW 2020, Score-CAM",
        meaning="share of the positive heat that lies on what the text names",
    ),
    Metric(
        name="average_precision",
        higher_is_better=True,
        range=(0, 1),
        paper="as scikit-learn's average_precision_score",
        meaning="precision of the hottest pixels, averaged over all thresholds",
    ),
    Metric(
        name="word_pointing",
        higher_is_better=True,
        range=(0, 1),
        paper="Zhang et al., ECCV 2016, on words",
        meaning="share of captions whose top word names something in the image",
    ),
    Metric(
        name="word_average_precision",
        higher_is_better=True,
        range=(0, 1),
        paper="as scikit-learn's average_precision_score",
        meaning="precision of the top words, averaged over all thresholds",
    ),
    Metric(
        name="confidence_drop",
        higher_is_better=False,
        range=(0, 200),
        paper="Chattopadhay et al., WACV 2018, absolute form",
        meaning="points of cosine lost when only the hot part is shown",
    ),
    Metric(
        name="confidence_increase",
        higher_is_better=True,
        range=(0, 100),
        paper="Chattopadhay et al., WACV 2018",
        meaning="percentage of pairs whose cosine grows when only the hot part is shown",
    ),
    Metric(
        name="coverage",
        higher_is_better=None,
        range=(0, 1),
        paper="none; guards confidence_drop, which an all-ones map wins",
        meaning="share of the input that is shown",
    ),
)

METRICS = {metric.name: metric for metric in _ALL}
"""Every metric by its name."""
