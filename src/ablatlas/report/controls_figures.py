"""The figures of the controls' page: A/A's intervals, known answers, coverage of simulated truth."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ablatlas.report import numbers
from ablatlas.report.axes import ratio_bar, ratio_limits, ratio_ticks
from ablatlas.report.captions import Words
from ablatlas.report.style import DOUBLE, FAINT, INK, SINGLE, letter, styled
from ablatlas.report.view import Row, Rows
from ablatlas.report.words import words

GOOD, BAD = "#0072B2", "#D55E00"
ROW = 0.17  # height of a row of small print, inches
# What the rows of simulated truth are held to: the key, its name, the line, and on which side of it all is well.
HELD = (
    ("coverage", "coverage", 0.93, ">"),
    ("false_relaxed", "false RELAXED", 0.025, "<"),
    ("power", "power", 0.8, ">"),
)
DOSES = {"D": "half the data", "T": "half the updates", "C": "every step twice", "W": "a wait as long as the work"}


@styled
def nothing() -> Figure:
    """The figure of controls that were not run."""
    figure = Figure(figsize=(SINGLE, 0.8))
    figure.text(0.5, 0.5, "not run", ha="center", va="center", color=FAINT)
    return figure


# --- A/A ---


@styled
def caterpillar(own: Row) -> Figure:
    """The 95 % interval of every draw, sorted; those that leave 1 out in another colour and thicker."""
    draws = sorted(own["intervals"], key=_middle)
    figure = Figure(figsize=(DOUBLE, 2.6), layout="constrained")
    ax = figure.subplots()
    low, high = ratio_limits([_ratio(row) for row in draws], least=0.5)
    ax.set_ylim(low, high)
    for x, row in enumerate(draws):
        ends = [
            low if row["low"] is None else math.log2(row["low"]),
            high if row["high"] is None else math.log2(row["high"]),
        ]
        out = leaves_out(row)
        ax.plot([x, x], ends, color=BAD if out else GOOD, linewidth=1.6 if out else 0.7, solid_capstyle="butt")
        if _ratio(row)["value"] is not None:
            ax.plot([x], [math.log2(_ratio(row)["value"])], marker="s" if out else "o", markersize=2.6 if out else 1.4,
                    color=BAD if out else GOOD)  # fmt: skip
    ax.axhline(0, color=INK, linewidth=0.7)
    ratio_ticks_y(ax, low, high)
    ax.set_xlim(-1, len(draws))
    ax.set_xlabel(f"draws, sorted ({len(draws)})")
    ax.set_ylabel("ρ of an arm against itself")
    return figure


def ratio_ticks_y(ax: Axes, low: float, high: float) -> None:
    """Powers of two, or of the square root of two where an axis spans little."""
    if high - low > 2.5:
        ratio_ticks(ax.yaxis, low, high)
        return
    places = [k / 4 for k in range(math.ceil(4 * low), math.floor(4 * high) + 1)]
    ax.set_yticks(places, [f"{2**place:.2f}" for place in places])


def _ratio(row: Row) -> Row:
    """A draw's ratio, under either name of its estimate."""
    return {"value": row.get("rho", row.get("value")), "low": row["low"], "high": row["high"]}


def _middle(row: Row) -> float:
    known = [_ratio(row)["value"]] if _ratio(row)["value"] else [end for end in (row["low"], row["high"]) if end]
    return math.prod(known) ** (1 / len(known)) if known else 1.0


def leaves_out(row: Row) -> bool:
    """Whether an interval does not hold 1."""
    return (row["low"] is not None and row["low"] > 1) or (row["high"] is not None and row["high"] < 1)


def shares(own: Row) -> str:
    """How many intervals leave 1 out and how many verdicts fell, each with its Clopper–Pearson interval."""
    return (
        f"Of {own['draws']} draws, {_share(own, 'excluding_one')} have an unadjusted 95 % interval that leaves 1 out, "
        f"and {_share(own, 'false_verdicts')} a verdict of RELAXED or TIGHTENED; both should be 5 % at most."
    )


def _share(own: Row, key: str) -> str:
    low, high = own.get(f"{key}_low"), own.get(f"{key}_high")
    span = "" if low is None or high is None else f" ({100 * low:.1f} to {100 * high:.1f} %, Clopper–Pearson)"
    return f"{100 * own[key]:.1f} %{span}"


def caterpillar_caption(own: Row) -> Words:
    """What the draws say."""
    return Words(
        alt=f"Intervals of all A/A draws, sorted. {shares(own)}",
        caption="A/A: the 95 % interval of ρ in every draw of one arm against itself, sorted by its estimate; thick, "
        "orange and square: it leaves 1 out. Lines that reach the frame are open.",
    )


# --- doses ---


