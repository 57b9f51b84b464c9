"""The figures of a study's report. Every one shows n and intervals, and reads in greyscale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from ablatlas.report.numbers import number
from ablatlas.report.style import DOUBLE, FAINT, INK, SINGLE, Look, letter, looks, styled
from ablatlas.report.text import words
from ablatlas.report.view import Row, Rows, View

if TYPE_CHECKING:
    from ablatlas.study import Ladder

LIFT = 0.014  # of the share axis: how far curves that coincide are moved apart
DODGE = 0.035  # of the level axis: how far points of one level are moved apart
PER_ROW = 4  # panels side by side
LOG_FROM = 20.0  # a spread of values from which an axis is logarithmic
NATS = {"loss", "train_loss", "val_loss", "test_loss"}  # every task's loss is a cross-entropy in nats


# --- a ladder: who solves which level, where the exact brackets lie, and the metric behind it ---------------------


@styled
def ladder(view: View, ladder: Ladder) -> Figure:
    """Solved shares with Wilson intervals, the brackets under them, and the metric with its t intervals beside."""
    rows = len(_brackets(view, ladder))
    figure = Figure(figsize=(DOUBLE, 2.6 + 0.16 * rows), layout="constrained")
    grid = figure.add_gridspec(2, 2, height_ratios=[2.2, 0.25 + 0.16 * rows], width_ratios=[1, 1])
    shares, brackets = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[1, 0])
    metric = figure.add_subplot(grid[:, 1])
    _draw_shares(shares, view, ladder)
    _draw_brackets(brackets, view, ladder)
    _draw_metric(metric, view, ladder)
    letter((shares, brackets, metric))
    _legend(figure, view)
    return figure


def _draw_shares(ax: Axes, view: View, ladder: Ladder) -> None:
    axis = LevelAxis(ladder)
    for k, (name, look) in enumerate(looks(view.roles).items()):
        rows = view.table("levels", ladder=ladder.name, variant=name)
        lift = _spread(k, len(view.roles)) * LIFT
        x, y = [axis.at(r["level"]) for r in rows], [r["share"] + lift for r in rows]
        moved = [v + _spread(k, len(view.roles)) * DODGE * axis.step for v in x]
        ax.step(*_stairs(x, y, axis), where="post", color=look.color, linestyle=look.dash, linewidth=1.1)
        _intervals(ax, moved, y, [r["low"] + lift for r in rows], [r["high"] + lift for r in rows], look)
    ax.axhline(0.5, color=FAINT, linewidth=0.6, linestyle=":")
    ax.set_ylim(-0.06, 1.06)
    ax.set_ylabel(f"share of runs solved\n({_sample(view.table('levels', ladder=ladder.name))})")
    axis.dress(ax, labels=False)


def _stairs(x: Sequence[float], y: Sequence[float], axis: LevelAxis) -> tuple[list[float], list[float]]:
    """Corners of a staircase whose steps lie midway between the levels."""
    middles = [(a + b) / 2 for a, b in zip(x, x[1:], strict=False)]
    return [axis.left, *middles, axis.right], [*y, y[-1]]


def _draw_brackets(ax: Axes, view: View, ladder: Ladder) -> None:
    axis, look = LevelAxis(ladder), looks(view.roles)
    brackets = _brackets(view, ladder)
    for row, (name, bracket) in enumerate(brackets.items()):
        low = axis.left if bracket["low"] is None else axis.at(bracket["low"])
        high = axis.right if bracket["high"] is None else axis.at(bracket["high"])
        ax.plot([low, high], [row, row], color=look[name].color, linewidth=3.2, solid_capstyle="butt")
        _end(ax, low, row, look[name], "<" if bracket["low"] is None else "|")
        _end(ax, high, row, look[name], ">" if bracket["high"] is None else "|")
    ax.set_yticks(range(len(brackets)), list(brackets))
    ax.set_ylim(len(brackets) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    axis.dress(ax)
    for edge in ("left",):
        ax.spines[edge].set_visible(False)
    ax.set_xlabel(f"{words(ladder.name)}: half of the runs fail within the bar")


def _end(ax: Axes, x: float, row: int, look: Look, marker: str) -> None:
    ax.plot([x], [row], marker=marker, markersize=6, color=look.color, markeredgewidth=1.4, clip_on=False)


def _brackets(view: View, ladder: Ladder) -> dict[str, Row]:
    """Bracket of every variant on a ladder at one level of confidence: that of the headline where it is in it."""
    verdicts = [v for v in view.verdicts if v["ladder"] == ladder.name]
    found: dict[str, Row] = {}
    for verdict in sorted(verdicts, key=lambda v: v["role"] != "without"):
        for name, bracket in verdict["brackets"].items():
            found.setdefault(name, bracket)
    return {name: found[name] for name in view.roles if name in found}


def _draw_metric(ax: Axes, view: View, ladder: Ladder) -> None:
    axis, rows = LevelAxis(ladder), view.table("levels", ladder=ladder.name)
    for k, (name, look) in enumerate(looks(view.roles).items()):
        mine = [r for r in rows if r["variant"] == name and r["mean"] is not None]
        x = [axis.at(r["level"]) + _spread(k, len(view.roles)) * DODGE * axis.step for r in mine]
        ax.plot(x, [r["mean"] for r in mine], **(look.line | {"marker": ""}))
        _intervals(ax, x, *([r[key] for r in mine] for key in ("mean", "mean_low", "mean_high")), look=look)
    _scale(ax, [r["mean"] for r in rows])
    _references(ax, view.results["criteria"][ladder.name])
    name = rows[0]["metric"] if rows else "metric"
    ax.set_ylabel(f"{_unit(name)}, mean and 95 % interval")
    ax.set_xlabel(words(ladder.name))
    axis.dress(ax)


def _references(ax: Axes, criterion: Row) -> None:
    """The criterion's value and, where the task has one, the score of a predictor that ignores its input."""
    lines = {"solved " + criterion["op"]: (criterion["value"], "--"), "ignores its input": (criterion.get("cap"), ":")}
    for text, (value, dash) in lines.items():
        if value is None:
            continue
        ax.axhline(value, color=FAINT, linewidth=0.8, linestyle=dash, zorder=0)
        ax.annotate(
            f"{text} {number(value)}",
            xy=(1, value),
            xycoords=("axes fraction", "data"),
            xytext=(0, 1.5),
            textcoords="offset points",
            ha="right",
            fontsize=6.5,
            color=FAINT,
        )


