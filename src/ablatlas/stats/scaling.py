"""Exponent and floor of L = E + A · r^(-α) along a resource ladder. Descriptive: no verdict rests on them.

For a given α the law is linear in E and A, so that one pass over a fine grid of α gives the weighted least squares
fit with E, A >= 0, and its profile likelihood gives the intervals in closed form; they are open where the ladder
does not bound them. Nothing is drawn at random. Rungs are weighted by their own noise, as if independent: where seeds
are lucky on all rungs alike, the floor's interval is somewhat narrow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from ablatlas.stats.curve import Curve
from ablatlas.stats.threshold import ALPHA, FEWEST

VERSION = 1

Floats = NDArray[np.float64]

EXPONENTS = np.geomspace(1 / 64, 8, 2048)  # neighbours differ by 0.3 %
RUNGS = 4  # three parameters, and one rung to speak against them
FINEST = 1e-6  # smallest relative error of a mean: one at its cap has none


@dataclass(frozen=True)
class Scaling:
    """Exponent α and floor E, in units of the loss, with intervals; None where unknown or without a bound."""

    exponent: float | None
    exponent_low: float | None
    exponent_high: float | None
    floor: float | None
    floor_low: float | None
    floor_high: float | None
    why: str | None


@dataclass(frozen=True, eq=False)
class Profile:
    """Fits of one curve for every α of EXPONENTS, (exponents,) each.

    floor: E >= 0. scale: A >= 0, of (r / r_1)^-α. misfit: sum of squared residuals in standard errors. free_floor and
    free_misfit: the same if E and A may be negative. stiffness: the misfit's growth with (E - free_floor)^2.
    """

    floor: Floats
    scale: Floats
    misfit: Floats
    free_floor: Floats
    free_misfit: Floats
    stiffness: Floats


def profile(curve: Curve) -> Profile:
    """Weighted least squares of a curve's means at every exponent."""
    y, w = curve.means, 1 / np.maximum(curve.errors, FINEST * curve.means) ** 2
    z = _powers(curve)
    s, sy, sz, szz, szy = w.sum(), w @ y, z @ w, z**2 @ w, (z * y) @ w
    stiffness = s - sz**2 / szz
    free_floor = (sy - sz * szy / szz) / stiffness
    floor = np.clip(free_floor, 0, None)
    scale = (szy - floor * sz) / szz
    # A law cannot rise: where the best would, it is flat.
    floor, scale = np.where(scale < 0, sy / s, floor), np.clip(scale, 0, None)
    residuals = y - floor[:, None] - scale[:, None] * z
    free_scale = (szy - free_floor * sz) / szz
    free = y - free_floor[:, None] - free_scale[:, None] * z
    return Profile(floor, scale, residuals**2 @ w, free_floor, free**2 @ w, stiffness)


def scaling(curve: Curve, alpha: float = ALPHA) -> Scaling:
    """Exponent and floor at confidence 1 - `alpha`; `why` says what keeps them from being known."""
    if len(curve.levels) < RUNGS:
        return _unknown(f"fewer than {RUNGS} rungs")
    if curve.n < FEWEST:
        return _unknown("too few seeds")
    fits = profile(curve)
    slack = fits.misfit.min() + float(stdtrit(curve.n - 1, 1 - alpha / 2)) ** 2
    y, w = curve.means, 1 / np.maximum(curve.errors, FINEST * curve.means) ** 2
    if ((y - w @ y / w.sum()) ** 2 @ w) <= slack:
        return _unknown("flat")
    best = int(fits.misfit.argmin())
    low, high = _ends(fits.misfit, slack)
    allowed = fits.free_misfit <= slack
    room = np.sqrt((slack - fits.free_misfit[allowed]) / fits.stiffness[allowed])
    return Scaling(
        exponent=float(EXPONENTS[best]),
        exponent_low=low,
        exponent_high=high,
        floor=float(fits.floor[best]),
        floor_low=max(0.0, float((fits.free_floor[allowed] - room).min())),
        floor_high=float((fits.free_floor[allowed] + room).max()),
        why=None if low and high else "the ladder does not bound the exponent",
    )


def _ends(misfit: Floats, slack: float) -> tuple[float | None, float | None]:
    """First and last exponent at which the misfit is `slack`, on a line between neighbours; None at a grid's end."""
    held, log = np.flatnonzero(misfit <= slack), np.log(EXPONENTS)

    def meet(inside: int, outside: int) -> float | None:
        if not 0 <= outside < len(EXPONENTS):
            return None
        share = (slack - misfit[inside]) / (misfit[outside] - misfit[inside])
        return math.exp(log[inside] + share * (log[outside] - log[inside]))

    return meet(held[0], held[0] - 1), meet(held[-1], held[-1] + 1)


def law(curve: Curve) -> tuple[float, float, float]:
    """E, A and α of the best fit, A in units of the loss at r = 1."""
    fits = profile(curve)
    best = int(fits.misfit.argmin())
    exponent = float(EXPONENTS[best])
    return float(fits.floor[best]), float(fits.scale[best]) * curve.levels[0] ** exponent, exponent


def misfit(curves: Sequence[Curve], alpha: float = ALPHA) -> bool:
    """Whether curves with one exponent and a floor and a scale each leave residuals that exceed their noise.

    The largest residual, as a t with n - 1 degrees of freedom, times the number of rungs (Bonferroni).
    """
    t = residuals(curves)
    limits = [stdtrit(curve.n - 1, 1 - alpha / 2 / t.size) for curve in curves]
    return bool((np.abs(t).max(axis=1) > limits).any())


def residuals(curves: Sequence[Curve]) -> Floats:
    """(curves, levels) means less their joint fit with one exponent, in standard errors."""
    fits = [profile(curve) for curve in curves]
    best = int(np.sum([fit.misfit for fit in fits], axis=0).argmin())
    return np.array(
        [
            (curve.means - fit.floor[best] - fit.scale[best] * _powers(curve)[best])
            / np.maximum(curve.errors, FINEST * curve.means)
            for curve, fit in zip(curves, fits, strict=True)
        ]
    )


def _powers(curve: Curve) -> Floats:
    """(exponents, levels) (r / r_1)^-α."""
    return np.exp(-EXPONENTS[:, None] * (curve.logs - curve.logs[0]))


def _unknown(why: str) -> Scaling:
    return Scaling(None, None, None, None, None, None, why)
