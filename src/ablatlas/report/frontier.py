"""The figure of a compute frontier: the lowest loss that each arm reaches for so many FLOPs, at any size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from ablatlas.report.captions import Words
from ablatlas.report.drawing import legend, plain_decades, quantity
from ablatlas.report.numbers import number, ratio
from ablatlas.report.resource import plain
from ablatlas.report.style import DOUBLE, looks, styled
from ablatlas.report.view import Rows, View
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
        ax.plot(x, [row["loss"] for row in mine], **look.line, markersize=3, drawstyle="steps-post")
        bounded = [row for row in mine if row["low"] is not None]
        place, low, high = ([row[key] for row in bounded] for key in ("flops", "low", "high"))
        ax.fill_between(place, low, high, step="post", color=look.color, alpha=0.18, linewidth=0)
    ax.set_xscale("log")
    if rows and min(row["loss"] for row in rows) > 0:
        ax.set_yscale("log")
        plain_decades(ax)
    ax.set_xlabel("training FLOPs")
    ax.set_ylabel(f"lowest {quantity('loss')}")
    legend(figure, view, shown)
    return figure


def caption(view: View, ladder: Ladder) -> Words:
    """Where the two envelopes begin and end, and ρ."""
    rows, verdict = view.table("frontier", ladder=ladder.name), plain(view, ladder)
    rho = f" ρ = {ratio(verdict['rho'])}." if verdict else ""
    told = "; ".join(f"{name}: {_ends([r for r in rows if r['variant'] == name])}" for name in view.shown(rows))
    over = words(ladder.over or "")
    return Words(
        alt=f"Lowest held-out loss over training FLOPs. {told}.{rho}",
        caption=f"Compute frontier: the lowest held-out loss that an arm reaches with at most so many training FLOPs, "
        f"over every {over} and every evaluation, mean over seeds and 95 % interval. ρ is the horizontal distance "
        f"between the two envelopes at the loss of the numerator at the reference.{rho}",
    )


def _ends(rows: Rows) -> str:
    ordered = sorted(rows, key=lambda row: row["flops"])
    return " to ".join(f"{number(row['loss'])} at {number(row['flops'])} FLOPs" for row in (ordered[0], ordered[-1]))
