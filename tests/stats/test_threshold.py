"""Exact brackets against scipy's binomial test, against every outcome enumerated, and by their symmetries."""

import itertools
import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from ablatlas.stats.multiplicity import holm
from ablatlas.stats.ratio import Ratio
from ablatlas.stats.threshold import Bracket, Comparison, Staircase

LEVELS = (8.0, 14.0, 20.0, 32.0, 56.0, 110.0)


def arm(*solved: int, n: int = 10, levels: tuple[float, ...] = LEVELS) -> Staircase:
    return Staircase(levels[: len(solved)], solved, n)


def by_hand(stairs: Staircase, alpha: float, share: float = 0.5) -> Bracket:
    """The rule in words: step up from the easiest while it rejects, down from the hardest likewise."""
    low, high = 0.0, math.inf
    for level, k in zip(stairs.levels, stairs.solved, strict=True):
        if binomtest(k, stairs.n, share, alternative="greater").pvalue > alpha / 4:
            break
        low = level
    for level, k in reversed(list(zip(stairs.levels, stairs.solved, strict=True))):
        if binomtest(k, stairs.n, share, alternative="less").pvalue > alpha / 4:
            break
        high = level
    return Bracket(low, high)


@st.composite
def staircases(draw: st.DrawFn, arms: int = 1) -> tuple[Staircase, ...]:
    """Arms on common levels; counts need not fall, since noise does not know that they should."""
    levels = tuple(sorted(draw(st.sets(st.integers(1, 500), min_size=1, max_size=7))))
    n = draw(st.integers(1, 16))
    counts = st.tuples(*[st.integers(0, n)] * len(levels))
    return tuple(Staircase(levels, draw(counts), n) for _ in range(arms))


@given(staircases(), st.sampled_from([0.01, 0.025, 0.05, 0.2]), st.sampled_from([0.25, 0.5, 0.75]))
def test_a_bracket_is_what_stepping_with_the_exact_test_gives(
    arms: tuple[Staircase], alpha: float, share: float
) -> None:
    assert arms[0].bracket(alpha, share) == by_hand(arms[0], alpha, share)


def test_brackets_of_a_clean_staircase() -> None:
    assert arm(10, 10, 10, 0, 0, 0).bracket() == Bracket(20, 32)
    assert arm(10, 10, 9, 5, 1, 0).bracket() == Bracket(20, 56)
    assert arm(10, 10, 10, 10, 10, 10).bracket() == Bracket(110, math.inf)
    assert arm(0, 0, 0, 0, 0, 0).bracket() == Bracket(0, 8)
    assert arm(8, 8, 8, 8, 8, 8).bracket() == Bracket(0, math.inf)


def test_the_ratio_of_two_bounded_brackets_has_a_value_and_one_without_a_bound_has_none() -> None:
    ratio = Comparison(arm(10, 10, 10, 10, 0, 0), arm(10, 0, 0, 0, 0, 0)).ratio()
    assert ratio.value == pytest.approx(math.sqrt(32 * 56) / math.sqrt(8 * 14))
    assert (ratio.low, ratio.high) == (32 / 14, 56 / 8)
    assert Comparison(arm(*[10] * 6), arm(10, 0, 0, 0, 0, 0)).ratio() == Ratio(None, 110 / 14, math.inf)
    assert Comparison(arm(*[10] * 6), arm(*[10] * 6)).ratio() == Ratio(None, 0, math.inf)


@pytest.mark.parametrize(("low", "high", "text"), [
    (2, 4, "2 < ρ < 4"), (2, math.inf, "ρ > 2"), (0, 4, "ρ < 4"), (0, math.inf, "any ρ"),
])  # fmt: skip
def test_an_interval_in_signs(low: float, high: float, text: str) -> None:
    assert Ratio(None, low, high).text == text


def test_p_of_ten_against_none_by_hand() -> None:
    """Each of four bounds is wrong with probability 2^-10 at most, whichever two levels are compared."""
    apart = Comparison(arm(10, 10, 10, 10, 0, 0), arm(10, 0, 0, 0, 0, 0))
    assert apart.p_relaxed == apart.p == 4 * 2**-10
    assert apart.p_tightened == 1
    # 20 against 14 rests on the 1/10, and 32 against 20 on the 9/10: P(9 or 10 of 10) = 11 / 2^10.
    nearly = Comparison(arm(10, 10, 10, 9, 0, 0), arm(10, 1, 0, 0, 0, 0))
    assert nearly.p == pytest.approx(4 * 11 / 2**10)


def test_neighbouring_brackets_decide_nothing() -> None:
    touching = Comparison(arm(10, 10, 10, 10, 0, 0), arm(10, 10, 10, 0, 0, 0))
    assert touching.p == 1
    ratio = touching.ratio()
    assert (ratio.low, ratio.high) == (1, 56 / 20)
    assert ratio.value == pytest.approx(math.sqrt(32 * 56 / (20 * 32)))


