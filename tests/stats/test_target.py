"""Time to target against scipy's Mann-Whitney test, brute-force inversion, and simulated arms with a known ratio."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from scipy.stats import mannwhitneyu

from ablatlas.stats.survival import kaplan_meier, log_rank
from ablatlas.stats.target import Arrivals, Comparison, fewest, null

LIMIT = 800.0


def arm(*times: float, limit: float = LIMIT) -> Arrivals:
    """Runs that take `times`, as far as the limit lets us see."""
    return seen(times, limit)


def seen(times: ArrayLike, limit: float = LIMIT) -> Arrivals:
    latent = np.asarray(times, float)
    return Arrivals(np.minimum(latent, limit), latent <= limit, limit)


def one_sided(shorter: np.ndarray, longer: np.ndarray) -> float:
    """Scipy's exact p of "`shorter` is not the shorter one"."""
    return float(mannwhitneyu(shorter, longer, method="exact", alternative="less").pvalue)


latents = st.lists(st.floats(10, 3000), min_size=1, max_size=8, unique=True)
pairs = st.tuples(latents, latents)
alphas = st.sampled_from([0.0125, 0.05, 0.2])


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 4), (4, 1), (3, 7), (5, 5), (10, 10), (40, 35)])
def test_the_null_is_scipys(n: int, m: int) -> None:
    random = np.random.default_rng(n * 100 + m)
    for _ in range(20):
        a, b = random.normal(size=n), random.normal(size=m)
        u = int((a[:, None] > b).sum())
        assert null(n, m)[u] == pytest.approx(one_sided(a, b), rel=1e-12)
    assert null(n, m)[0] == pytest.approx(1 / math.comb(n + m, n))
    assert null(n, m)[-1] == 1


@settings(deadline=None, max_examples=40)
@given(pairs, alphas)
def test_the_interval_is_what_inverting_scipys_test_gives(arms: tuple[list[float], list[float]], alpha: float) -> None:
    """All runs arrive: a ratio is kept where neither one-sided test of the stretched arm rejects it."""
    num, den = (np.array(times) for times in arms)
    found = Comparison(seen(num, 3000), seen(den, 3000)).ratio(alpha)
    places = np.unique(np.divide.outer(den, num))
    inner = np.sqrt(places[1:] * places[:-1])[places[1:] > places[:-1] * (1 + 1e-6)]
    for trial in [places[0] / 2, *inner, places[-1] * 2]:
        kept = min(one_sided(num * trial, den), one_sided(den, num * trial)) > alpha / 2
        assert (found.low < trial < found.high) == kept


@given(pairs)
def test_without_censoring_the_value_is_the_median_ratio_of_a_run_to_a_run(
    arms: tuple[list[float], list[float]],
) -> None:
    num, den = arms
    ratios = [math.log(d / n) for d in den for n in num]
    value = Comparison(seen(num, 3000), seen(den, 3000)).ratio().value
    assert value == pytest.approx(math.exp(np.median(ratios)))


def test_by_hand_five_against_five_apart() -> None:
    """Every pair favours the numerator: U = 0 has probability 1 / 252, twice for two sides."""
    apart = Comparison(arm(100, 110, 120, 130, 140), arm(300, 310, 320, 330, 340))
    assert apart.p_relaxed == apart.p == pytest.approx(2 / 252)
    assert apart.p_tightened == apart.p_unchanged == 1
    assert apart.ratio(2 / 252).low == pytest.approx(300 / 140)
    assert apart.ratio(2 / 252 * 0.99).low == 0  # no outcome decides at this level


def test_an_arm_that_never_arrives_bounds_the_ratio_from_below_alone() -> None:
    never = Comparison(arm(*range(100, 200, 10)), arm(*[math.inf] * 10))
    ratio = never.ratio()
    assert ratio.value is None
    assert (ratio.low, ratio.high) == (pytest.approx(LIMIT / 160, rel=0.1), math.inf)
    assert never.p_relaxed < 1e-4
    both = Comparison(arm(*[math.inf] * 10), arm(*[math.inf] * 10))
    assert (both.ratio().low, both.ratio().high, both.p, both.p_unchanged) == (0, math.inf, 1, 1)


def test_few_censored_runs_leave_a_value_and_an_upper_end() -> None:
    times = [200.0 * 1.1**i for i in range(10)]
    censored = [*times[:8], math.inf, math.inf]
    ratio = Comparison(seen([t / 2 for t in times]), seen(censored)).ratio()
    assert ratio.value == pytest.approx(2, rel=0.1)
    assert 1 < ratio.low < 2 < ratio.high < math.inf


