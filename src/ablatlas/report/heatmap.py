"""The headline figure: studies × seven constraints, measured beside claimed."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from typing import Any

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FixedLocator

from ablatlas.report import numbers
from ablatlas.report.outcomes import exact
from ablatlas.report.style import DOUBLE, FAINT, INK, fitted, styled
from ablatlas.report.view import CONSTRAINTS, HARD, Row, Rows, headline, why_not
from ablatlas.report.words import MARKS
from ablatlas.stats.atlas import claimed

LIMIT = 4.0  # log2 ρ at which the colours end: sixteenfold
# Orange against blue, both light enough for letters; the mark says the direction where colour is lost.
COLORS = sns.blend_palette(["#EE8A1F", "#FFFFFF", "#0072B2"], as_cmap=True)
BLANK = "#EFEFEF"
Color = str | tuple[float, float, float, float]
HEAD = {"optimization": "optimization &\nregularization", "efficiency": "compute\nefficiency"}
HATCH = "\\\\\\\\"
HEIGHT = 0.48  # of a row, inches
HEADS = 0.5  # of the columns' names, inches
FITS = 15  # letters of 6.5 points in a cell's width
NOTES = "abcdefghijklmnopqrstuvwxyz"


@styled
def draw(studies: Rows) -> Figure:
    """A row a study, a column a constraint. Cells without a verdict name a note below that says why."""
    notes = reasons(studies)
    tall = HEIGHT * len(studies)
    figure = Figure(figsize=(DOUBLE, tall + 1.75 + 0.13 * len(notes)), layout="constrained")
    ax, foot = figure.subplots(2, 1, height_ratios=[tall + 0.35, 0.13 * max(1, len(notes))])
    for row, results in enumerate(studies):
        for column, constraint in enumerate(CONSTRAINTS):
            _cell(ax, column, row, results, constraint, notes)
    _dress(ax, studies)
    _notes(foot, notes)
    _key(figure, ax)
    return figure


def reasons(studies: Rows) -> dict[str, str]:
    """Each reason for which something was not measured, with the letter of its note."""
    gaps = ((results, name) for results in studies for name in CONSTRAINTS if headline(results, name) is None)
    found = dict.fromkeys(why_not(*gap) for gap in gaps)
    return dict(zip(found, NOTES, strict=False))


def _cell(ax: Axes, x: int, y: int, results: Row, constraint: str, notes: Mapping[str, str]) -> None:
    verdict = headline(results, constraint)
    ground = color(verdict)
    ax.add_patch(Rectangle((x, y), 1, 1, facecolor=ground, edgecolor="white", linewidth=1.5))
    if verdict is None:
        letter = notes.get(why_not(results, constraint), "")
        ax.text(x + 0.5, y + 0.5, f"not\nmeasured$^{{{letter}}}$", **_centred(6, FAINT))
    else:
        ink = "white" if dark(ground) else INK
        _hatch(ax, x, y, verdict, ink)
        mark, below = f"{MARKS[verdict['verdict']]} ({_told(verdict)})", _below(verdict)
        under = None if closes(verdict) else _ground(ground)
        ax.text(x + 0.5, y + 0.27, mark, **_centred(7, ink), bbox=under)
        size = fitted(6.5, below, FITS)
        ax.text(x + 0.5, y + 0.66, below, **_centred(size, ink), bbox=under if below else None)
    _outline(ax, x, y, claimed(results, constraint))


def _hatch(ax: Axes, x: int, y: int, verdict: Row, ink: str) -> None:
    """Over a ratio along a resource whose ample supply does not close the gap: the ratio is no evidence for it."""
    if not closes(verdict):
        ax.add_patch(Rectangle((x, y), 1, 1, fill=False, hatch=HATCH, edgecolor=ink, alpha=0.55, linewidth=0))


def _told(verdict: Row) -> str:
    return "counted" if exact(verdict) else f"n = {verdict['n']}"


def closes(verdict: Row) -> bool:
    """Whether nothing speaks against a ratio's constraint: no closure to be had, or a gap that closes for itself."""
    shape = verdict["closure"]
    return shape["label"] is None or (shape["label"] == "closing" and not shape["shared"])


def _ground(color: Color) -> dict[str, Any]:
    """What keeps letters clear of a hatch."""
    return {"facecolor": color, "edgecolor": "none", "pad": 0.8}


def _centred(size: float, color: str) -> dict:
    return {"ha": "center", "va": "center", "fontsize": size, "color": color, "linespacing": 1.0}


