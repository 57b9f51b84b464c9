"""The figure of a critical batch size: steps to a loss over the examples of a step, and the hyperbola through them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from ablatlas.report.captions import Words
from ablatlas.report.drawing import intervals, legend, plain_decades, sample
from ablatlas.report.numbers import estimate, number
from ablatlas.report.style import FAINT, INK, SINGLE, looks, styled
from ablatlas.report.view import View

if TYPE_CHECKING:
    from ablatlas.study import Ladder


@styled
def draw(view: View, ladder: Ladder) -> Figure:
    """Steps over batches, log-log, with the hyperbola, the steps of the largest batches and B_crit."""
    rows, [fit] = view.table("serial", ladder=ladder.name), view.table("critical", ladder=ladder.name)
    least, size = fit["least_steps"]["mean"], fit["critical_batch"]["mean"]
    figure = Figure(figsize=(1.3 * SINGLE, 2.7), layout="constrained")
    ax = figure.subplots()
    ax.set_xscale("log")
    ax.set_yscale("log")
    ends = [row["batch"] for row in rows]
    x = np.geomspace(min(ends), max(ends), 100)
    ax.plot(x, least * (1 + size / x), color=INK, linewidth=0.9, zorder=1)
    shown = looks(view.shown(rows))
    for name, look in shown.items():
        mine = [row for row in rows if row["variant"] == name]
        intervals(
            ax, look, [row["batch"] for row in mine], *([r[key] for r in mine] for key in ("mean", "low", "high"))
        )
    ax.axvline(size, color=FAINT, linewidth=0.8, linestyle=":")
    ax.annotate("B_crit", xy=(size, 1), xycoords=("data", "axes fraction"), xytext=(3, -8), textcoords="offset points")
    plain_decades(ax)
    ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0), numticks=12))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(lambda batch, _: f"{batch:g}")
    ax.set_xlabel("examples of a step, of all workers")
    ax.set_ylabel(f"steps to a loss of {number(fit['target'])},\nmean and 95 % interval ({sample(rows)})")
    legend(figure, view, shown)
    return figure


def caption(view: View, ladder: Ladder) -> Words:
    """The hyperbola's two numbers."""
    rows, [fit] = view.table("serial", ladder=ladder.name), view.table("critical", ladder=ladder.name)
    told = f"S_min = {estimate(fit['least_steps'])} steps, B_crit = {estimate(fit['critical_batch'])} examples"
    each = "; ".join(f"{number(row['mean'])} at {row['batch']} ({row['variant']})" for row in rows)
    return Words(
        alt=f"Steps to a loss over the examples of a step: {each}. {told}.",
        caption=f"Steps to a validation loss of {number(fit['target'])}, the lowest that every run here reaches, over "
        "the examples of a step, and S = S_min (1 + B_crit / B) through them: geometric means over seeds, each fitted "
        f"by itself: {told}. Below B_crit more workers save steps nearly in proportion, above it hardly any.",
    )
