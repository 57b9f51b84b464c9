"""How everything is drawn: for print in two columns, for readers without colour, and to the same bytes every time."""

import functools
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ParamSpec

import matplotlib as mpl
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

P = ParamSpec("P")

SINGLE, DOUBLE = 3.35, 7.0  # widths of one and of two columns, inches
INK, FAINT = "#222222", "#666666"
FORMATS = ("svg", "pdf", "png")

# Dates and versions would make two equal drawings differ.
METADATA: dict[str, dict[str, None]] = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
    "png": {"Software": None},
}

RC = {
    **sns.plotting_context("paper"),
    **sns.axes_style("ticks"),
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: the same on every machine
    "font.size": 7,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "axes.linewidth": 0.7,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "lines.linewidth": 1.3,
    "lines.markersize": 4.5,
    "legend.frameon": False,
    "savefig.dpi": 300,
    "svg.hashsalt": "ablatlas",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
}


@dataclass(frozen=True)
class Look:
    """How one variant is drawn: told apart by marker and dashes where colour is lost."""

    color: str
    marker: str
    dash: Any
    width: float = 1.0
    filled: bool = True

    @property
    def line(self) -> dict[str, Any]:
        """Keywords of a line with markers."""
        return {
            "color": self.color,
            "linestyle": self.dash,
            "linewidth": self.width,
            "marker": self.marker,
            "markerfacecolor": self.color if self.filled else "white",
            "markeredgecolor": self.color,
        }

    @property
    def bare(self) -> dict[str, Any]:
        """Keywords of a line without markers."""
        return self.line | {"marker": ""}


# Okabe & Ito 2008: distinct under every common colour blindness
LOOKS = {
    "with": Look("#0072B2", "o", "-", width=1.6),
    "without": Look("#D55E00", "s", (0, (4, 1.5)), width=1.6),
    "strong": Look("#009E73", "^", (0, (6, 1.5, 1, 1.5))),
    "placebo": Look("#CC79A7", "v", (0, (1, 1))),
    "rescue": Look("#56B4E9", "D", (0, (2, 1))),
    "matched": Look("#E69F00", "P", (0, (3, 1, 1, 1, 1, 1))),
    "factorial": Look("#555555", "X", (0, (1, 1.5))),
}


def looks(roles: Mapping[str, str]) -> dict[str, Look]:
    """A look for every variant (name: role); a second variant of a role has hollow markers.

    Raises KeyError for a role that has no look.
    """
    chosen: dict[str, Look] = {}
    for name, role in roles.items():
        base = LOOKS[role]
        taken = sum(look.color == base.color for look in chosen.values())
        chosen[name] = replace(base, filled=taken % 2 == 0)
    return chosen


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw under the theme, whatever the caller has set."""

    @functools.wraps(draw)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with mpl.rc_context(RC):
            return draw(*args, **kwargs)

    return wrapped


def render(figure: Figure, form: str = "svg") -> bytes:
    """The bytes of a figure as svg, pdf or png; equal figures give equal bytes."""
    out = io.BytesIO()
    with mpl.rc_context(RC):
        figure.savefig(out, format=form, metadata=METADATA[form])
    return out.getvalue()


def save(figure: Figure, stem: Path) -> None:
    """Write `stem`.svg, .pdf and .png."""
    for form in FORMATS:
        stem.with_suffix(f".{form}").write_bytes(render(figure, form))


def fitted(size: float, text: str, letters: int) -> float:
    """Points at which the longest line of a text is no wider than so many letters of a size."""
    return size * letters / max(letters, *map(len, text.split("\n")))


def letter(axes: Iterable[Axes]) -> None:
    """Mark panels a, b, c …"""
    for ax, mark in zip(axes, "abcdefghijklmnopqrstuvwxyz", strict=False):
        ax.annotate(
            mark,
            xy=(0, 1),
            xycoords="axes fraction",
            xytext=(-4, 5),
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize=9,
            fontweight="bold",
        )