def test_a_change_must_exceed_delta() -> None:
    fine = (100.0, 105.0, 109.0, 120.0)
    solves, fails = arm(10, 10, 10, 0, levels=fine), arm(0, 0, 0, 0, levels=fine)
    assert Comparison(solves, fails, delta=1.1).p == 1  # the brackets are a ratio of 1.09 apart
    assert Comparison(solves, fails, delta=1.05).p == 4 * 2**-10


@given(staircases(2), st.sampled_from([0.01, 0.05, 0.3]), st.sampled_from([1.0, 1.1, 2.0]))
def test_p_is_at_most_alpha_exactly_when_the_interval_lies_beyond_delta(
    arms: tuple[Staircase, Staircase], alpha: float, delta: float
) -> None:
    comparison = Comparison(*arms, delta=delta)
    ratio = comparison.ratio(alpha)
    slack = 1 + 1e-9
    assert (comparison.p_relaxed <= alpha) == (ratio.low > delta * slack)
    assert (comparison.p_tightened <= alpha) == (ratio.high * delta * slack < 1)


@given(staircases(2), st.sampled_from([0.01, 0.05, 0.3]))
def test_unchanged_exactly_when_the_interval_at_twice_alpha_lies_within_delta(
    arms: tuple[Staircase, Staircase], alpha: float
) -> None:
    comparison = Comparison(*arms, delta=1.5)
    ratio = comparison.ratio(2 * alpha)
    within = 1 / ratio.low <= 1.5 * (1 + 1e-9) if ratio.low else False
    assert (comparison.p_unchanged <= alpha) == (within and ratio.high <= 1.5 * (1 + 1e-9))


def test_unchanged_needs_rungs_closer_than_delta() -> None:
    same = arm(10, 10, 0, levels=(100.0, 104.0, 108.0))
    assert Comparison(same, same).p_unchanged == 2 * 2**-10
    assert Comparison(arm(10, 10, 0, 0, 0, 0), arm(10, 10, 0, 0, 0, 0)).p_unchanged == 1


@given(staircases())
def test_an_arm_against_itself(arms: tuple[Staircase]) -> None:
    comparison = Comparison(arms[0], arms[0])
    ratio = comparison.ratio(0.4)
    assert ratio.low <= 1 <= ratio.high
    assert comparison.p == 1
    assert ratio.value in (None, 1)


@given(staircases(2))
def test_swapping_the_arms_inverts_everything(arms: tuple[Staircase, Staircase]) -> None:
    there, back = Comparison(*arms), Comparison(*arms[::-1])
    assert there.p_relaxed == back.p_tightened
    assert there.p_unchanged == back.p_unchanged
    a, b = there.ratio(0.3), back.ratio(0.3)
    assert a.low == pytest.approx(1 / b.high)
    assert (a.high if b.low == 0 else 1 / a.high) == pytest.approx(math.inf if b.low == 0 else b.low)
    assert (a.value is None) == (b.value is None)
    assert a.value is None or b.value is None or a.value == pytest.approx(1 / b.value)


@given(staircases(2), st.floats(1e-3, 1e3))
def test_the_unit_of_the_level_does_not_matter(arms: tuple[Staircase, Staircase], unit: float) -> None:
    a, b = (Staircase(tuple(unit * d for d in arm.levels), arm.solved, arm.n) for arm in arms)
    old, new = Comparison(*arms), Comparison(a, b)
    assert (old.p_relaxed, old.p_tightened, old.p_unchanged) == (
        new.p_relaxed,
        new.p_tightened,
        new.p_unchanged,
    )
    assert new.ratio(0.3).low == pytest.approx(old.ratio(0.3).low)
    assert new.ratio(0.3).high == pytest.approx(old.ratio(0.3).high)


@given(staircases(2), st.data())
def test_a_run_that_diverges_never_improves_its_arm(arms: tuple[Staircase, Staircase], data: st.DataObject) -> None:
    first, second = arms
    rung = data.draw(st.integers(0, len(first.levels) - 1))
    counts = list(first.solved)
    counts[rung] = max(0, counts[rung] - 1)
    before, after = (
        Comparison(first, second),
        Comparison(Staircase(first.levels, tuple(counts), first.n), second),
    )
    assert after.p_relaxed >= before.p_relaxed
    assert after.p_tightened <= before.p_tightened
    assert after.ratio().low <= before.ratio().low
    assert after.ratio().high <= before.ratio().high


def test_observed_crossings_need_no_test() -> None:
    stairs = arm(10, 8, 7, 4, 1, 0)
    assert stairs.crossing() == Bracket(20, 32)
    assert stairs.crossing(0.75) == Bracket(14, 20)
    assert stairs.crossing(0.25) == Bracket(32, 56)
    assert Comparison(stairs, arm(10, 0, 0, 0, 0, 0)).observed.value == pytest.approx(math.sqrt(640 / 112))


def test_solving_that_returns_is_seen() -> None:
    assert Comparison(arm(10, 0, 0, 10, 0, 0), arm(10, 0, 0, 0, 0, 0)).non_monotone
    assert not Comparison(arm(10, 6, 7, 5, 0, 0), arm(10, 0, 0, 0, 0, 0)).non_monotone


