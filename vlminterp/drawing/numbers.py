"""Numbers as people read them: only digits that mean something, and a real minus sign."""

import math

MINUS, NOTHING = "\N{MINUS SIGN}", "\N{EN DASH}"


def number(value: float | None, digits: int = 3) -> str:
    """Writes a number with `digits` significant digits, and a larger one as a whole number.

    None and NaN become an en dash.

    Example:
        >>> number(0.12345), number(-2.0), number(51234.5), number(None)
        ('0.123', '−2', '51,234', '–')
    """
    if value is None or math.isnan(value):
        return NOTHING
    if math.isfinite(value) and abs(value) >= 10**digits:
        return f"{value:,.0f}".replace("-", MINUS)
    return f"{value:.{digits}g}".replace("-", MINUS)


def decimals(value: float, places: int) -> str:
    """Writes a number with `places` decimals; a number that rounds to zero has no sign.

    Example:
        >>> decimals(-0.126, 2), decimals(-0.001, 2)
        ('−0.13', '0.00')
    """
    shown = f"{value:.{places}f}"
    return shown.replace("-", MINUS if float(shown) else "")


def worth(low: float, high: float) -> int:
    """Returns how many decimals of a number are worth reading, given its interval: 0 … 4.

    Example:
        >>> worth(0.53, 0.65), worth(10.0, 14.0), worth(1.0, 1.0)
        (2, 1, 3)
    """
    half = (high - low) / 2
    return min(max(round(1 - math.log10(half)), 0), 4) if half > 0 else 3


def round_step(rough: float) -> float:
    """Returns the smallest of 1, 2, 5 times a power of ten that is not below `rough`.

    Args:
        rough: A distance, > 0; up to a thousandth more than a round number counts as that number.

    Example:
        >>> round_step(0.13), round_step(14.6), round_step(5.001)
        (0.2, 20.0, 5.0)
    """
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= 0.999 * rough)
