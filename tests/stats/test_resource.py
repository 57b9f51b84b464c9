"""Resource ratios against scipy, a brute-force inversion and closed forms, by their symmetries, and simulated."""

import math
from dataclasses import replace

import numpy as np
import pytest
from curves import Truth, bump, flat, power
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from scipy.stats import t, ttest_ind, ttest_rel

from ablatlas.stats.curve import Curve
from ablatlas.stats.inversion import Inversion
from ablatlas.stats.resource import Resource

LEVELS = (1.0, 2.0, 4.0, 8.0, 16.0)
CAP = 2.3
ALPHAS = st.sampled_from([0.01, 0.05, 0.2])


def curve(*means: float, sd: float = 0.0, n: int = 6, seed: int = 0, levels: tuple[float, ...] = LEVELS) -> Curve:
    """Means exactly as given, with seeds around them."""
    noise = np.random.default_rng(seed).normal(size=(len(means), n))
    noise -= noise.mean(axis=1, keepdims=True)
    return Curve(levels[: len(means)], np.array(means)[:, None] * (1 + sd * noise))


@st.composite
def curves(draw: st.DrawFn, arms: int = 2) -> tuple[Curve, ...]:
    """Arms that fall, more or less, with seeds of any spread and some at the cap."""
    n = draw(st.integers(3, 8))
    rungs = draw(st.integers(3, 6))
    levels = tuple(
        np.cumprod(draw(st.lists(st.sampled_from([1.5, 2.0, 4.0]), min_size=rungs, max_size=rungs))).tolist()
    )
    made = []
    for _ in range(arms):
        random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        law = draw(st.floats(0.3, 1)) * np.array(levels) ** -draw(st.floats(0, 1))
        noise = random.lognormal(0, draw(st.sampled_from([0.003, 0.05, 0.3])), (rungs, n))
        diverged = random.random((rungs, n)) < draw(st.sampled_from([0, 0, 0.2]))
        made.append(Curve(levels, np.where(diverged, CAP, np.minimum(CAP, law[:, None] * noise))))
    return tuple(made)


def inversion(arms: tuple[Curve, ...], paired: bool = False) -> Inversion:
    """The middle rung of two arms, whatever stands in the way of a ratio."""
    numerator, denominator = arms
    return Inversion(denominator, numerator, numerator.levels[1], 1.1, paired)


# What is measured


def test_the_ratio_is_the_shift_between_two_power_laws() -> None:
    r = np.array(LEVELS)
    arms = [curve(*(data / r) ** 0.5, sd=0.01, seed=seed) for seed, data in ((1, 1.0), (2, 3.0))]
    compared = Resource(arms[0], arms[1], 4.0)
    assert compared.ratio().value == pytest.approx(3)
    assert compared.beta().value == pytest.approx(3)


@pytest.mark.parametrize("paired", [False, True])
def test_an_end_of_the_interval_on_a_rung_is_where_scipy_gives_alpha(paired: bool) -> None:
    random = np.random.default_rng(1)
    a = Curve(LEVELS, np.array([1, 0.8, 0.6, 0.45, 0.3])[:, None] * random.lognormal(0, 0.05, (5, 6)))
    b = Curve(LEVELS, np.array([1.2, 1, 0.64, 0.5, 0.4])[:, None] * random.lognormal(0, 0.05, (5, 6)))
    compared = Resource(a, b, 4.0, paired=paired)
    assert compared.reason is None
    for place in (2, 3):
        test = (
            ttest_rel(b.losses[place], a.losses[2])
            if paired
            else ttest_ind(b.losses[place], a.losses[2], equal_var=False)
        )
        ratio = compared.ratio(test.pvalue)
        end = ratio.low if test.statistic > 0 else ratio.high
        assert end * 4 == pytest.approx(LEVELS[place], rel=1e-6)


