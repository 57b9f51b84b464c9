"""The figure of a time to target: the share of runs that are not there yet, and ρ at three fractions of the budget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ablatlas.report.axes import ratio_bar, ratio_limits, ratio_ticks
from ablatlas.report.captions import Words
from ablatlas.report.drawing import legend, spread
from ablatlas.report.numbers import number, ratio
from ablatlas.report.resource import plain
from ablatlas.report.staircase import APART, LIFT
from ablatlas.report.style import DOUBLE, FAINT, INK, Look, letter, looks, styled
from ablatlas.report.view import Row, Rows, View

if TYPE_CHECKING:
    from ablatlas.study import Ladder

PRIMARY = 0.5  # the registered fraction of the budget
NAMES = {0.25: "¼", 0.5: "½", 0.75: "¾"}


@styled
def draw(view: View, ladder: Ladder) -> Figure:
    """Kaplan–Meier curves to each target, a panel a target, and ρ at each; marks where runs were censored."""
    rows, verdict = view.table("survival", ladder=ladder.name), plain(view, ladder)
    shown, fractions = looks(view.shown(rows)), list((verdict or {}).get("fractions") or [])
    targets = list(dict.fromkeys(row["q"] for row in rows))
    figure = Figure(figsize=(DOUBLE, 2.5), layout="constrained")
    widths = [1.0] * len(targets) + ([1.05] if fractions else [])
    axes = figure.subplots(1, len(widths), width_ratios=widths, squeeze=False)[0]
    for ax, q in zip(axes, targets, strict=False):
        _draw_shares(ax, ladder, [row for row in rows if row["q"] == q], shown)
        goal = next((_target(row) for row in fractions if row["q"] == q), "")
        ax.set_title(f"to the target at {_named(q)}\n{goal}", fontweight="bold" if q == PRIMARY else "normal")
    axes[0].set_ylabel(f"share of runs not yet\nat the target{_size(verdict)}")
    for ax in axes[1 : len(targets)]:
        ax.set_yticklabels([])
    if fractions:
        _draw_fractions(axes[-1], fractions)
    letter(axes)
    legend(figure, view, shown)
    return figure


def _size(verdict: Row | None) -> str:
    return "" if verdict is None else f" (n = {verdict['n']})"


def _named(q: float) -> str:
    return NAMES.get(q, f"{q:g}")


def _draw_shares(ax: Axes, ladder: Ladder, rows: Rows, shown: Mapping[str, Look]) -> None:
    budget, limit = ladder.levels
    ax.axvline(budget, color=FAINT, linewidth=0.8, linestyle=":", zorder=0)
    for k, (name, look) in enumerate(shown.items()):
        _draw_curve(ax, look, [row for row in rows if row["variant"] == name], spread(k, len(shown)) * LIFT, limit)
    ax.set_ylim(-0.06, 1.06)
    ax.set_xlim(0, limit * 1.02)
    ax.set_xticks([0, budget, limit], ["0", f"{number(budget)}", number(limit)])
    ax.set_xlabel("optimizer steps")


def _draw_curve(ax: Axes, look: Look, rows: Rows, lift: float, limit: float) -> None:
    """One arm on its way to one target, from step 0 to the limit; a mark there where runs have not arrived."""
    if not rows:
        return
    x, y = [0.0, *(row["level"] for row in rows), limit], [1.0, *(row["surviving"] for row in rows)]
    ax.step(x, [share + lift for share in (*y, y[-1])], where="post", **look.bare)
    _draw_band(ax, look, rows)
    if y[-1] > 0:
        mark: dict[str, Any] = {"marker": "|", "markersize": 9, "markeredgewidth": 1.6}
        ax.plot([limit], [y[-1] + lift], color=look.color, clip_on=False, **mark)


def _draw_band(ax: Axes, look: Look, rows: Rows) -> None:
    """Wilson intervals, as far as some run is still on its way."""
    after = next((k for k, row in enumerate(rows) if row["surviving"] == 0), len(rows))
    x, low, high = ([row[key] for row in rows[: after + 1]] for key in ("level", "low", "high"))
    ax.fill_between(x, low, high, step="post", color=look.color, alpha=0.12, linewidth=0)


def _draw_fractions(ax: Axes, fractions: Rows) -> None:
    """ρ at each target, the registered one filled in black."""
    low, high = ratio_limits(fractions)
    ax.set_xlim(low, high)
    ratio_ticks(ax.xaxis, low, high)
    ax.axvline(0, color=FAINT, linewidth=0.6, linestyle=":")
    for k, row in enumerate(fractions):
        ratio_bar(ax, k, row, INK, alpha=1 if row["q"] == PRIMARY else 0.45)
    ax.set_yticks(range(len(fractions)), [_named(row["q"]) for row in fractions])
    ax.set_ylim(len(fractions) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_title("steps without / with\n")
    ax.set_xlabel("ρ")


def _target(row: Row) -> str:
    return "" if row["target"] is None else f"loss {number(row['target'])}"


def caption(view: View, ladder: Ladder) -> Words:
    """What is drawn, how many arrived, and ρ."""
    fractions = (plain(view, ladder) or {}).get("fractions") or []
    told = "; ".join(f"target at {_named(row['q'])} of the budget: {_told(row)}" for row in fractions)
    last = "abcdefgh"[len({row["q"] for row in view.table("survival", ladder=ladder.name)})]
    beside = f" ({last}) ρ at each target; black: the registered one, an arrow: an open end." if fractions else ""
    return Words(
        alt=f"Share of runs not yet at the target loss, over steps. {told or 'no target was reached'}.",
        caption="Kaplan–Meier estimate of the share of runs whose validation loss has not yet fallen to the target: "
        "the loss that the arm with the innovation has on tuning seeds at ¼, ½ (registered) and ¾ of its budget "
        f"(dotted). Bands: Wilson 95 %; a bar at the limit marks runs that never arrived (censored); {APART}.{beside}",
    )


def _told(row: Row) -> str:
    arrived = ", ".join(f"{name} {count}" for name, count in (row.get("reached") or {}).items())
    return f"ρ {ratio(row)}" + (f", runs that arrived: {arrived}" if arrived else "")
