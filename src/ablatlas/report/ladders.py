"""Figures of a ladder: who solves which level, where the exact brackets lie, how far along it runs last."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from ablatlas.report.drawing import intervals, legend, quantity, sample, scale, spread
from ablatlas.report.numbers import number
from ablatlas.report.style import DOUBLE, FAINT, INK, SINGLE, Look, letter, looks, styled
from ablatlas.report.text import sign, words
from ablatlas.report.view import Row, Rows, View

if TYPE_CHECKING:
    from ablatlas.study import Ladder

LIFT = 0.014  # of the share axis: how far curves that coincide are moved apart
DODGE = 0.09  # of the smallest step between levels: how far points of one level are moved apart
LINE = 0.16  # height of a line of small print, inches


class LevelAxis:
    """Where the levels of a ladder stand: by their logarithm where all are positive; open ends leave room."""

    def __init__(self, ladder: Ladder) -> None:
        self.levels = [float(level) for level in ladder.levels]
        self.log = min(self.levels) > 0
        places = [self.at(level) for level in self.levels]
        self.step = min((b - a for a, b in itertools.pairwise(places)), default=1.0)
        margin = 0.55 * max(self.step, (places[-1] - places[0]) / 10)
        self.left, self.right = places[0] - margin, places[-1] + margin

    def at(self, level: float) -> float:
        """The place of a level."""
        return math.log2(level) if self.log else level

    def beside(self, levels: Sequence[float], k: int, count: int) -> list[float]:
        """Places of levels, moved aside for the `k`th of `count` variants."""
        return [self.at(level) + spread(k, count) * DODGE * self.step for level in levels]

    def dress(self, ax: Axes, labels: bool = True) -> None:
        """Ticks at the levels, and limits that an open bracket reaches."""
        ax.set_xlim(self.left, self.right)
        ax.xaxis.set_major_locator(FixedLocator([self.at(level) for level in self.levels]))
        ax.set_xticklabels([f"{level:g}" for level in self.levels] if labels else [])


# --- solved shares, brackets, and the metric behind them ---


@styled
def staircase(view: View, ladder: Ladder) -> Figure:
    """Solved shares with Wilson intervals, brackets under them, the metric with its t intervals beside."""
    rows = len(_brackets(view, ladder))
    figure = Figure(figsize=(DOUBLE, 2.6 + LINE * rows), layout="constrained")
    grid = figure.add_gridspec(2, 2, height_ratios=[2.2, 0.25 + LINE * rows])
    shares, brackets = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[1, 0])
    metric = figure.add_subplot(grid[:, 1])
    _draw_shares(shares, view, ladder)
    _draw_brackets(brackets, view, ladder)
    _draw_metric(metric, view, ladder)
    letter((shares, brackets, metric))
    legend(figure, view)
    return figure


def _draw_shares(ax: Axes, view: View, ladder: Ladder) -> None:
    axis, all_looks = LevelAxis(ladder), looks(view.roles)
    for k, (name, look) in enumerate(all_looks.items()):
        rows = view.table("levels", ladder=ladder.name, variant=name)
        lift = spread(k, len(all_looks)) * LIFT
        y = [row["share"] + lift for row in rows]
        ax.step(*_stairs([axis.at(row["level"]) for row in rows], y, axis), where="post", **_bare(look))
        _shares_with_intervals(ax, look, axis.beside([r["level"] for r in rows], k, len(all_looks)), y, rows, lift)
    ax.axhline(0.5, color=FAINT, linewidth=0.6, linestyle=":")
    ax.set_ylim(-0.06, 1.06)
    ax.set_ylabel(f"share of runs solved\n({sample(view.table('levels', ladder=ladder.name))})")
    axis.dress(ax, labels=False)


def _shares_with_intervals(
    ax: Axes, look: Look, x: Sequence[float], y: Sequence[float], rows: Rows, lift: float
) -> None:
    intervals(ax, look, x, y, [row["low"] + lift for row in rows], [row["high"] + lift for row in rows])


def _bare(look: Look) -> dict[str, Any]:
    """A look without its markers."""
    return look.line | {"marker": ""}


def _stairs(x: Sequence[float], y: Sequence[float], axis: LevelAxis) -> tuple[list[float], list[float]]:
    """Corners of a staircase whose steps lie midway between the levels."""
    middles = [(a + b) / 2 for a, b in itertools.pairwise(x)]
    return [axis.left, *middles, axis.right], [*y, y[-1]]


def _draw_brackets(ax: Axes, view: View, ladder: Ladder) -> None:
    axis, all_looks, brackets = LevelAxis(ladder), looks(view.roles), _brackets(view, ladder)
    for row, (name, bracket) in enumerate(brackets.items()):
        low = axis.left if bracket["low"] is None else axis.at(bracket["low"])
        high = axis.right if bracket["high"] is None else axis.at(bracket["high"])
        ax.plot([low, high], [row, row], color=all_looks[name].color, linewidth=3.2, solid_capstyle="butt")
        _end(ax, low, row, all_looks[name], "<" if bracket["low"] is None else "|")
        _end(ax, high, row, all_looks[name], ">" if bracket["high"] is None else "|")
    ax.set_yticks(range(len(brackets)), list(brackets))
    ax.set_ylim(len(brackets) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0, pad=7)
    ax.spines["left"].set_visible(False)
    axis.dress(ax)
    ax.set_xlabel(f"{words(ladder.name)} (half of the runs fail within the bar)")


def _end(ax: Axes, x: float, row: int, look: Look, marker: str) -> None:
    ax.plot([x], [row], marker=marker, markersize=6, color=look.color, markeredgewidth=1.4, clip_on=False)


def _brackets(view: View, ladder: Ladder) -> dict[str, Row]:
    """Every variant's bracket on a ladder, from the plain ablation's verdict where it stands in that."""
    verdicts = [v for v in view.verdicts if v["ladder"] == ladder.name]
    found: dict[str, Row] = {}
    for verdict in sorted(verdicts, key=lambda v: v["role"] != "without"):
        for name, bracket in verdict["brackets"].items():
            found.setdefault(name, bracket)
    return {name: found[name] for name in view.roles if name in found}


def _draw_metric(ax: Axes, view: View, ladder: Ladder) -> None:
    axis, rows, all_looks = LevelAxis(ladder), view.table("levels", ladder=ladder.name), looks(view.roles)
    for k, (name, look) in enumerate(all_looks.items()):
        mine = [row for row in rows if row["variant"] == name and row["mean"] is not None]
        x = axis.beside([row["level"] for row in mine], k, len(all_looks))
        mean, low, high = ([row[key] for row in mine] for key in ("mean", "mean_low", "mean_high"))
        ax.plot(x, mean, **_bare(look))
        intervals(ax, look, x, mean, low, high)
    scale(ax, rows, ("mean", "mean_low", "mean_high"))
    criterion = view.results["criteria"][ladder.name]
    _references(ax, criterion, view.cap(ladder))
    ax.set_ylabel(f"{quantity(criterion['metric'])}, mean and 95 % interval")
    ax.set_xlabel(words(ladder.name))
    axis.dress(ax)


def _references(ax: Axes, criterion: Row, cap: float | None) -> None:
    """The criterion's value and, where there is one, the cap; named in the right margin, clear of the data."""
    solved = f"solved\n{sign(criterion['op'])} "
    for text, value, dash in ((solved, criterion["value"], "--"), ("cap\n", cap, ":")):
        if value is None:
            continue
        ax.axhline(value, color=FAINT, linewidth=0.8, linestyle=dash, zorder=0)
        ax.annotate(
            f"{text}{number(value)}",
            xy=(1, value),
            xycoords=("axes fraction", "data"),
            xytext=(3, 0),
            textcoords="offset points",
            annotation_clip=False,
            va="center",
            linespacing=0.95,
            fontsize=6.5,
            color=FAINT,
        )


