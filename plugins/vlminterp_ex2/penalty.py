"""The weight β of the KL to the reference, and how it is adapted."""

MOST, HORIZON = 0.2, 10_000
"""The largest relative error that counts, and the responses over which β follows it: the paper's
settings, as in TRL 0.7."""


def adapted(beta: float, kl: float, target: float, responses: int) -> float:
    """Returns the next β of the adaptive KL controller (Ziegler et al., 2019, section 2.2).

    Args:
        beta: The present β.
        kl: The KL measured, in nats per response.
        target: The KL aimed at, in nats per response.
        responses: Responses drawn since the last change.

    Example:
        >>> round(adapted(0.2, kl=20.0, target=10.0, responses=5_000), 4)
        0.22
        >>> adapted(0.2, kl=10.0, target=10.0, responses=5_000)
        0.2
    """
    error = min(max(kl / target - 1, -MOST), MOST)
    return beta * (1 + error * responses / HORIZON)