def test_equal_arms_of_many_runs_are_unchanged() -> None:
    times = [300 * 1.002**i for i in range(20)]
    same = Comparison(seen(times), seen(times))
    assert same.p_unchanged < 0.001
    assert same.p == 1
    assert same.ratio().value == pytest.approx(1)


@given(latents, alphas)
def test_an_arm_against_itself_holds_one(times: list[float], alpha: float) -> None:
    ratio = Comparison(seen(times), seen(times)).ratio(alpha)
    assert ratio.low <= 1 <= ratio.high
    assert ratio.value is None or ratio.value == pytest.approx(1, rel=1e-6) or max(times) > LIMIT


@given(pairs, alphas)
def test_swapping_arms_inverts(arms: tuple[list[float], list[float]], alpha: float) -> None:
    num, den = (seen(times) for times in arms)
    one, other = Comparison(num, den), Comparison(den, num)
    assert (one.p_relaxed, one.p_tightened, one.p_unchanged) == (other.p_tightened, other.p_relaxed, other.p_unchanged)
    a, b = one.ratio(alpha), other.ratio(alpha)
    assert a.low == pytest.approx(1 / b.high)
    assert math.isinf(a.high) == (b.low == 0)
    assert (a.value is None) == (b.value is None)
    assert a.value is None or b.value is None or a.value == pytest.approx(1 / b.value)


@given(pairs, st.sampled_from([1 / 3, 7.0, 64.0]), alphas)
def test_units_change_nothing(arms: tuple[list[float], list[float]], unit: float, alpha: float) -> None:
    num, den = arms
    plain = Comparison(seen(num), seen(den))
    scaled = Comparison(seen(np.array(num) * unit, LIMIT * unit), seen(np.array(den) * unit, LIMIT * unit))
    assert scaled.p_relaxed == plain.p_relaxed
    assert scaled.p_tightened == plain.p_tightened
    assert scaled.ratio(alpha).low == pytest.approx(plain.ratio(alpha).low)
    assert scaled.ratio(alpha).high == pytest.approx(plain.ratio(alpha).high)


@given(pairs, alphas)
def test_the_interval_and_p_say_the_same(arms: tuple[list[float], list[float]], alpha: float) -> None:
    found = Comparison(seen(arms[0]), seen(arms[1]))
    ratio = found.ratio(alpha)
    assert (found.p_relaxed <= alpha) == (ratio.low > 1.1)
    assert (found.p_tightened <= alpha) == (ratio.high < 1 / 1.1)
    two_sided = found.ratio(min(1.0, 2 * alpha))
    assert (found.p_unchanged <= alpha) == (two_sided.high < 1.1 and two_sided.low > 1 / 1.1)
    assert ratio.value is None or ratio.low <= ratio.value * (1 + 1e-9) <= ratio.high * (1 + 2e-9)


@given(pairs, st.data(), alphas)
def test_a_run_that_diverges_never_improves_its_arm(
    arms: tuple[list[float], list[float]], data: st.DataObject, alpha: float
) -> None:
    num, den = (list(times) for times in arms)
    worse = list(num)
    worse[data.draw(st.integers(0, len(num) - 1))] = math.inf
    before, after = Comparison(seen(num), seen(den)), Comparison(seen(worse), seen(den))
    assert after.p_relaxed >= before.p_relaxed
    assert after.p_tightened <= before.p_tightened
    assert after.ratio(alpha).low <= before.ratio(alpha).low
    assert after.ratio(alpha).high <= before.ratio(alpha).high


@given(pairs, alphas)
def test_a_shorter_limit_never_tells_more(arms: tuple[list[float], list[float]], alpha: float) -> None:
    """Whatever the censored runs would have done, the interval of the whole times lies inside."""
    num, den = arms
    whole = Comparison(seen(num, 3000), seen(den, 3000)).ratio(alpha)
    cut = Comparison(seen(num, 500), seen(den, 500)).ratio(alpha)
    assert cut.low <= whole.low * (1 + 1e-9)
    assert cut.high >= whole.high * (1 - 1e-9)


def test_arrivals_as_survival() -> None:
    fast, slow = arm(100, 200, 300, 400), arm(500, 600, math.inf, math.inf)
    rows = kaplan_meier(slow.failures, (550, 700, 800))
    assert [row.surviving for row in rows] == pytest.approx([0.75, 0.5, 0.5])
    test = log_rank(fast.failures, slow.failures)
    assert test is not None
    assert test.p < 0.05


@pytest.mark.parametrize(("alpha", "n"), [(0.05, 4), (0.0125, 5), (0.005, 6), (0.05 / 20, 6)])
def test_the_fewest_seeds_that_can_decide(alpha: float, n: int) -> None:
    assert fewest(alpha) == n
    far = Comparison(seen(np.arange(n) + 10.0), seen(np.arange(n) + 500.0))
    assert far.p <= alpha
    closer = Comparison(seen(np.arange(n - 1) + 10.0), seen(np.arange(n - 1) + 500.0))
    assert closer.p > alpha


