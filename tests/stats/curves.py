"""Made-up arms along a resource ladder, drawn from known truths. Pure functions: nothing is trained."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablatlas.stats.curve import Curve
from ablatlas.stats.resource import Resource

Floats = NDArray[np.float64]
Law = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Truth:
    """Two arms' expected losses along one ladder, and their noise.

    spread: relative standard deviation of a run's loss. luck: correlation of a seed's runs over the rungs of an arm.
    pairing: correlation of the two arms' runs. diverging: chance that a run of each arm ends at the cap.
    Losses are log-normal about the law, hence skewed; divergence moves the expectations that the truth is read from.
    """

    numerator: Law
    denominator: Law
    levels: tuple[float, ...] = (1, 2, 4, 8, 16)
    reference: float = 4
    spread: float = 0.05
    luck: float = 0.0
    pairing: float = 0.0
    diverging: tuple[float, float] = (0.0, 0.0)
    cap: float = 2.3

    def draw(self, n: int, random: np.random.Generator) -> tuple[Curve, Curve]:
        """Numerator and denominator with `n` seeds."""
        shape = (len(self.levels), n)
        own, seeds = random.normal(size=(2, *shape)), random.normal(size=(2, 1, n))
        luck = math.sqrt(self.luck) * seeds + math.sqrt(1 - self.luck) * own
        luck[1] = self.pairing * luck[0] + math.sqrt(1 - self.pairing**2) * luck[1]
        diverged = random.random((2, *shape)) < np.reshape(self.diverging, (2, 1, 1))
        losses = np.where(diverged, self.cap, np.minimum(self.cap, self._laws[:, :, None] * self._noise(luck)))
        numerator, denominator = (Curve(self.levels, arm) for arm in losses)
        return numerator, denominator

    def resource(self, n: int, random: np.random.Generator, paired: bool = False) -> Resource:
        """The two arms, compared."""
        return Resource(*self.draw(n, random), self.reference, paired=paired)

    @property
    def rho(self) -> float:
        """First level at which the denominator is as good as the numerator at the reference, over the reference.

        Between rungs the expected losses, too, are a line in (log r, log L): no ladder can tell more. 0 if that lies
        below the ladder, infinite if above it.
        """
        goal = math.log(self.expected(0)[self.levels.index(self.reference)])
        x, y = np.log(self.levels), np.log(self.expected(1))
        under = np.flatnonzero(y <= goal)
        if not len(under):
            return math.inf
        if (first := under[0]) == 0:
            return 0.0
        share = (y[first - 1] - goal) / (y[first - 1] - y[first])
        return float(np.exp(x[first - 1] + share * (x[first] - x[first - 1]))) / self.reference

    def expected(self, arm: int) -> Floats:
        """(levels,) expected loss of an arm, the numerator (0) or the denominator, if noise alone reaches no cap."""
        share = self.diverging[arm]
        expected: Floats = (1 - share) * self._laws[arm] + share * self.cap
        return expected

    @property
    def _laws(self) -> Floats:
        r = np.asarray(self.levels, float)
        return np.stack([self.numerator(r), self.denominator(r)])

    def _noise(self, z: Floats) -> Floats:
        width = np.sqrt(np.log1p(self.spread**2))
        noise: Floats = np.exp(width * z - width**2 / 2)
        return noise


def power(exponent: float, floor: float = 0.05, scale: float = 1.0, data: float = 1.0) -> Law:
    """L = floor + scale · (r / data)^-exponent: an arm that needs `data` times more."""
    return lambda r: floor + scale * (r / data) ** -exponent


def flat(level: float) -> Law:
    """A loss that no resource changes."""
    return lambda r: np.full_like(r, level, dtype=float)


def bump(law: Law, at: float, height: float, width: float = 0.5) -> Law:
    """A law with a rise of relative `height` around a level, `width` doublings wide."""
    return lambda r: law(r) * (1 + height * np.exp(-0.5 * (np.log2(r / at) / width) ** 2))