def _intervals(
    ax: Axes,
    x: Sequence[float],
    y: Sequence[float],
    low: Sequence[float | None],
    high: Sequence[float | None],
    look: Look,
) -> None:
    """Points with intervals; a point without one stands alone."""
    below = [0.0 if a is None else max(0.0, v - a) for v, a in zip(y, low, strict=True)]
    above = [0.0 if a is None else max(0.0, a - v) for v, a in zip(y, high, strict=True)]
    ax.errorbar(x, y, yerr=[below, above], elinewidth=0.8, capsize=1.6, **(look.line | {"linestyle": "none"}))


def _spread(k: int, count: int) -> float:
    """Positions around 0, one unit apart."""
    return k - (count - 1) / 2


class LevelAxis:
    """Where the levels of a ladder stand: by their logarithm where all are positive; open ends leave room."""

    def __init__(self, ladder: Ladder) -> None:
        self.levels = [float(level) for level in ladder.levels]
        self.log = min(self.levels) > 0
        places = [self.at(level) for level in self.levels]
        self.step = min(np.diff(sorted(places)), default=1.0)
        margin = 0.55 * max(self.step, (max(places) - min(places)) / 10)
        self.left, self.right = min(places) - margin, max(places) + margin

    def at(self, level: float) -> float:
        return math.log2(level) if self.log else level

    def dress(self, ax: Axes, labels: bool = True) -> None:
        """Ticks at the levels, and limits that an open bracket reaches."""
        ax.set_xlim(self.left, self.right)
        ax.xaxis.set_major_locator(FixedLocator([self.at(level) for level in self.levels]))
        ax.set_xticklabels([f"{level:g}" for level in self.levels] if labels else [])


# --- small multiples over cells -----------------------------------------------------------------------------------


