"""The tables of a study's results, from its runs, curves, ledgers and clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pandas as pd

from ablatlas.stats import ask_edges, ask_frontier, ask_resource, ask_time, costs, critical, equal_rates, summary
from ablatlas.stats.checks import Clock, Ledgers
from ablatlas.stats.climb import Climb, column
from ablatlas.stats.evidence import Evidence
from ablatlas.stats.gap import gaps
from ablatlas.stats.scaling import scaling
from ablatlas.stats.solving import LOSS, Cap, capped
from ablatlas.stats.summary import Row
from ablatlas.stats.survival import kaplan_meier

if TYPE_CHECKING:
    from ablatlas.study import Ladder, Study

VERSION = 2

LOSSES = ("loss", "train_loss", "val_loss")
BOOKKEEPING = frozenset({"run", "step", "examples", "flops", "arm", "cell", "seed", "rate", "state"}) | {
    *("block", "steps", "seconds", "joules", "others", "began"),  # of a run that is timed
}


def tables(evidence: Evidence, climbs: Sequence[Climb]) -> dict[str, Any]:
    """Every table that a report draws, by name."""
    study, runs, curves, ledgers = evidence.study, evidence.runs, evidence.confirmation.curves, evidence.ledgers
    caps = caps_of(ledgers)
    plotted = [name for name in curves.columns if _is_metric(name, climbs)]
    mechanism = [name for name in curves.columns if name not in BOOKKEEPING and name not in plotted]
    resources = [ladder for ladder in study.ladders.values() if ladder.measure == ask_resource.MEASURE]
    rungs = [row for climb in [*climbs, *ask_edges.climbs(evidence)] for row in _levels(climb, runs, caps)]
    return {
        "levels": rungs + [row for ladder in resources for row in _losses(evidence, ladder)],
        "curves": summary.curves(curves, plotted, caps),
        "mechanism": summary.mechanism(curves, mechanism),
        "meters": [row | {"steps": _steps(study, row)} | _counts(evidence.clock, row) for row in summary.meters(runs)],
        "ledger": [row for cell, entry in ledgers.items() for row in summary.ledger(cell, entry)],
        "survival": [row for climb in climbs if climb.ladder.evaluated for row in _survival(climb)]
        + ask_time.survival(evidence),
        "equal_rates": equal_rates.rows(evidence),
        "gap": gaps(curves, evidence.cap),
        "scaling": [row for ladder in resources for row in _scaling(evidence, ladder)],
        "frontier": ask_frontier.envelopes(evidence),
        "costs": costs.costs(evidence),
        "growth": costs.growth(evidence),
        **critical.tables(evidence),
    }


def clock_rows(clock: Clock) -> Row:
    """What the clock saw, by variant: geometric means over blocks with their intervals."""
    told = clock.provenance
    return {
        **{
            key: told.get(key)
            for key in ("device", "node", "processor", "counter", "no_counter", "exclusive", "others")
        },
        "rows": [_clocked(variant, part, clock) for variant, part in clock.blocks.groupby("variant", sort=False)],
    }


def _clocked(variant: Any, part: pd.DataFrame, clock: Clock) -> Row:
    per_step = summary.geometric_interval(part["seconds"] / part["steps"])
    joules = pd.to_numeric(part["joules"]).astype(float)
    counted = bool(joules.notna().all())
    meters = clock.meters[str(variant)]
    return {
        "variant": variant,
        "blocks": len(part),
        "seconds_per_step": per_step["mean"],
        "low": per_step["low"],
        "high": per_step["high"],
        "flop_rate": meters["flops_per_step"] / per_step["mean"],
        "joules_per_step": summary.geometric_interval(joules / part["steps"])["mean"] if counted else None,
        "watts": float(joules.sum() / part["seconds"].sum()) if counted else None,
        **meters,
    }


def _counts(clock: Clock | None, row: Row) -> Row:
    """Of the base cell, the parameters that a step moves and those that are no look-up table."""
    if clock is None or row["cell"] != "base":
        return {"active": None, "non_embedding": None}
    return {name: clock.meters[row["variant"]].get(name) for name in ("active", "non_embedding")}


def _steps(study: Study, row: Row) -> int | None:
    """Optimizer steps of a whole run, None where its recipe counts none."""
    steps: int | None = study.run_config(row["variant"], row["cell"])["recipe"].get("steps")
    return steps


def caps_of(ledgers: Ledgers) -> dict[str, Cap]:
    """The cap of each metric that has one: the tuned one, which holds for every loss if it is a loss; else none.

    The ledger holds the cap as a loss: of a metric to be maximised it is the negative.
    """
    if not ledgers:
        return {}
    metric, cap = ledgers["base"]["metric"], float(ledgers["base"]["cap"])
    if ledgers["base"]["goal"] == "max":
        return {metric: Cap(-cap, lower_is_better=False)}
    return dict.fromkeys((metric, *(LOSSES if metric in LOSSES else ())), Cap(cap, lower_is_better=True))


def _is_metric(name: str, climbs: Sequence[Climb]) -> bool:
    """Whether a curve's column is a loss, an error or what a criterion reads; the rest is mechanism."""
    return name.startswith(("train_", "val_")) or name.split("@")[0] in {c.criterion.metric for c in climbs}


