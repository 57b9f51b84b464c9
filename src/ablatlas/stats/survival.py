"""Evaluated ladders as survival: how far along the ladder does each run last?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from statsmodels.duration.survfunc import SurvfuncRight, survdiff
from statsmodels.stats.proportion import proportion_confint

VERSION = 1


@dataclass(frozen=True)
class Failures:
    """One arm: (runs,) `level` of the first failure, or the top level where `failed` is False (censored)."""

    level: NDArray[np.float64]
    failed: NDArray[np.bool_]


@dataclass(frozen=True)
class Survival:
    """At one level: runs at risk before it, share that survives it, and the share's Wilson interval."""

    level: float
    at_risk: int
    surviving: float
    low: float
    high: float


@dataclass(frozen=True)
class LogRank:
    """The log-rank test of equal survival (Mantel 1966), one degree of freedom."""

    chi2: float
    p: float


def failures(levels: Sequence[float], solved: NDArray[np.bool_]) -> Failures:
    """First level not solved by each run.

    levels: ascending; solved: (runs, levels). A run that solves all of them is censored at the top.
    """
    failed = solved.sum(axis=1) < len(levels)
    first = np.where(failed, solved.argmin(axis=1), len(levels) - 1)
    return Failures(np.asarray(levels, float)[first], failed)


def kaplan_meier(arm: Failures, levels: Sequence[float]) -> tuple[Survival, ...]:
    """The Kaplan-Meier curve read at every level.

    Runs are censored at the top alone, so the estimate is a plain share and takes a share's interval:
    Greenwood's has no width where all or none survive.
    """
    curve = _step_curve(arm)
    rows = []
    for level in levels:
        surviving = float(curve[curve[:, 0] <= level, 1].min(initial=1.0))
        n = len(arm.level)
        low, high = proportion_confint(round(surviving * n), n, method="wilson")
        rows.append(Survival(level, int((arm.level >= level).sum()), surviving, float(low), float(high)))
    return tuple(rows)


def log_rank(a: Failures, b: Failures) -> LogRank | None:
    """Do two arms fail alike? None where nothing failed, or all failed at once."""
    level, failed = np.concatenate([a.level, b.level]), np.concatenate([a.failed, b.failed])
    if not failed.any() or (failed.all() and len(set(level)) == 1):
        return None
    group = np.repeat([0, 1], [len(a.level), len(b.level)])
    chi2, p = survdiff(level, failed.astype(int), group)
    return LogRank(float(chi2), float(p))


def _step_curve(arm: Failures) -> NDArray[np.float64]:
    """(failure levels, 2): level and the share that survives it."""
    if not arm.failed.any():
        return np.empty((0, 2))
    curve = SurvfuncRight(arm.level, arm.failed.astype(int))
    return np.column_stack([curve.surv_times, curve.surv_prob])
