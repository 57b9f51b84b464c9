"""The figure of a ladder whose runs are solved or not: shares, exact brackets, and the metric behind them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ablatlas.report.axes import LevelAxis, margin_note
from ablatlas.report.captions import Words, by_variant
from ablatlas.report.drawing import intervals, legend, quantity, sample, scale, spread
from ablatlas.report.numbers import number
from ablatlas.report.style import DOUBLE, FAINT, SINGLE, Look, letter, looks, styled
from ablatlas.report.view import Row, Rows, View
from ablatlas.report.words import sign, words

if TYPE_CHECKING:
    from ablatlas.study import Ladder

LIFT = 0.014  # of the share axis: how far curves that coincide are moved apart
LINE = 0.16  # height of a line of small print, inches
APART = "coinciding curves are moved apart slightly"


@styled
def draw(view: View, ladder: Ladder) -> Figure:
    """Solved shares with Wilson intervals, brackets under them, the metric with its t intervals beside."""
    lines = len(brackets(view, ladder))
    figure = Figure(figsize=(DOUBLE, 2.6 + LINE * lines), layout="constrained")
    grid = figure.add_gridspec(2, 2, height_ratios=[2.2, 0.25 + LINE * lines])
    shares, bars = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[1, 0])
    metric = figure.add_subplot(grid[:, 1])
    rows = view.table("levels", ladder=ladder.name)
    shown = looks(view.shown(rows))
    _draw_shares(shares, ladder, rows, shown)
    _draw_brackets(bars, view, ladder, shown)
    _draw_metric(metric, view, ladder, rows, shown)
    letter((shares, bars, metric))
    legend(figure, view, shown)
    return figure


def _draw_shares(ax: Axes, ladder: Ladder, rows: Rows, shown: Mapping[str, Look]) -> None:
    axis = LevelAxis(ladder)
    for k, (name, look) in enumerate(shown.items()):
        mine = [row for row in rows if row["variant"] == name]
        lift = spread(k, len(shown)) * LIFT
        y = [row["share"] + lift for row in mine]
        ax.step(*_stairs([axis.at(row["level"]) for row in mine], y, axis), where="post", **look.bare)
        x = axis.beside([row["level"] for row in mine], k, len(shown))
        intervals(ax, look, x, y, [row["low"] + lift for row in mine], [row["high"] + lift for row in mine])
    ax.axhline(0.5, color=FAINT, linewidth=0.6, linestyle=":")
    ax.set_ylim(-0.06, 1.06)
    ax.set_ylabel(f"share of runs solved\n({sample(rows)})")
    axis.dress(ax, labels=False)


def _stairs(x: Sequence[float], y: Sequence[float], axis: LevelAxis) -> tuple[list[float], list[float]]:
    """Corners of a staircase whose steps lie midway between the levels."""
    middles = [(a + b) / 2 for a, b in itertools.pairwise(x)]
    return [axis.left, *middles, axis.right], [*y, y[-1]]


def _draw_brackets(ax: Axes, view: View, ladder: Ladder, shown: Mapping[str, Look]) -> None:
    axis, found = LevelAxis(ladder), brackets(view, ladder)
    for row, (name, bracket) in enumerate(found.items()):
        color = shown[name].color
        if ladder.measure == "edges":
            _draw_block(ax, axis, row, bracket, color)
        for part in edges(bracket) if ladder.measure == "edges" else (bracket,):
            _draw_bracket(ax, axis, row, part, color)
    ax.set_yticks(range(len(found)), list(found))
    ax.set_ylim(len(found) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0, pad=7)
    ax.spines["left"].set_visible(False)
    axis.dress(ax)
    within = "an edge lies within each bar" if ladder.measure == "edges" else "half of the runs fail within the bar"
    ax.set_xlabel(f"{axis_name(ladder)} ({within})")


def _draw_block(ax: Axes, axis: LevelAxis, row: int, bracket: Row, color: str) -> None:
    """The rates at which most runs are solved for sure: between the inner ends of the two edges."""
    low, high = bracket["inner"]
    if low is not None and high is not None:
        ax.plot([axis.at(low), axis.at(high)], [row, row], color=color, linewidth=0.9)


def _draw_bracket(ax: Axes, axis: LevelAxis, row: int, bracket: Row, color: str) -> None:
    low = axis.left if bracket["low"] is None else axis.at(bracket["low"])
    high = axis.right if bracket["high"] is None else axis.at(bracket["high"])
    ax.plot([low, high], [row, row], color=color, linewidth=3.2, solid_capstyle="butt")
    for place, marker in (
        (low, "<" if bracket["low"] is None else "|"),
        (high, ">" if bracket["high"] is None else "|"),
    ):
        ax.plot([place], [row], marker=marker, markersize=6, color=color, markeredgewidth=1.4, clip_on=False)


def brackets(view: View, ladder: Ladder) -> dict[str, Row]:
    """What every variant's verdict says of where half of its runs are solved, the plain ablation's first.

    A bracket on a threshold ladder; on one of rates where the block of rates begins and ends.
    """
    key, found = "rates" if ladder.measure == "edges" else "brackets", dict[str, Row]()
    for verdict in view.on(ladder):
        for name, bracket in (verdict.get(key) or {}).items():
            found.setdefault(name, bracket)
    return {name: found[name] for name in view.roles if name in found}


def _draw_metric(ax: Axes, view: View, ladder: Ladder, rows: Rows, shown: Mapping[str, Look]) -> None:
    axis = LevelAxis(ladder)
    for k, (name, look) in enumerate(shown.items()):
        mine = [row for row in rows if row["variant"] == name and row["mean"] is not None]
        x = axis.beside([row["level"] for row in mine], k, len(shown))
        mean, low, high = ([row[key] for row in mine] for key in ("mean", "mean_low", "mean_high"))
        ax.plot(x, mean, **look.bare)
        intervals(ax, look, x, mean, low, high)
    scale(ax, rows, ("mean", "mean_low", "mean_high"))
    criterion, cap = view.criterion(ladder), view.cap(ladder)
    if criterion["value"] is not None:
        margin_note(ax, criterion["value"], f"solved\n{sign(criterion['op'])} ")
    if cap is not None:
        margin_note(ax, cap, "cap\n", ":")
    ax.set_ylabel(f"{quantity(criterion['metric'])},\nmean and 95 % interval")
    ax.set_xlabel(axis_name(ladder))
    axis.dress(ax)


def solved_words(criterion: Row) -> str:
    """When a run counts as solved."""
    value = "the midpoint" if criterion["value"] is None else number(criterion["value"])
    return f"{words(criterion['metric'])} {sign(criterion['op'])} {value}"


def edges(rates: Row) -> tuple[Row, Row]:
    """The brackets of the two edges of a block of rates, from where it reaches at most and surely."""
    (first, last), (begins, ends) = rates["outer"], rates["inner"]
    return {"low": first, "high": begins}, {"low": ends, "high": last}


def axis_name(ladder: Ladder) -> str:
    """What a ladder's levels are."""
    return "learning rate" if ladder.measure == "edges" else words(ladder.name)


