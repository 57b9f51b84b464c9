"""The words: decided by adjusted p, and what of a claim they support."""

import pytest

from ablatlas.stats.ratio import Ratio
from ablatlas.stats.verdict import claimed, decide, exact, supported


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


@pytest.mark.parametrize(("measure", "label", "shared", "registered", "holds"), [
    ("threshold", None, None, False, True),
    ("edges", None, None, False, True),
    ("flop_rate", None, None, False, True),
    ("resource", "closing", False, True, True),
    ("resource", "closing", True, True, False),
    ("resource", "persistent", False, True, False),
    ("resource", "undefined", False, True, False),
    ("time_to_target", None, None, True, True),
    ("time_to_target", None, None, False, False),
])  # fmt: skip
def test_what_supports_a_claim(
    measure: str, label: str | None, shared: bool | None, registered: bool, holds: bool
) -> None:
    assert supported("RELAXED", measure, label, shared, registered) == holds
    assert not supported("TIGHTENED", measure, label, shared, registered)
    assert not supported("INCONCLUSIVE", measure, label, shared, registered)


@pytest.mark.parametrize(("value", "word"), [(1.2, "RELAXED"), (1.05, "UNCHANGED"), (0.5, "TIGHTENED")])
def test_an_exact_ratio_is_decided_by_its_value(value: float, word: str) -> None:
    assert exact(Ratio(value, value, value), 1.1) == word