def by_hand(arms: tuple[Curve, ...], alpha: float) -> tuple[float, float]:
    """Dense grid, delta method written out, rungs' covariance included: first and last level not rejected."""
    numerator, denominator = arms
    target = numerator.losses[1]
    x, m = np.log(denominator.levels), denominator.losses.mean(axis=1)
    cov = np.cov(denominator.losses) / denominator.n
    low, high = math.inf, 0.0
    places = np.unique(np.concatenate([np.linspace(x[0], x[-1], 1201), x]))
    for place in places:
        i = min(int(np.searchsorted(x, place, side="right")) - 1, len(x) - 2)
        w = (place - x[i]) / (x[i + 1] - x[i])
        level = math.exp((1 - w) * math.log(m[i]) + w * math.log(m[i + 1]))
        slopes = np.array([(1 - w) * level / m[i], w * level / m[i + 1]])
        parts = np.array([slopes @ cov[i : i + 2, i : i + 2] @ slopes, target.var(ddof=1) / len(target)])
        freedom = parts.sum() ** 2 / (parts[0] ** 2 / (denominator.n - 1) + parts[1] ** 2 / (len(target) - 1))
        gap, error = level - target.mean(), math.sqrt(parts.sum())
        if gap / error <= t.ppf(1 - alpha / 2, freedom):
            low = min(low, math.exp(place))
        if gap / error >= t.ppf(alpha / 2, freedom):
            high = math.exp(place)
    low = 0.0 if low == math.exp(places[0]) else denominator.levels[-1] if math.isinf(low) else low
    high = math.inf if high == math.exp(places[-1]) else denominator.levels[0] if high == 0 else high
    return low, high


@pytest.mark.parametrize("seed", range(12))
def test_the_interval_is_the_hull_of_what_the_test_does_not_reject(seed: int) -> None:
    kinds = (power(0.5, data=1.5), power(0.1), flat(0.55), bump(power(0.5), 8, 0.5))
    truth = Truth(power(0.5), kinds[seed % 4], LEVELS, 2.0, spread=0.06, luck=0.3)
    arms = truth.draw(6, np.random.default_rng(seed))
    low, high = inversion(arms).bounds(0.05)
    wanted_low, wanted_high = by_hand(arms, 0.05)
    step = LEVELS[-1] ** (1 / 1200)
    assert low == wanted_low or wanted_low / step <= low <= wanted_low
    assert high == wanted_high or wanted_high <= high <= wanted_high * step


# What must always hold


@given(curves(), ALPHAS, st.booleans())
def test_p_is_at_most_alpha_exactly_when_the_interval_lies_beyond_delta(
    arms: tuple[Curve, ...], alpha: float, paired: bool
) -> None:
    reference = arms[0].levels[1]
    compared = Resource(arms[0], arms[1], reference, paired=paired)
    ratio, wide = compared.ratio(alpha), compared.ratio(2 * alpha)
    slack = 1 + 1e-9
    assert (compared.p_relaxed <= alpha) == (ratio.low > 1.1 / slack)
    assert (compared.p_tightened <= alpha) == (ratio.high < slack / 1.1)
    assert compared.p == min(compared.p_relaxed, compared.p_tightened)
    assert (compared.p_unchanged <= alpha) == (wide.low > 1 / 1.1 / slack and wide.high < 1.1 * slack)


def test_at_alpha_equal_to_p_the_interval_ends_at_delta() -> None:
    law = np.array([1, 0.8, 0.6, 0.45, 0.3])
    worse, same, better = (
        Resource(curve(*law, sd=sd, seed=1), curve(*factor * law, sd=sd, seed=2), 4.0)
        for factor, sd in ((1.2, 0.1), (1.0, 0.02), (0.83, 0.1))
    )
    assert worse.ratio(worse.p_relaxed).low == pytest.approx(1.1)
    assert better.ratio(better.p_tightened).high == pytest.approx(1 / 1.1)
    ends = same.ratio(2 * same.p_unchanged)
    assert min(1.1 / ends.high, 1.1 * ends.low) == pytest.approx(1)