@styled
def curves(view: View, metrics: Sequence[str]) -> Figure:
    """Learning curves, mean and 95 % interval over seeds: a panel for each metric and cell."""
    panels = [(m, cell) for m in metrics for cell in _cells(view.table("curves", metric=m))]
    figure, axes = _panels(len(panels))
    for ax, (metric, cell) in zip(axes, panels, strict=True):
        rows = view.table("curves", metric=metric, cell=cell)
        _bands(ax, view, rows, "step")
        ax.set_title(_title(view, cell, rows))
        _scale(ax, [r["mean"] for r in rows])
        ax.xaxis.set_major_locator(MaxNLocator(3))
    _share_labels(axes, "step", [_unit(metric) for metric, _ in panels])
    _same_limits(axes, [metric for metric, _ in panels])
    _legend(figure, view)
    return figure


@styled
def profiles(view: View, name: str) -> Figure:
    """A mechanism variable along the network's depth at the end of training: a panel for each cell."""
    cells = _cells(view.table("mechanism", name=name))
    figure, axes = _panels(len(cells))
    for ax, cell in zip(axes, cells, strict=True):
        rows = [r for r in view.table("mechanism", name=name, cell=cell) if r["x"] is not None]
        _bands(ax, view, rows, "x", markers=True)
        ax.set_title(_title(view, cell, rows))
        ax.set_yscale("log")
        ax.set_xlim(-0.05, 1.05)
        ax.set_xticks([0, 0.5, 1], ["0", "½", "1"])
    _share_labels(axes, "relative depth (0 input, 1 output)", [words(name)] * len(cells))
    _same_limits(axes, [name] * len(cells))
    _legend(figure, view)
    return figure


@styled
def scalars(view: View, names: Sequence[str]) -> Figure:
    """Mechanism variables that are one number a run, mean and 95 % interval: a panel each, a place for each cell."""
    figure, axes = _panels(len(names), width=SINGLE if len(names) == 1 else DOUBLE)
    for ax, name in zip(axes, names, strict=True):
        rows = view.table("mechanism", name=name)
        cells = _cells(rows)
        for k, (variant, look) in enumerate(looks(view.roles).items()):
            mine = [r for r in rows if r["variant"] == variant]
            x = [cells.index(r["cell"]) + _spread(k, len(view.roles)) * 0.8 / len(view.roles) for r in mine]
            _intervals(ax, x, *([r[key] for r in mine] for key in ("mean", "low", "high")), look=look)
        ax.set_xticks(range(len(cells)), [_short(view, cell) for cell in cells])
        ax.set_xlim(-0.6, len(cells) - 0.4)
        ax.set_title(words(name))
        ax.set_ylabel(f"{words(name)}\n({_sample(rows)})")
        _scale(ax, [r["mean"] for r in rows])
    _legend(figure, view)
    return figure


@styled
def survival(view: View, ladder: Ladder) -> Figure:
    """Kaplan–Meier curves over an evaluated ladder with Wilson intervals, and the runs at risk below."""
    figure = Figure(figsize=(DOUBLE * 0.7, 2.4 + 0.14 * len(view.roles)), layout="constrained")
    ax, risk = figure.subplots(2, 1, height_ratios=[2.0, 0.14 * len(view.roles)], sharex=True)
    axis = LevelAxis(ladder)
    for k, (name, look) in enumerate(looks(view.roles).items()):
        rows = view.table("survival", ladder=ladder.name, variant=name)
        x, lift = [axis.at(r["level"]) for r in rows], _spread(k, len(view.roles)) * LIFT
        y = [r["surviving"] + lift for r in rows]
        ax.step([axis.left, *x, axis.right], [1 + lift, *y, y[-1]], where="post", color=look.color, linestyle=look.dash)
        moved = [v + _spread(k, len(view.roles)) * DODGE * axis.step for v in x]
        _intervals(ax, moved, y, [r["low"] + lift for r in rows], [r["high"] + lift for r in rows], look)
        for place, row in zip(x, rows, strict=True):
            risk.text(place, k, str(row["at_risk"]), ha="center", va="center", color=INK, fontsize=6.5)
    ax.set_ylim(-0.06, 1.06)
    ax.set_ylabel(f"share of runs without\na failure so far ({_sample(view.table('levels', ladder=ladder.name))})")
    ax.tick_params(axis="x", labelbottom=False)
    _dress_risk(risk, view, ladder, axis)
    _legend(figure, view)
    return figure


