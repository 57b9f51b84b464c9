"""One arm along a resource ladder: the capped held-out losses of its runs at ascending levels.

Columns are seeds, the same at every level. Between rungs the mean loss is a line in (log r, log L), so that it is

    L(r) = m_i^(1-w) · m_(i+1)^w,    w = the share of the way from rung i to rung i + 1 in log r.

Its first-order (delta method) dependence on the two rungs makes every seed's share of it a loss of its own,
L(r) · ((1-w) · y_i / m_i + w · y_(i+1) / m_(i+1)), and the mean of these is L(r) exactly. So a test between rungs is a
plain t-test of such losses, and it is right whether or not a seed's runs at neighbouring rungs resemble each other:
taken as independent, rungs with the same seeds' luck (correlation 0.9) would leave intervals that cover 91 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from ablatlas.stats.difference import difference

VERSION = 1

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curve:
    """`losses` (levels, n), each capped and positive, at `levels` in units of the resource.

    Raises ValueError if levels are not positive and ascending, or losses are not positive numbers of that shape.
    """

    levels: tuple[float, ...]
    losses: Floats

    def __post_init__(self) -> None:
        ascending = all(a < b for a, b in zip(self.levels, self.levels[1:], strict=False))
        if not ascending or not self.levels or self.levels[0] <= 0:
            raise ValueError(f"levels of a resource must be positive and ascending, found {list(self.levels)}")
        if self.losses.ndim != 2 or len(self.losses) != len(self.levels) or not self.losses.size:
            raise ValueError(f"losses of shape {self.losses.shape} do not fit {len(self.levels)} levels")
        if not np.isfinite(self.losses).all() or (self.losses < 0).any() or (self.means <= 0).any():
            raise ValueError("losses along a resource ladder must be capped and positive: log L is drawn against log r")

    @property
    def n(self) -> int:
        """Seeds."""
        return self.losses.shape[1]

    @cached_property
    def logs(self) -> Floats:
        """(levels,) log r."""
        return np.log(np.asarray(self.levels, float))

    @cached_property
    def means(self) -> Floats:
        """(levels,) mean losses."""
        means: Floats = self.losses.mean(axis=1)
        return means

    @cached_property
    def errors(self) -> Floats:
        """(levels,) standard errors of the means; of two seeds or more."""
        errors: Floats = self.losses.std(axis=1, ddof=1) / np.sqrt(self.n)
        return errors

    @cached_property
    def envelope(self) -> Floats:
        """(levels,) the non-increasing means nearest to those observed (isotonic regression)."""
        envelope: Floats = isotonic_regression(self.means, increasing=False).x
        return envelope

    @cached_property
    def p_rise(self) -> float:
        """p of "the loss never rises along the ladder": of the clearest rise between any two rungs, times all pairs.

        Pooling by more than one standard error is no sign of a rise: a curve that ends in a plateau of three rungs
        shows it in a third of all samples (a test holds the number).
        """
        early, late = np.triu_indices(len(self.levels), 1)
        p = difference(self.losses[late], self.losses[early], paired=True).p_positive
        return float(min(1.0, len(p) * p.min())) if len(p) else 1.0

    def rung(self, level: float) -> int:
        """Place of a level. Raises ValueError if it is none of the rungs."""
        if level not in self.levels:
            raise ValueError(f"{level:g} is none of the rungs {list(self.levels)}")
        return self.levels.index(level)

    def at(self, log_level: Floats) -> Floats:
        """(places, n) the losses whose mean is the interpolated L, at log r (places,) within the ladder."""
        left = np.clip(np.searchsorted(self.logs, log_level, side="right") - 1, 0, len(self.levels) - 2)
        w = (log_level - self.logs[left]) / (self.logs[left + 1] - self.logs[left])
        mean = self.means[left] ** (1 - w) * self.means[left + 1] ** w
        relative = self.losses / self.means[:, None]
        losses: Floats = (mean * (1 - w))[:, None] * relative[left] + (mean * w)[:, None] * relative[left + 1]
        return losses