@given(curves(), ALPHAS)
def test_intervals_are_nested_and_hold_the_value(arms: tuple[Curve, ...], alpha: float) -> None:
    found = inversion(arms)
    (low, high), (wider_low, wider_high) = found.bounds(alpha), found.bounds(alpha / 3)
    slack = 1 + 1e-9
    assert wider_low <= low * slack
    assert high <= wider_high * slack
    assert found.value is None or low / slack <= found.value <= high * slack


@given(curves(arms=1), st.booleans())
def test_an_arm_against_itself_is_one(arms: tuple[Curve, ...], paired: bool) -> None:
    found = inversion((*arms, *arms), paired)
    low, high = found.bounds(0.05)
    assert found.value == pytest.approx(arms[0].levels[1])
    assert low <= arms[0].levels[1] * (1 + 1e-9)
    assert high >= arms[0].levels[1] / (1 + 1e-9)
    assert Resource(arms[0], arms[0], arms[0].levels[1], paired=paired).p > 0.99


@given(curves(), ALPHAS)
def test_swapping_the_arms_turns_rho_into_one_over_beta(arms: tuple[Curve, ...], alpha: float) -> None:
    reference = arms[0].levels[1]
    here, there = Resource(arms[0], arms[1], reference), Resource(arms[1], arms[0], reference)
    # Each asks its own numerator to fall; where only one does, there is nothing to compare.
    if here.flat_p > 0.05 or there.flat_p > 0.05 or here.reason or there.reason:
        return
    rho, beta = here.ratio(alpha), there.beta(alpha)
    assert (rho.value is None) == (beta.value is None)
    assert rho.value is None or rho.value * (beta.value or 0) == pytest.approx(1)
    assert rho.low == pytest.approx(1 / beta.high)
    assert rho.high == pytest.approx(1 / beta.low if beta.low else math.inf)


@given(curves(), st.sampled_from([1e-6, 0.37, 1e5]), st.sampled_from([1e-4, 2.5, 1e3]))
def test_units_change_nothing(arms: tuple[Curve, ...], resource: float, loss: float) -> None:
    reference = arms[0].levels[1]
    a, b = (Curve(tuple(r * resource for r in arm.levels), arm.losses * loss) for arm in arms)
    plain, other = Resource(arms[0], arms[1], reference), Resource(a, b, reference * resource)
    assert (plain.reason, plain.ratio().value is None) == (other.reason, other.ratio().value is None)
    assert other.ratio().value == pytest.approx(plain.ratio().value)
    assert (other.ratio().low, other.ratio().high) == pytest.approx((plain.ratio().low, plain.ratio().high), rel=1e-6)
    assert (other.p, other.p_unchanged) == pytest.approx((plain.p, plain.p_unchanged), rel=1e-6, abs=1e-12)


@given(curves(), st.data())
def test_a_diverged_run_never_improves_its_arm(arms: tuple[Curve, ...], data: st.DataObject) -> None:
    numerator, denominator = arms
    rung, seed = data.draw(st.integers(0, len(numerator.levels) - 1)), data.draw(st.integers(0, numerator.n - 1))

    def diverged(arm: Curve) -> Curve:
        losses = arm.losses.copy()
        losses[rung, seed] = CAP
        return Curve(arm.levels, losses)

    def value(*pair: Curve) -> float:
        found = inversion(pair)
        if found.value is None:  # the means, where they all lie on one side, decide before their envelopes do
            means, goal = found.curve.means, found.other.means[1]
            enveloped = found.curve.envelope[-1] > found.other.envelope[1]
            return math.inf if (means > goal).all() or (enveloped and not (means < goal).all()) else 0.0
        return found.value

    slack = 1 + 1e-9
    assert value(diverged(numerator), denominator) <= value(numerator, denominator) * slack
    assert value(numerator, diverged(denominator)) * slack >= value(numerator, denominator)


