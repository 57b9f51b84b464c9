"""The tables that a report draws: what was seen, with intervals, before any verdict.

Frames: `runs` has one row a run (arm, cell, seed, rate, state, outcome and meter columns); `curves` one row
an evaluation (arm, cell, seed, state, step, metrics). Tables are lists of plain rows; a number that does not
exist is None.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from ablatlas.stats.solving import Cap

VERSION = 1

Row = dict[str, Any]
Floats = NDArray[np.float64]
Caps = Mapping[str, Cap]  # by metric
Reduced = Callable[[pd.Series], Floats]

NAMES = {"gradient_norms": "gradient_norm"}  # of curve columns that a table calls otherwise
SHARES = ("dead_units",)  # of which many are zero: averaged as they are
DRIFTS = {"preactivation_spread": "preactivation_drift"}  # columns that are also followed through a training
SETTLED = 0.1  # of the steps: until then the averages that a normalised network is judged with lag behind
FLOORS = {"preactivation_spread": 1e-6}  # a smaller one, about a mean near one, is float32's rounding
TINY = float(np.finfo(np.float32).tiny)  # a vanished gradient underflows to 0, which has no logarithm


def number(value: float | None) -> float | None:
    """A float as JSON knows it: None if it is missing or not finite."""
    return None if value is None or not math.isfinite(value) else float(value)


def t_interval(values: ArrayLike, level: float = 0.95) -> Row:
    """n, mean and its t interval over seeds; values that are NaN do not count."""
    x = np.asarray(values, float)
    x = x[~np.isnan(x)]
    if not len(x):
        return {"n": 0, "mean": None, "low": None, "high": None}
    mean = float(x.mean())
    if len(x) == 1:
        return {"n": 1, "mean": mean, "low": None, "high": None}
    half = _quantile(level, len(x) - 1) * _standard_error(x)
    return {"n": len(x), "mean": mean, "low": mean - half, "high": mean + half}


@cache
def _quantile(level: float, freedom: int) -> float:
    return float(stats.t.ppf((1 + level) / 2, freedom))


def _standard_error(x: Floats) -> float:
    return float(x.std(ddof=1)) / math.sqrt(len(x))


def geometric_interval(values: ArrayLike) -> Row:
    """Like `t_interval`, of the logarithms: geometric mean and its interval."""
    row = t_interval(np.log(np.maximum(np.asarray(values, float), TINY)))
    return {key: value if key == "n" or value is None else math.exp(value) for key, value in row.items()}


def share(solved: int, n: int) -> Row:
    """A share with its Wilson interval."""
    low, high = proportion_confint(solved, n, method="wilson")
    return {"n": n, "solved": solved, "share": solved / n, "low": float(low), "high": float(high)}


def states(runs: pd.DataFrame) -> dict[str, int]:
    """Number of runs in each state that occurs."""
    return {str(state): int(n) for state, n in runs["state"].value_counts().sort_index().items()}


def curves(frame: pd.DataFrame, metrics: Iterable[str], caps: Caps) -> list[Row]:
    """Mean curves with a t interval at every step.

    A run that stopped early scores the cap from there on where there is one, so that a mean is never one over
    survivors; without a cap, n shows how many are left.
    """
    return [
        {"variant": arm, "cell": cell, "metric": metric, "step": step, **t_interval(values)}
        for (arm, cell), part in frame.groupby(["arm", "cell"], sort=False)
        for metric in metrics
        if metric in part
        for step, values in _by_step(part, metric, caps.get(metric))
    ]


def _by_step(part: pd.DataFrame, metric: str, cap: Cap | None) -> Iterator[tuple[int, Floats]]:
    """(step, (seeds,) values) of one metric, capped, and filled where a run had stopped before."""
    values = part.assign(**{metric: pd.to_numeric(part[metric]).astype(float)})
    # Not pivot_table, which would average runs that stand twice.
    wide = values.pivot(index="step", columns="seed", values=metric)  # noqa: PD010
    whole = part.loc[part["state"] == "finished", "seed"].unique()
    if cap is not None:
        wide = cap.fill(wide).where(wide.notna() | ~wide.columns.isin(whole))
    return zip(wide.index.tolist(), wide.to_numpy(float), strict=True)


def mechanism(frame: pd.DataFrame, names: Sequence[str]) -> list[Row]:
    """Mechanism variables over seeds: each run's at its last finite evaluation, and how far some drift until then.

    Profiles (gradient norms) have a row for each relative depth x in 0..1, scalars one with x None. Magnitudes
    span decades, so what is neither a share nor ever negative is averaged geometrically; `average` says which it was.
    """
    told = [(NAMES.get(column, column), frame, column, _last) for column in names]
    told += [(name, _settled(frame), column, _drift) for column, name in DRIFTS.items() if column in names]
    return [
        {"variant": arm, "cell": cell, "name": name, **row}
        for name, part, column, reduced in told
        for (arm, cell), rows in _by_variant(part, column, reduced).items()
        for row in rows
    ]


def _settled(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["step"] >= SETTLED * frame.groupby("cell")["step"].transform("max")]


def _last(run: pd.Series) -> Floats:
    return np.atleast_1d(run.iloc[-1])


def _drift(run: pd.Series) -> Floats:
    """The largest value of a run over its smallest, at each depth."""
    values = np.stack(run.tolist())
    return np.asarray(values.max(0) / values.min(0))


def _by_variant(frame: pd.DataFrame, column: str, reduced: Reduced) -> dict[tuple[str, str], list[Row]]:
    whole = frame[frame[column].map(_all_finite)].sort_values("step", kind="stable")
    if column in FLOORS:
        whole = whole.assign(**{column: whole[column].map(lambda values: np.maximum(values, FLOORS[column]))})
    runs = {key: reduced(run) for key, run in whole.groupby(["arm", "cell", "seed"], sort=False)[column]}
    plain = column in SHARES or any((values < 0).any() for values in runs.values())
    groups: dict[tuple[str, str], list[Floats]] = {}
    for (arm, cell, _), values in runs.items():
        groups.setdefault((str(arm), str(cell)), []).append(values)
    return {key: _profile(np.stack(part), plain) for key, part in groups.items()}


def _profile(values: Floats, plain: bool) -> list[Row]:
    """Rows of one variant in one cell from (seeds, depths) values; a scalar has one depth, and no place."""
    places = [None] if values.shape[1] == 1 else np.linspace(0, 1, values.shape[1]).tolist()
    interval, average = (t_interval, "arithmetic") if plain else (geometric_interval, "geometric")
    return [{"x": x, "average": average, **interval(column)} for x, column in zip(places, values.T, strict=True)]


def _all_finite(values: Any) -> bool:
    """Whether a cell holds a number, or a list of numbers, and all of them are finite."""
    listed = values if isinstance(values, list) else [values]
    return all(v is not None and math.isfinite(v) for v in listed)


def meters(runs: pd.DataFrame) -> list[Row]:
    """What a variant costs in a cell: exact counts, the same for every seed."""
    return [
        {"variant": arm, "cell": cell}
        | {name: _same(part[name], name) for name in ("parameters", "trainable", "flops_per_step")}
        for (arm, cell), part in runs.groupby(["arm", "cell"], sort=False)
    ]


def _same(values: pd.Series, name: str) -> float | None:
    found = pd.to_numeric(values).dropna().unique()
    if len(found) > 1:
        raise ValueError(f"{name} differs between the runs of one variant in one cell: {found.tolist()}")
    if not len(found):
        return None
    return int(found[0]) if float(found[0]).is_integer() else float(found[0])


def ledger(cell: str, entry: Mapping[str, Any]) -> list[Row]:
    """One row a tuned variant and rate: mean and standard error of the tuned metric over tuning seeds.

    A trial's score is a loss: of a metric to be maximised it is the negative, turned back here.
    """
    trials = pd.DataFrame(entry["trials"])
    sign = -1.0 if entry["goal"] == "max" else 1.0
    return [
        {"cell": cell, "variant": variant, "rate": rate}
        | _trials(trials[(trials["variant"] == variant) & (trials["rate"] == rate)], sign)
        | {"chosen": rate == entry["chosen"][variant]}
        for variant, grid in entry["grids"].items()
        for rate in grid
    ]


def _trials(part: pd.DataFrame, sign: float) -> Row:
    score = sign * part["score"].to_numpy(float)
    return {
        "seed_mean": number(score.mean()),
        "se": number(_standard_error(score)) if len(score) > 1 else None,
        "n": len(part),
        "diverged": int((part["state"] == "diverged").sum()),
    }
