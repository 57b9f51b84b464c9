"""What the figures of a report share: intervals, legends, axes, and the words on them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from ablatlas.report.style import SINGLE, Look, looks
from ablatlas.report.view import LOSSES, Rows, View
from ablatlas.report.words import words

BROAD = 20  # letters of a variant's label of which two do not stand side by side in one column
LOG_FROM = 20.0  # a spread of values from which an axis is logarithmic


def intervals(
    ax: Axes,
    look: Look,
    x: Sequence[float],
    y: Sequence[float],
    low: Sequence[float | None],
    high: Sequence[float | None],
) -> None:
    """Points with intervals; a point without one stands alone."""
    below = [0.0 if a is None else max(0.0, v - a) for v, a in zip(y, low, strict=True)]
    above = [0.0 if a is None else max(0.0, a - v) for v, a in zip(y, high, strict=True)]
    line = look.line | {"linestyle": "none"}
    ax.errorbar(x, y, yerr=[below, above], elinewidth=0.8, capsize=1.6, **line)


def spread(k: int, count: int) -> float:
    """Place `k` of `count` places around 0, one unit apart."""
    return k - (count - 1) / 2


def sample(rows: Rows) -> str:
    """The seeds behind some rows, as `n = 10`, or as a range where they differ."""
    found = sorted({row["n"] for row in rows}) or [0]
    return f"n = {found[0]}" if len(found) == 1 else f"n = {found[0]}–{found[-1]}"


def quantity(metric: str) -> str:
    """A metric with its unit."""
    return words(metric) + (" (nats)" if metric in LOSSES else "")  # every task gives its loss in nats


def scale(ax: Axes, rows: Rows, keys: tuple[str, str, str] = ("mean", "low", "high")) -> None:
    """A logarithmic axis where means spread far; the end of an interval that is not positive lies off it."""
    means = [row[keys[0]] for row in rows if row[keys[0]] is not None]
    if not means or min(means) <= 0 or max(means) / min(means) < LOG_FROM:
        return
    ends = [row[key] for row in rows for key in keys if row[key] is not None]
    lowest = min(value for value in ends if value >= min(means) / LOG_FROM)
    ax.set_yscale("log")
    ax.set_ylim(lowest / 1.5, max(ends) * 1.5)
    plain_decades(ax)


def plain_decades(ax: Axes) -> None:
    """Plain numbers on a logarithmic axis, more of them where it spans few decades."""
    low, high = ax.get_ylim()
    subs = (1.0, 2.0, 5.0) if high / low < 1e3 else (1.0,)
    ax.yaxis.set_major_locator(LogLocator(subs=subs, numticks=8))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(_plain))


def _plain(value: float, _: int) -> str:
    return f"{value:g}" if 1e-3 <= value < 1e5 else f"1e{math.log10(value):.0f}"


def legend(figure: Figure, view: View, shown: Mapping[str, Look] | None = None) -> None:
    """Every variant that is shown with its look, above the panels; all of the study's where nothing is named."""
    shown = looks(view.roles) if shown is None else shown
    handles = [Line2D([], [], **look.line, label=view.label(v)) for v, look in shown.items()]
    longest = max((len(view.label(v)) for v in shown), default=0)
    lines = math.ceil(len(handles) / (4 if figure.get_figwidth() > SINGLE else 2 if longest < BROAD else 1))
    columns = math.ceil(len(handles) / max(1, lines))
    figure.legend(handles=handles, loc="outside upper center", ncols=max(1, columns), handlelength=3.2)
