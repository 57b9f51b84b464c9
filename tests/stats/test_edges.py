"""Ranges of rates against stepping with scipy's binomial test, simulated blocks, and their symmetries."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from ablatlas.stats.edges import Block, Edges, edge, nearest

RATES = tuple(float(10 ** (i / 2 - 3)) for i in range(9))  # half decades from 0.001 to 10


def block(*solved: int, inside: int = 4, n: int = 10) -> Block:
    return Block(RATES[: len(solved)], solved, n, RATES[inside])


def decades(value: float) -> float:
    return math.log10(value)


def by_hand(arm: Block, alpha: float) -> tuple[float, float]:
    """Step outwards from the rate inside while solving is shown, and inwards from the ends while failing is."""

    def rejected(k: int, side: Any) -> bool:
        return bool(binomtest(k, arm.n, 0.5, alternative=side).pvalue <= alpha / 8)

    place, least, most = arm.rates.index(arm.inside), 1.0, 1.0
    for way in (1, -1):
        out = list(range(place, len(arm.rates) if way > 0 else -1, way))
        shown, failing = 0.0, math.inf
        for i in out:
            if not rejected(arm.solved[i], "greater"):
                break
            shown = (arm.rates[i] / arm.inside) ** way
        for i in reversed(out[1:]):
            if not rejected(arm.solved[i], "less"):
                break
            failing = (arm.rates[i] / arm.inside) ** way
        least, most = least * shown, most * failing
    return least, most


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Block, Block]:
    size, n = draw(st.integers(2, 7)), draw(st.integers(1, 14))
    counts = st.tuples(*[st.integers(0, n) | st.sampled_from([0, n])] * size)
    places = st.integers(0, size - 1)
    first, second = (Block(RATES[:size], draw(counts), n, RATES[draw(places)]) for _ in range(2))
    return first, second


alphas = st.sampled_from([0.01, 0.05, 0.3])


@settings(deadline=None)
@given(pairs(), alphas)
def test_a_range_is_what_stepping_with_the_exact_test_gives(arms: tuple[Block, Block], alpha: float) -> None:
    found = arms[0].bracket(alpha)
    assert (found.low, found.high) == pytest.approx(by_hand(arms[0], alpha))


def test_the_range_of_a_clean_block() -> None:
    """Solved from 0.01 to 1: at least two decades, and at most three, between 0.00316 and 3.16."""
    found = block(0, 0, 10, 10, 10, 10, 10, 0, 0).bracket()
    assert (decades(found.low), decades(found.high)) == pytest.approx((2, 3))
    upper = edge(block(0, 0, 10, 10, 10, 10, 10, 0, 0).upper)
    assert (upper.low, upper.high) == pytest.approx((1, 10**0.5))


def test_a_clean_difference_by_hand() -> None:
    """2 to 3 decades against 0 to 1: between one and three decades apart; eight bounds at 2^-10 each."""
    apart = Edges(block(0, 0, 10, 10, 10, 10, 10, 0, 0), block(0, 0, 0, 0, 10, 0, 0, 0, 0))
    ratio = apart.ratio()
    assert ratio.value is not None
    assert [decades(x) for x in (ratio.low, ratio.value, ratio.high)] == pytest.approx([1, 2, 3])
    assert apart.p_relaxed == apart.p == 8 * 2**-10
    assert apart.p_tightened == apart.p_unchanged == 1


def test_an_arm_that_fails_inside_may_still_solve_beside_it() -> None:
    """Rates solved between two that were tried: no bound below the gap about the rate inside may be claimed."""
    beside = block(0, 0, 0, 0, 0, 0, 0, 0, 0).bracket()
    assert beside.low == 0
    assert decades(beside.high) == pytest.approx(1)
    assert block(0, 0, 0, inside=2).bracket().high == math.inf


def test_a_rate_is_solved_once_it_is_shown_to_be() -> None:
    assert block(0, 0, 10, 7, 8, 7, 10, 0, 0).bracket().low == 0
    assert block(0, 0, 10, 7, 10, 7, 10, 0, 0).bracket().low == pytest.approx(1)


def test_the_same_arms_on_close_rates_are_unchanged() -> None:
    """A bracket is a rung wide, so rungs must stand closer than delta: here 1.02, four gaps in all."""
    rates = tuple(1.02**i for i in range(9))
    arm = Block(rates, (0, 0, 12, 12, 12, 12, 12, 0, 0), 12, rates[4])
    same = Edges(arm, arm)
    assert same.p_unchanged == 4 * 2**-12
    assert 1 / 1.1 < same.ratio().low < 1 < same.ratio().high < 1.1


@settings(deadline=None)
@given(pairs(), alphas)
def test_the_interval_and_p_say_the_same(arms: tuple[Block, Block], alpha: float) -> None:
    found = Edges(*arms)
    ratio = found.ratio(alpha)
    slack = 1 + 1e-9
    assert (found.p_relaxed <= alpha) == (ratio.low > 1.1 * slack)
    assert (found.p_tightened <= alpha) == (ratio.high * 1.1 * slack < 1)
    assert ratio.value is None or ratio.low < ratio.value < ratio.high


@settings(deadline=None)
@given(pairs(), alphas)
def test_swapping_arms_inverts(arms: tuple[Block, Block], alpha: float) -> None:
    one, other = Edges(arms[0], arms[1]), Edges(arms[1], arms[0])
    assert (one.p_relaxed, one.p_tightened, one.p_unchanged) == (other.p_tightened, other.p_relaxed, other.p_unchanged)
    a, b = one.ratio(alpha), other.ratio(alpha)
    assert a.low == pytest.approx(1 / b.high)
    assert math.isinf(a.high) == (b.low == 0)
    assert (a.value is None) == (b.value is None)
    assert a.value is None or b.value is None or a.value == pytest.approx(1 / b.value)


@settings(deadline=None)
@given(pairs(), st.sampled_from([1 / 3, 7.0, 1e-4]), alphas)
def test_units_change_nothing(arms: tuple[Block, Block], unit: float, alpha: float) -> None:
    first, second = (Block(tuple(r * unit for r in a.rates), a.solved, a.n, a.inside * unit) for a in arms)
    scaled, plain = Edges(first, second), Edges(*arms)
    assert (scaled.p_relaxed, scaled.p_tightened, scaled.p_unchanged) == (
        plain.p_relaxed,
        plain.p_tightened,
        plain.p_unchanged,
    )
    assert scaled.ratio(alpha).low == pytest.approx(plain.ratio(alpha).low)
    assert scaled.ratio(alpha).high == pytest.approx(plain.ratio(alpha).high)


@settings(deadline=None)
@given(pairs(), alphas)
def test_an_arm_against_itself_holds_one(arms: tuple[Block, Block], alpha: float) -> None:
    ratio = Edges(arms[0], arms[0]).ratio(alpha)
    assert ratio.low <= 1 <= ratio.high
    assert Edges(arms[0], arms[0]).p == 1


@settings(deadline=None)
@given(pairs(), st.data(), alphas)
def test_a_run_that_diverges_never_improves_its_arm(
    arms: tuple[Block, Block], data: st.DataObject, alpha: float
) -> None:
    first, second = arms
    place = data.draw(st.integers(0, len(first.rates) - 1))
    counts = list(first.solved)
    counts[place] = max(0, counts[place] - 1)
    before, after = Edges(first, second), Edges(Block(first.rates, tuple(counts), first.n, first.inside), second)
    assert after.p_relaxed >= before.p_relaxed
    assert after.p_tightened <= before.p_tightened
    assert after.ratio(alpha).low <= before.ratio(alpha).low
    assert after.ratio(alpha).high <= before.ratio(alpha).high


@pytest.mark.parametrize(("a", "b", "reason"), [
    ((10,) * 9, (10,) * 9, "ladder too easy"),
    ((0, 0, 10, 10, 10, 10, 10, 10, 10), (0, 0, 10, 10, 10, 10, 10, 0, 0), "ladder too easy"),
    ((0,) * 9, (0,) * 9, "ladder too hard"),
    ((0, 0, 10, 10, 10, 10, 10, 0, 0), (0, 0, 0, 10, 10, 10, 10, 0, 0), "ladder too coarse"),
])  # fmt: skip
def test_rates_that_cannot_decide_say_why(a: tuple[int, ...], b: tuple[int, ...], reason: str) -> None:
    why = Edges(block(*a), block(*b)).undecided()
    assert (why.reason, why.n_needed) == (reason, None)


def test_too_few_seeds_for_any_outcome() -> None:
    least = Edges(block(0, 5, 0, n=5, inside=1), block(0, 5, 0, n=5, inside=1)).undecided()
    assert (least.reason, least.n_needed) == ("too few seeds", 8)
    clear = [
        Edges(block(0, 0, n, n, n, n, n, 0, 0, n=n), block(0, 0, 0, 0, n, 0, 0, 0, 0, n=n)).p <= 0.05 for n in (8, 7)
    ]
    assert clear == [True, False]


def test_too_few_seeds_for_this_outcome() -> None:
    """Nine of ten where ten would be shown: more seeds of the same shares decide, and the number is the fewest."""
    a, b = block(0, 0, 9, 9, 9, 9, 9, 0, 0), block(0, 0, 0, 0, 9, 0, 0, 0, 0)
    why = Edges(a, b).undecided()
    assert why.reason == "too few seeds"
    assert why.n_needed is not None
    assert Edges(a.resized(why.n_needed), b.resized(why.n_needed)).p <= 0.05
    assert Edges(a.resized(why.n_needed - 1), b.resized(why.n_needed - 1)).p > 0.05


def test_the_rate_inside_is_one_of_the_rates() -> None:
    with pytest.raises(ValueError, match="none of the rates"):
        Block((0.1, 0.3), (1, 1), 2, 0.2)
    with pytest.raises(ValueError, match="do not fit"):
        _ = Block((0.1, 0.3), (1, 3), 2, 0.1).upper


def test_arms_are_tried_at_the_same_rates() -> None:
    with pytest.raises(ValueError, match="same rates"):
        Edges(Block((0.1, 0.3), (1, 1), 2, 0.1), Block((0.1, 0.2), (1, 1), 2, 0.1))


def test_the_nearest_rate_is_so_by_its_logarithm() -> None:
    assert nearest(0.3, (0.1, 1.0)) == 0.1
    assert nearest(0.33, (0.1, 1.0)) == 1.0


# --- blocks drawn with known edges: (lower, upper) in decades, and how steeply solving ends ---


def solving(low: float, high: float, slope: float) -> np.ndarray:
    """P(solved) at each rate: one half at either edge, but for what the far edge takes away."""
    x = np.log10(RATES)
    return np.asarray(1 / (1 + np.exp(slope * (x - high))) / (1 + np.exp(slope * (low - x))))


def tuned(p: np.ndarray, random: np.random.Generator) -> float:
    """The rate that three tuning seeds choose, ties to the middle."""
    score = random.binomial(3, p) - 1e-3 * abs(np.arange(len(p)) - len(p) // 2)
    return RATES[int(score.argmax())]


@pytest.mark.parametrize(("a", "b"), [
    ((-2.2, 0.3, 8.0), (-2.2, 0.3, 8.0)),
    ((-2.2, 0.3, 60.0), (-1.2, -0.3, 60.0)),
    ((-2.05, -0.95, 60.0), (-1.95, -1.55, 60.0)),  # the second arm solves between two rates that were tried
    ((-2.2, 0.3, 8.0), (-1.4, -0.4, 8.0)),
])  # fmt: skip
def test_coverage_and_false_verdicts(a: tuple[float, float, float], b: tuple[float, float, float]) -> None:
    """At n = 10; with two edges so far apart, one half is solved at either within 1 %."""
    random, draws = np.random.default_rng(5), 150
    truth = 10 ** ((a[1] - a[0]) - (b[1] - b[0]))
    covered = false = 0
    for _ in range(draws):
        arms = []
        for law in (a, b):
            p = solving(*law)
            arms.append(Block(RATES, tuple(int(k) for k in random.binomial(10, p)), 10, tuned(p, random)))
        found = Edges(arms[0], arms[1])
        ratio = found.ratio()
        covered += ratio.low <= truth * 1.05 and ratio.high >= truth / 1.05
        false += truth == 1 and found.p <= 0.05
    assert covered / draws >= 0.95
    assert false / draws <= 0.05
