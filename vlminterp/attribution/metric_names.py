"""Names of metrics in the summary of an attribution run."""


def metric_parts(name: str) -> tuple[str, str, str]:
    """Splits a name into side, method and metric; the method is empty if the run has only one.

    Example:
        >>> metric_parts("image.ig.pointing_game"), metric_parts("text.word_pointing")
        (('image', 'ig', 'pointing_game'), ('text', '', 'word_pointing'))
    """
    side, _, rest = name.partition(".")
    method, _, metric = rest.rpartition(".")
    return side, method, metric
