"""How numbers are printed: one place, so that a bound never reads like an estimate."""

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from typing import Any

MISSING = "–"


def number(value: float | None, digits: int = 3) -> str:
    """`digits` significant digits, thousands grouped; an en dash for what does not exist."""
    if value is None:
        return MISSING
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}".replace("-", "−")
    return _plain(value, digits).replace("-", "−")


def _plain(value: float, digits: int) -> str:
    if abs(value) >= 10**digits:
        return f"{value:,.0f}"
    if abs(value) >= 1e-3:
        return f"{value:.{digits}g}"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa}×10{_superscript(int(exponent))}"


def _superscript(number: int) -> str:
    return str(number).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def interval(low: float | None, high: float | None, digits: int = 3) -> str:
    """`low to high`, or nothing where there is no interval."""
    return "" if low is None or high is None else f"{number(low, digits)} to {number(high, digits)}"


def estimate(row: Mapping[str, Any], digits: int = 3, ends: tuple[str, str] = ("low", "high")) -> str:
    """`mean (low to high)` of a row with a mean and the ends of its interval."""
    span = interval(row[ends[0]], row[ends[1]], digits)
    return number(row["mean"], digits) + (f" ({span})" if span else "")


def p_value(p: float | None) -> str:
    """A p value to two digits; below 0.001 as such."""
    if p is None:
        return MISSING
    return "< 0.001" if p < 0.001 else f"{p:.2g}"


def percent(share: float) -> str:
    """A share or level as a percentage, without trailing zeros."""
    return f"{100 * share:.4g} %"


def ratio(rho: Mapping[str, Any]) -> str:
    """A ratio for a table: estimate and interval, or the bound that is known.

    rho: keys value, low and high, each None where there is none; an exact ratio has all three equal.
    """
    low, high = _bounds(rho)
    if rho["value"] is None:
        return _bound(low, high) or "no bound"
    value = f"{number(rho['value'])}×"
    if rho["low"] == rho["value"] == rho["high"]:
        return f"{value} exactly"
    return f"{value} ({f'{low} to {high}' if low and high else _bound(low, high).rstrip('×') or 'no interval'})"


def _bound(low: str, high: str) -> str:
    """What is known of a ratio without an estimate, with a sign on the open side."""
    if low and high:
        return f"{low} to {high}×"
    return f"> {low}×" if low else f"< {high}×" if high else ""


def ratio_words(rho: Mapping[str, Any]) -> str:
    """The same for a sentence, as in "more than 2.8 times"."""
    low, high = _bounds(rho)
    if rho["value"] is None:
        return f"{told} times" if (told := _told(low, high)) else "an unknown number of times"
    value = number(rho["value"])
    if rho["low"] == rho["value"] == rho["high"]:
        return f"exactly {value} times"
    return f"{value} times ({_told(low, high) or 'no interval'})"


def _told(low: str, high: str) -> str:
    """The two ends in words."""
    if low and high:
        return f"between {low} and {high}"
    return f"more than {low}" if low else f"less than {high}" if high else ""


def _bounds(rho: Mapping[str, Any]) -> tuple[str, str]:
    """The two ends in print, rounded outwards: a bound must hold as printed. Empty for an open end."""
    return _rounded(rho["low"], ROUND_FLOOR), _rounded(rho["high"], ROUND_CEILING)


def _rounded(value: float | None, rounding: str) -> str:
    if value is None:
        return ""
    return number(float(Context(prec=3, rounding=rounding).create_decimal(repr(value))))
