"""Across studies: every tested contrast of `without`, and no other, in one adjustment."""

import pytest
from statsmodels.stats.multitest import multipletests

from ablatlas.stats.atlas import with_discoveries


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
