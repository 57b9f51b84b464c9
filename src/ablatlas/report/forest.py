"""The forest plot of a study: ρ of every constraint that was measured, beside its verdict."""

from __future__ import annotations

import math
import textwrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ablatlas.report import numbers
from ablatlas.report.axes import ratio_bar, ratio_limits, ratio_ticks
from ablatlas.report.captions import Words
from ablatlas.report.outcomes import exact, p_words
from ablatlas.report.style import DOUBLE, FAINT, INK, fitted, styled
from ablatlas.report.view import CONSTRAINTS, Row, Rows, View, headline, why_not
from ablatlas.report.words import MARKS, measure

ROW = 0.215  # height of a row, inches
COLORS = {"RELAXED": "#0072B2", "TIGHTENED": "#D55E00", "UNCHANGED": INK, "INCONCLUSIVE": FAINT}
# Heads, and their places across the panel of texts.
COLUMNS = (("verdict", 0.02), ("ρ (interval)", 0.385), ("n", 0.86), ("p", 0.92))
DIM = 0.5
FITS = 24  # letters of 6.5 points in the widest column
WRAPPED = 52  # letters in a line across all columns


@styled
def draw(view: View) -> Figure:
    """A row a verdict on the plain ablation, the strong substitute's dimmer under it, gaps named."""
    lines = rows(view)
    figure = Figure(figsize=(DOUBLE, 0.75 + ROW * len(lines)), layout="constrained")
    names, ax, told = figure.subplots(1, 3, width_ratios=[1.5, 1.5, 2.0], sharey=True)
    low, high = ratio_limits([v["rho"] for _, v in lines if v is not None])
    ax.set_xlim(low, high)
    _draw_margin(ax, view)
    for y, (constraint, verdict) in enumerate(lines):
        first = y == 0 or lines[y - 1][0] != constraint
        if first and y:
            for panel in (names, ax, told):
                panel.axhline(y - 0.5, color="#E4E4E4", linewidth=0.5, zorder=0)
        _name(names, y, constraint if first else "", verdict)
        if verdict is None:
            why = textwrap.fill(f"not measured: {why_not(view.results, constraint)}", WRAPPED)
            told.text(0.02, y, why, **small(FAINT), linespacing=1.0)
            continue
        alpha = DIM if verdict["role"] == "strong" else 1.0
        marker = "D" if verdict["basis"] == "net" else "o"
        ratio_bar(ax, y, verdict["rho"], COLORS[verdict["verdict"]], marker, alpha)
        tell(told, y, verdict, alpha=alpha)
    _dress(ax, low, high, len(lines))
    for text_panel in (names, told):
        text_panel.axis("off")
        text_panel.set_xlim(0, 1)
    for head, x in COLUMNS:
        told.text(x, -0.95, head, **small(INK), fontweight="bold")
    return figure


def rows(view: View) -> list[tuple[str, Row | None]]:
    """Constraint by constraint: its verdicts, the headline's first, each before its strong substitutes'."""
    found: list[tuple[str, Row | None]] = []
    for name in CONSTRAINTS:
        head = headline(view.results, name)
        if head is None:
            found.append((name, None))
            continue
        plain = [v for v in view.verdicts if v["constraint"] == name and v["role"] == "without"]
        for verdict in sorted(plain, key=lambda v: v is not head):
            found += [(name, verdict), *((name, v) for v in _rivals(view.verdicts, verdict))]
    return found


def _rivals(verdicts: Rows, verdict: Row) -> Rows:
    same = ("constraint", "measure", "ladder")
    rivals = [v for v in verdicts if v["role"] == "strong" and v["basis"] == "ladder"]
    return [v for v in rivals if all(v[key] == verdict[key] for key in same)]


def _draw_margin(ax: Axes, view: View) -> None:
    """No change, and the registered margin around it."""
    margin = math.log2(float(view.results["registration"].get("delta") or 1.1))
    ax.axvspan(-margin, margin, color="#E9E9E9", linewidth=0, zorder=0)
    ax.axvline(0, color=FAINT, linewidth=0.6, zorder=0)


def _name(ax: Axes, y: int, constraint: str, verdict: Row | None) -> None:
    if constraint:
        ax.text(0, y, constraint, **small(INK), fontweight="bold")
    if verdict is None:
        return
    against = f"vs {verdict['contrast']}" if verdict["role"] == "strong" else measure(verdict)
    primary = " ●" if verdict["primary"] and verdict["role"] == "without" else ""
    ax.text(0.36, y, against + primary, **small(INK if verdict["role"] == "without" else FAINT))


def tell(ax: Axes, y: int, verdict: Row, alpha: float = 1.0) -> None:
    """A verdict's word, ratio, n and p in a row of texts."""
    color = COLORS[verdict["verdict"]]
    word = f"{MARKS[verdict['verdict']]} {verdict['reason'] or verdict['verdict']}"
    told = (word, numbers.ratio(verdict["rho"]), sized(verdict), p_words(verdict))
    for (_, x), text in zip(COLUMNS, told, strict=True):
        look = small(color if x == COLUMNS[0][1] else INK) | {"fontsize": fitted(6.5, text, FITS)}
        ax.text(x, y, text, **look, alpha=max(alpha, 0.7))


def sized(verdict: Row) -> str:
    """The n of a verdict; nothing for a count."""
    return numbers.MISSING if exact(verdict) else str(verdict["n"])


def small(color: str) -> dict[str, Any]:
    """The look of a row's texts."""
    return {"color": color, "fontsize": 6.5, "va": "center", "ha": "left"}


def _dress(ax: Axes, low: float, high: float, count: int) -> None:
    ratio_ticks(ax.xaxis, low, high)
    ax.set_ylim(count - 0.4, -0.9)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("ρ (grey band: within the margin)")


def caption(view: View) -> Words:
    """Every row in words."""
    told = "; ".join(_spoken(view, name, verdict) for name, verdict in rows(view))
    return Words(
        alt=f"ρ of every constraint. {told}.",
        caption="ρ of every constraint with its interval at the level at which it was decided, with against without; ● "
        "is the registered primary, a circle a ladder, a diamond a net term of the chain. Dimmed: with against the "
        "strong substitute. ▲ relaxed, ▼ tightened, = unchanged, ? inconclusive, with the reason. "
        "Grey band: the registered margin; arrows: open ends, or beyond the axis; p as adjusted in its family.",
    )


def _spoken(view: View, constraint: str, verdict: Row | None) -> str:
    label = CONSTRAINTS[constraint]
    if verdict is None:
        return f"{label}: not measured ({why_not(view.results, constraint)})"
    against = f" against {verdict['contrast']}" if verdict["role"] == "strong" else ""
    return f"{label}, {measure(verdict)}{against}: {verdict['verdict']}, {numbers.ratio(verdict['rho'])}"