def _levels(climb: Climb, runs: pd.DataFrame, caps: dict[str, Cap]) -> list[Row]:
    rungs = range(len(climb.ladder.levels))
    return [_level(climb, variant, i, runs, caps) for variant in climb.ladder.variants for i in rungs]


def _level(climb: Climb, variant: str, i: int, runs: pd.DataFrame, caps: dict[str, Cap]) -> Row:
    ladder, metric = climb.ladder, climb.criterion.metric
    level = ladder.levels[i]
    part = runs[(runs["arm"] == variant) & (runs["cell"] == ladder.cell(level))]
    solved = climb.solved[variant][:, i]
    scores = capped(part, column(ladder, level), caps.get(column(ladder, level), caps.get(metric)))
    return {
        "ladder": ladder.name,
        "variant": variant,
        "level": level,
        "cell": ladder.cell(level),
        **summary.share(int(solved.sum()), len(solved)),
        "states": summary.states(part),
        "rate": summary.number(part["rate"].iloc[0]),
        "edge": level in climb.edges[variant],
        "metric": metric,
        **_mean(scores),
    }


def _losses(evidence: Evidence, ladder: Ladder) -> list[Row]:
    """Rows of a resource ladder, on which nothing is solved or not."""
    unsolved = dict.fromkeys(("solved", "share", "low", "high"))
    return [
        {
            "ladder": ladder.name,
            "variant": variant,
            "level": level,
            "cell": ladder.cell(level),
            **unsolved,
            "n": len(part := evidence.cell(variant, ladder.cell(level))),
            "states": summary.states(part),
            "rate": summary.number(part["rate"].iloc[0]),
            "edge": level in evidence.edges(ladder, [variant]),
            "metric": LOSS,
            **_mean(capped(part, LOSS, evidence.cap)),
        }
        for variant in ladder.variants
        for level in ladder.levels
    ]


def _mean(scores: pd.Series) -> Row:
    """A mean and its t interval; never one over survivors."""
    mean = summary.t_interval(scores if scores.notna().all() else [])
    return {"mean": mean["mean"], "mean_low": mean["low"], "mean_high": mean["high"]}


def _scaling(evidence: Evidence, ladder: Ladder) -> list[Row]:
    """Exponent and floor of every variant along a resource ladder."""
    return [
        {
            "ladder": ladder.name,
            "variant": variant,
            **asdict(scaling(ask_resource.curve(evidence, ladder, variant, ladder.levels))),
        }
        for variant in ladder.variants
    ]


def _survival(climb: Climb) -> list[Row]:
    return [
        {"ladder": climb.ladder.name, "variant": variant, **asdict(row), "level": level}
        for variant in climb.ladder.variants
        for level, row in zip(climb.ladder.levels, kaplan_meier(climb.failures(variant), climb.levels), strict=True)
    ]