@styled
def nothing() -> Figure:
    """The figure of a study of which no ladder was measured: it says so, so that it cannot be taken for lost."""
    figure = Figure(figsize=(SINGLE, 0.8))
    figure.text(0.5, 0.5, "no ladder was measured at this scale", ha="center", va="center", color=FAINT)
    return figure


# --- survival along an evaluated ladder ---


@styled
def survival(view: View, ladder: Ladder) -> Figure:
    """Kaplan–Meier curves over an evaluated ladder with Wilson intervals, and the runs at risk below."""
    lines = LINE * len(view.roles)
    figure = Figure(figsize=(0.7 * DOUBLE, 2.4 + lines), layout="constrained")
    ax, risk = figure.subplots(2, 1, height_ratios=[2.0, lines], sharex=True)
    _draw_survival(ax, view, ladder)
    _draw_risk(risk, view, ladder)
    legend(figure, view)
    return figure


def _draw_survival(ax: Axes, view: View, ladder: Ladder) -> None:
    axis, all_looks = LevelAxis(ladder), looks(view.roles)
    for k, (name, look) in enumerate(all_looks.items()):
        rows = view.table("survival", ladder=ladder.name, variant=name)
        lift = spread(k, len(all_looks)) * LIFT
        levels, y = [row["level"] for row in rows], [row["surviving"] + lift for row in rows]
        x = [axis.left, *map(axis.at, levels), axis.right]
        ax.step(x, [1 + lift, *y, y[-1]], where="post", **_bare(look))
        _shares_with_intervals(ax, look, axis.beside(levels, k, len(all_looks)), y, rows, lift)
    ax.set_ylim(-0.06, 1.06)
    n = sample(view.table("levels", ladder=ladder.name))
    ax.set_ylabel(f"share of runs without\na failure so far ({n})")
    ax.tick_params(axis="x", labelbottom=False)


def _draw_risk(ax: Axes, view: View, ladder: Ladder) -> None:
    axis, names = LevelAxis(ladder), list(view.roles)
    for row in view.table("survival", ladder=ladder.name):
        place = axis.at(row["level"]), names.index(row["variant"])
        ax.text(*place, str(row["at_risk"]), ha="center", va="center", color=INK, fontsize=6.5)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_title("runs at risk", loc="left", fontsize=6.5, pad=2)
    axis.dress(ax)
    ax.set_xlabel(words(ladder.name))
