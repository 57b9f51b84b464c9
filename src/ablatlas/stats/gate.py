"""The gate: is the ablated arm worse at the reference at all?

Printed once for a study with a resource ladder. It blocks no verdict, and opens closure: without a gap there is
nothing to close.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablatlas.stats.difference import difference
from ablatlas.stats.threshold import ALPHA, FEWEST

VERSION = 1


@dataclass(frozen=True)
class Gate:
    """`difference` = loss of the denominator less that of the numerator, with its interval; p is two-sided."""

    n: int
    difference: float
    low: float
    high: float
    p: float
    alpha: float

    @property
    def open(self) -> bool:
        """Whether the denominator is worse: a significant difference in the other direction opens nothing."""
        return self.p <= self.alpha and self.difference > 0


def gate(
    numerator: NDArray[np.float64], denominator: NDArray[np.float64], paired: bool = False, alpha: float = ALPHA
) -> Gate | None:
    """Welch's (or the paired) t-test of capped losses at the reference, (n,) each; None below three seeds.

    Raises ValueError for losses that are not finite.
    """
    if not (np.isfinite(numerator).all() and np.isfinite(denominator).all()):
        raise ValueError("losses at the gate must be capped: some are not finite")
    n = min(len(numerator), len(denominator))
    if n < FEWEST:
        return None
    test = difference(denominator, numerator, paired)
    low, high = test.interval(alpha)
    return Gate(n, float(test.value), float(low), float(high), float(test.p), alpha)
