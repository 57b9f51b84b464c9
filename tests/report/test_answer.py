"""The one table: which constraint binds, and which is along for the ride."""

from typing import Any

import findings
import measures
import pytest

from ablatlas.report import answer
from ablatlas.report.view import CONSTRAINTS, View

GROSS = {"value": 3.0, "low": 2.0, "high": 4.0}


def row(measure: str, word: str = "RELAXED", label: str | None = None, **changes: Any) -> dict[str, Any]:
    """A verdict in as much as its role depends on it."""
    shape = {"label": label, "shared": changes.pop("shared", False)}
    return {"measure": measure, "verdict": word, "closure": shape, "primary": True} | changes


@pytest.mark.parametrize(
    ("verdict", "role"),
    [
        (row("threshold"), "binding"),
        (row("edges"), "binding"),
        (row("frontier"), "binding"),
        (row("flop_rate"), "binding"),
        (row("time_to_target"), "binding"),
        (row("time_to_target", primary=False), "along for the ride"),
        (row("resource", label="closing"), "binding"),
        (row("resource", label="closing", shared=True), "along for the ride"),
        (row("resource", label="persistent"), "along for the ride"),
        (row("resource", label="widening"), "along for the ride"),
        (row("resource", label="undefined"), "along for the ride"),
        (row("resource"), "along for the ride"),
        (row("resource", "INCONCLUSIVE", "closing"), "not shown"),
        (row("threshold", "TIGHTENED"), "tightened"),
        (row("threshold", "UNCHANGED"), "unchanged"),
    ],
)
def test_a_resource_binds_only_where_its_ample_supply_closes_the_gap(verdict: dict[str, Any], role: str) -> None:
    assert answer.binding(verdict) == role


@pytest.mark.parametrize(
    ("word", "gross", "role"),
    [
        ("UNCHANGED", GROSS, "along for the ride"),
        ("INCONCLUSIVE", GROSS, "along for the ride"),
        ("TIGHTENED", GROSS, "tightened"),
        ("RELAXED", GROSS, "binding"),
        ("UNCHANGED", GROSS | {"low": 0.9}, "unchanged"),
        ("UNCHANGED", GROSS | {"low": None}, "unchanged"),
    ],
)
def test_a_gross_ratio_alone_is_a_ride(word: str, gross: dict[str, Any], role: str) -> None:
    assert answer.binding(row("flops_per_step", word), gross) == role


def test_the_table_has_a_row_for_each_of_the_seven() -> None:
    shown = answer.answers(findings.view("residual")).text
    assert shown.count('<th scope="row">') == len(CONSTRAINTS) == 7
    assert '<span class="role binding">binding</span>' in shown
    assert "along for the ride</span><br>the gap is persistent" in shown
    assert "along for the ride</span><br>its gross ratio only" in shown
    assert "not measured: no counter" in shown


def test_the_table_in_one_sentence() -> None:
    said = answer.summary(findings.view("residual"))
    assert said.startswith("Binding: data, optimization &amp; regularization and architecture.".replace("&amp;", "&"))
    assert "Along for the ride: compute, parameters and compute efficiency." in said


def test_nothing_is_made_of_nothing() -> None:
    view = findings.view("residual", verdicts=[], chain=None, unmeasured=[])
    assert answer.summary(view) == "No constraint is shown to bind."
    assert answer.answers(view).text.count("not measured: the results do not say why") == 7


def test_a_net_term_without_a_counter_is_not_measured() -> None:
    found = findings.results(findings.study("residual"))
    view = View(findings.study("residual"), found | {"verdicts": measures.nets(findings.study("residual"))})
    assert answer.role(view, "energy") == "not measured: no counter"
    assert answer.role(view, "efficiency") == "along for the ride"