@styled
def nothing() -> Figure:
    """The figure of a study of which no ladder was measured: it says so, so that it cannot be taken for lost."""
    figure = Figure(figsize=(SINGLE, 0.8))
    figure.text(0.5, 0.5, "no ladder was measured at this scale", ha="center", va="center", color=FAINT)
    return figure


NOTHING = Words("Nothing was measured.", "No ladder of this study was measured at this scale; the limits say why.")
WITHIN: dict[str, str] = {
    "threshold": "each bar holds the level at which half of the runs are solved",
    "edges": "each bar holds the rate at which the runs that are solved become half of all, at the lower and at the "
    "upper edge of the block around the best rate",
}


def caption(view: View, ladder: Ladder) -> Words:
    """Solved shares, brackets, the metric behind them."""
    criterion = view.criterion(ladder)
    metric = words(criterion["metric"])
    solved = solved_words(criterion)
    axis = ladder.path or "read along one evaluation of each run"
    return Words(
        alt=f"Runs solved along {words(ladder.name)}. {by_variant(view, 'levels', ladder)}.",
        caption=f"(a) Share of runs that are solved ({solved}) at each level of {words(ladder.name)} ({axis}), Wilson "
        f"95 % intervals; {APART}. (b) Exact brackets: {WITHIN[ladder.measure]}; an arrow is an open end. (c) The "
        f"same runs' {metric}, mean over seeds and t interval (95 %); runs that did not finish score the cap.",
    )
