"""The atlas drawn in other ways: a forest plot for each constraint, and the studies along the years."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ablatlas.report import numbers
from ablatlas.report.axes import ratio_bar, ratio_limits, ratio_ticks
from ablatlas.report.captions import Words
from ablatlas.report.forest import COLORS, COLUMNS, small, tell
from ablatlas.report.style import DOUBLE, FAINT, INK, styled
from ablatlas.report.view import CONSTRAINTS, Row, Rows, headline
from ablatlas.report.words import CLAIMED, MARKS, measure
from ablatlas.stats.atlas import claimed, measured, outcome

ROW = 0.2  # height of a row, inches


def rows(studies: Rows, constraint: str) -> list[tuple[Row, Row]]:
    """(results, verdict) of every measure of a constraint, study by study, that which stands for the cell first."""
    return [(results, verdict) for results in studies for verdict in measured(results, constraint)]


@styled
def forest(studies: Rows, constraint: str) -> Figure:
    """A row a study and measure: ρ with its interval, and the verdict. Raises ValueError where there is no row."""
    lines = rows(studies, constraint)
    if not lines:
        raise ValueError(f"nothing was measured along {constraint}")
    figure = Figure(figsize=(DOUBLE, 0.75 + ROW * len(lines)), layout="constrained")
    names, ax, told = figure.subplots(1, 3, width_ratios=[2.2, 1.35, 2.5], sharey=True)
    low, high = ratio_limits([verdict["rho"] for _, verdict in lines])
    ax.set_xlim(low, high)
    ax.axvline(0, color=FAINT, linewidth=0.6, zorder=0)
    for y, (results, verdict) in enumerate(lines):
        first = y == 0 or lines[y - 1][0] is not results
        names.text(0, y, results["title"] if first else "", **small(INK), fontweight="bold")
        names.text(0.6, y, measure(verdict) + (" ●" if verdict["primary"] else ""), **small(INK))
        ratio_bar(ax, y, verdict["rho"], COLORS[verdict["verdict"]], "D" if verdict["basis"] == "net" else "o")
        tell(told, y, verdict)
    ratio_ticks(ax.xaxis, low, high)
    ax.set_ylim(len(lines) - 0.4, -0.9)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("ρ")
    for panel in (names, told):
        panel.axis("off")
        panel.set_xlim(0, 1)
    for head, x in COLUMNS:
        told.text(x, -0.95, head, **small(INK), fontweight="bold")
    return figure


def forest_caption(studies: Rows, constraint: str) -> Words:
    """Every row in words."""
    told = "; ".join(
        f"{results['title']}, {measure(v)}: {v['verdict']}, {numbers.ratio(v['rho'])}"
        for results, v in rows(studies, constraint)
    )
    return Words(
        alt=f"ρ along {CONSTRAINTS[constraint]}, of every study. {told}.",
        caption=f"{CONSTRAINTS[constraint].capitalize()}: ρ of every study and measure, with its interval at the level "
        "at which it was decided; ● the registered primary, a diamond a net term, an arrow an open end.",
    )


@styled
def timeline(studies: Rows, years: dict[str, str]) -> Figure:
    """Studies by the year of their paper, oldest first, each with the mark of its verdict on every constraint."""
    ordered = by_year(studies, years)
    figure = Figure(figsize=(DOUBLE, 0.95 + ROW * 1.25 * len(ordered)), layout="constrained")
    line, marks = figure.subplots(1, 2, width_ratios=[1.5, 1], sharey=True)
    for y, results in enumerate(ordered):
        year = int(years[results["study"]])
        line.plot([year], [y], marker="o", color=INK, markersize=4)
        line.axhline(y, color="#E4E4E4", linewidth=0.5, zorder=0)
        for x, constraint in enumerate(CONSTRAINTS):
            _mark(marks, x, y, results, constraint)
    line.set_yticks(range(len(ordered)), [f"{r['title']} ({years[r['study']]})" for r in ordered])
    line.tick_params(axis="y", length=0)
    line.set_ylim(len(ordered) - 0.4, -0.6)
    line.xaxis.get_major_locator().set_params(integer=True)
    line.margins(x=0.12)
    line.set_xlabel("year of publication")
    marks.set_xlim(-0.6, len(CONSTRAINTS) - 0.4)
    marks.set_xticks(range(len(CONSTRAINTS)), list(CONSTRAINTS), rotation=40, ha="left")
    marks.tick_params(length=0, labelleft=False, labeltop=True, labelbottom=False, top=False, bottom=False)
    for spine in (*marks.spines.values(), line.spines["left"]):
        spine.set_visible(False)
    return figure


def by_year(studies: Rows, years: dict[str, str]) -> list[Row]:
    """Studies by the year of their paper, then by name."""
    return sorted(studies, key=lambda results: (years[results["study"]], results["title"]))


def _mark(ax: Axes, x: int, y: int, results: Row, constraint: str) -> None:
    verdict, claim = headline(results, constraint), claimed(results, constraint)
    text, color = ("·", FAINT) if verdict is None else (MARKS[verdict["verdict"]], COLORS[verdict["verdict"]])
    ax.text(x, y, text, color=color, ha="center", va="center", fontsize=8)
    if claim:
        square: dict[str, Any] = {"marker": "s", "markersize": 12, "markerfacecolor": "none", "markeredgecolor": INK}
        ax.plot([x], [y], **square, markeredgewidth=1.4 if claim is True else 0.4, linestyle="none")


def timeline_caption(studies: Rows, years: dict[str, str]) -> Words:
    """Every study with its year and its verdicts in words."""
    told = "; ".join(
        f"{years[r['study']]} {r['title']}: "
        + ", ".join(f"{label} {outcome(r, name)} ({CLAIMED[claimed(r, name)]})" for name, label in CONSTRAINTS.items())
        for r in by_year(studies, years)
    )
    return Words(
        alt=f"Studies by year of publication. {told}.",
        caption="The studies by the year of their paper, with the verdict on each constraint: ▲ relaxed, ▼ tightened, "
        "= unchanged, ? inconclusive, · not measured. A bold square: claimed by the essays; a thin one: implied.",
    )
