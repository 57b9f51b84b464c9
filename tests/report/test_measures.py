"""Every measure has its words and its figure, also where tables, terms and bounds are missing."""

import copy
from typing import Any

import findings
import measures
import pytest

from ablatlas.report import (
    described,
    forest,
    judged,
    limits,
    outcomes,
    plots,
    resource,
    runs,
    sections,
    style,
    tables,
    text,
    waterfall,
)
from ablatlas.report.view import CONSTRAINTS, MEASURES, View

STUDY = "residual"
OPEN: dict[str, Any] = dict.fromkeys(("value", "low", "high"))


def of(measure: str) -> dict[str, Any]:
    """The made-up verdict on the plain ablation by one measure."""
    rows = [v for v in findings.view(STUDY).verdicts if v["measure"] == measure and v["role"] == "without"]
    return dict(next((v for v in rows if v["constraint"] != "data"), rows[0]))


def changed(measure: str, **changes: Any) -> View:
    """Results in which the verdict of one measure is changed."""
    rows = [dict(v) | changes if v["measure"] == measure else v for v in findings.view(STUDY).verdicts]
    return findings.view(STUDY, verdicts=rows)


def figure(view: View, measure: str) -> str:
    """The words in the figure of the first ladder of a measure."""
    ladder = next(ladder for ladder in view.ladders if ladder.measure == measure)
    return style.render(plots.main(view, ladder)[0]).decode()


# A ladder of costs is no measure of its own: its verdicts are on the net terms. See test_growth.
CLIMBED = [measure for measure in plots.FIGURES if measure != "cost"]


def test_reports_know_every_measure_that_a_study_can_declare() -> None:
    assert set(MEASURES) == set(outcomes.CLAUSES) == {*CLIMBED, "flops_per_step", "flop_rate", "power"}


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("word", ["RELAXED", "TIGHTENED", "UNCHANGED", "INCONCLUSIVE"])
def test_every_outcome_of_every_measure_has_words(measure: str, word: str) -> None:
    reason = "flat" if word == "INCONCLUSIVE" else None
    said = outcomes.outcome(
        of(measure) | {"verdict": word, "reason": reason, "rho": {"value": 2.5, "low": 2.0, "high": 3.0}}
    )
    assert "{" not in said
    assert "`with`" in said
    assert "`without`" in said
    assert ("2.5 times" in said) == (word in ("RELAXED", "TIGHTENED"))
    assert ("undecided: the held-out loss does not fall" in said) == (word == "INCONCLUSIVE")


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        ("resource", "`without` has to reach the held-out loss that `with` has at 32 (L* = 0.3)"),
        ("time_to_target", "10/10 runs of `with`, 10/10 runs of `without` reached it."),
        ("edges", "for `with` begin between 0.0003 and 0.001 and end between 0.3 and 1"),
        ("flops_per_step", "(a count, so nothing is tested)"),
    ],
)
def test_how_a_verdict_was_judged(measure: str, said: str) -> None:
    verdict = of(measure)
    told = " ".join(judged.parts(findings.view(STUDY), verdict))
    assert said in told


def test_the_loss_of_the_numerator_at_the_reference_is_the_target() -> None:
    view = findings.view(STUDY)
    assert judged.target(view, of("resource")) == pytest.approx(measures.loss("parameters", "with", 1.0))


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ({"label": "closing", "shared": False}, "closing: 0.4 (0.2 to 0.6)"),
        ({"label": "closing", "shared": True}, "closing, shared: 0.4 (0.2 to 0.6)"),
        ({"label": "persistent", "question": True, "shared": False}, "persistent?: 0.4 (0.2 to 0.6)"),
        ({"label": None}, ""),
    ],
)
def test_a_closure_is_printed_with_its_label_and_its_doubt(shape: dict[str, Any], said: str) -> None:
    found = measures.NO_CLOSURE | {"value": 0.4, "low": 0.2, "high": 0.6} | shape
    assert outcomes.closure(found) == said


def test_an_undefined_closure_has_no_number() -> None:
    found = measures.NO_CLOSURE | {"label": "undefined", "shared": False}
    assert outcomes.closure(found) == "undefined"
    assert "no gap at the reference" in outcomes.closure_words(found)


@pytest.mark.parametrize("measure", CLIMBED)
def test_every_ladder_is_drawn_with_its_n(measure: str) -> None:
    drawn = figure(findings.view(STUDY), measure)
    assert "n = 10" in drawn


def test_the_shift_is_drawn_with_its_ratio_or_its_bound() -> None:
    drawn = figure(findings.view(STUDY), "resource")
    verdict = of("resource")
    assert verdict["rho"]["value"] is None
    assert f"&gt; {verdict['rho']['low']:.3g}"[:8] in drawn
    assert "1/β = " in drawn
    assert "L*" in drawn


def test_an_inverted_ratio_swaps_its_bounds() -> None:
    assert resource.inverse({"value": 2.0, "low": 1.0, "high": None}) == {"value": 0.5, "low": None, "high": 1.0}


