"""Axes that figures share: the levels of a ladder, and ratios whose ends may be open."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator

from ablatlas.report.drawing import spread
from ablatlas.report.numbers import number
from ablatlas.report.style import FAINT
from ablatlas.report.view import Row

if TYPE_CHECKING:
    from ablatlas.study import Ladder

DODGE = 0.09  # of the smallest step between levels: how far points of one level are moved apart
LABELS = 30  # characters that fit under a panel of half the page
FARTHEST = 6.0  # log2 ρ at which an axis of ratios ends at the latest
ENDS = ("value", "low", "high")


class LevelAxis:
    """Where the levels of a ladder stand: by their logarithm where all are positive; open ends leave room."""

    def __init__(self, ladder: Ladder) -> None:
        self.levels = [float(level) for level in ladder.levels]
        self.log = min(self.levels) > 0
        places = [self.at(level) for level in self.levels]
        self.step = min((b - a for a, b in itertools.pairwise(places)), default=1.0)
        margin = 0.55 * max(self.step, (places[-1] - places[0]) / 10)
        self.left, self.right = places[0] - margin, places[-1] + margin

    def at(self, level: float) -> float:
        """The place of a level."""
        return math.log2(level) if self.log else level

    def beside(self, levels: Sequence[float], k: int, count: int) -> list[float]:
        """Places of levels, moved aside for the `k`th of `count` variants."""
        return [self.at(level) + spread(k, count) * DODGE * self.step for level in levels]

    def dress(self, ax: Axes, labels: bool = True) -> None:
        """Ticks at the levels, every second one named where all names would collide, and room for open ends."""
        names = [f"{level:g}" for level in self.levels]
        every = 1 if sum(map(len, names)) <= LABELS else 2
        ax.set_xlim(self.left, self.right)
        ax.xaxis.set_major_locator(FixedLocator([self.at(level) for level in self.levels]))
        ax.set_xticklabels([name if labels and k % every == 0 else "" for k, name in enumerate(names)])


def ratio_limits(rows: Iterable[Row], least: float = 2.0) -> tuple[float, float]:
    """Limits (log2) that hold every finite end of some ratios, at least `least` doublings to either side of 1."""
    ends = [math.log2(row[key]) for row in rows for key in ENDS if row[key]]
    low, high = min([-least, *ends]) - 0.3, max([least, *ends]) + 0.3
    return max(low, -FARTHEST), min(high, FARTHEST)


def ratio_ticks(axis: Any, low: float, high: float) -> None:
    """Whole powers of two, as ratios; every second one where there are many. axis: an Axes' xaxis or yaxis."""
    step = 1 if high - low <= 7 else 2
    places = [place for place in range(math.ceil(low), math.floor(high) + 1) if place % step == 0]
    axis.set_major_locator(FixedLocator(places))
    axis.set_ticklabels([f"1/{2**-place}" if place < 0 else str(2**place) for place in places])


def ratio_bar(ax: Axes, y: float, rho: Row, color: str, marker: str = "o", alpha: float = 1.0) -> None:
    """A ratio with its interval, an arrow on an open side, nothing where nothing is known; the axis has its limits."""
    left, right = ax.get_xlim()
    if all(rho[key] is None for key in ENDS):
        ax.text(0, y, "no bound", ha="center", va="center", fontsize=6.5, color=FAINT, style="italic")
        return
    low, high = (None if rho[key] is None else math.log2(rho[key]) for key in ("low", "high"))
    if low is not None or high is not None:
        _line(ax, y, left if low is None else low, right if high is None else high, color, alpha)
    known = (low, high) != (None, None)
    leftward, rightward = low is None or low < left, high is None or high > right
    for beyond, edge, mark in ((leftward, left, "<"), (rightward, right, ">")):
        if known and beyond:
            ax.plot([edge], [y], marker=mark, markersize=4, color=color, alpha=alpha, clip_on=False)
    if rho["value"] is not None:
        ax.plot([math.log2(rho["value"])], [y], marker=marker, markersize=4.5, color=color, alpha=alpha)


def _line(ax: Axes, y: float, low: float, high: float, color: str, alpha: float) -> None:
    ax.plot([low, high], [y, y], color=color, linewidth=1.5, alpha=alpha, solid_capstyle="butt")


def margin_note(ax: Axes, value: float, text: str, dash: str = "--", aside: float = 3) -> None:
    """A horizontal line at a value, named in the right margin, `aside` points clear of the data."""
    ax.axhline(value, color=FAINT, linewidth=0.8, linestyle=dash, zorder=0)
    ax.annotate(
        f"{text}{number(value)}",
        xy=(1, value),
        xycoords=("axes fraction", "data"),
        xytext=(aside, 0),
        textcoords="offset points",
        annotation_clip=False,
        va="center",
        linespacing=0.95,
        fontsize=6.5,
        color=FAINT,
    )
