"""The figure of a compute frontier: the loss that an arm reaches for so many FLOPs, at the size best for them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from ablatlas.report.captions import Words
from ablatlas.report.drawing import legend, plain_decades, quantity, sample
from ablatlas.report.numbers import number, ratio
from ablatlas.report.resource import plain
from ablatlas.report.style import DOUBLE, INK, looks, styled
from ablatlas.report.view import Row, Rows, View
from ablatlas.report.words import words

if TYPE_CHECKING:
    from ablatlas.study import Ladder


@styled
def draw(view: View, ladder: Ladder) -> Figure:
    """Loss over FLOPs, log-log, each arm's envelope over sizes and steps with its 95 % interval."""
    rows = view.table("frontier", ladder=ladder.name)
    shown = looks(view.shown(rows))
    figure = Figure(figsize=(0.62 * DOUBLE, 2.7), layout="constrained")
    ax = figure.subplots()
    for name, look in shown.items():
        mine = sorted((row for row in rows if row["variant"] == name), key=lambda row: row["flops"])
        x = [row["flops"] for row in mine]
        ax.plot(x, [row["loss"] for row in mine], **look.line, markersize=3)
        bounded = [row for row in mine if row["low"] is not None]
        place, low, high = ([row[key] for row in bounded] for key in ("flops", "low", "high"))
        ax.fill_between(place, low, high, color=look.color, alpha=0.18, linewidth=0)
    ax.set_xscale("log")
    ax.margins(x=0.06)
    ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0), numticks=12))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(lambda flops, _: f"{flops:.0e}".replace("e+0", "e").replace("e+", "e"))
    if rows and min(row["loss"] for row in rows) > 0:
        ax.set_yscale("log")
        plain_decades(ax)
    if verdict := plain(view, ladder):
        _draw_shift(ax, rows, verdict)
    ax.set_xlabel("training FLOPs")
    ax.set_ylabel(
        f"{quantity('val_loss')} at the best {words(ladder.over or '')},\nmean and 95 % interval ({sample(rows)})"
    )
    legend(figure, view, shown)
    return figure


def _draw_shift(ax: Axes, rows: Rows, verdict: Row) -> None:
    """ρ as the distance between the envelopes at the numerator's loss at the budget in the middle."""
    start, rho = verdict["reference"], verdict["rho"]
    goal = next((r["loss"] for r in rows if r["variant"] == verdict["numerator"] and r["flops"] == start), None)
    end = rho["value"] or rho["low"] or rho["high"]
    if goal is None or end is None:
        return
    left, right = ax.get_xlim()
    ax.set_xlim(left, right)
    ends = [rho["low"] * start if rho["low"] else left, rho["high"] * start if rho["high"] else right]
    ax.plot(ends, [goal, goal], color=INK, alpha=0.2, linewidth=6, solid_capstyle="butt", zorder=1)
    arrow = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 8}
    ax.annotate("", xy=(end * start, goal), xytext=(start, goal), arrowprops=arrow)
    place: dict[str, Any] = {"textcoords": "offset points", "fontsize": 7}
    if rho["high"]:
        place |= {"xy": (ends[1], goal), "xytext": (4, 0), "va": "center"}
    else:
        place |= {"xy": (start * math.sqrt(end), goal), "xytext": (0, 5), "ha": "center"}
    ax.annotate(f"ρ {ratio(rho).split(' (')[0]}", **place)


def caption(view: View, ladder: Ladder) -> Words:
    """Where the two envelopes begin and end, and ρ."""
    rows, verdict = view.table("frontier", ladder=ladder.name), plain(view, ladder)
    rho = f" ρ = {ratio(verdict['rho'])}." if verdict else ""
    told = "; ".join(f"{name}: {_ends([r for r in rows if r['variant'] == name])}" for name in view.shown(rows))
    over = words(ladder.over or "")
    return Words(
        alt=f"Validation loss at the best size over training FLOPs. {told}.{rho}",
        caption=f"Compute frontier: the validation loss that an arm reaches with so many training FLOPs at the {over} "
        "that tuning found best for them, mean over seeds and 95 % interval. The arrow is ρ, the horizontal distance "
        f"at the loss of the numerator at the budget in the middle, its bar the interval.{rho}",
    )


def _ends(rows: Rows) -> str:
    ordered = sorted(rows, key=lambda row: row["flops"])
    return " to ".join(f"{number(row['loss'])} at {number(row['flops'])} FLOPs" for row in (ordered[0], ordered[-1]))
