"""Holm against the closed test that it shortens, Benjamini and Hochberg against their definition, and statsmodels."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from ablatlas.stats.multiplicity import benjamini_hochberg, holm

# p values with ties, and no two so close that rounding decides
VALUES = st.lists(st.integers(0, 200).map(lambda i: i / 200), min_size=1, max_size=7)


def closed(p: list[float]) -> list[float]:
    """Holm's adjusted p by brute force: the worst Bonferroni test of any set that holds the hypothesis."""
    sets = [s for size in range(1, len(p) + 1) for s in combinations(range(len(p)), size)]
    return [max(min(1.0, len(s) * min(p[j] for j in s)) for s in sets if i in s) for i in range(len(p))]


@given(VALUES)
def test_holm_is_the_closed_test(p: list[float]) -> None:
    assert [a.p for a in holm(p)] == pytest.approx(closed(p))


@pytest.mark.parametrize("p", [
    [0.05], [0.01, 0.6, 0.02], [0.04, 0.6, 0.03], [0.025, 0.025], [0.02, 0.02, 0.01], [0.0, 1.0, 1.0, 0.012],
])  # fmt: skip
def test_holm_agrees_with_statsmodels(p: list[float]) -> None:
    rejected, adjusted, *_ = multipletests(p, method="holm")
    assert [a.rejected for a in holm(p)] == list(rejected)
    assert [a.p for a in holm(p)] == pytest.approx(adjusted)


@given(VALUES)
def test_an_interval_at_its_level_says_what_holm_says(p: list[float]) -> None:
    """p <= 1 - level exactly where Holm rejects: the printed interval never contradicts the verdict."""
    for value, adjusted in zip(p, holm(p), strict=True):
        assert (value <= (1 - adjusted.level) * (1 + 1e-9)) == adjusted.rejected


def test_the_levels_of_a_family_of_three() -> None:
    decided = holm([0.01, 0.6, 0.02])
    assert [a.level for a in decided] == pytest.approx([1 - 0.05 / 3, 0.95, 1 - 0.05 / 2])
    stopped = holm([0.04, 0.6, 0.03])
    assert [a.level for a in stopped] == pytest.approx([1 - 0.05 / 3] * 3)


def test_what_could_not_be_tested_stays_in_the_family() -> None:
    assert [a.p for a in holm([0.03, None])] == [0.06, 1]
    assert holm([]) == ()


@given(VALUES)
def test_benjamini_hochberg_is_the_step_up_procedure(p: list[float]) -> None:
    """Adjusted p by its definition: the least level at which the i smallest are rejected, p_(i) <= q i / m."""
    m, order = len(p), sorted(p)
    expected = [min(order[j] * m / (j + 1) for j in range(m) if order[j] >= value) for value in p]
    assert benjamini_hochberg(p) == pytest.approx([min(1.0, value) for value in expected])


def test_benjamini_hochberg_by_its_authors() -> None:
    """The fifteen comparisons of Benjamini & Hochberg (1995, section 4): four are rejected at 5 %, and not nine."""
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528,
         0.759, 1.0]  # fmt: skip
    assert sum(q is not None and q <= 0.05 for q in benjamini_hochberg(p)) == 4


def test_what_could_not_be_tested_is_no_member_of_the_atlas() -> None:
    assert benjamini_hochberg([0.02, None, 0.04, None]) == (pytest.approx(0.04), None, pytest.approx(0.04), None)
    assert benjamini_hochberg([None]) == (None,)
    assert benjamini_hochberg([]) == ()
