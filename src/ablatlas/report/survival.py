"""Survival: how far along an evaluated ladder runs last, and how long they take to a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ablatlas.report.axes import LevelAxis
from ablatlas.report.captions import Words, by_variant
from ablatlas.report.drawing import intervals, legend, sample, spread
from ablatlas.report.numbers import number
from ablatlas.report.staircase import APART, LIFT, LINE
from ablatlas.report.style import DOUBLE, INK, looks, styled
from ablatlas.report.view import Row, View
from ablatlas.report.words import equals, words

if TYPE_CHECKING:
    from ablatlas.study import Ladder


@styled
def draw(view: View, ladder: Ladder) -> Figure:
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
        ax.step([axis.left, *map(axis.at, levels), axis.right], [1 + lift, *y, y[-1]], where="post", **look.bare)
        low, high = ([row[key] + lift for row in rows] for key in ("low", "high"))
        intervals(ax, look, axis.beside(levels, k, len(all_looks)), y, low, high)
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


def caption(view: View, ladder: Ladder) -> Words:
    """Of the survival along an evaluated ladder."""
    return Words(
        alt=f"Survival along {words(ladder.name)}. {by_variant(view, 'survival', ladder)}.",
        caption=f"How far along {words(ladder.name)} runs last: Kaplan–Meier estimate of the share without a failure "
        f"up to and at each level, Wilson 95 % intervals; below, runs at risk; {APART}. "
        + " ".join(_log_ranks(view, ladder)),
    )


def _log_ranks(view: View, ladder: Ladder) -> list[str]:
    return [
        f"Log-rank, {v['numerator']} against {v['denominator']}: {_log_rank(v['log_rank'])}."
        for v in view.on(ladder)
        if v.get("log_rank")
    ]


def _log_rank(test: Row) -> str:
    return f"χ² = {number(test['chi2'])}, p {equals(test['p'])}"
