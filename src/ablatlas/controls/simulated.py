"""Arms whose truth is known, drawn at random: what the synthetic rows compare.

A kind draws one comparison of two arms between which the true ratio is rho, 1 for none. All randomness comes from
the generator that it is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ablatlas.stats import target, threshold
from ablatlas.stats.clocked import NetTerm, units
from ablatlas.stats.closure import Closure, closure
from ablatlas.stats.curve import Curve
from ablatlas.stats.edges import Block, Edges
from ablatlas.stats.power import detectable_effect
from ablatlas.stats.question import Compared
from ablatlas.stats.resource import Resource
from ablatlas.stats.threshold import DELTA

Floats = NDArray[np.float64]
Law = Callable[[Floats], Floats]

CAP = 2.3  # nats: ten classes, guessed


class Kind(Protocol):
    """Arms of one shape. `effect(n)` is the ratio that n seeds have to find, None where none can be found."""

    @property
    def name(self) -> str: ...
    @property
    def measure(self) -> str: ...
    def effect(self, n: int) -> float | None: ...
    def draw(self, rng: Generator, n: int, rho: float) -> Compared: ...


def power_law(floor: float, scale: float, exponent: float) -> Law:
    """L(r) = E + A r^-α, r in units of the reference."""
    return lambda r: floor + scale * r**-exponent


def beyond_delta(n: int, spread: float) -> float:
    """Twice what n seeds tell from none, beyond what counts as no change; spread: that of one log ratio."""
    return DELTA * math.exp(2 * detectable_effect(n) * spread)


@dataclass(frozen=True)
class Resources:
    """A resource ladder, of which the denominator has rho times less. spread: relative standard deviation of losses.

    diverging: share of the runs that score the cap instead. shared: correlation of the two runs of a pair, which is
    then tested as one. rho: a fixed effect, for what a ladder's end does. found: whether an effect can be found at all.
    """

    name: str
    law: Law
    spread: float
    levels: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
    diverging: float = 0.0
    shared: float = 0.0
    rho: float | None = None
    found: bool = True
    measure: str = "resource"

    def effect(self, n: int) -> float | None:
        if not self.found:
            return None
        if self.rho is not None:
            return self.rho
        ends = self.mean(np.array([0.5, 1.0, 2.0]))
        deviation = math.sqrt(
            (1 - self.diverging) * (self.spread**2 + 1) * self.law(np.array([1.0]))[0] ** 2
            + self.diverging * CAP**2
            - ends[1] ** 2
        )
        return beyond_delta(n, deviation * math.sqrt(1 - self.shared) / ((ends[0] - ends[2]) / 2) * math.log(2))

    def mean(self, r: Floats) -> Floats:
        """The true mean loss."""
        return (1 - self.diverging) * self.law(r) + self.diverging * CAP

    def draw(self, rng: Generator, n: int, rho: float) -> Resource:
        common = rng.standard_normal((len(self.levels), n))
        numerator, denominator = (self.arm(rng, n, times, common) for times in (1.0, rho))
        return Resource(numerator, denominator, 1.0, paired=self.shared > 0)

    def arm(self, rng: Generator, n: int, times: float, common: Floats) -> Curve:
        """One arm's losses, with `times` less of the resource."""
        own = rng.standard_normal(common.shape)
        noise = math.sqrt(self.shared) * common + math.sqrt(1 - self.shared) * own
        losses = self.law(np.array(self.levels) / times)[:, None] * np.maximum(1 + self.spread * noise, 0.01)
        losses = np.where(rng.random(losses.shape) < self.diverging, CAP, np.minimum(losses, CAP))
        return Curve(self.levels, losses)


@dataclass(frozen=True)
class Stairs:
    """A threshold ladder: a run solves level d with chance 1 / (1 + (d / T)^slope); the denominator's T is rho less."""

    name: str
    slope: float
    middle: float
    rho: float
    levels: tuple[float, ...] = (4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)
    fewest: int = 7  # seeds below which nothing is decided
    measure: str = "threshold"

    def effect(self, n: int) -> float | None:
        return self.rho if n >= self.fewest else None

    def draw(self, rng: Generator, n: int, rho: float) -> threshold.Comparison:
        return threshold.Comparison(self.arm(rng, n, self.middle), self.arm(rng, n, self.middle / rho))

    def arm(self, rng: Generator, n: int, middle: float) -> threshold.Staircase:
        chance = 1 / (1 + (np.array(self.levels) / middle) ** self.slope)
        return threshold.Staircase(self.levels, tuple(rng.binomial(n, chance).tolist()), n)


