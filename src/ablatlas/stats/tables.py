"""The tables of a study's results, from its runs, curves and ledgers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pandas as pd

from ablatlas.stats import summary
from ablatlas.stats.checks import Confirmation
from ablatlas.stats.climb import Climb, Ledgers, column
from ablatlas.stats.solving import Cap, capped
from ablatlas.stats.summary import Row
from ablatlas.stats.survival import kaplan_meier

if TYPE_CHECKING:
    from ablatlas.study import Study

VERSION = 1

LOSSES = ("loss", "train_loss", "val_loss")
BOOKKEEPING = frozenset({"run", "step", "examples", "flops", "arm", "cell", "seed", "state"})


def tables(study: Study, climbs: Sequence[Climb], confirmation: Confirmation, ledgers: Ledgers) -> dict[str, Any]:
    """Every table that a report draws, by name."""
    runs, curves = confirmation.runs, confirmation.curves
    caps = caps_of(ledgers)
    plotted = [name for name in curves.columns if _is_metric(name, climbs)]
    mechanism = [name for name in curves.columns if name not in BOOKKEEPING and name not in plotted]
    return {
        "levels": [row for climb in climbs for row in _levels(study, climb, runs, caps)],
        "curves": summary.curves(curves, plotted, caps),
        "mechanism": summary.mechanism(curves, mechanism),
        "meters": [row | {"steps": _steps(study, row)} for row in summary.meters(runs)],
        "ledger": [row for cell, entry in ledgers.items() for row in summary.ledger(cell, entry)],
        "survival": [row for climb in climbs if climb.ladder.evaluated for row in _survival(study, climb)],
    }


def _steps(study: Study, row: Row) -> int | None:
    """Optimizer steps of a whole run, None where its recipe counts none."""
    steps: int | None = study.run_config(row["variant"], row["cell"])["recipe"].get("steps")
    return steps


def caps_of(ledgers: Ledgers) -> dict[str, Cap]:
    """The cap of each metric that has one: the tuned one, which holds for every loss if it is a loss.

    The ledger holds the cap as a loss: of a metric to be maximised it is the negative.
    """
    metric, cap = ledgers["base"]["metric"], float(ledgers["base"]["cap"])
    if ledgers["base"]["goal"] == "max":
        return {metric: Cap(-cap, lower_is_better=False)}
    return dict.fromkeys((metric, *(LOSSES if metric in LOSSES else ())), Cap(cap, lower_is_better=True))


def _is_metric(name: str, climbs: Sequence[Climb]) -> bool:
    """Whether a curve's column is a loss, an error or what a criterion reads; the rest is mechanism."""
    return name.startswith(("train_", "val_")) or name.split("@")[0] in {c.criterion.metric for c in climbs}


def _levels(study: Study, climb: Climb, runs: pd.DataFrame, caps: dict[str, Cap]) -> list[Row]:
    rungs = range(len(climb.ladder.levels))
    return [_level(climb, variant, i, runs, caps) for variant in study.variants for i in rungs]


def _level(climb: Climb, variant: str, i: int, runs: pd.DataFrame, caps: dict[str, Cap]) -> Row:
    ladder, metric = climb.ladder, climb.criterion.metric
    level = ladder.levels[i]
    part = runs[(runs["arm"] == variant) & (runs["cell"] == ladder.cell(level))]
    solved = climb.solved[variant][:, i]
    scores = capped(part, column(ladder, level), caps.get(column(ladder, level), caps.get(metric)))
    mean = summary.t_interval(scores if scores.notna().all() else [])  # never a mean over survivors
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
        "mean": mean["mean"],
        "mean_low": mean["low"],
        "mean_high": mean["high"],
    }


def _survival(study: Study, climb: Climb) -> list[Row]:
    return [
        {"ladder": climb.ladder.name, "variant": variant, **asdict(row), "level": level}
        for variant in study.variants
        for level, row in zip(climb.ladder.levels, kaplan_meier(climb.failures(variant), climb.levels), strict=True)
    ]
