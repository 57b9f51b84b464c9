"""The rule that picks learning rates: ties, departures, extensions, and what it does to comparisons of equals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from ablatlas.procedures.tuning import EXTENSIONS, Choice, best, choose, extend, extension, interpolate

CAP = 10.0


def table(*means: float, spread: float = 0.0) -> np.ndarray:
    """(rates, three seeds) scores with these means, the seeds `spread` apart."""
    return np.array(means)[:, None] + spread * np.array([-1.0, 0.0, 1.0])


# --- the common rate ---


@pytest.mark.parametrize(
    ("means", "place"),
    [
        ((3, 2, 1, 2, 3), 2),
        ((1, 2, 3, 4, 5), 0),
        ((1, 1, 3, 4, 5), 1),  # a tie goes to the place nearest the middle
        ((5, 1, 3, 1, 5), 1),  # and where both are as near, to the lower one
        ((1, 5, 5, 5, 1), 0),
        ((2, 2, 2, 2, 2), 2),
        ((2, 2, 2, 2), 1),
        ((4, 3, 3, 1), 3),
        ((7,), 0),
    ],
)
def test_the_best_place_and_its_ties(means: tuple[float, ...], place: int) -> None:
    assert best(np.array(means, float)) == place


def test_the_common_rate_serves_with_and_without_together_and_no_one_else() -> None:
    scores = {"with": table(1, 2, 9, 9), "without": table(9, 4, 1, 9), "strong": table(9, 9, 9, 0)}
    assert choose(scores, CAP).common == 1


# --- departures ---


def noisy(gains: tuple[float, ...]) -> Choice:
    """`with` is best at the common middle; `strong` gains these at the place above it, seed by seed."""
    middle = np.full(3, 5.0)
    strong = np.array([middle + 1, middle, middle - np.array(gains)])
    return choose({"with": table(2, 1, 2), "without": table(2, 1, 2), "strong": strong}, CAP)


@pytest.mark.parametrize(
    ("gains", "departs"),
    [
        ((1.0, 1.0, 1.0), True),  # no doubt at all
        ((1.0, 1.2, 1.1), True),
        ((0.2, 0.0, 0.3), False),  # 1.9 standard errors
        ((0.2, 0.01, 0.2), True),  # 2.2 of them
        ((0.2, 0.1, 0.3), True),  # 3.5
        ((3.0, 0.0, 0.0), False),  # one lucky seed
        ((-1.0, 1.0, 3.0), False),
    ],
)
def test_a_variant_departs_only_by_more_than_two_standard_errors(gains: tuple[float, ...], departs: bool) -> None:
    choice = noisy(gains)
    error = float(np.std(gains, ddof=1)) / math.sqrt(3)
    assert (float(np.mean(gains)) > 2 * error) is departs
    assert choice.chosen["strong"] == (2 if departs else 1)
    assert choice.departed("strong") is departs
    assert not choice.departed("with")


def test_with_and_without_may_depart_from_what_serves_both() -> None:
    choice = choose({"with": table(1, 2, 6), "without": table(6, 2, 1)}, CAP)
    assert (choice.common, choice.chosen) == (1, {"with": 0, "without": 2})


def test_seeds_are_compared_in_pairs() -> None:
    """A difference that every seed shares counts, however far the seeds are apart."""
    scores = {"with": table(3, 1, 3), "without": table(3, 1, 3), "strong": table(4.0, 3.5, 3.4, spread=3)[:3]}
    assert choose(scores, CAP).departed("strong")


def test_a_tie_is_no_reason_to_depart() -> None:
    scores = {"with": table(3, 1, 3), "without": table(3, 1, 3), "strong": table(1, 1, 1)}
    assert not choose(scores, CAP).departed("strong")


def test_a_variant_capped_at_every_rate_takes_the_common_one() -> None:
    scores = {"with": table(3, 2, 1), "without": table(CAP, CAP, CAP), "strong": table(CAP, CAP, CAP - 1)}
    choice = choose(scores, CAP)
    assert choice.capped == {"with": False, "without": True, "strong": False}
    assert choice.chosen == {"with": 2, "without": 2, "strong": 2}


def test_where_both_are_capped_the_common_rate_is_the_middle() -> None:
    flat = table(CAP, CAP, CAP, CAP, CAP)
    assert choose({"with": flat, "without": flat}, CAP).common == 2


# --- extensions ---


def chose(capped: tuple[str, ...] = (), **places: int) -> Choice:
    return Choice(2, places, {variant: variant in capped for variant in places})


@pytest.mark.parametrize(
    ("choice", "down", "up", "side"),
    [
        (chose(a=2, b=2), 0, 0, None),
        (chose(a=0, b=2), 0, 0, "down"),
        (chose(a=2, b=4), 0, 0, "up"),
        (chose(a=0, b=4), 0, 0, "down"),  # both edges: one after the other
        (chose(a=0, b=2), 2, 0, "down"),
        (chose(a=0, b=2), 3, 0, None),  # three are enough
        (chose(a=2, b=4), 1, 2, None),
        (chose(a=2, b=4), 1, 1, "up"),
        (chose(a=2, b=2, capped=("b",)), 0, 0, "down"),  # no optimum: once downwards
        (chose(a=2, b=2, capped=("b",)), 1, 0, None),
        (chose(a=2, b=4, capped=("b",)), 1, 0, None),  # and where it stands is no edge optimum
        (chose(a=2, b=0, capped=("b",)), 1, 0, None),
        (chose(a=4, b=2, capped=("b",)), 0, 0, "down"),
        (chose(a=4, b=2, capped=("b",)), 1, 0, "up"),
        (chose(a=4, b=2, capped=("b",)), 1, 2, None),
        (chose(a=2, b=2, capped=("a", "b")), 0, 0, "down"),
        (chose(a=2, b=2, capped=("a", "b")), 1, 0, None),
    ],
)
def test_where_the_grid_grows(choice: Choice, down: int, up: int, side: str | None) -> None:
    assert extension(choice, 5, {"down": down, "up": up}) == side


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.booleans()), min_size=2, max_size=4))
def test_no_grid_grows_for_ever(places: list[tuple[int, bool]]) -> None:
    """Whatever is chosen each time, there are at most three extensions."""
    choice = Choice(0, dict.fromkeys("abcd", 0), dict.fromkeys("abcd", False))
    for i, (place, capped) in enumerate(places):
        choice.chosen["abcd"[i]], choice.capped["abcd"[i]] = place, capped
    done, rates = {"down": 0, "up": 0}, 8
    while (side := extension(choice, rates, done)) is not None:
        done[side] += 1
    assert sum(done.values()) <= EXTENSIONS == 3


def test_extensions_are_half_decades() -> None:
    down, up = [0.003, 0.01, 0.03], [0.003, 0.01, 0.03]
    for _ in range(3):
        down, up = extend(down, "down"), extend(up, "up")
    assert down == [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03]
    assert up == [0.003, 0.01, 0.03, 0.1, 0.3, 1.0]
    assert extend([1.0, 3.0], "up") == [1.0, 3.0, 10.0]


@settings(deadline=None)
@given(st.floats(1e-6, 1e3), st.sampled_from(["down", "up"]))
def test_an_extension_lies_beyond_any_grid(rate: float, side: str) -> None:
    grid = extend([rate, 2 * rate], side)
    assert grid == sorted(set(grid))
    assert len(grid) == 3


# --- between tuned rungs ---


def test_rates_are_interpolated_log_linearly() -> None:
    tuned = {8.0: 0.1, 32.0: 0.1, 128.0: 0.001}
    assert [interpolate(level, tuned) for level in tuned] == [0.1, 0.1, 0.001]
    assert interpolate(14, tuned) == 0.1
    assert interpolate(64, tuned) == 0.01  # half-way in both logarithms
    assert interpolate(4, tuned) == 0.1
    assert interpolate(1000, tuned) == 0.001
    assert interpolate(5, {8.0: 0.3}) == 0.3


@settings(deadline=None)
@given(st.floats(8, 80), st.floats(1e-4, 1), st.floats(1e-4, 1))
def test_an_interpolated_rate_lies_between_its_neighbors(level: float, low: float, high: float) -> None:
    rate = interpolate(level, {8: low, 80: high})
    assert min(low, high) * 0.999 <= rate <= max(low, high) * 1.001


# --- what the rule is for ---


def compare_equals(draws: int, curvature: float) -> tuple[float, float, float]:
    """A/A: shares of draws in which the rule departs, and in which 95 % intervals exclude equality under the rule and
    under free choice. Five rates, three tuning seeds, ten fresh ones, loss curved over the rates, noise of 1."""
    random = np.random.default_rng(0)
    mean = curvature * (np.arange(5) - 2.0) ** 2
    departed, ruled, free = [], [], []
    for _ in range(draws):
        scores = {arm: mean[:, None] + random.standard_normal((5, 3)) for arm in ("with", "without")}
        noise = random.standard_normal((2, 10))
        choice = choose(scores, math.inf)
        departed.append(choice.departed("with") or choice.departed("without"))
        ruled.append([mean[choice.chosen[arm]] + noise[i] for i, arm in enumerate(scores)])
        free.append([mean[best(scores[arm].mean(1))] + noise[i] for i, arm in enumerate(scores)])
    excluding = [
        float((ttest_ind(*np.array(runs).swapaxes(0, 1), axis=1, equal_var=False).pvalue < 0.05).mean())
        for runs in (ruled, free)
    ]
    return float(np.mean(departed)), excluding[0], excluding[1]


@pytest.mark.parametrize("curvature", [0.5, 1.0])
def test_equal_arms_stay_equal_under_the_rule_and_not_under_free_choice(curvature: float) -> None:
    draws = 1000
    departed, ruled, free = compare_equals(draws, curvature)
    assert departed < 0.07
    assert ruled == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / draws))
    assert free > 0.09