@pytest.mark.parametrize("levels", [(1, 1), (2, 1), (0, 1), (-1, 1)])
def test_levels_are_positive_and_ascending(levels: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="positive and ascending"):
        Staircase(levels, (1, 1), 2)


def test_counts_must_fit() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        Staircase((1, 2), (3, 1), 2)
    with pytest.raises(ValueError, match="do not fit"):
        Staircase((1, 2), (1,), 2)


def test_arms_stand_on_the_same_levels() -> None:
    with pytest.raises(ValueError, match=r"same levels.*\[1, 2\].*\[1, 3\]"):
        Comparison(Staircase((1, 2), (1, 1), 2), Staircase((1, 3), (1, 1), 2))


# --- every outcome, weighted by its probability ---

TRUE_LEVELS = (8.0, 16.0, 32.0)
TRUTHS = [
    4.0,
    7.9,
    8.0,
    8.1,
    11.3,
    15.8,
    16.0,
    16.2,
    22.6,
    64.0,
]  # T below, on, beside, between and above rungs
SLOPES = [0.7, 2.0, 6.0, 60.0]  # from noise to all or nothing


def solving(t: float, slope: float) -> np.ndarray:
    """P(solved) at each level, log-logistic about `t`."""
    return 1 / (1 + (np.array(TRUE_LEVELS) / t) ** slope)


def outcomes(n: int) -> dict[Bracket, list[tuple[int, ...]]]:
    """Every table of counts, by the bracket that it gives."""
    found = defaultdict(list)
    for counts in itertools.product(range(n + 1), repeat=len(TRUE_LEVELS)):
        found[Staircase(TRUE_LEVELS, counts, n).bracket()].append(counts)
    return dict(found)


def chances(found: dict[Bracket, list[tuple[int, ...]]], n: int, p: np.ndarray) -> dict[Bracket, float]:
    """The exact probability of each bracket."""
    pmf = binom.pmf(np.arange(n + 1)[:, None], n, p)  # (n + 1, levels)
    return {
        bracket: float(pmf[np.array(tables), np.arange(len(p))].prod(axis=1).sum()) for bracket, tables in found.items()
    }


@pytest.mark.parametrize("n", [7, 10])
def test_exact_coverage_and_false_verdicts(n: int) -> None:
    """Over every outcome of both arms: rho is covered, and arms of equal T are told apart, as promised."""
    found = outcomes(n)
    arms = {(t, slope): chances(found, n, solving(t, slope)) for t in TRUTHS for slope in SLOPES}
    for (t_a, slope_a), (t_b, slope_b) in itertools.product(arms, repeat=2):
        covered = false = 0.0
        for (a, p_a), (b, p_b) in itertools.product(arms[t_a, slope_a].items(), arms[t_b, slope_b].items()):
            ratio = Ratio.of(a, b)
            covered += p_a * p_b * (ratio.low <= t_a / t_b * (1 + 1e-9) and t_a / t_b <= ratio.high * (1 + 1e-9))
            false += p_a * p_b * (ratio.low > 1.1 or ratio.high < 1 / 1.1)
        assert covered >= 0.95
        assert t_a != t_b or false <= 0.05


@pytest.mark.parametrize(("alpha", "at_least", "at_most"), [(0.05, 0, 0.0125), (1.0, 0.1, 0.25)])
def test_a_bracket_errs_as_often_as_its_tests_allow(alpha: float, at_least: float, at_most: float) -> None:
    """With T just below the easiest level, which is then solved almost half of the time."""
    counts = range(8)
    wrong = [Staircase((8.0,), (k,), 7).bracket(alpha).low > 7.9 for k in counts]
    chance = binom.pmf(counts, 7, 1 / (1 + (8 / 7.9) ** 0.7))[wrong].sum()
    assert at_least <= chance <= at_most


def test_equal_arms_are_rarely_told_apart() -> None:
    """A/A by simulation on a ladder of six: 3,000 draws at n = 10, any threshold, slopes from 1 to 20."""
    random = np.random.default_rng(20)
    t, slope = np.exp(random.uniform(np.log(6), np.log(150), 3000)), random.uniform(1, 20, 3000)
    p = 1 / (1 + (np.array(LEVELS) / t[:, None]) ** slope[:, None])
    pairs = random.binomial(10, p[:, None, :], size=(3000, 2, len(LEVELS)))
    false = sum(Comparison(arm(*map(int, a)), arm(*map(int, b))).p <= 0.05 for a, b in pairs)
    assert false <= 0.05 * 3000


def test_under_holm_the_last_contrast_of_two_may_be_less_than_perfect() -> None:
    """10/10 against 0/10 opens the family, after which 9/10 against 1/10 is enough."""
    perfect, nearly = Comparison(arm(10, 10), arm(10, 0)), Comparison(arm(9, 9), arm(1, 1))
    assert [a.rejected for a in holm([4 * 2**-10, nearly.p])] == [True, True]
    assert [a.rejected for a in holm([nearly.p, nearly.p])] == [False, False]
    assert perfect.p == 1  # one rung apart: no level between the two brackets
