"""The figure of a resource ladder: every arm's held-out loss along it, and the horizontal shift that ρ is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Transform, blended_transform_factory

from ablatlas.report.axes import ENDS, LevelAxis, margin_note, ratio_limits, ratio_ticks
from ablatlas.report.captions import Words
from ablatlas.report.drawing import intervals, legend, plain_decades, quantity, sample
from ablatlas.report.judged import target
from ablatlas.report.numbers import number, ratio
from ablatlas.report.style import DOUBLE, FAINT, INK, Look, letter, looks, styled
from ablatlas.report.view import Row, Rows, View
from ablatlas.report.words import words

if TYPE_CHECKING:
    from ablatlas.study import Ladder

NEAR = 1.15  # times the highest point: how far above it a cap is still in view
LETTER = 0.016  # of the axis: what a letter of a shift's name takes
CLEAR = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.6}
BAND = 0.25  # opacity of an interval drawn over curves


@styled
def draw(view: View, ladder: Ladder) -> Figure:
    """Mean loss with t intervals, log-log, with ρ and β drawn on; beside it ρ as the target loss moves."""
    rows, main = view.table("levels", ladder=ladder.name), plain(view, ladder)
    curve = [row for row in (main or {}).get("targets") or [] if any(row[key] is not None for key in ENDS)]
    figure = Figure(figsize=(DOUBLE, 2.9), layout="constrained")
    axes = figure.subplots(1, 2, width_ratios=[1.75, 1], squeeze=False)[0]
    shown = looks(view.shown(rows))
    _draw_curves(axes[0], view, ladder, rows, shown)
    if main:
        _draw_shift(axes[0], view, ladder, main, shown)
    if main and curve:
        _draw_targets(axes[1], ladder, main, curve)
        letter(axes)
    else:
        axes[1].remove()
    legend(figure, view, shown)
    return figure


def plain(view: View, ladder: Ladder) -> Row | None:
    """The verdict on the plain ablation, which the shift is drawn for."""
    return next((v for v in view.on(ladder) if v["role"] == "without"), None)


def _draw_curves(ax: Axes, view: View, ladder: Ladder, rows: Rows, shown: Mapping[str, Look]) -> None:
    axis = LevelAxis(ladder)
    for k, (name, look) in enumerate(shown.items()):
        mine = [row for row in rows if row["variant"] == name and row["mean"] is not None]
        ax.plot([axis.at(row["level"]) for row in mine], [row["mean"] for row in mine], **look.bare)
        x = axis.beside([row["level"] for row in mine], k, len(shown))
        intervals(ax, look, x, *([row[key] for row in mine] for key in ("mean", "mean_low", "mean_high")))
    ends = [row[key] for row in rows for key in ("mean", "mean_low", "mean_high") if row[key]]
    if ends and min(ends) > 0:
        ax.set_yscale("log")
        ax.set_ylim(min(ends) / 1.12, max(ends) * 1.12)
        plain_decades(ax)
    cap = view.cap(ladder)
    if cap is not None and ends and cap <= NEAR * max(ends):
        ax.set_ylim(top=max(cap * 1.05, ax.get_ylim()[1]))
        margin_note(ax, cap, "cap\n", ":")
    ax.set_ylabel(f"{quantity('loss')},\nmean and 95 % interval ({sample(rows)})")
    ax.set_xlabel(f"{words(ladder.name)} ({ladder.path})")
    axis.dress(ax)


def _draw_shift(ax: Axes, view: View, ladder: Ladder, verdict: Row, shown: Mapping[str, Look]) -> None:
    """From the reference, along the numerator's loss there, to where the denominator reaches it; β likewise, thin."""
    goal, axis = target(view, verdict), LevelAxis(ladder)
    if goal is None or verdict["reference"] is None:
        return
    start = axis.at(verdict["reference"])
    margin_note(ax, goal, "L*\n", aside=8)
    ax.axvline(start, color=FAINT, linewidth=0.6, linestyle=":", zorder=0)
    _shift(ax, axis, verdict["reference"], goal, verdict["rho"], "ρ", shown[verdict["denominator"]].color, 1.6)
    other = view.table("levels", ladder=ladder.name, variant=verdict["denominator"])
    height = next((row["mean"] for row in other if row["level"] == verdict["reference"]), None)
    if height is not None:
        back = inverse(verdict["beta"])
        _shift(ax, axis, verdict["reference"], height, back, "1/β", shown[verdict["numerator"]].color, 0.7)


def inverse(ratio: Row) -> Row:
    """One over a ratio and its bounds."""
    over = {key: None if ratio[key] is None else 1 / ratio[key] for key in ("value", "low", "high")}
    return {"value": over["value"], "low": over["high"], "high": over["low"]}


