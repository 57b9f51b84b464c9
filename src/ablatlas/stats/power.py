"""What a resource ladder can show: the ratio that n seeds detect, and the seeds that a ratio needs.

On a smooth ladder all that matters is the noise s = the seeds' standard deviation / the fall of the loss per doubling
of the resource: a ratio of 2^x raises the ablated arm's loss by x doublings, x / s standard deviations.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy.special import nctdtr, stdtrit
from statsmodels.stats.power import TTestIndPower, TTestPower

from ablatlas.stats.curve import Curve
from ablatlas.stats.difference import Difference
from ablatlas.stats.needs import HORIZON
from ablatlas.stats.threshold import ALPHA, FEWEST

VERSION = 1

POWER = 0.8
IDENTIFIED = 0.05  # one-sided level at which the numerator's loss has to fall towards the reference
PLAIN = 10.0  # standard deviations that any number of seeds shows; the noncentral t overflows far beyond


def noise(curve: Curve, reference: float) -> float:
    """s of a curve around a reference: seed standard deviation there / fall of the mean loss per doubling.

    The fall between the rungs next to the reference; infinite if there is none.
    """
    place = curve.rung(reference)
    ends = [max(place - 1, 0), min(place + 1, len(curve.levels) - 1)]
    fall, doublings = -np.diff(curve.means[ends])[0], np.diff(curve.logs[ends])[0] / math.log(2)
    spread = curve.losses[place].std(ddof=1)
    return float(spread * doublings / fall) if fall > 0 else math.inf


@lru_cache
def detectable_effect(n: int, alpha: float = ALPHA, power: float = POWER, paired: bool = False) -> float:
    """Difference of means, in standard deviations (of the pairs' differences if `paired`), that n seeds an arm detect.

    Exact, by the noncentral t (statsmodels): 2.02 at n = 5 and 1.32 at n = 10 unpaired.
    """
    if paired:
        return float(TTestPower().solve_power(nobs=n, alpha=alpha, power=power))
    return float(TTestIndPower().solve_power(nobs1=n, alpha=alpha, power=power))


def detectable(
    n: int,
    noise: float,
    alpha: float = ALPHA,
    power: float = POWER,
    delta: float = 1.0,
    correlation: float | None = None,
) -> float:
    """Smallest rho that n seeds an arm tell from `delta` with the given power; at delta = 1, from no change.

    noise: s. correlation: of pairs, where the test is paired. alpha: divided by the size of a family by the caller.
    """
    spread = 1.0 if correlation is None else math.sqrt(2 * (1 - correlation))
    effect = detectable_effect(n, alpha, power, paired=correlation is not None) * spread if spread else 0.0
    return float(delta * 2 ** (effect * noise))


def seeds(
    rho: float,
    noise: float,
    alpha: float = ALPHA,
    power: float = POWER,
    delta: float = 1.0,
    correlation: float | None = None,
    most: int = 100,
) -> int | None:
    """Fewest seeds an arm that tell `rho` from `delta`; None if `most` do not."""
    return next(
        (n for n in range(FEWEST, most + 1) if detectable(n, noise, alpha, power, delta, correlation) <= rho), None
    )


def identifiable(n: int, power: float = POWER) -> float:
    """Largest noise s at which n seeds show, one-sided at 5 %, that the loss still falls from r0 / 2 to r0.

    On a ladder with more noise, ratios are mostly INCONCLUSIVE, `flat`, however large they are: the seeds of an arm at
    two rungs differ by sqrt(2) s doublings, unless they share their luck.
    """
    effect = TTestPower().solve_power(nobs=n, alpha=IDENTIFIED, power=power, alternative="larger")
    return float(1 / effect / math.sqrt(2))


def seeds_that_show(test: Difference, n: int, alpha: float, power: float = POWER, sign: int = 1) -> int | None:
    """Fewest seeds with which all differences of a test of `n` seeds would be significant, one-sided at `alpha`.

    sign: 1 if they are to be positive, -1 negative. Means and spreads are taken as observed, and degrees of freedom
    as growing with n - 1. None if not even ten times as many do, or there is nothing to test.
    """
    effects = sign * test.t / math.sqrt(n)
    if not effects.size or effects.min() <= 0:
        return None
    weakest = int(effects.argmin())
    effect = min(float(effects[weakest]), PLAIN)
    sizes = np.arange(n + 1, HORIZON * n + 1)
    df = test.df[weakest] * (sizes - 1) / (n - 1)
    reached = 1 - nctdtr(df, effect * np.sqrt(sizes), stdtrit(df, 1 - alpha))
    enough = np.flatnonzero(reached >= power)
    return int(sizes[enough[0]]) if len(enough) else None
