"""Every figure draws for every kind of result, to the same bytes, with its n and its intervals."""

import copy
import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import findings
import numpy as np
import pytest
from matplotlib.figure import Figure

from ablatlas.report import atlas_figures, forest, heatmap, panels, sections, style, survival
from ablatlas.report import staircase as threshold
from ablatlas.report.axes import ratio_bar
from ablatlas.report.view import View
from ablatlas.report.words import MARKS
from ablatlas.stats.summary import TINY
from ablatlas.study import claimed_only

STUDIES = ("residual", "layernorm", "forget_gate")


def staircase(view: View) -> bytes:
    return style.render(threshold.draw(view, view.ladders[0]))


def texts(svg: bytes) -> str:
    """Texts are drawn as outlines; matplotlib leaves the words themselves in comments."""
    return svg.decode()


@pytest.mark.parametrize("name", STUDIES)
def test_the_main_figure_shows_n_brackets_and_references(name: str) -> None:
    drawn = texts(staircase(findings.view(name)))
    for words in ("n = 10", "solved", "cap", "half of the runs fail within the bar", "mean and 95 % interval"):
        assert words in drawn


@pytest.mark.parametrize(
    ("low", "high", "marks"),
    [(0.01, 0.02, "<"), (50.0, 80.0, ">"), (None, 2.0, "<"), (0.01, 80.0, "<>"), (1.5, 2.0, "")],
)
def test_an_interval_has_an_arrow_where_it_leaves_the_axis(low: float | None, high: float, marks: str) -> None:
    ax = Figure().subplots()
    ax.set_xlim(-3, 3)
    ratio_bar(ax, 0, {"value": None, "low": low, "high": high}, "black")
    assert [line.get_marker() for line in ax.lines if line.get_marker() != "None"] == list(marks)


def collisions(figure: Figure) -> list[tuple[str, ...]]:
    """Texts that lie on each other or leave the figure."""
    figure.draw_without_rendering()
    boxes = [(text.get_text(), text.get_window_extent()) for ax in figure.axes for text in ax.texts if text.get_text()]
    beyond = [(words,) for words, box in boxes if box.x0 < 0 or box.x1 > figure.bbox.x1]
    return beyond + [(one, other) for (one, a), (other, b) in combinations(boxes, 2) if a.overlaps(b)]


@pytest.mark.parametrize("name", STUDIES)
def test_no_texts_of_the_verdicts_meet_where_much_was_not_asked_for(name: str) -> None:
    claimed = claimed_only(findings.study(name))
    results = findings.results(claimed)
    results["unmeasured"] = [{"constraint": constraint, "why": why} for constraint, why in claimed.unmeasured.items()]
    assert any("asked for" in row["why"] for row in results["unmeasured"])
    assert collisions(forest.draw(View(claimed, results))) == []


@pytest.mark.parametrize("name", STUDIES)
def test_no_texts_of_the_verdicts_meet_where_reasons_are_long(name: str) -> None:
    view = findings.view(name)
    undecided = [{**row, "verdict": "INCONCLUSIVE", "reason": "ladder too coarse"} for row in view.verdicts]
    assert collisions(forest.draw(replace(view, results={**view.results, "verdicts": undecided}))) == []


@pytest.mark.parametrize("constraint", ["data", "compute", "parameters", "optimization", "architecture", "efficiency"])
def test_no_texts_of_the_published_verdicts_on_a_constraint_meet(constraint: str) -> None:
    files = sorted((findings.ROOT / "data" / "published" / "results").glob("*.json"))
    studies = [json.loads(file.read_text()) for file in files if file.stem != "controls"]
    assert collisions(atlas_figures.forest(studies, constraint)) == []


@pytest.mark.parametrize("form", style.FORMATS)
def test_figures_are_the_same_bytes_every_time(form: str) -> None:
    view = findings.view("forget_gate")
    length = view.study.ladders["length"]
    once, again = (style.render(threshold.draw(view, length), form) for _ in range(2))
    assert once == again


def test_figures_do_not_depend_on_what_the_caller_has_set() -> None:
    import matplotlib as mpl

    before = staircase(findings.view("residual"))
    with mpl.rc_context({"font.size": 20, "svg.hashsalt": "another", "axes.grid": True}):
        assert staircase(findings.view("residual")) == before