@dataclass(frozen=True)
class Times:
    """Steps to a target, log-normal with the standard deviation `spread` of their logarithm, censored at `limit`."""

    name: str
    spread: float
    limit: float
    typical: float = 100.0
    tick: float = 0.0  # steps to which times are rounded up
    measure: str = "time_to_target"

    def effect(self, n: int) -> float | None:
        return beyond_delta(n, self.spread)

    def draw(self, rng: Generator, n: int, rho: float) -> target.Comparison:
        return target.Comparison(self.arm(rng, n, self.typical), self.arm(rng, n, self.typical * rho))

    def arm(self, rng: Generator, n: int, typical: float) -> target.Arrivals:
        steps = typical * np.exp(self.spread * rng.standard_normal(n))
        if self.tick:
            steps = np.ceil(steps / self.tick) * self.tick
        return target.Arrivals(np.minimum(steps, self.limit), steps < self.limit, self.limit)


@dataclass(frozen=True)
class Ranges:
    """Rates that an arm bears: it solves at those within a range around 0.1, its edges as steep as `slope`.

    The denominator's range is rho times narrower, half of it at either edge.
    """

    name: str
    slope: float
    decades: float
    rho: float
    rates: tuple[float, ...] = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
    fewest: int = 8  # seeds below which nothing is decided
    measure: str = "edges"

    def effect(self, n: int) -> float | None:
        return self.rho if n >= self.fewest else None

    def draw(self, rng: Generator, n: int, rho: float) -> Edges:
        return Edges(self.arm(rng, n, self.decades), self.arm(rng, n, self.decades - math.log10(rho)))

    def arm(self, rng: Generator, n: int, decades: float) -> Block:
        """One arm; a run solves with a chance of one half at either edge."""
        out = np.abs(np.log10(np.array(self.rates) / 0.1)) - decades / 2
        chance = 1 / (1 + 10 ** (self.slope * out))
        return Block(self.rates, tuple(rng.binomial(n, chance).tolist()), n, inside=0.1)


@dataclass(frozen=True)
class Clocks:
    """Rates on a clock: log-normal blocks, twice as many as seeds, on a machine that slows down by `drift` a pass."""

    name: str
    spread: float
    drift: float = 0.0
    measure: str = "flop_rate"

    def effect(self, n: int) -> float | None:
        return beyond_delta(n, self.spread)

    def draw(self, rng: Generator, n: int, rho: float) -> NetTerm:
        passes = np.arange(2 * n)
        places = np.where(passes % 2, 1, 0)  # ABBA: the numerator goes first in every other pass
        slower = [self.drift * (2 * passes + place) for place in (places, 1 - places)]
        logs = [self.spread * rng.standard_normal(2 * n) - each for each in slower]
        return NetTerm(units(np.exp(logs[0] + math.log(rho)), np.exp(logs[1])))


@dataclass(frozen=True)
class Gaps:
    """Two arms along a resource from r0 = 1 to its top, of which closure is asked; not a ratio of arms.

    other: the denominator's law. label: what the true closure is called.
    """

    name: str
    law: Law
    other: Law
    label: str
    spread: float = 0.07
    levels: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 8.0)
    measure: str = "closure"

    @property
    def truth(self) -> float:
        """The true share of the gap that the top closes."""
        at = np.array([1.0, self.levels[-1]])
        first, top = self.other(at) - self.law(at)
        return float(1 - top / first)

    def draw(self, rng: Generator, n: int) -> Closure:
        return closure(self.arm(rng, n, self.law), self.arm(rng, n, self.other), 1.0)

    def arm(self, rng: Generator, n: int, law: Law) -> Curve:
        """One arm's losses."""
        noise = 1 + self.spread * rng.standard_normal((len(self.levels), n))
        return Curve(self.levels, np.clip(law(np.array(self.levels))[:, None] * noise, 0.01, CAP))