def _shift(
    ax: Axes, axis: LevelAxis, reference: float, height: float, shift: Row, name: str, color: str, width: float
) -> None:
    """An arrow from the reference to `shift` times it, its interval a bar; open towards a side without a bound."""
    low, high = (None if shift[key] is None else axis.at(shift[key] * reference) for key in ("low", "high"))
    if shift["value"] is None and low is None and high is None:
        return
    left, right = axis.left if low is None else low, axis.right if high is None else high
    if low is not None or high is not None:
        bar: dict[str, Any] = {
            "color": color,
            "alpha": BAND,
            "linewidth": 3 + 3 * width,
            "solid_capstyle": "butt",
            "zorder": 1,
        }
        ax.plot([left, right], [height, height], **bar)
    end = axis.at(shift["value"] * reference) if shift["value"] is not None else right if high is None else left
    style: dict[str, Any] = {
        "arrowstyle": "-|>",
        "color": INK,
        "linewidth": width,
        "shrinkA": 0,
        "shrinkB": 0,
        "mutation_scale": 8,
    }
    ax.annotate("", xy=(end, height), xytext=(axis.at(reference), height), arrowprops=style, annotation_clip=False)
    for edge, bound, mark in ((axis.left, low, "<"), (axis.right, high, ">")):
        if bound is None:
            ax.plot([edge], [height], marker=mark, markersize=5, color=color, clip_on=False)
    _name(ax, axis, f"{name} {_value(shift)}", axis.at(reference), end, (low, high), height, width)


def _name(
    ax: Axes, axis: LevelAxis, text: str, start: float, end: float, bounds: tuple[float | None, float | None],
    height: float, width: float,
) -> None:  # fmt: skip
    """A shift's name beyond its bar, where neither curve passes; over its middle where no room is left there."""
    ahead = end >= start
    edge, bar = (axis.right, bounds[1]) if ahead else (axis.left, bounds[0])
    place: dict[str, Any] = {"textcoords": "offset points", "fontsize": 7 if width > 1 else 6.5, "color": INK}
    if bar is not None and abs(edge - bar) > LETTER * len(text) * (axis.right - axis.left):
        side: dict[str, Any] = {"ha": "left" if ahead else "right", "va": "center", "xytext": (4 if ahead else -4, 0)}
        ax.annotate(text, xy=(bar, height), **place, **side, bbox=CLEAR)
    else:
        ax.annotate(text, xy=((start + end) / 2, height), **place, ha="center", xytext=(0, 5), bbox=CLEAR)


def _value(shift: Row) -> str:
    if shift["value"] is not None:
        return f"= {number(shift['value'])}"
    return f"> {number(shift['low'])}" if shift["low"] is not None else f"< {number(shift['high'])}"


def _draw_targets(ax: Axes, ladder: Ladder, verdict: Row, curve: Rows) -> None:
    """ρ read at the loss that the numerator has at each level; open where the other arm never comes so far."""
    x = [number(row["level"]) for row in curve]
    low, high = ratio_limits([*curve, verdict["rho"]], least=1.0)
    ax.set_ylim(2**low, 2**high)
    ax.set_yscale("log", base=2)
    ratio_ticks_plain(ax, low, high)
    for k, row in enumerate(curve):
        ends = (row["low"] or 2**low, row["high"] or 2**high)
        chosen = row["level"] == verdict["reference"]
        ax.plot([k, k], ends, color=INK, linewidth=1.2, alpha=1 if chosen else 0.5, solid_capstyle="butt")
        if row["value"] is not None:
            face = INK if chosen else "white"
            ax.plot([k], [row["value"]], marker="o", markersize=4.5, color=INK, markerfacecolor=face)
        for edge, end, mark in ((1, row["high"], "^"), (0, row["low"], "v")):
            if end is None:
                ax.plot([k], [edge], marker=mark, markersize=4, color=INK, clip_on=False, transform=_at_top(ax))
    ax.axhline(1, color=FAINT, linewidth=0.6, linestyle=":")
    ax.set_xticks(range(len(x)), x)
    ax.set_xlim(-0.6, len(x) - 0.4)
    ax.set_ylabel("ρ")
    ax.set_xlabel(f"target: the loss of {verdict['numerator']}\nat this level of {words(ladder.name)}")


def _at_top(ax: Axes) -> Transform:
    """Data along, the panel's height across."""
    return blended_transform_factory(ax.transData, ax.transAxes)


def ratio_ticks_plain(ax: Axes, low: float, high: float) -> None:
    """Powers of two on a logarithmic axis of ratios."""
    ratio_ticks(ax.yaxis, low, high)
    labels = [text.get_text() for text in ax.yaxis.get_ticklabels()]
    ax.set_yticks([2.0**place for place in ax.yaxis.get_majorticklocs()], labels)


def caption(view: View, ladder: Ladder) -> Words:
    """What is drawn, and what ρ is on it."""
    verdict = plain(view, ladder)
    rho = "" if verdict is None else f" ρ = {ratio(verdict['rho'])}."
    rows = view.table("levels", ladder=ladder.name)
    told = "; ".join(f"{name}: {_means(rows, name)}" for name in view.shown(rows))
    curve = (verdict or {}).get("targets") or []
    beside = (
        " (b) ρ at other targets: the loss that the numerator has at each level; filled: the registered reference. "
        "A slope is scale dependence." if curve else ""
    )  # fmt: skip
    return Words(
        alt=f"Held-out loss along {words(ladder.name)}. {told}.{rho}",
        caption=f"{'(a) ' if beside else ''}Held-out loss (capped) along {words(ladder.name)}, mean over seeds and 95 "
        "% t interval. Dashed: L*, the loss of the numerator at the reference (dotted upright). The bold arrow is ρ, "
        "the shift to where the denominator reaches L*, its bar the interval; the thin arrow is 1/β, the numerator's "
        f"shift to the denominator's loss at the reference. A triangle at the edge is an open end.{beside}",
    )


def _means(rows: Rows, name: str) -> str:
    mine = (row for row in rows if row["variant"] == name)
    return ", ".join(f"{number(row['mean'])} at {row['level']:g}" for row in mine)