def test_a_rung_that_no_answer_needs_changes_none() -> None:
    r = np.array([*LEVELS, 64.0])
    long = [
        Curve(tuple(r), (data / r[:, None]) ** 0.5 * np.random.default_rng(seed).lognormal(0, 0.03, (6, 6)))
        for seed, data in ((1, 1.0), (2, 1.5))
    ]
    short = [Curve(LEVELS, arm.losses[:-1]) for arm in long]
    assert Resource(long[0], long[1], 4.0).ratio() == Resource(short[0], short[1], 4.0).ratio()
    assert Resource(long[0], long[1], 4.0).p == Resource(short[0], short[1], 4.0).p


# Ends of the ladder


def test_beyond_the_ladder_only_if_its_top_is_clearly_above() -> None:
    good = curve(1, 0.8, 0.6, 0.5, 0.4, sd=0.02, seed=1)
    worse = Resource(good, curve(1, 0.95, 0.9, 0.85, 0.8, sd=0.02, seed=2), 4.0)
    unclear = Resource(good, curve(1, 0.95, 0.9, 0.85, 0.61, sd=0.1, seed=2), 4.0)
    assert worse.ratio().value is None
    assert (worse.ratio().low, worse.ratio().high) == (pytest.approx(4), math.inf)
    assert worse.p_relaxed < 0.001
    assert unclear.ratio().value is None
    assert unclear.ratio().low < 4
    assert unclear.ratio().high == math.inf
    better = Resource(curve(1, 0.95, 0.9, 0.85, 0.8, sd=0.02), curve(0.5, 0.4, 0.3, 0.2, 0.1, sd=0.02), 4.0)
    assert (better.ratio().value, better.ratio().low, better.ratio().high) == (None, 0.0, pytest.approx(0.25))


def test_beta_is_finite_where_the_denominator_never_catches_up() -> None:
    good = curve(1, 0.8, 0.6, 0.5, 0.4, sd=0.01, seed=1)
    beta = Resource(good, curve(1, 0.95, 0.9, 0.85, 0.8, sd=0.01, seed=2), 4.0).beta()
    crossing = 2 ** (math.log(1 / 0.9) / math.log(1 / 0.8))
    assert beta.value == pytest.approx(4 / crossing)
    assert 1 < beta.low < beta.high < 4


def test_arms_without_any_noise_are_told_apart_by_value() -> None:
    a, b = curve(1, 0.8, 0.6, 0.5, 0.4), curve(1, 0.9, 0.8, 0.6, 0.5)
    compared = Resource(a, b, 4.0)
    ratio = compared.ratio()
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((2, 2, 2))
    assert compared.p == pytest.approx(0, abs=1e-9)
    capped = Resource(curve(CAP, CAP, CAP), curve(CAP, CAP, CAP), 2.0)
    assert capped.reason == "flat"


# Reasons


def test_flat_unless_the_numerator_still_falls_at_the_reference() -> None:
    random = np.random.default_rng(5)
    level = Curve(LEVELS, 0.5 + 0.05 * random.random((5, 8)))
    falls = Curve(LEVELS, (0.5 / np.array(LEVELS)[:, None]) ** 0.5 + 0.01 * random.random((5, 8)))
    assert Resource(level, falls, 4.0).reason == "flat"
    assert Resource(falls, level, 4.0).reason is None
    assert Resource(falls, level, 1.0).reason == "flat"
    assert Resource(level, falls, 4.0).flat_p == pytest.approx(
        ttest_rel(level.losses[1], level.losses[2], alternative="greater").pvalue
    )
    assert Resource(level, falls, 4.0).p == Resource(level, falls, 4.0).p_unchanged == 1
    assert Resource(level, falls, 4.0).ratio().text == "any ρ"


def test_half_the_reference_is_read_between_rungs_where_none_is_there() -> None:
    levels = (1.0, 4.0, 16.0)
    arm = Curve(levels, np.array([1, 0.5, 0.3])[:, None] * np.random.default_rng(2).lognormal(0, 0.1, (3, 7)))
    relative = arm.losses / arm.losses.mean(axis=1, keepdims=True)
    middle = math.sqrt(arm.losses[0].mean() * arm.losses[1].mean())
    at_half = middle * (relative[0] + relative[1]) / 2
    expected = ttest_rel(at_half, arm.losses[1], alternative="greater").pvalue
    assert Resource(arm, arm, 4.0).flat_p == pytest.approx(expected)


