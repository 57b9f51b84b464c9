"""Figures of small multiples: learning curves and mechanism variables, a panel for each cell."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ablatlas.report.captions import Words
from ablatlas.report.drawing import intervals, legend, plain_decades, quantity, sample, scale, spread
from ablatlas.report.numbers import estimate, number
from ablatlas.report.style import DOUBLE, INK, SINGLE, looks, styled
from ablatlas.report.view import Rows, View
from ablatlas.report.words import capitalized, listed, words
from ablatlas.stats.summary import TINY

PER_ROW = 4  # panels side by side
THEORY = "_in_theory"  # what theory says of a variable: drawn over it
USUALLY = ", at the last evaluation at which it was finite"
WHEN = {"preactivation_drift": ", over all evaluations but those of the first tenth of the steps"}
LEADING = ("with", "without", "strong")  # the roles whose values a mechanism's axis must hold; others may leave it


@styled
def curves(view: View, metrics: Sequence[str]) -> Figure:
    """Learning curves, mean and 95 % interval over seeds: a panel for each metric and cell."""
    shown = [(metric, cell) for metric in metrics for cell in _cells(view, view.table("curves", metric=metric))]
    figure, axes = _panels(len(shown))
    for ax, (metric, cell) in zip(axes, shown, strict=True):
        rows = view.table("curves", metric=metric, cell=cell)
        _bands(ax, view, rows, "step", marks=5)
        ax.set_title(_title(view, cell, rows))
        scale(ax, rows)
        ax.xaxis.set_major_locator(MaxNLocator(3, integer=True))
    _share_axes(axes, "step", [quantity(metric) for metric, _ in shown])
    legend(figure, view)
    return figure


@styled
def profiles(view: View, name: str) -> Figure:
    """A mechanism variable along the network's depth: a panel for each cell."""
    cells = _cells(view, view.table("mechanism", name=name))
    figure, axes = _panels(len(cells))
    for ax, cell in zip(axes, cells, strict=True):
        rows = view.table("mechanism", name=name, cell=cell)
        _bands(ax, view, rows, "x", marks=len(rows))
        ax.set_title(_title(view, cell, rows))
        if rows[0]["average"] == "geometric":
            ax.set_yscale("log")
            ax.set_ylim(*_span([row for row in rows if view.roles[row["variant"]] in LEADING]))
        else:
            ax.set_ylim(-0.03, 1.03)
        ax.set_xlim(-0.05, 1.05)
        ax.set_xticks([0, 0.5, 1], ["0", "½", "1"])
    _share_axes(axes, "relative depth", [words(name)] * len(cells))
    legend(figure, view)
    return figure


@styled
def scalars(view: View, names: Sequence[str]) -> Figure:
    """Mechanism variables that are one number a run: a panel each, a place on its axis for each cell.

    What theory says of a variable is a bar across it.
    """
    names = [name for name in names if not name.endswith(THEORY)]
    figure, axes = _panels(len(names))
    seen = {name: _seen(view, name) for name in names}
    shown = {variant for rows in seen.values() for variant in _variants(rows)}
    all_looks = {variant: look for variant, look in looks(view.roles).items() if variant in shown}
    for ax, (name, rows) in zip(axes, seen.items(), strict=True):
        cells = _cells(view, rows)
        known = view.table("mechanism", name=name + THEORY)
        for k, (variant, look) in enumerate(all_looks.items()):
            mine = [row for row in rows if row["variant"] == variant and row["cell"] in cells]
            shift = spread(k, len(all_looks)) * 0.8 / len(all_looks)
            x = [cells.index(r["cell"]) + shift for r in mine]
            intervals(ax, look, x, *([row[key] for row in mine] for key in ("mean", "low", "high")))
            told = [row for row in known if row["variant"] == variant and row["cell"] in cells]
            at = [cells.index(r["cell"]) + shift for r in told]
            ax.plot(at, [r["mean"] for r in told], linestyle="none", marker="_", markersize=9, color=INK, zorder=3)
        ax.set_xticks(range(len(cells)), [_level(view, cell) for cell in cells])
        ax.set_xlim(-0.6, len(cells) - 0.4)
        ax.set_ylabel(f"{words(name)}\n({sample(rows)})")
        scale(ax, rows)
    legend(figure, view, all_looks)
    return figure


def _seen(view: View, name: str) -> Rows:
    """The rows of a mechanism variable, less those of variants in which it is zero throughout: they lack the part."""
    rows = view.table("mechanism", name=name)
    zero = set(_variants(rows)) - set(_variants([row for row in rows if row["mean"] is None or row["mean"] > 2 * TINY]))
    return [row for row in rows if row["variant"] not in zero]


def _variants(rows: Rows) -> list[str]:
    return list(dict.fromkeys(row["variant"] for row in rows))


def _span(rows: Rows) -> tuple[float, float] | tuple[None, None]:
    """What a logarithmic axis must hold to show the means and intervals of `rows`, with a margin."""
    values = [row[key] for row in rows for key in ("mean", "low", "high") if row[key]]
    return (min(values) / 1.5, max(values) * 1.5) if values else (None, None)


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    """A figure of `count` panels, at most PER_ROW side by side."""
    columns = min(count, PER_ROW) if count != PER_ROW + 1 else 3
    lines = math.ceil(count / columns)
    size = (SINGLE, 2.4) if count == 1 else (DOUBLE, 0.5 + 1.55 * lines)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(lines, columns, squeeze=False)
    for spare in grid.flat[count:]:
        spare.remove()
    return figure, list(grid.flat[:count])


