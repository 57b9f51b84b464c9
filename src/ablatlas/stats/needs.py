"""What a threshold ladder needs to decide: how many seeds, how clear an outcome, which levels."""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import bdtrc

from ablatlas.stats.threshold import ALPHA, BOUNDS, Comparison

VERSION = 1

HORIZON = 10  # times the seeds at hand: farther than this, more seeds are no answer


@dataclass(frozen=True)
class Floor:
    """What `n` seeds can show at the first step of Holm's procedure in a family of `family` hypotheses.

    `solved`: fewest solved runs of n that decide against n - solved in the other arm, None if none does.
    `n_needed`: fewest seeds with which n/n against 0/n decides.
    """

    n: int
    family: int
    solved: int | None
    n_needed: int

    @property
    def text(self) -> str:
        """The floor as a sentence."""
        family = "a contrast" if self.family == 1 else f"the first of {self.family} contrasts"
        if self.solved is None:
            return f"at n = {self.n} nothing decides {family}: {self.n_needed} seeds are needed"
        clearer = "only" if self.solved == self.n else "or clearer"
        least = f"{self.solved}/{self.n} against {self.n - self.solved}/{self.n} {clearer}"
        return f"at n = {self.n} {family} is decided by {least}"


def floor(n: int, family: int = 1, alpha: float = ALPHA) -> Floor:
    """What the bracket pattern of `n` seeds must be for a decision in a family of `family`."""
    solved = np.arange(n + 1)
    decides = BOUNDS * family * bdtrc(solved - 1.0, n, 0.5) <= alpha
    return Floor(
        n=n,
        family=family,
        solved=int(solved[decides].min()) if decides.any() else None,
        n_needed=math.ceil(math.log2(BOUNDS * family / alpha)),
    )


def fewest(share: float, alpha: float = ALPHA) -> int:
    """Fewest seeds with which a bracket can have both ends, T being the level that `share` of runs solve."""
    return math.ceil(math.log(alpha / BOUNDS) / math.log(max(share, 1 - share)))


@dataclass(frozen=True)
class Undecided:
    """Why a threshold ladder decides nothing, and the seeds or the ladder that would."""

    reason: str
    n_needed: int | None
    needs: str


def seeds_needed(comparison: Comparison, family: int = 1, alpha: float = ALPHA) -> int | None:
    """Fewest seeds that decide if every share stays as observed; None if not even ten times as many do."""
    for n in range(comparison.n + 1, HORIZON * comparison.n + 1):
        larger = replace(
            comparison,
            numerator=comparison.numerator.resized(n),
            denominator=comparison.denominator.resized(n),
        )
        if family * min(larger.p, larger.p_unchanged) <= alpha:
            return n
    return None


def undecided(comparison: Comparison, family: int = 1, alpha: float = ALPHA) -> Undecided:
    """The reason why `comparison` is not decided in its family, and what would decide it."""
    least = floor(comparison.n, family, alpha)
    if least.solved is None:
        return Undecided("too few seeds", least.n_needed, f"at least {least.n_needed} seeds")
    if (needed := seeds_needed(comparison, family, alpha)) is not None:
        return Undecided("too few seeds", needed, f"{needed} seeds if the shares stay as they are")
    if comparison.non_monotone:
        return Undecided("non-monotone", None, "a ladder along which solving becomes harder")
    return _unfit_ladder(comparison, alpha)


def _unfit_ladder(comparison: Comparison, alpha: float) -> Undecided:
    easiest, hardest = comparison.levels[0], comparison.levels[-1]
    arms = (comparison.numerator, comparison.denominator)
    if all(arm.shares[-1] > comparison.share for arm in arms):
        return Undecided("ladder too easy", None, f"levels harder than {hardest:g}")
    if all(arm.shares[0] < comparison.share for arm in arms):
        return Undecided("ladder too hard", None, f"levels easier than {easiest:g}")
    brackets = comparison.brackets(alpha)
    low, high = min(b.low for b in brackets), max(b.high for b in brackets)
    between = f"levels between {low or easiest:g} and {min(high, hardest):g}"
    below = "" if low else f", or below {easiest:g}"
    above = "" if math.isfinite(high) else f", or above {hardest:g}"
    return Undecided("ladder too coarse", None, between + below + above)