@styled
def doses(rows: Rows) -> Figure:
    """Measured intervals and, as a hollow diamond or a band, the known answer."""
    figure = Figure(figsize=(0.75 * DOUBLE, 0.65 + ROW * 1.2 * len(rows)), layout="constrained")
    ax = figure.subplots()
    answers = [end for row in rows for end in _answer(row)]
    low, high = ratio_limits([*rows_of(rows), *({"value": a, "low": a, "high": a} for a in answers)], least=1.0)
    ax.set_xlim(low, high)
    for y, row in enumerate(rows):
        ends = [math.log2(end) for end in _answer(row)]
        if ends[0] < ends[-1]:
            ax.plot(ends, [y, y], color="#BBBBBB", linewidth=7, solid_capstyle="butt", zorder=0)
        else:
            ax.plot(
                ends[:1], [y], marker="D", markersize=8, color=INK, markerfacecolor="white", linestyle="none", zorder=1
            )
        ratio_bar(ax, y, rows_of([row])[0], GOOD if row["passed"] else BAD, "o" if row["passed"] else "X")
    ax.axvline(0, color=FAINT, linewidth=0.6, linestyle=":")
    ratio_ticks(ax.xaxis, low, high)
    ax.set_yticks(range(len(rows)), [f"{dose_name(row)}: {words(row['measure'])}" for row in rows])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("ratio; hollow or grey: the known answer")
    return figure


def dose_name(row: Row) -> str:
    """What a dose is."""
    return DOSES.get(row["dose"], words(row["dose"]))


def rows_of(rows: Rows) -> list[Row]:
    """The ratios of some rows."""
    return [{key: row.get(key) for key in ("value", "low", "high")} for row in rows]


def _answer(row: Row) -> list[float]:
    answer = row["answer"]
    return [float(end) for end in answer] if isinstance(answer, Sequence) else [float(answer)]


def doses_caption(rows: Rows) -> Words:
    """Every answer in words."""
    told = "; ".join(
        f"{dose_name(row)}, {words(row['measure'])}: {numbers.ratio(rows_of([row])[0])}, "
        f"known {' to '.join(map(numbers.number, _answer(row)))}, {'passed' if row['passed'] else 'failed'}"
        for row in rows
    )
    return Words(
        alt=f"Known answers and what was measured. {told}.",
        caption="Doses: what was measured (95 % interval; orange cross: failed) and the known answer (hollow diamond, "
        "or the grey band that it must lie in).",
    )


# --- synthetic ground truth ---


def _held(row: Row, key: str) -> bool:
    """Whether a row is held to a column's line: a label of closure is no verdict, so that none of it is false."""
    return row[key] is not None and (key != "false_relaxed" or row.get("label") is None)


@styled
def synthetic(rows: Rows) -> Figure:
    """Coverage, false verdicts and power of every kind and n, with the lines that they are held to."""
    figure = Figure(figsize=(DOUBLE, 0.75 + ROW * len(rows)), layout="constrained")
    axes = figure.subplots(1, len(HELD), sharey=True)
    for ax, (key, name, line, side) in zip(axes, HELD, strict=True):
        known = [(y, row[key]) for y, row in enumerate(rows) if _held(row, key)]
        ax.axvline(line, color=INK, linewidth=0.8, linestyle="--", zorder=0)
        for y, value in known:
            good = value >= line if side == ">" else value <= line
            ax.plot([value], [y], marker="o" if good else "X", markersize=4, color=GOOD if good else BAD)
        values = [value for _, value in known] or [line]
        room = 0.15 * max(max([*values, line]) - min([*values, line]), 0.02)
        ax.set_xlim(max(-0.02, min([*values, line]) - room), min(1.02, max([*values, line]) + room))
        ax.set_title(f"{name} ({'≥' if side == '>' else '≤'} {100 * line:g} %)")
        ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="y", color="#EEEEEE", linewidth=0.6)
        ax.set_axisbelow(True)
    axes[0].set_yticks(range(len(rows)), [f"{words(r['measure'])}, {r['kind']}, n = {r['seeds']}" for r in rows])
    axes[0].set_ylim(len(rows) - 0.4, -0.6)
    letter(axes)
    return figure


def synthetic_caption(rows: Rows) -> Words:
    """The worst of each column."""
    told = "; ".join(_worst(rows, key, name, side) for key, name, _, side in HELD if any(_held(r, key) for r in rows))
    return Words(
        alt=f"Coverage, false verdicts and power of {len(rows)} kinds of simulated arms. {told}.",
        caption="Simulated arms whose truth is known, through the same code as every study: (a) share of 95 % "
        "intervals that hold the truth, (b) share of false RELAXED, (c) power at twice the detectable effect. "
        "Dashed: what each is held to; an orange cross misses it.",
    )


def _worst(rows: Rows, key: str, name: str, side: str) -> str:
    values = [row[key] for row in rows if _held(row, key)]
    return (
        f"{'lowest' if side == '>' else 'highest'} {name} {100 * (min(values) if side == '>' else max(values)):.1f} %"
    )
