"""Numbers as short texts."""

from __future__ import annotations

import math

from ..train.callbacks.progress import seconds_text


def number_text(value: float | None, digits: int = 4) -> str:
    """A number with so many digits that mean something; a dash where there is none.

    >>> number_text(0.123456), number_text(206855.8), number_text(12.5), number_text(None)
    ('0.1235', '206,856', '12.5', '–')
    >>> number_text(1.5e-9), number_text(3e20), number_text(-0.00001234), number_text(2014.0)
    ('1.5e-9', '3e20', '-1.234e-5', '2014')
    """
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e12 or size < 1e-4:
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    if size >= 10 ** (digits - 1):
        text = f"{value:,.0f}"
        return text if size >= 10_000 else text.replace(",", "")
    decimals = max(digits - 1 - math.floor(math.log10(size)), 0)
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent_text(share: float | None) -> str:
    """A share in percent.

    >>> percent_text(0.8512), percent_text(1.0), percent_text(0.0004), percent_text(None)
    ('85.1%', '100%', '<0.1%', '–')
    """
    if share is None or not math.isfinite(share):
        return "–"
    percent = 100 * share
    if 0 < percent < 0.1:
        return "<0.1%"
    if 99.9 < percent < 100:
        return ">99.9%"
    return f"{percent:.1f}".removesuffix(".0") + "%"


def bytes_text(size: int) -> str:
    """A number of bytes.

    >>> bytes_text(512), bytes_text(1_250_000)
    ('512 B', '1.25 MB')
    """
    value = float(size)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} GB"


def duration_text(seconds: float) -> str:
    """A stretch of time, also a very short one.

    >>> duration_text(0.0123), duration_text(4.25), duration_text(75)
    ('12.3 ms', '4.2 s', '1:15')
    """
    if seconds >= 1:
        return seconds_text(seconds)
    return f"{1000 * seconds:.3g} ms" if seconds >= 0.001 else f"{1e6 * seconds:.3g} µs"