def _below(verdict: Row) -> str:
    """The ratio, or, where nothing was decided and nothing bounded, why."""
    rho = verdict["rho"]
    bounded = rho["low"] is not None or rho["high"] is not None
    if verdict["verdict"] == "INCONCLUSIVE":
        return textwrap.fill(str(verdict["reason"]), 12)
    return numbers.ratio(rho).replace(" (", "\n(") if bounded else ""


def size(verdict: Row) -> float | str:
    """ρ's estimate, or the bound of a decided verdict; empty where neither is known."""
    bound = {"RELAXED": "low", "TIGHTENED": "high"}.get(verdict["verdict"], "value")
    known = verdict["rho"]["value"]
    known = verdict["rho"][bound] if known is None else known
    return "" if known is None else float(known)


def color(verdict: Row | None) -> Color:
    """By log2 ρ as far as it is known, else white; grey where nothing was measured."""
    if verdict is None:
        return BLANK
    known = size(verdict)
    return "#FFFFFF" if isinstance(known, str) else COLORS(Normalize(-LIMIT, LIMIT, clip=True)(math.log2(known)))


def hexed(color: Color) -> str:
    """A colour for a style sheet."""
    return str(to_hex(color))


def dark(color: Color) -> bool:
    """Whether white letters contrast more than black ones (WCAG 2.2, relative luminance)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True)) < 0.179


def _outline(ax: Axes, x: int, y: int, claim: bool | str) -> None:
    if claim:
        dash = "-" if claim is True else (0, (3, 2))
        box = Rectangle((x + 0.03, y + 0.05), 0.94, 0.9, fill=False, edgecolor=INK, linewidth=1.6, linestyle=dash)
        ax.add_patch(box)


def _dress(ax: Axes, studies: Rows) -> None:
    ax.set_xlim(0, len(CONSTRAINTS))
    ax.set_ylim(len(studies), 0)
    ax.set_yticks([row + 0.5 for row in range(len(studies))], [r.get("title", r["study"]) for r in studies])
    heads = [HEAD.get(name, label) for name, label in CONSTRAINTS.items()]
    ax.set_xticks([column + 0.5 for column in range(len(heads))], heads)
    ax.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    above = HEADS / (HEIGHT * len(studies))
    parting = ax.axvline(len(HARD), color=INK, linewidth=0.8, ymax=1 + above, clip_on=False)
    parting.set_in_layout(False)  # the names above take the room
    for left, right, text in ((0, len(HARD), "hard constraints"), (len(HARD), len(CONSTRAINTS), "leverage on them")):
        ax.annotate(
            text,
            xy=((left + right) / 2, 0),
            xytext=(0, 25),
            textcoords="offset points",
            ha="center",
            fontsize=7.5,
            fontweight="bold",
        )


def _notes(ax: Axes, notes: Mapping[str, str]) -> None:
    """Why cells are empty, one line a reason, under the cells."""
    ax.axis("off")
    lines = [f"{letter}  {why}" for why, letter in notes.items()]
    ax.text(0, 1, "\n".join(lines), va="top", fontsize=6.5, color=FAINT, transform=ax.transAxes)


def _key(figure: Figure, ax: Axes) -> None:
    """What outlines, marks and colours mean."""
    handles = [
        Patch(facecolor="white", edgecolor=INK, linewidth=1.6, label="claimed"),
        Patch(facecolor="white", edgecolor=INK, linewidth=1.6, linestyle=(0, (3, 2)), label="implied"),
        Patch(facecolor="white", edgecolor=FAINT, linewidth=0, hatch=HATCH, label="gap not closing"),
        *(Patch(alpha=0, label=f"{mark} {word}") for word, mark in MARKS.items()),
    ]
    figure.legend(handles=handles, loc="outside lower left", ncols=3, handlelength=1.6, columnspacing=1.0)
    scale = ScalarMappable(Normalize(-LIMIT, LIMIT), COLORS)
    bar = figure.colorbar(scale, ax=ax, location="bottom", aspect=60, shrink=0.5, pad=0.02, anchor=(1.0, 0.5))
    bar.ax.xaxis.set_major_locator(FixedLocator([-4, -2, 0, 2, 4]))
    bar.ax.set_xticklabels(["≤ 1/16", "1/4", "1", "4", "≥ 16"])
    bar.set_label("ρ, or its bound where that is all that is known", fontsize=6.5)
    bar.outline.set_linewidth(0.5)
