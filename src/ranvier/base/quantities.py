"""Quantities as short texts: numbers, shares, bytes, durations, rates."""

from __future__ import annotations

import math


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


def seconds_text(seconds: float) -> str:
    """A time as people read it; there is none below 0.

    >>> seconds_text(8.44), seconds_text(75), seconds_text(3725), seconds_text(-6)
    ('8.4 s', '1:15', '1:02:05', '0.0 s')
    """
    seconds = max(seconds, 0.0)
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def duration_text(seconds: float) -> str:
    """A stretch of time, also a very short one.

    >>> duration_text(0.0123), duration_text(4.25), duration_text(75)
    ('12.3 ms', '4.2 s', '1:15')
    """
    if seconds >= 1:
        return seconds_text(seconds)
    return f"{1000 * seconds:.3g} ms" if seconds >= 0.001 else f"{1e6 * seconds:.3g} µs"


def rate_text(count: float, seconds: float) -> str:
    """How many in a second; a dash where no time was measured.

    >>> rate_text(120_000, 8.5), rate_text(3, 20.0), rate_text(0, 0.0)
    ('14,118', '0.15', '–')
    """
    if count <= 0 or seconds <= 0:
        return "–"
    rate = count / seconds
    return f"{rate:,.0f}" if rate >= 100 else number_text(rate, 3)
