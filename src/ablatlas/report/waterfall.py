"""The waterfall of the chain: from steps to FLOPs to seconds to joules, gross ratios and the net terms between them."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from ablatlas.report.axes import ratio_ticks
from ablatlas.report.captions import Words
from ablatlas.report.numbers import number, ratio
from ablatlas.report.style import DOUBLE, FAINT, INK, styled
from ablatlas.report.view import Row, View

# In the order of the identity: a gross ratio, the net term that is multiplied on, the next gross ratio.
TERMS = {
    "rho_T": "ρ of steps\nto target",
    "flops_per_step": "× FLOPs\nper step",
    "rho_C": "ρ of\nFLOPs",
    "flop_rate": "× FLOP/s",
    "rho_W": "ρ of\nseconds",
    "power": "× mean\npower",
    "rho_J": "ρ of\njoules",
}
GROSS, NET = "#9DB8CC", "#E69F00"
WIDE = 0.62  # of a bar
Terms = Mapping[str, Row]


@styled
def draw(view: View) -> Figure:
    """A bar a term on a logarithmic axis; what has no counter is a hatched gap."""
    terms = found(view)
    figure = Figure(figsize=(DOUBLE, 2.7), layout="constrained")
    ax = figure.subplots()
    spans = {name: _span(terms, name) for name in TERMS}
    reach = [value for name in TERMS for value in (*spans[name], *_ends(terms, name))]
    low, high = min([0.0, *reach]) - 0.35, max([1.0, *reach]) + 0.55
    ax.set_ylim(low, high)
    for x, name in enumerate(TERMS):
        if name not in terms or _unknown(terms[name]):
            _gap(ax, x, terms.get(name), low, high)
        else:
            _bar(ax, x, terms[name], spans[name])
            _interval(ax, x, terms[name], spans[name][0])
    for x, (name, following) in enumerate(zip(TERMS, list(TERMS)[1:], strict=False)):
        if name in terms and following in terms and not _unknown(terms[name]) and not _unknown(terms[following]):
            level = spans[name][1]
            ax.plot([x + WIDE / 2, x + 1 - WIDE / 2], [level, level], color=FAINT, linewidth=0.6)
    _dress(ax, low, high)
    _key(figure)
    return figure


def found(view: View) -> dict[str, Row]:
    """The terms of the chain by name."""
    return {row["term"]: row for row in (view.results.get("chain") or {"terms": []})["terms"]}


def _known(row: Row) -> float | None:
    """A term's estimate, or the bound where that is all there is."""
    values = (row["value"], row["low"], row["high"])
    return next((value for value in values if value is not None), None)


def _unknown(row: Row) -> bool:
    return _known(row) is None


def _span(terms: Terms, name: str) -> tuple[float, float]:
    """Where a bar begins and ends, as log2: a gross ratio from 1, a net term from the gross ratio before it."""
    row = terms.get(name)
    if row is None or (value := _known(row)) is None:
        return 0.0, 0.0
    if name.startswith("rho_"):
        return 0.0, math.log2(value)
    before = list(TERMS)[list(TERMS).index(name) - 1]
    start = _span(terms, before)[1]
    return start, start + math.log2(value)


def _ends(terms: Terms, name: str) -> list[float]:
    row = terms.get(name)
    start = 0.0 if name.startswith("rho_") else _span(terms, name)[0]
    return [] if row is None else [start + math.log2(row[key]) for key in ("low", "high") if row[key]]


def _net(row: Row) -> bool:
    return not str(row["term"]).startswith("rho_")


def _bar(ax: Axes, x: int, row: Row, span: tuple[float, float]) -> None:
    color = NET if _net(row) else GROSS
    bottom, top = span
    ax.bar(x, top - bottom, WIDE, bottom=bottom, color=color, edgecolor=INK, linewidth=0.6)
    if abs(top - bottom) < 1e-9:
        ax.plot([x - WIDE / 2, x + WIDE / 2], [top, top], color=INK, linewidth=1.4)
    bound = row["value"] is None and row["low"] is not None
    sign = "> " if bound else "< " if row["value"] is None else ""
    times = "× " if _net(row) else ""
    highest = max([top, bottom, *(math.log2(row["high"]) + (bottom if _net(row) else 0) for _ in [0] if row["high"])])
    ax.annotate(
        f"{times}{sign}{number(_known(row))}", xy=(x, highest), xytext=(0, 4), textcoords="offset points",
        ha="center", fontsize=7, annotation_clip=False,
    )  # fmt: skip


def _interval(ax: Axes, x: int, row: Row, start: float) -> None:
    """The interval as a whisker; an open side ends in an arrow at the axis' edge."""
    if row["low"] == row["value"] == row["high"] or (row["low"] is None and row["high"] is None):
        return
    base = start if _net(row) else 0.0
    bottom, top = ax.get_ylim()
    low = bottom if row["low"] is None else base + math.log2(row["low"])
    high = top if row["high"] is None else base + math.log2(row["high"])
    ax.plot([x, x], [low, high], color=INK, linewidth=1)
    for y, open_end, mark in ((low, row["low"] is None, "v"), (high, row["high"] is None, "^")):
        ax.plot([x], [y], marker=mark if open_end else "_", markersize=5, color=INK, clip_on=False)


def _gap(ax: Axes, x: int, row: Row | None, low: float, high: float) -> None:
    """What could not be measured, and why."""
    box = Rectangle((x - WIDE / 2, low), WIDE, high - low, facecolor="#F4F4F4", hatch="////", edgecolor="#D8D8D8",
                    linewidth=0, zorder=0)  # fmt: skip
    ax.add_patch(box)
    why = str((row or {}).get("why") or "not measured").split(" (")[0]
    ax.text(x, (low + high) / 2, textwrap.fill(why, 12), ha="center", va="center", fontsize=6.5, color=INK,
            backgroundcolor="#F4F4F4")  # fmt: skip


def _dress(ax: Axes, low: float, high: float) -> None:
    ratio_ticks(ax.yaxis, low, high)
    ax.axhline(0, color=INK, linewidth=0.7)
    ax.set_xticks(range(len(TERMS)), list(TERMS.values()))
    ax.tick_params(axis="x", length=0)
    ax.spines["bottom"].set_visible(False)
    ax.set_xlim(-0.6, len(TERMS) - 0.4)
    ax.set_ylabel("without / with")


def _key(figure: Figure) -> None:
    handles = [
        Patch(facecolor=GROSS, edgecolor=INK, linewidth=0.6, label="gross ratio: printed, no verdict"),
        Patch(facecolor=NET, edgecolor=INK, linewidth=0.6, label="net term: what the verdict on its constraint is on"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=2)


def caption(view: View) -> Words:
    """The chain in words."""
    terms = found(view)
    said = "; ".join(f"{label.replace(chr(10), ' ')}: {_told(terms.get(name))}" for name, label in TERMS.items())
    return Words(
        alt=f"The chain from steps to joules. {said}.",
        caption="The chain at the reference cell: each gross ratio (ρ, how many times more without the innovation than "
        "with it until the same loss) is the one before it times a net term. Only net terms carry the verdicts on "
        "compute, compute efficiency and energy: what saves steps saves all that follows and relaxes none of it. "
        "Whiskers: 95 % intervals, arrows: open ends; FLOPs are counted and have none.",
    )


def _told(row: Row | None) -> str:
    if row is None or _unknown(row):
        return f"not measured ({(row or {}).get('why') or 'no record'})"
    return ratio(row)