def test_a_clear_rise_is_not_inverted() -> None:
    falls = curve(1, 0.8, 0.6, 0.5, 0.4, sd=0.02, seed=1)
    rises = curve(1, 0.8, 0.6, 0.9, 0.4, sd=0.02, seed=2)
    assert Resource(falls, rises, 4.0).reason == "non-monotone"
    assert Resource(falls, rises, 4.0).ratio().text == "any ρ"
    assert Resource(falls, rises, 4.0).undecided().reason == "non-monotone"
    back = Resource(rises, falls, 4.0)
    assert back.reason is None
    assert back.beta().text == "any ρ"


def test_noise_alone_is_no_rise_though_pooling_moves_a_mean_by_a_standard_error() -> None:
    random = np.random.default_rng(3)
    samples = [
        Curve(LEVELS, np.array([1, 0.6, 0.4, 0.4, 0.4])[:, None] + 0.05 * random.normal(size=(5, 5)))
        for _ in range(400)
    ]
    pooled = np.mean([(np.abs(c.means - c.envelope) > c.errors).any() for c in samples])
    assert 0.25 < pooled < 0.45
    assert np.mean([c.p_rise <= 0.05 for c in samples]) < 0.03


def test_below_three_seeds_there_is_no_interval() -> None:
    arms = curve(1, 0.8, 0.6, n=2), curve(1, 0.9, 0.8, n=2)
    compared = Resource(*arms, 2.0)
    assert compared.undecided().reason == "too few seeds"
    assert (compared.undecided().n_needed, compared.p, compared.ratio().text) == (3, 1, "any ρ")
    assert compared.fits == ()
    assert Resource(curve(1, 0.8, n=1), curve(1, 0.9, n=1), 2.0).closure().label == "undefined"


def test_the_seeds_that_are_asked_for_would_do() -> None:
    truth = Truth(power(0.5), power(0.5, data=1.35), spread=0.1)
    compared = truth.resource(5, np.random.default_rng(11))
    needs = compared.undecided()
    assert compared.p > 0.05
    assert needs.reason == "too few seeds"
    assert needs.n_needed is not None
    # The observed means and spreads, with so many seeds: 80 % power means a p clearly below alpha.
    repeat = math.ceil(needs.n_needed / 5)
    a, b = (Curve(arm.levels, np.tile(arm.losses, repeat)) for arm in (compared.numerator, compared.denominator))
    assert min(Resource(a, b, 4.0).p, Resource(a, b, 4.0).p_unchanged) < 0.05
    assert (compared.undecided(size=4).n_needed or math.inf) > needs.n_needed


def test_what_is_cut_off_asks_for_rungs_there() -> None:
    good = curve(1, 0.8, 0.6, 0.5, 0.4, sd=0.02, seed=1)
    levelled = curve(1, 0.9, 0.6, 0.6, 0.6, sd=0.02, seed=2)
    needs = Resource(good, levelled, 4.0).undecided()
    assert (needs.reason, needs.n_needed, needs.needs) == ("censored", None, "levels above 16")


# Beside the ratio


def test_fits_agree_on_a_power_law_and_disagree_on_a_step() -> None:
    r = np.array(LEVELS)
    smooth = Resource(curve(*(r**-0.5), sd=0.01, seed=1), curve(*((r / 2) ** -0.5), sd=0.01, seed=2), 4.0)
    assert [fit.value for fit in smooth.fits] == pytest.approx([2, 2], rel=0.01)
    assert not smooth.disagree()
    step = Resource(curve(*(r**-0.5), sd=0.01), curve(1.2, 1.19, 1.18, 0.4, 0.1, sd=0.01), 4.0)
    assert step.disagree()


