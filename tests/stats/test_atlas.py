"""Across studies: the verdict that stands for a cell, the counts of claims, one adjustment, and the cost."""

from typing import Any

import pytest
from statsmodels.stats.multitest import multipletests

from ablatlas.stats.atlas import CLAIMS, confusion, cost, measured, standing, tried, with_discoveries

CONSTRAINTS = ["data", "energy", "optimization"]


def verdict(constraint: str, word: str, **changes: Any) -> dict[str, Any]:
    plain = {"contrast": "without", "role": "without", "primary": False, "basis": "ladder", "reason": None}
    return plain | {"constraint": constraint, "verdict": word} | changes


def study(name: str, claimed: list[str], implied: list[str], *verdicts: dict[str, Any]) -> dict[str, Any]:
    claim = {"constraints": claimed, "implied": implied}
    return {"study": name, "claim": claim, "verdicts": list(verdicts), "cost": {"runs": 3, "core_seconds": 1800.0}}


STUDIES = [
    study("a", ["data"], ["optimization"], verdict("data", "UNCHANGED"), verdict("data", "RELAXED", primary=True),
          verdict("optimization", "TIGHTENED", basis="net"), verdict("optimization", "RELAXED"),
          verdict("energy", "INCONCLUSIVE", reason="no counter")),
    study("b", ["optimization"], [], verdict("optimization", "INCONCLUSIVE", reason="flat"),
          verdict("optimization", "RELAXED", role="strong", contrast="other", primary=True)),
]  # fmt: skip


def test_a_primary_stands_for_its_constraint_then_a_net_term_then_the_first_ladder() -> None:
    assert [v["verdict"] for v in measured(STUDIES[0], "data")] == ["RELAXED", "UNCHANGED"]
    assert [v["verdict"] for v in measured(STUDIES[0], "optimization")] == ["TIGHTENED", "RELAXED"]
    assert standing(STUDIES[0], "energy") is None
    assert [v["verdict"] for v in measured(STUDIES[1], "optimization")] == ["INCONCLUSIVE"]


def test_every_cell_is_counted_once_and_implied_ones_apart() -> None:
    found = confusion(STUDIES, CONSTRAINTS)
    assert list(found) == list(CLAIMS)
    assert sum(sum(row.values()) for row in found.values()) == len(STUDIES) * len(CONSTRAINTS)
    assert {word: n for word, n in found[True].items() if n} == {"RELAXED": 1, "INCONCLUSIVE": 1}
    assert {word: n for word, n in found["implied"].items() if n} == {"TIGHTENED": 1}
    assert {word: n for word, n in found[False].items() if n} == {"not measured": 3}


def test_a_contrast_is_found_where_it_was_tried() -> None:
    found = tried(STUDIES, "b", "optimization", "other")
    assert found is not None
    assert found["verdict"] == "RELAXED"
    assert tried(STUDIES, "b", "optimization", "another") is None
    assert tried(STUDIES, "c", "optimization", "other") is None


def test_cost_is_the_sum_of_measured_seconds() -> None:
    assert cost(STUDIES) == {"runs": 6, "core_hours": 1.0}


def test_tested_contrasts_of_without_are_adjusted_together() -> None:
    rows = [("without", 0.01), ("strong", 0.001), ("without", None)]
    first = {"study": "a", "verdicts": [{"role": role, "p": p} for role, p in rows]}
    second = {"study": "b", "verdicts": [{"role": "without", "p": 0.04}, {"role": "without", "p": 0.03}]}
    found = [[row["p_bh"] for row in results["verdicts"]] for results in with_discoveries([first, second])]
    expected = multipletests([0.01, 0.04, 0.03], method="fdr_bh")[1]
    assert found[0][1:] == [None, None]
    assert [found[0][0], *found[1]] == pytest.approx(expected)
    assert "p_bh" not in first["verdicts"][0]


def test_an_atlas_without_any_test() -> None:
    assert with_discoveries([{"verdicts": [{"role": "without", "p": None}]}])[0]["verdicts"][0]["p_bh"] is None
