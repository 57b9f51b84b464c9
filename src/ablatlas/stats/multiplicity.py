"""Many tests at once: Holm within a study's families, Benjamini and Hochberg across the atlas."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata
from statsmodels.stats.multitest import multipletests

VERSION = 1


@dataclass(frozen=True)
class Adjusted:
    """One hypothesis after Holm: its adjusted p, and the confidence level at which it was decided.

    An interval at `level` excludes the null exactly when Holm rejects it.
    """

    p: float
    rejected: bool
    level: float


def holm(p: Sequence[float | None], alpha: float = 0.05) -> tuple[Adjusted, ...]:
    """Holm's step-down procedure (Holm 1979) over one family, in the order given.

    A hypothesis that could not be tested (None) stays in the family, whose size is fixed before the data.
    Hypotheses after the first that is not rejected are reported at the level of that one.
    """
    if not p:
        return ()
    values = np.array([1.0 if value is None else value for value in p])
    size = len(values)
    rank = rankdata(values, method="min").astype(int) - 1  # ties are all decided at the strictest of their steps
    # Not statsmodels' multipletests, which collects garbage at every call for Holm: up to 0.3 s each.
    adjusted = np.minimum(1, np.maximum.accumulate(np.sort(values) * (size - np.arange(size))))[rank]
    rejected = adjusted <= alpha
    level = 1 - alpha / (size - np.minimum(rank, rank[~rejected].min(initial=size - 1)))
    return tuple(Adjusted(*row) for row in zip(adjusted.tolist(), rejected.tolist(), level.tolist(), strict=True))


def benjamini_hochberg(p: Sequence[float | None]) -> tuple[float | None, ...]:
    """Adjusted p (Benjamini & Hochberg 1995), in the order given: of those <= q at most the share q is false.

    What could not be tested (None) is no member and stays None.
    """
    tested = [value for value in p if value is not None]
    if not tested:
        return (None,) * len(p)
    adjusted = iter(multipletests(tested, method="fdr_bh")[1].tolist())
    return tuple(None if value is None else next(adjusted) for value in p)