def test_a_lower_reference_is_the_same_question_there() -> None:
    arms = curve(1, 0.8, 0.6, 0.5, 0.4, sd=0.02, seed=1), curve(1.1, 0.9, 0.8, 0.6, 0.5, sd=0.02, seed=2)
    assert Resource(*arms, 4.0).at(2.0).ratio() == Resource(*arms, 2.0).ratio()


def test_pair_correlation_and_what_pairing_gains() -> None:
    truth = Truth(power(0.5), power(0.5, data=1.2), pairing=0.9, spread=0.1)
    compared = truth.resource(10, np.random.default_rng(0))
    a, b = compared.numerator.losses[2], compared.denominator.losses[2]
    assert compared.correlation == pytest.approx(np.corrcoef(a, b)[0, 1])
    paired = replace(compared, paired=True)
    assert np.ptp(np.log([paired.ratio().low, paired.ratio().high])) < np.ptp(
        np.log([compared.ratio().low, compared.ratio().high])
    )
    assert Resource(curve(1, 1, 1), curve(1, 1, 1), 2.0).correlation is None


# Refusals


@given(
    arrays.arrays(float, (3, 4), elements=st.floats(0.1, 2)),
    st.sampled_from([math.nan, math.inf, -0.1]),
    st.integers(0, 11),
)
def test_losses_that_are_no_losses_are_refused(losses: NDArray[np.float64], bad: float, place: int) -> None:
    losses.flat[place] = bad
    with pytest.raises(ValueError, match="capped and positive"):
        Curve((1.0, 2.0, 4.0), losses)


def test_ladders_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="ascending"):
        Curve((1.0, 1.0), np.ones((2, 3)))
    with pytest.raises(ValueError, match="do not fit"):
        Curve((1.0, 2.0), np.ones((3, 3)))
    a = curve(1, 0.8, 0.6)
    with pytest.raises(ValueError, match="same levels"):
        Resource(a, curve(1, 0.8), 2.0)
    with pytest.raises(ValueError, match="none of the rungs"):
        Resource(a, a, 3.0)
    with pytest.raises(ValueError, match="as many seeds"):
        Resource(a, curve(1, 0.8, 0.6, n=5), 2.0, paired=True)


# Simulated: small samples of what the controls page shows at length


@pytest.mark.parametrize(
    ("name", "truth", "paired"),
    [
        ("steep", Truth(power(0.7), power(0.7, data=2)), False),
        ("same luck on all rungs", Truth(power(0.5), power(0.5, data=1.4), luck=0.9), False),
        ("paired", Truth(power(0.5), power(0.5, data=1.4), luck=0.5, pairing=0.8), True),
        ("near the top", Truth(power(0.5), power(0.5, data=3.5)), False),
        ("a rise at the end", Truth(power(0.5), bump(power(0.5, data=1.2), 16, 0.6)), False),
    ],
)
def test_coverage(name: str, truth: Truth, paired: bool) -> None:
    random = np.random.default_rng(17)
    ratios = [truth.resource(5, random, paired).ratio() for _ in range(600)]
    assert np.mean([r.low <= truth.rho <= r.high for r in ratios]) > 0.93, name


@pytest.mark.parametrize(
    ("name", "truth"),
    [
        ("flat", Truth(flat(0.8), flat(0.8))),
        ("shallow", Truth(power(0.1), power(0.1))),
        ("at delta", Truth(power(0.7), power(0.7, data=1.1))),
        ("flat denominator", Truth(power(0.4), flat(0.05 + 4**-0.4))),
        ("diverging", Truth(power(0.5), power(0.5), diverging=(0.2, 0.2))),
    ],
)
def test_false_relaxed(name: str, truth: Truth) -> None:
    random = np.random.default_rng(23)
    false = sum(truth.resource(5, random).p_relaxed <= 0.05 for _ in range(600))
    assert false <= 23, name  # 2.5 % expected at most: 23 of 600 are exceeded in 1 % of samples