def _bands(ax: Axes, view: View, rows: Rows, x: str, marks: int) -> None:
    """A line per variant, with about `marks` markers on it and its interval as a band."""
    for name, look in looks(view.roles).items():
        mine = [row for row in rows if row["variant"] == name and row["mean"] is not None]
        every = max(1, len(mine) // marks)
        ax.plot([r[x] for r in mine], [r["mean"] for r in mine], **look.line, markersize=3, markevery=every)
        banded = [row for row in mine if row["low"] is not None]
        place, low, high = ([row[key] for row in banded] for key in (x, "low", "high"))
        ax.fill_between(place, low, high, color=look.color, alpha=0.18, linewidth=0)


def _cells(view: View, rows: Rows) -> list[str]:
    """The cells of the main ladder that some rows speak of, in its order."""
    present = {row["cell"] for row in rows}
    return [cell for cell in view.leading if cell in present]


def _level(view: View, cell: str) -> str:
    """A cell by its level on its ladder, as `depth 20`; nothing for the one cell of an evaluated ladder."""
    main = view.ladders[0] if view.ladders else None
    if cell != "base":
        return cell.replace("=", " ")
    return f"{main.name} {main.reference:g}" if main and main.reference is not None and not main.evaluated else ""


def _title(view: View, cell: str, rows: Rows) -> str:
    return f"{_level(view, cell)} ({sample(rows)})" if len(view.leading) > 1 else sample(rows)


def _share_axes(axes: Sequence[Axes], x: str, y: Sequence[str]) -> None:
    """Labels where they are needed, and equal value axes for panels of the same quantity."""
    columns = axes[0].get_gridspec().ncols  # type: ignore[union-attr]
    for k, ax in enumerate(axes):
        if k + columns >= len(axes):
            ax.set_xlabel(x)
        if k % columns == 0 or y[k] != y[k - 1]:
            ax.set_ylabel(y[k])
        else:
            ax.tick_params(labelleft=False)
    for label in dict.fromkeys(y):
        _equal_limits([ax for ax, other in zip(axes, y, strict=True) if other == label])


def _equal_limits(axes: Sequence[Axes]) -> None:
    log = any(ax.get_yscale() == "log" for ax in axes)
    for ax in axes:
        ax.set_yscale("log" if log else "linear")
    low, high = min(ax.get_ylim()[0] for ax in axes), max(ax.get_ylim()[1] for ax in axes)
    for ax in axes:
        ax.set_ylim(low, high)
        if log:
            plain_decades(ax)


# --- what is said of them ---


def curves_caption(view: View, metrics: Sequence[str]) -> Words:
    """Of learning curves."""
    said = listed(map(words, metrics))
    last = max(row["step"] for row in view.table("curves"))
    return Words(
        alt=f"Learning curves of {said} over {last} steps, a panel for each cell; the table of levels has the ends.",
        caption=f"{capitalized(said)} during training: mean over seeds, band: 95 % t interval; a run that stopped "
        "scores the cap.",
    )


def profiles_caption(view: View, name: str) -> Words:
    """Of a mechanism variable along the network."""
    first, last = (
        [row for row in view.table("mechanism", name=name, x=x) if row["cell"] in view.leading] for x in (0.0, 1.0)
    )
    pairs = list(zip(first, last, strict=True))
    ends = (f"{a['variant']} in {a['cell']}: {number(a['mean'])} and {number(b['mean'])}" for a, b in pairs)
    hardest = view.leading[-1]
    arms = [(a, b) for a, b in pairs if a["cell"] == hardest and a["variant"] in ("with", "without")]
    told = [f"{estimate(a, 2)} at the input and {estimate(b, 2)} at the output for {a['variant']}" for a, b in arms]
    return Words(
        alt=f"{capitalized(words(name))} at the input and at the output. {'; '.join(ends)}.",
        caption=f"{capitalized(words(name))} along the network{WHEN.get(name, USUALLY)}: "
        f"{first[0]['average']} mean over seeds and its 95 % interval, from the input (0) to the output (1)"
        + ("; a contrast may leave the frame." if first[0]["average"] == "geometric" else ".")
        + (f" In {hardest} it is {listed(told)}." if told else ""),
    )


def scalars_caption(view: View, names: Sequence[str]) -> Words:
    """Of mechanism variables that are one number a run."""
    rows = [row for name in names for row in _seen(view, name) if row["cell"] in view.leading]
    gone = {variant: None for name in names for variant in _variants(view.table("mechanism", name=name))}
    zero = [variant for variant in gone if variant not in _variants(rows)]
    left = f" Zero throughout, and left out: {listed(zero)}." if zero else ""
    kinds = " and ".join(dict.fromkeys(f"{row['average']} mean" for row in rows))
    values = (f"{words(row['name'])}, {row['variant']} in {row['cell']}: {number(row['mean'])}" for row in rows)
    known = any(name.endswith(THEORY) for name in names)
    theory = "; black bar: what theory says. Variants stand as in the legend" if known else ""
    what = capitalized(listed(words(name) for name in names if not name.endswith(THEORY)))
    return Words(
        alt=f"{what}. {'; '.join(values)}.",
        caption=f"{what} at the last evaluation: {kinds} over seeds, 95 % t interval{theory}.{left}",
    )
