"""The words: decided by adjusted p, and what of a claim they support."""

import pytest

from ablatlas.stats.verdict import claimed, decide, supported


@pytest.mark.parametrize(("p", "p_unchanged", "word"), [
    (0.05, 1.0, "RELAXED"),
    (0.051, 1.0, "INCONCLUSIVE"),
    (1.0, 0.05, "UNCHANGED"),
    (None, None, "INCONCLUSIVE"),
])  # fmt: skip
def test_verdicts(p: float | None, p_unchanged: float | None, word: str) -> None:
    assert decide("RELAXED", p, p_unchanged) == word


def test_the_side_is_the_one_that_the_data_favour() -> None:
    assert decide("TIGHTENED", 0.01, 1.0) == "TIGHTENED"


def test_implied_is_a_third_value() -> None:
    named, implied = ["optimization"], ["parameters"]
    assert [claimed(c, named, implied) for c in ("optimization", "parameters", "data")] == [
        True,
        "implied",
        False,
    ]


def test_a_claim_is_supported_by_relaxed_on_a_measure_of_one_constraint_only() -> None:
    assert supported("RELAXED", "threshold")
    assert not supported("TIGHTENED", "threshold")
    assert not supported("INCONCLUSIVE", "threshold")
    assert not supported("RELAXED", "resource")
