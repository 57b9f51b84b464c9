"""Where smooth fits of a curve reach a loss, beside the line through its rungs: printed, never a verdict."""

import math
from collections.abc import Callable

import numpy as np

from ablatlas.stats.curve import Curve
from ablatlas.stats.scaling import law

VERSION = 1


def quadratic(curve: Curve, goal: float) -> float:
    """First level on the ladder at which a parabola in (log r, log L) falls to `goal`; 0 or infinite outside."""
    x = curve.logs - curve.logs[0]
    parabola = np.poly1d(np.polyfit(x, np.log(curve.means), min(2, len(x) - 1)))
    if parabola(x[0]) < math.log(goal):
        return 0.0
    roots = (parabola - math.log(goal)).roots
    inside = roots.real[(np.abs(roots.imag) < 1e-9) & (roots.real >= 0) & (roots.real <= x[-1])]
    return curve.levels[0] * math.exp(inside.min()) if len(inside) else math.inf


def power_law(curve: Curve, goal: float) -> float:
    """Level at which L = E + A · r^(-α) falls to `goal`; 0 or infinite outside of the ladder."""
    floor, scale, exponent = law(curve)
    log_level = math.log(scale / (goal - floor)) / exponent if goal > floor and scale > 0 else math.inf
    if log_level < curve.logs[0] or (scale == 0 and goal > floor):
        return 0.0
    return math.exp(log_level) if log_level <= curve.logs[-1] else math.inf


FITS: dict[str, Callable[[Curve, float], float]] = {"quadratic": quadratic, "power law": power_law}