def blank(rows: list[dict[str, Any]], keys: tuple[str, ...]) -> list[dict[str, Any]]:
    return [row | dict.fromkeys(keys) for row in rows]


def test_every_figure_draws_without_means_and_intervals() -> None:
    found = copy.deepcopy(findings.results(findings.study("residual")))
    tables = found["tables"]
    tables["levels"] = blank(tables["levels"], ("mean", "mean_low", "mean_high"))
    tables["curves"] = blank(tables["curves"], ("low", "high"))
    tables["mechanism"] = blank(tables["mechanism"], ("low", "high"))
    for verdict in found["verdicts"]:
        if verdict["measure"] == "threshold":
            verdict["brackets"] = {name: {"low": None, "high": None} for name in verdict["brackets"]}
    view = View(findings.study("residual"), found)
    assert staircase(view)
    assert style.render(panels.curves(view, ["train_loss"]))
    assert style.render(panels.profiles(view, "gradient_norm"))


def test_variants_that_never_ran_leave_gaps() -> None:
    found = copy.deepcopy(findings.results(findings.study("residual")))
    for name in ("curves", "mechanism"):
        found["tables"][name] = [row for row in found["tables"][name] if row["variant"] != "without"]
    view = View(findings.study("residual"), found)
    assert style.render(panels.curves(view, ["train_loss"]))
    assert style.render(panels.profiles(view, "gradient_norm"))


def test_shares_stand_on_an_axis_from_none_to_all() -> None:
    """Half of them are zero, which a logarithm has no place for."""
    found = copy.deepcopy(findings.results(findings.study("residual")))
    for row in found["tables"]["mechanism"]:
        row |= {"name": "dead_units", "average": "arithmetic", "low": 0.0, "high": 0.5, "mean": 0.5 * (row["x"] > 0.4)}
    view = View(findings.study("residual"), found)
    for ax in panels.profiles(view, "dead_units").axes:
        assert (ax.get_yscale(), *ax.get_ylim()) == ("linear", -0.03, 1.03)
    told = panels.profiles_caption(view, "dead_units").caption
    assert told.startswith("Share of dead units along the network, at the last evaluation")
    assert "arithmetic mean" in told
    assert "leave the frame" not in told


def test_a_study_of_which_nothing_is_measured_still_has_its_figure(tmp_path: Path) -> None:
    view = findings.view("residual", criteria={}, verdicts=[], tables={}, unmeasured=[])
    shown = sections.main_figure(view, str(tmp_path / "figure")).text
    assert "Nothing was measured." in shown
    assert {path.name for path in tmp_path.iterdir()} == {"figure.svg", "figure.pdf", "figure.png"}


def test_a_ladder_without_a_verdict_is_not_drawn() -> None:
    study = findings.study("residual")
    other = replace(study.ladders["examples"], name="other")
    wider = replace(study, ladders=study.ladders | {"other": other})
    drawn = [ladder.name for ladder in View(wider, findings.results(study) | {"digest": wider.digest}).ladders]
    assert drawn[0] == "depth"
    assert set(drawn) == set(study.ladders)


def test_a_ladder_of_a_single_level_draws() -> None:
    study = findings.study("residual")
    ladders = {"depth": replace(study.ladders["depth"], levels=(8,))}
    short = replace(study, ladders=ladders, tune=replace(study.tune, cells=("base",)), clock=None)
    assert staircase(View(short, findings.results(short)))


@pytest.mark.parametrize("name", ["residual", "forget_gate"])
def test_learning_curves_draw(name: str) -> None:
    drawn = texts(style.render(panels.curves(findings.view(name), ["train_loss", "val_loss"])))
    assert "training loss (nats)" in drawn
    assert "n = 10" in drawn


def test_scalars_and_survival_of_an_evaluated_ladder() -> None:
    view = findings.view("forget_gate")
    assert "largest cell state" in texts(style.render(panels.scalars(view, ["largest_cell_state"])))
    assert "runs at risk" in texts(style.render(survival.draw(view, view.study.ladders["length"])))


