"""The figure of a ladder of costs: operations, seconds and bytes of a step as the level grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ablatlas.report.axes import LevelAxis
from ablatlas.report.captions import Words
from ablatlas.report.drawing import intervals, legend, plain_decades, sample
from ablatlas.report.numbers import interval, number, ratio
from ablatlas.report.style import DOUBLE, letter, looks, styled
from ablatlas.report.view import Row, View
from ablatlas.report.words import listed, words

if TYPE_CHECKING:
    from ablatlas.study import Ladder

# A column of the costs, its interval's ends where it has them, what is written on the axis, and the unit's size.
PANELS = {
    "flops_per_step": ("flops_per_step", None, "FLOPs a step (millions)", 1e6),
    "seconds": ("mean", ("low", "high"), "ms a step,\n95 % interval", 1e-3),
    "peak_memory": ("peak_memory", None, "peak memory (MB)", 1e6),
}


@styled
def draw(view: View, ladder: Ladder) -> Figure:
    """A panel a quantity, log-log, a line a variant."""
    shown = looks(view.shown(view.table("costs", ladder=ladder.name)))
    figure = Figure(figsize=(DOUBLE, 2.7), layout="constrained")
    axes = figure.subplots(1, len(PANELS), squeeze=False)[0]
    for ax, quantity in zip(axes, PANELS, strict=True):
        _panel(ax, view, ladder, quantity)
    letter(axes)
    legend(figure, view, shown)
    return figure


def _panel(ax: Axes, view: View, ladder: Ladder, quantity: str) -> None:
    axis, (column, ends, label, unit) = LevelAxis(ladder), PANELS[quantity]
    every = view.table("costs", ladder=ladder.name)
    for name, look in looks(view.shown(every)).items():
        rows = view.table("costs", ladder=ladder.name, variant=name)
        x, y = [axis.at(row["level"]) for row in rows], [row[column] / unit for row in rows]
        ax.plot(x, y, **look.line)
        if ends:
            low, high = ([None if row[end] is None else row[end] / unit for row in rows] for end in ends)
            intervals(ax, look, x, y, low, high)
    ax.set_yscale("log")
    plain_decades(ax)
    ax.set_ylabel(f"{label} ({sample(every)})" if ends else label)
    ax.set_xlabel(f"{words(ladder.name)} ({ladder.path})")
    axis.dress(ax)


def _registered(view: View, ladder: Ladder) -> list[str]:
    """The constraints that a ladder was registered for, else its own."""
    primary = view.study.register["primary"]
    return [name for name in primary if primary[name] == ladder.name] or [ladder.constraint]


def exponents(view: View, ladder: Ladder, quantity: str) -> str:
    """The exponent of each variant, as in `with 1.02 (1.00 to 1.04)`."""
    rows = view.table("growth", ladder=ladder.name, quantity=quantity)
    return listed(f"`{row['variant']}` {exponent(row)}" for row in rows)


def exponent(row: Row) -> str:
    """An exponent, with its interval where it is not a count's."""
    span = "" if row["exact"] else interval(row["low"], row["high"])
    return number(row["mean"]) + (f" ({span})" if span else "")


def caption(view: View, ladder: Ladder) -> Words:
    """What is drawn, the exponents, and the ratio at the reference."""
    asked = [v for v in view.on(ladder) if v["role"] == "without" and v["constraint"] in _registered(view, ladder)]
    rho = "".join(f" ρ of {words(v['measure'])} at {ladder.reference:g}: {ratio(v['rho'])}." for v in asked)
    told = {name: exponents(view, ladder, name).replace("`", "") for name in PANELS}
    names = {"flops_per_step": "FLOPs", "seconds": "seconds", "peak_memory": "bytes"}
    said = "; ".join(f"{names[name]}: {text}" for name, text in told.items())
    return Words(
        alt=f"Cost of a step along {words(ladder.name)}. Exponents of {said}.{rho}",
        caption=f"What a step costs along {words(ladder.name)}: (a) operations, counted; (b) seconds, geometric mean "
        f"over seeds; (c) the most bytes held at once. The exponents with which they grow: {said}.{rho}",
    )
