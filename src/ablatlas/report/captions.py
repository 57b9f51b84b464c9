"""What stands under a figure, and what is read to those who cannot see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablatlas.report.numbers import interval, number
from ablatlas.report.text import capitalized, equals, listed, sign, words
from ablatlas.report.view import Row, View

if TYPE_CHECKING:
    from ablatlas.study import Ladder

APART = "coinciding curves are moved apart slightly"


@dataclass(frozen=True)
class Words:
    """A figure's alternative text and its caption."""

    alt: str
    caption: str


NOTHING = Words("Nothing was measured.", "No ladder of this study was measured at this scale; the limits say why.")


def staircase(view: View, ladder: Ladder) -> Words:
    """Of a ladder: solved shares, brackets, the metric behind them."""
    criterion = view.results["criteria"][ladder.name]
    metric = words(criterion["metric"])
    solved = f"{metric} {sign(criterion['op'])} {number(criterion['value'])}"
    axis = ladder.path or "read along one evaluation of each run"
    return Words(
        alt=f"Runs solved along {words(ladder.name)}. {_by_variant(view, 'levels', ladder)}.",
        caption=f"(a) Share of runs that are solved ({solved}) at each level of {words(ladder.name)} ({axis}), Wilson "
        f"95 % intervals; {APART}. (b) Exact brackets: each bar holds the level at which half of the runs are solved; "
        f"an arrow is an open end. (c) The same runs' {metric}, mean over seeds and t interval (95 %); runs that did "
        "not finish score the cap.",
    )


def survival(view: View, ladder: Ladder) -> Words:
    """Of the survival along an evaluated ladder."""
    return Words(
        alt=f"Survival along {words(ladder.name)}. {_by_variant(view, 'survival', ladder)}.",
        caption=f"How far along {words(ladder.name)} runs last: Kaplan–Meier estimate of the share without a failure "
        f"up to and at each level, Wilson 95 % intervals; below, runs at risk; {APART}. "
        + " ".join(_log_ranks(view, ladder)),
    )


def _by_variant(view: View, name: str, ladder: Ladder) -> str:
    rows = {variant: view.table(name, ladder=ladder.name, variant=variant) for variant in view.roles}
    return "; ".join(f"{variant}: {', '.join(map(_share, found))}" for variant, found in rows.items())


def _share(row: Row) -> str:
    share = f"{row['solved']}/{row['n']}" if "solved" in row else f"{row['surviving']:.0%}"
    return f"{share} at {row['level']:g}"


def _log_ranks(view: View, ladder: Ladder) -> list[str]:
    tested = [v for v in view.verdicts if v["ladder"] == ladder.name and v["log_rank"]]
    return [f"Log-rank, {v['numerator']} against {v['denominator']}: {_log_rank(v['log_rank'])}." for v in tested]


def _log_rank(test: Row) -> str:
    return f"χ² = {number(test['chi2'])}, p {equals(test['p'])}"


def curves(view: View, metrics: Sequence[str]) -> Words:
    """Of learning curves."""
    said = listed(map(words, metrics))
    last = max(row["step"] for row in view.table("curves"))
    return Words(
        alt=f"Learning curves of {said} over {last} steps, a panel for each cell; the table of levels has the ends.",
        caption=f"{capitalized(said)} during training: mean over seeds, band: 95 % t interval; a run that stopped "
        "scores the cap.",
    )


def profile(view: View, name: str) -> Words:
    """Of a mechanism variable along the network."""
    first, last = (view.table("mechanism", name=name, x=x) for x in (0.0, 1.0))
    pairs = list(zip(first, last, strict=True))
    ends = (f"{a['variant']} in {a['cell']}: {number(a['mean'])} and {number(b['mean'])}" for a, b in pairs)
    hardest = list(view.study.cells)[-1]
    arms = [(a, b) for a, b in pairs if a["cell"] == hardest and a["variant"] in ("with", "without")]
    told = [f"{_estimate(a)} at the input and {_estimate(b)} at the output for {a['variant']}" for a, b in arms]
    return Words(
        alt=f"{capitalized(words(name))} at the input and at the output. {'; '.join(ends)}.",
        caption=f"{capitalized(words(name))} along the network at the last evaluation at which it was finite: "
        "geometric mean over seeds and its 95 % interval, from the input (0) to the output (1); a contrast may leave "
        "the frame." + (f" In {hardest} it is {listed(told)}." if told else ""),
    )


def _estimate(row: Row) -> str:
    span = interval(row["low"], row["high"], 2)
    return number(row["mean"], 2) + (f" ({span})" if span else "")


def scalars(view: View, names: Sequence[str]) -> Words:
    """Of mechanism variables that are one number a run."""
    rows = [row for name in names for row in view.table("mechanism", name=name)]
    values = (f"{words(row['name'])}, {row['variant']} in {row['cell']}: {number(row['mean'])}" for row in rows)
    return Words(
        alt=f"{capitalized(listed(map(words, names)))}. {'; '.join(values)}.",
        caption=f"{capitalized(listed(map(words, names)))} at the last evaluation: mean over seeds, 95 % t interval.",
    )