def test_what_theory_says_is_drawn_over_what_it_is_theory_of() -> None:
    view = findings.view("forget_gate")
    tables = view.results["tables"]
    cells = [row for row in tables["mechanism"] if row["name"] == "largest_cell_state"]
    known = [row | {"name": "largest_cell_state_in_theory"} for row in cells]
    more = {**tables, "mechanism": [*tables["mechanism"], *known]}
    told = View(view.study, {**view.results, "tables": more})
    names = ["largest_cell_state", "largest_cell_state_in_theory"]
    drawn = panels.scalars(told, names)
    assert len(drawn.axes) == 1
    bars = [line for line in drawn.axes[0].lines if line.get_marker() == "_" and line.get_color() == style.INK]
    drawn_over = sum(np.size(line.get_xdata()) for line in bars)
    assert drawn_over == len([row for row in known if row["cell"] in view.leading]) > 1
    assert "theory" not in texts(style.render(drawn))
    assert "black bar: what theory says" in panels.scalars_caption(told, names).caption
    assert "theory" not in panels.scalars_caption(view, names[:1]).caption


def test_a_variant_that_lacks_what_is_measured_is_left_out_and_named() -> None:
    view = findings.view("forget_gate")
    for row in view.results["tables"]["mechanism"]:
        if row["variant"] == "without":
            row.update(mean=TINY, low=TINY, high=TINY)
    told = panels.scalars_caption(view, ["largest_cell_state"])
    assert told.caption.endswith("Zero throughout, and left out: without.")
    assert "without" not in told.alt
    drawn = texts(style.render(panels.scalars(view, ["largest_cell_state"])))
    assert "1e-38" not in drawn


def test_two_variants_of_a_role_differ_without_colour() -> None:
    looks = style.looks({"with": "with", "a": "factorial", "b": "factorial"})
    assert looks["a"].filled
    assert not looks["b"].filled
    assert len({(look.marker, str(look.dash)) for look in style.LOOKS.values()}) == len(style.LOOKS)


def test_what_is_read_aloud_says_what_is_drawn() -> None:
    view = findings.view("residual")
    words = threshold.caption(view, view.ladders[0])
    first, second, third, *_ = view.ladders[0].levels
    assert f"without: 10/10 at {first}, 10/10 at {second}, 0/10 at {third}" in words.alt
    assert "held-out loss < 1.16" in words.caption


RATIOS = [
    ("RELAXED", {"value": None, "low": 2.5, "high": None}, "&gt; 2.5×"),
    ("RELAXED", {"value": 40.0, "low": 20.0, "high": 80.0}, "(20 to 80)"),
    ("TIGHTENED", {"value": None, "low": None, "high": 0.2}, "&lt; 0.2×"),
    ("UNCHANGED", {"value": 1.0, "low": 0.95, "high": 1.05}, "(0.95 to 1.05)"),
    ("INCONCLUSIVE", {"value": None, "low": None, "high": None}, "ladder too"),
]


@pytest.mark.parametrize(("word", "rho", "printed"), RATIOS)
def test_the_heat_map_marks_every_verdict(word: str, rho: dict[str, Any], printed: str) -> None:
    found = findings.results(findings.study("residual"))
    reason = "ladder too coarse" if word == "INCONCLUSIVE" else None
    verdicts = [v | {"verdict": word, "rho": rho, "reason": reason} for v in found["verdicts"]]
    drawn = texts(style.render(heatmap.draw([found | {"verdicts": verdicts}])))
    assert f"{MARKS[word]} (n = 10)" in drawn
    assert printed in drawn


def test_the_heat_map_says_why_a_cell_is_empty() -> None:
    found = [findings.results(findings.study(name)) for name in STUDIES]
    found[0]["verdicts"] = [v for v in found[0]["verdicts"] if v["constraint"] != "data"]
    found[0]["unmeasured"] = [{"constraint": "data", "why": "its ladder examples is not climbed at scale laptop"}]
    drawn = texts(style.render(heatmap.draw(found)))
    assert "a  its ladder examples is not climbed at scale laptop" in drawn
    assert "b  no counter" in drawn
    assert style.render(heatmap.draw(found)) == style.render(heatmap.draw(found))
