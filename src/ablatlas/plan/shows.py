"""What a design could show: the patterns that decide on a threshold ladder, the noise along a resource."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from ablatlas.plan.past import History
from ablatlas.stats import needs, power
from ablatlas.stats.curve import Curve
from ablatlas.stats.threshold import ALPHA, FEWEST, Comparison, Staircase
from ablatlas.study import Ladder

SCATTER = 0.5  # doublings: the seeds' SD over the loss's slope per doubling, where no record says otherwise


@dataclass(frozen=True)
class Pattern:
    """Every run of `with` solves the level `solves`, none of `without` solves `fails`: then rho > `low`."""

    solves: float
    fails: float
    low: float


def patterns(levels: Iterable[float], n: int, size: int, delta: float) -> list[Pattern]:
    """The pairs of rungs that decide a contrast of `n` seeds as RELAXED at the first step of a family of `size`."""
    rungs = tuple(float(level) for level in levels)
    found = []
    for solves, fails in product(rungs, rungs):
        if solves <= fails:
            continue
        arm = {last: Staircase(rungs, tuple(n if x <= last else 0 for x in rungs), n) for last in (0, *rungs)}
        below = max((x for x in rungs if x < fails), default=0)
        clearest = Comparison(arm[solves], arm[below], delta)
        if size * clearest.p_relaxed <= ALPHA:
            found.append(Pattern(solves, fails, clearest.ratio(ALPHA / size).low))
    return found


def sure(levels: Iterable[float], decisive: Iterable[Pattern]) -> float | None:
    """The ratio of the two limits from which on, wherever on the ladder both lie, some pattern decides; None: never.

    A limit between two rungs is seen as "solves the lower one, fails the upper one".
    """
    rungs = [float(level) for level in levels]
    pairs = {(pattern.solves, pattern.fails) for pattern in decisive}
    gaps = list(pairwise(rungs))
    open_to = [top / bottom for (solves, top), (bottom, fails) in product(gaps, gaps) if (solves, fails) not in pairs]
    decided = len(open_to) < len(gaps) ** 2
    return max(open_to) if decided else None


def edges_needed(size: int) -> int:
    """Fewest seeds that can hold an end of a range of rates: two ranges have eight bounds, where two T have four."""
    return needs.floor(1, size, ALPHA / 2).n_needed


def scatter(ladder: Ladder, history: History) -> float | None:
    """s of `with` in doublings, from recorded confirmation runs at the reference and the rungs beside it.

    None where they are too few; infinite where the loss does not fall there. Runs that diverged are left out.
    """
    place = next(i for i, level in enumerate(ladder.levels) if level == ladder.reference)
    levels = ladder.levels[max(place - 1, 0) : place + 2]
    losses = [history.losses("with", ladder.cell(level)) for level in levels]
    n = min(map(len, losses))
    if n < FEWEST:
        return None
    return power.noise(
        Curve(tuple(map(float, levels)), np.array([row[:n] for row in losses])), float(levels[place > 0])
    )