def test_too_few_seeds_for_any_outcome() -> None:
    why = Comparison(arm(1, 2, 3), arm(600, 601, 602)).undecided()
    assert (why.reason, why.n_needed) == ("too few seeds", 4)


def test_the_seeds_that_would_decide_would() -> None:
    """A normal sample of the same shift and spread with the seeds that are asked for is about decided."""
    quantiles = [-1.3, -0.7, -0.3, 0.0, 0.3, 0.7, 1.3]
    why = Comparison(
        seen([200 * math.exp(0.5 * q) for q in quantiles]), seen([320 * math.exp(0.5 * q) for q in quantiles])
    ).undecided(size=2)
    assert why.reason == "too few seeds"
    assert why.n_needed is not None
    assert 7 < why.n_needed < 70
    grid = np.array([(i + 0.5) / why.n_needed for i in range(why.n_needed)])
    more = np.interp(grid, (np.arange(7) + 0.5) / 7, quantiles)
    p = Comparison(seen(200 * np.exp(0.5 * more)), seen(320 * np.exp(0.5 * more))).p
    assert 0.005 < p < 0.08


def test_censoring_that_hides_everything_asks_for_longer_training() -> None:
    why = Comparison(arm(*[math.inf] * 10), arm(*[math.inf] * 10)).undecided()
    assert (why.reason, why.n_needed, why.needs) == ("censored", None, "training for more than 800 steps")


def test_a_difference_at_the_margin_is_beyond_ten_times_the_seeds() -> None:
    times = [200.0 * 1.5**i for i in range(-3, 3)]
    why = Comparison(seen(times), seen([1.1 * t for t in times])).undecided()
    assert (why.reason, why.n_needed) == ("too few seeds", None)


@pytest.mark.parametrize("times", [[math.nan, 3.0], [0.0, 3.0], [-1.0, 3.0], [900.0, 3.0]])
def test_times_are_numbers_up_to_the_limit(times: list[float]) -> None:
    with pytest.raises(ValueError, match="must lie in"):
        Arrivals(np.array(times), np.array([True, True]), LIMIT)


def test_a_censored_run_stands_at_the_limit() -> None:
    with pytest.raises(ValueError, match="censored at 800"):
        Arrivals(np.array([300.0, 800.0]), np.array([False, False]), LIMIT)
    with pytest.raises(ValueError, match="must lie in"):
        Arrivals(np.array([300.0]), np.array([True, True]), LIMIT)


def test_arms_are_watched_for_the_same_time() -> None:
    with pytest.raises(ValueError, match=r"same limit, found \(800.0, 400\)"):
        Comparison(arm(100, 200), arm(100, 200, limit=400))


# --- arms drawn with a known ratio: (log spread of the numerator, of the denominator, rho, limit / typical time) ---

TRUTHS = [
    (0.3, 0.3, 1.0, 4.0),
    (0.3, 0.3, 1.1, 4.0),
    (0.3, 0.3, 1.1, 1.0),
    (0.15, 0.45, 1.1, 1.3),
    (0.15, 0.45, 2.0, 1.5),
    (0.3, 0.3, 8.0, 4.0),
]


@pytest.mark.parametrize("n", [5, 10])
@pytest.mark.parametrize(("own", "other", "rho", "limit"), TRUTHS)
def test_coverage_and_false_verdicts(n: int, own: float, other: float, rho: float, limit: float) -> None:
    random = np.random.default_rng(7)
    draws = 1500
    covered = relaxed = tightened = 0
    for _ in range(draws):
        num, den = np.exp(own * random.normal(size=n)), rho * np.exp(other * random.normal(size=n))
        found = Comparison(seen(num, limit), seen(den, limit))
        ratio = found.ratio()
        covered += ratio.low <= rho <= ratio.high
        relaxed += found.p_relaxed <= 0.05
        tightened += found.p_tightened <= 0.05
    noise = 3 * math.sqrt(0.025 / draws)
    assert covered / draws >= 0.95 - noise
    assert tightened / draws <= 0.025 + noise
    assert rho > 1.1 or relaxed / draws <= 0.025 + noise


@pytest.mark.parametrize(("n", "power"), [(5, 0.75), (10, 0.97)])
def test_power_at_a_factor_of_two(n: int, power: float) -> None:
    random = np.random.default_rng(8)
    found = [
        Comparison(seen(np.exp(0.25 * random.normal(size=n)), 4), seen(2 * np.exp(0.25 * random.normal(size=n)), 4)).p
        for _ in range(800)
    ]
    assert np.mean(np.array(found) <= 0.05) >= power