def _dress_risk(ax: Axes, view: View, ladder: Ladder, axis: LevelAxis) -> None:
    ax.set_yticks(range(len(view.roles)), list(view.roles))
    ax.set_ylim(len(view.roles) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_title("runs at risk", loc="left", fontsize=6.5, pad=2)
    axis.dress(ax)
    ax.set_xlabel(words(ladder.name))


# --- shared -------------------------------------------------------------------------------------------------------


def _panels(count: int, width: float = DOUBLE) -> tuple[Figure, list[Axes]]:
    """A figure of `count` panels, at most PER_ROW side by side."""
    columns = min(count, PER_ROW) if count != PER_ROW + 1 else 3
    lines = math.ceil(count / columns)
    if count == 1:
        width = SINGLE
    figure = Figure(figsize=(width, 0.5 + 1.55 * lines if count > 1 else 2.4), layout="constrained")
    grid = figure.subplots(lines, columns, squeeze=False)
    for spare in grid.flat[count:]:
        spare.remove()
    return figure, list(grid.flat[:count])


def _bands(ax: Axes, view: View, rows: Rows, x: str, markers: bool = False) -> None:
    """A line per variant with its interval as a band."""
    for name, look in looks(view.roles).items():
        mine = [r for r in rows if r["variant"] == name and r["mean"] is not None]
        if not mine:
            continue
        at, mean = [r[x] for r in mine], [r["mean"] for r in mine]
        every = 1 if markers else max(1, len(at) // 4)
        ax.plot(at, mean, **look.line, markersize=3, markevery=every)
        banded = [r for r in mine if r["low"] is not None]
        ax.fill_between(
            [r[x] for r in banded],
            [r["low"] for r in banded],
            [r["high"] for r in banded],
            color=look.color,
            alpha=0.18,
            linewidth=0,
        )


def _cells(rows: Rows) -> list[str]:
    return list(dict.fromkeys(row["cell"] for row in rows))


def _short(view: View, cell: str) -> str:
    """A cell by its level on the main ladder, as `depth 20`."""
    main = view.main_ladder
    if cell != "base":
        return cell.replace("=", " ")
    return f"{main.name} {main.reference:g}" if main and not main.evaluated else "base"


def _title(view: View, cell: str, rows: Rows) -> str:
    return f"{_short(view, cell)} ({_sample(rows)})"


def _sample(rows: Rows) -> str:
    """The seeds behind some rows, as `n = 10`, or as a range where they differ."""
    found = sorted({row["n"] for row in rows}) or [0]
    return f"n = {found[0]}" if len(found) == 1 else f"n = {found[0]}–{found[-1]}"


def _unit(metric: str) -> str:
    return words(metric) + (" (nats)" if metric in NATS else "")


def _scale(ax: Axes, values: Sequence[float | None]) -> None:
    """A logarithmic axis for values that spread far; plain numbers on it."""
    known = [v for v in values if v is not None]
    if not known or min(known) <= 0 or max(known) / min(known) < LOG_FROM:
        return
    ax.set_yscale("log")
    ax.set_ylim(min(known) / 1.8, max(known) * 1.8)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    ax.yaxis.set_minor_locator(NullLocator())


def _share_labels(axes: Sequence[Axes], x: str, y: Sequence[str]) -> None:
    """Axis labels where they are needed: the foot of each column, the head of each line and each new quantity."""
    columns = axes[0].get_subplotspec().get_gridspec().ncols  # type: ignore[union-attr]
    for k, ax in enumerate(axes):
        if k + columns >= len(axes):
            ax.set_xlabel(x)
        if k % columns == 0 or y[k] != y[k - 1]:
            ax.set_ylabel(y[k])


def _same_limits(axes: Sequence[Axes], groups: Sequence[Any]) -> None:
    """Equal value axes for panels of the same quantity."""
    for group in dict.fromkeys(groups):
        members = [ax for ax, name in zip(axes, groups, strict=True) if name == group]
        if any(ax.get_yscale() == "log" for ax in members):
            for ax in members:
                ax.set_yscale("log")
        low, high = min(ax.get_ylim()[0] for ax in members), max(ax.get_ylim()[1] for ax in members)
        for ax in members:
            ax.set_ylim(low, high)


def _legend(figure: Figure, view: View) -> None:
    handles = [Line2D([], [], **look.line, label=view.label(name)) for name, look in looks(view.roles).items()]
    figure.legend(handles=handles, loc="outside upper center", ncols=min(4, len(handles)), handlelength=3.2)