@pytest.mark.parametrize("measure", CLIMBED)
def test_every_ladder_is_drawn_where_nothing_is_bounded(measure: str) -> None:
    bare = {"rho": OPEN, "beta": OPEN, "brackets": {}, "rates": {}, "fractions": [], "targets": []}
    assert "n = 10" in figure(changed(measure, **bare), measure)


@pytest.mark.parametrize("measure", CLIMBED)
def test_a_ladder_without_its_table_is_not_drawn(measure: str) -> None:
    view = findings.view(STUDY, tables={})
    ladder = next(ladder for ladder in view.ladders if ladder.measure == measure)
    assert plots.main(view, ladder)[1].alt == "Nothing was measured."


def test_a_run_that_never_arrives_is_marked_and_counted() -> None:
    view = findings.view(STUDY)
    words = plots.main(view, view.study.ladders["time"])[1]
    late = of("time_to_target")["fractions"][2]["reached"]
    assert late["without"] < 10
    assert f"without {late['without']}" in words.alt


def test_the_forest_has_a_row_for_every_verdict_and_every_gap() -> None:
    view = findings.view(STUDY)
    lines = forest.rows(view)
    assert {name for name, _ in lines} == set(CONSTRAINTS)
    plain = [v for v in view.verdicts if v["role"] == "without" and v["reason"] != "no counter"]
    assert sum(v is not None and v["role"] == "without" for _, v in lines) == len(plain)
    drawn = style.render(forest.draw(view)).decode()
    for words in ("not measured: no counter", f"vs {findings.variant(STUDY, 'strong')}", "0.965× exactly"):
        assert words in drawn


def test_the_waterfall_shows_where_the_counter_is_missing() -> None:
    view = findings.view(STUDY)
    drawn = style.render(waterfall.draw(view)).decode()
    assert drawn.count("<!-- no counter -->") == 2
    assert "× 0.965" in drawn
    assert "no counter (no powercap on this machine)" in waterfall.caption(view).alt


@pytest.mark.parametrize(
    "rho", [{"value": None, "low": 2.0, "high": None}, {"value": None, "low": None, "high": 0.5}, OPEN]
)
def test_a_censored_time_censors_the_waterfall(rho: dict[str, Any]) -> None:
    chain = copy.deepcopy(measures.chain())
    for row in chain["terms"]:
        if row["basis"] == "gross":
            row |= rho
    drawn = style.render(waterfall.draw(findings.view(STUDY, chain=chain))).decode()
    assert ("&gt; 2" in drawn) == (rho["low"] is not None)


def test_the_pages_sections_stand_where_nothing_but_a_threshold_was_measured() -> None:
    found = findings.results(findings.study(STUDY))
    verdicts = [v for v in found["verdicts"] if v["ladder"] == "depth"]
    kept = {name: found["tables"][name] for name in ("levels", "curves", "mechanism", "meters", "ledger")}
    bare = {key: value for key, value in found.items() if key not in ("gate", "chain", "clock", "registration_changes")}
    view = View(findings.study(STUDY), bare | {"verdicts": verdicts, "tables": kept})
    assert "The chain was not measured" in sections.chain(view).text
    assert sections.answers(view).text
    assert sections.other_ladders(view).text
    assert "figure" in sections.main_figure(view).text
    assert text.gate(view.results) == ""


def test_verdicts_are_listed_with_both_levels_of_their_interval() -> None:
    shown = tables.verdicts(findings.view(STUDY)).text
    assert "at 98.75 %" in shown
    assert "persistent?: 0.06" in shown
    assert "&lt; 0.001 (0.0016)" in shown


def test_other_readings_are_told() -> None:
    shown = tables.sensitivity(findings.view(STUDY)).text
    for words in (
        "from 16 instead",
        "power law fit",
        "beyond the ladder",
        "target at 0.25 of the budget",
        "25 % of runs",
    ):
        assert words in shown


def test_a_tables_open_ends_have_their_sign() -> None:
    shown = described.descriptive(findings.view(STUDY)).text
    assert "with 120 (10/10), without over the budget (4/10)" in shown
    assert "&gt; 1.7×" in shown
    assert "0.1 (&gt; 0.05)" in shown
    assert "fewer than four rungs fall" in shown


def test_the_clock_says_what_it_lacks() -> None:
    timed = described.clock(findings.view(STUDY))
    assert timed is not None
    assert "no counter of joules (no powercap)" in timed.text
    assert "2.13 (2.09 to 2.17)" in timed.text
    assert described.clock(findings.view(STUDY, clock=None)) is None


def test_levels_that_nobody_solves_one_by_one_have_no_share() -> None:
    shown = runs.levels(findings.view(STUDY)).text
    assert "examples 360" in shown
    assert "None" not in shown


def test_each_quantity_that_was_tuned_on_has_its_ledger() -> None:
    shown = runs.ledgers(findings.view(STUDY)).text
    assert "Tuning ledger: steps to target" in shown
    assert shown.count("<table>") == 2


def test_limits_name_what_each_kind_of_measure_leaves_open() -> None:
    said = "\n".join(limits.limits(findings.view(STUDY)))
    for words in limits.OPEN.values():
        assert words in said
