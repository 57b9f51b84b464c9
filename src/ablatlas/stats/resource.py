"""Resource ladders: how many times more of a resource does an arm need for the loss of another?

More of a resource makes a task easier. With r0 the reference and L* = L_numerator(r0),

    rho  = inf{ r : L_denominator(r) <= L* } / r0           (> 1: the denominator needs more)
    beta = r0 / inf{ r : L_numerator(r) <= L_denominator(r0) }      finite even if the denominator never gets there

Both come with intervals by inversion of a t-test (`inversion`). A ratio is an exchange rate: for monotone curves
every resource's ratio shares the sign of the gap at r0, and only closure tells resources apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ablatlas.stats.closure import Closure, closure
from ablatlas.stats.curve import Curve
from ablatlas.stats.difference import Difference, difference
from ablatlas.stats.inversion import Inversion
from ablatlas.stats.needs import Undecided
from ablatlas.stats.power import IDENTIFIED
from ablatlas.stats.ratio import Ratio
from ablatlas.stats.resource_needs import undecided
from ablatlas.stats.sensitivity import FITS
from ablatlas.stats.threshold import ALPHA, DELTA, FEWEST

__all__ = ["Curve", "Resource"]

VERSION = 1

FEWEST_RUNGS = 3  # of a curve that a smooth fit can bend
RISING = 0.05  # level at which a curve is taken as non-monotone


@dataclass(frozen=True)
class Fit:
    """rho by a fit: 0 if it lies below the ladder, infinite if above."""

    name: str
    ratio: float

    @property
    def value(self) -> float | None:
        """rho, if the fit puts it on the ladder."""
        return self.ratio if 0 < self.ratio < math.inf else None


@dataclass(frozen=True, eq=False)
class Resource:
    """Two arms along one resource ladder; `delta` is the ratio that counts as a change.

    Where rho is not identified (`reason`), its interval has no ends, every p is 1, and so nothing is decided.
    Raises ValueError if arms stand on different levels, the reference is no rung, or pairs do not pair up.
    """

    numerator: Curve
    denominator: Curve
    reference: float
    delta: float = DELTA
    paired: bool = False

    def __post_init__(self) -> None:
        if self.numerator.levels != self.denominator.levels:
            raise ValueError(
                "arms of one contrast must stand on the same levels, "
                f"found {list(self.numerator.levels)} and {list(self.denominator.levels)}"
            )
        if self.paired and self.numerator.n != self.denominator.n:
            raise ValueError(f"pairs need as many seeds in either arm, found {self.numerator.n}, {self.denominator.n}")
        self.numerator.rung(self.reference)

    @property
    def levels(self) -> tuple[float, ...]:
        return self.numerator.levels

    @property
    def n(self) -> int:
        """Seeds of the smaller arm."""
        return min(self.numerator.n, self.denominator.n)

    def at(self, reference: float) -> Resource:
        """The same question at another rung: a trend along references is scale dependence."""
        return replace(self, reference=reference)

    @cached_property
    def fall(self) -> Difference | None:
        """L_numerator(r0 / 2) - L_numerator(r0), by seed; at the lowest rung if the ladder begins above r0 / 2.

        None where nothing lies below the reference.
        """
        curve, place = self.numerator, self.numerator.rung(self.reference)
        if place == 0:
            return None
        half = max(curve.logs[place] - math.log(2), curve.logs[0])
        return difference(curve.at(np.array([half])), curve.losses[place], paired=True)

    @property
    def flat_p(self) -> float:
        """One-sided p of "the numerator's loss does not fall towards the reference"."""
        return 1.0 if self.fall is None else float(self.fall.p_positive[0])

    @cached_property
    def reason(self) -> str | None:
        """Why rho is not identified; None if it is."""
        return self._obstacle(self.denominator)

    def _obstacle(self, inverted: Curve) -> str | None:
        if self.n < FEWEST:
            return "too few seeds"
        if self.flat_p > IDENTIFIED:
            return "flat"
        return "non-monotone" if inverted.p_rise <= RISING else None

    @cached_property
    def rho(self) -> Inversion:
        """The denominator's curve against the numerator's loss."""
        return Inversion(self.denominator, self.numerator, self.reference, self.delta, self.paired)

    @cached_property
    def _beta(self) -> Inversion:
        return Inversion(self.numerator, self.denominator, self.reference, self.delta, self.paired)

    def ratio(self, alpha: float = ALPHA) -> Ratio:
        """rho with its interval at confidence 1 - `alpha`; a value only if it lies on the ladder."""
        if self.reason is not None:
            return Ratio(None, 0.0, math.inf)
        value, (low, high) = self.rho.value, self.rho.bounds(alpha)
        return Ratio(value and value / self.reference, low / self.reference, high / self.reference)

    def beta(self, alpha: float = ALPHA) -> Ratio:
        """beta with its interval at confidence 1 - `alpha`; the numerator's curve is the one inverted."""
        if self._obstacle(self.numerator) is not None:
            return Ratio(None, 0.0, math.inf)
        value, (low, high) = self._beta.value, self._beta.bounds(alpha)
        return Ratio(value and self.reference / value, self.reference / high, self.reference / low if low else math.inf)

    @property
    def p_relaxed(self) -> float:
        """p of rho <= delta, for a two-sided verdict."""
        return min(1.0, 2 * self.rho.p_beyond(self.rho.marks[1])) if self.reason is None else 1.0

    @property
    def p_tightened(self) -> float:
        """p of rho >= 1 / delta, for a two-sided verdict."""
        return min(1.0, 2 * self.rho.p_before(self.rho.marks[0])) if self.reason is None else 1.0

    @property
    def p(self) -> float:
        """p of "1/delta <= rho <= delta": at most alpha exactly when the interval lies outside of it."""
        return min(self.p_relaxed, self.p_tightened)

    @property
    def p_unchanged(self) -> float:
        """p of two one-sided tests of "rho lies outside 1/delta .. delta"."""
        if self.reason is not None:
            return 1.0
        below, above = self.rho.marks
        return max(self.rho.p_beyond(below), self.rho.p_before(above))

    @property
    def correlation(self) -> float | None:
        """Correlation of the arms' losses at the reference over pairs of seeds; None where it has none."""
        place = self.numerator.rung(self.reference)
        a, b = self.numerator.losses[place], self.denominator.losses[place]
        if len(a) != len(b) or len(a) < FEWEST or np.ptp(a) == 0 or np.ptp(b) == 0:
            return None
        return float(np.corrcoef(a, b)[0, 1])

    @cached_property
    def fits(self) -> tuple[Fit, ...]:
        """rho by smooth curves in the place of the line through the rungs (`sensitivity`); none below three rungs."""
        if self.n < FEWEST or len(self.levels) < FEWEST_RUNGS:
            return ()
        goal = float(self.numerator.means[self.numerator.rung(self.reference)])
        crossings = {name: fit(self.denominator, goal) for name, fit in FITS.items()}
        return tuple(Fit(name, level / self.reference) for name, level in crossings.items())

    def disagree(self, alpha: float = ALPHA) -> bool:
        """Whether a smooth fit puts rho outside of the interval."""
        ratio = self.ratio(alpha)
        return any(not ratio.low <= fit.ratio <= ratio.high for fit in self.fits)

    def closure(self, alpha: float = ALPHA) -> Closure:
        """The share of the gap at the reference that the ladder's top closes."""
        return closure(self.numerator, self.denominator, self.reference, self.paired, alpha)

    def undecided(self, size: int = 1, alpha: float = ALPHA) -> Undecided:
        """Why nothing is decided in a family of `size`, and the seeds or the ladder that would decide."""
        return undecided(self, size, alpha)
