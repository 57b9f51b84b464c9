"""The chain from steps to joules: what of a gross saving is new at each link.

    log rho_C = log rho_T + log(FLOPs per step, denominator / numerator)
    log rho_W = log rho_C + log(achieved FLOP/s, numerator / denominator)
    log rho_J = log rho_W + log(mean power, denominator / numerator)

Each is above 1 where the numerator, the innovation, needs less. The links that are added are the net terms, on which
verdicts rest: a gross ratio inherits all before it, so that an innovation that only saves steps seems to save energy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ablatlas.stats.ratio import Ratio

VERSION = 1


def exact(value: float) -> Ratio:
    """A ratio without noise."""
    return Ratio(value, value, value)


def product(terms: Sequence[Ratio]) -> Ratio:
    """The product of independent ratios, with an interval from theirs (MOVER: Zou & Donner 2008, Stat. Med. 27, eq. 5).

    On the log scale each end lies from the estimate by the root of the sum of the terms' squared distances. Where a
    term has no value, or no end, the product has none either.
    """
    if any(term.value is None for term in terms):
        # Without estimates the ends can only be multiplied, which is never too narrow.
        low, high = math.prod(term.low for term in terms), math.prod(term.high for term in terms)
        return Ratio(None, low, high)
    values = [float(term.value or 0) for term in terms]
    down = [_distance(term.low, value) for term, value in zip(terms, values, strict=True)]
    up = [_distance(value, term.high) for term, value in zip(terms, values, strict=True)]
    value = math.prod(values)
    return Ratio(value, value * math.exp(-math.hypot(*down)), value * math.exp(math.hypot(*up)))


def _distance(low: float, high: float) -> float:
    """From `low` to `high` on the log scale; infinite where either end is open."""
    return math.log(high / low) if low > 0 and math.isfinite(high) else math.inf
