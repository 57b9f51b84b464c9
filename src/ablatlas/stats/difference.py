"""The difference of two arms' mean losses: Welch's t-test, or the paired one, over many places at once.

scipy.stats.ttest_ind and ttest_rel give the same numbers (a test compares them) at a hundred times the cost, and
warn where an arm has no variance, as one at its cap has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

VERSION = 1

Floats = NDArray[np.float64]

# Equal losses differ by rounding alone: a standard error below this share of the loss is none.
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Difference:
    """Differences of means (places,), their standard errors and degrees of freedom."""

    value: Floats
    error: Floats
    df: Floats

    @property
    def t(self) -> Floats:
        """Infinite where a difference has no error, and nan, which decides nothing, where there is neither."""
        with np.errstate(divide="ignore", invalid="ignore"):
            t: Floats = np.true_divide(self.value, self.error)
        return t

    @property
    def p_positive(self) -> Floats:
        """One-sided p of "the difference is 0 or less": small where it is positive."""
        p: Floats = stdtr(self.df, -self.t)
        return p

    @property
    def p_negative(self) -> Floats:
        """One-sided p of "the difference is 0 or more": small where it is negative."""
        p: Floats = stdtr(self.df, self.t)
        return p

    @property
    def p(self) -> Floats:
        """Two-sided p of "there is no difference"."""
        return 2 * np.minimum(self.p_positive, self.p_negative)

    def at(self, places: slice) -> Difference:
        """The differences at some of the places."""
        return Difference(self.value[places], self.error[places], self.df[places])

    def interval(self, alpha: float) -> tuple[Floats, Floats]:
        """Lower and upper limits at confidence 1 - `alpha`."""
        reach = stdtrit(self.df, 1 - alpha / 2) * self.error
        return self.value - reach, self.value + reach


def difference(a: Floats, b: Floats, paired: bool = False) -> Difference:
    """Mean of `a` less mean of `b`: (..., seeds) each, broadcast; `paired` takes equal columns as pairs."""
    scale = ROUNDING * (np.abs(a).mean(axis=-1) + np.abs(b).mean(axis=-1))
    if paired:
        gap = a - b
        value, variance = gap.mean(axis=-1), _variance_of_mean(gap)
        df = np.full_like(value, gap.shape[-1] - 1)
    else:
        value = a.mean(axis=-1) - b.mean(axis=-1)
        parts = _variance_of_mean(a), _variance_of_mean(b)
        variance, df = parts[0] + parts[1], _welch_satterthwaite(*parts, a.shape[-1], b.shape[-1])
    return Difference(value, np.sqrt(variance + scale**2), df)


def _variance_of_mean(losses: Floats) -> Floats:
    variance: Floats = losses.var(axis=-1, ddof=1) / losses.shape[-1]
    return variance


def _welch_satterthwaite(a: Floats, b: Floats, n_a: int, n_b: int) -> Floats:
    """Degrees of freedom of the sum of two variances of means; shares first, so that none underflows."""
    total = a + b
    share = np.divide(a, total, out=np.full_like(total, 0.5), where=total > 0)
    df: Floats = 1 / (share**2 / (n_a - 1) + (1 - share) ** 2 / (n_b - 1))
    return df
