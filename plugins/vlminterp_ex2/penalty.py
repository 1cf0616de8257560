"""The weight β of the KL to the reference, held or adapted."""

MOST, HORIZON = 0.2, 10_000
"""The largest relative error that counts, and the responses over which β follows it: the paper's
settings, as TRL 0.7 had them."""


def adapted(beta: float, kl: float, target: float, responses: int) -> float:
    """Returns the next β of the adaptive KL controller (Ziegler et al., 2019, section 2.2).

    Args:
        beta: The present one.
        kl: What it has come to, in nats per response.
        target: What it should be.
        responses: Drawn since the last change.

    Example:
        >>> round(adapted(0.2, kl=20.0, target=10.0, responses=5_000), 4)
        0.22
        >>> adapted(0.2, kl=10.0, target=10.0, responses=5_000)
        0.2
    """
    error = min(max(kl / target - 1, -MOST), MOST)
    return beta * (1 + error * responses / HORIZON)
