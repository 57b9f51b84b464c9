"""What would decide a ladder that did not: the reason, the seeds, the levels."""

import pytest
from scipy.stats import binomtest

from ablatlas.stats.needs import fewest, floor, seeds_needed, undecided
from ablatlas.stats.threshold import Comparison, Staircase

LEVELS = (8.0, 14.0, 20.0, 32.0, 56.0, 110.0)


def compare(a: tuple[int, ...], b: tuple[int, ...], n: int = 10) -> Comparison:
    return Comparison(Staircase(LEVELS[: len(a)], a, n), Staircase(LEVELS[: len(b)], b, n))


def test_the_floor_at_ten_seeds() -> None:
    """Alone 9/10 against 1/10 decides; first of up to twelve 10/10 against 0/10; above twelve nothing."""
    assert floor(10).solved == 9
    assert {floor(10, family).solved for family in range(2, 13)} == {10}
    assert floor(10, 13).solved is None
    assert floor(10).text == "at n = 10 a contrast is decided by 9/10 against 1/10 or clearer"
    assert floor(10, 2).text == "at n = 10 the first of 2 contrasts is decided by 10/10 against 0/10 only"
    assert floor(10, 13).text == "at n = 10 nothing decides the first of 13 contrasts: 11 seeds are needed"


@pytest.mark.parametrize("family", [1, 2, 5, 13])
def test_the_fewest_seeds_that_can_decide(family: int) -> None:
    needed = floor(3, family).n_needed
    assert floor(needed - 1, family).solved is None
    assert floor(needed, family).solved == needed


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_the_fewest_seeds_that_can_bracket_another_share(share: float) -> None:
    """At ten seeds the levels of a quarter and of three quarters cannot be bracketed on both sides."""
    n = fewest(share)

    def ends(seeds: int) -> list[float]:
        return [
            binomtest(seeds, seeds, share, alternative="greater").pvalue,
            binomtest(0, seeds, share, alternative="less").pvalue,
        ]

    assert max(ends(n)) <= 0.05 / 4 < max(ends(n - 1))
    assert fewest(0.5) == 7
    assert fewest(0.25) == fewest(0.75) == 16


@pytest.mark.parametrize(("a", "b", "reason", "needs"), [
    ((10,) * 6, (10,) * 6, "ladder too easy", "levels harder than 110"),
    ((0,) * 6, (0,) * 6, "ladder too hard", "levels easier than 8"),
    ((10,) * 6, (10, 10, 10, 10, 10, 0), "ladder too coarse", "levels between 56 and 110, or above 110"),
    ((10, 0, 0, 0, 0, 0), (0,) * 6, "ladder too coarse", "levels between 8 and 14, or below 8"),
    ((10, 10, 0, 0, 0, 0), (10, 10, 0, 0, 0, 0), "ladder too coarse", "levels between 14 and 20"),
    ((0, 10, 0, 0, 0), (10, 10, 0, 0, 0), "non-monotone", "a ladder along which solving becomes harder"),
])  # fmt: skip
def test_a_ladder_that_cannot_decide_says_why(a: tuple[int, ...], b: tuple[int, ...], reason: str, needs: str) -> None:
    why = undecided(compare(a, b))
    assert (why.reason, why.needs, why.n_needed) == (reason, needs, None)


def test_too_few_seeds_for_any_outcome() -> None:
    why = undecided(compare((5, 5, 0), (5, 0, 0), n=5), family=2)
    assert (why.reason, why.n_needed) == ("too few seeds", 8)


def test_too_few_seeds_for_this_outcome() -> None:
    """Shares that would separate, were there more of them, ask for seeds and not for another ladder."""
    mixed = compare((10, 8, 8, 0, 0, 0), (10, 1, 0, 0, 0, 0))
    why = undecided(mixed)
    assert why.reason == "too few seeds"
    assert why.n_needed == seeds_needed(mixed)
    assert why.n_needed is not None
    enough, short = (
        Comparison(mixed.numerator.resized(n), mixed.denominator.resized(n)) for n in (why.n_needed, why.n_needed - 1)
    )
    assert enough.p <= 0.05 < short.p


def test_no_number_of_seeds_separates_touching_brackets() -> None:
    assert seeds_needed(compare((10, 10, 0, 0, 0, 0), (10, 0, 0, 0, 0, 0))) is None


def test_resizing_rounds_towards_one_half() -> None:
    assert Staircase((1, 2, 3), (9, 5, 1), 10).resized(15).solved == (13, 8, 2)
    assert Staircase((1, 2, 3), (9, 5, 1), 10).resized(20).solved == (18, 10, 2)
