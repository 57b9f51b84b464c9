"""The generalization gap at matched training loss: descriptive, no verdict rests on it.

Arms that fit their training data to different depths cannot be compared by their gaps as they end. So each run's gap,
held-out less training loss, is read where its training loss first falls to the loss that every arm reaches.
"""

import numpy as np
import pandas as pd

from ablatlas.stats.solving import Cap
from ablatlas.stats.summary import Row, number, t_interval

VERSION = 1

TRAIN, HELD_OUT, CELL = "train_loss", "val_loss", "base"


def gaps(curves: pd.DataFrame, cap: Cap) -> list[Row]:
    """One row a variant of the base cell: mean gap over runs with its t interval, at the common training loss.

    curves: one row an evaluation (arm, cell, seed, step, train_loss, val_loss). The common loss is the largest of the
    variants' mean final ones; a run that never falls to it is read where it is lowest, and one without a number scores
    the cap, as an untrained network, whose gap is none. No rows where nothing was trained.
    """
    if TRAIN not in curves:
        return []
    base = curves[curves["cell"] == CELL].sort_values("step", kind="stable")
    losses = {name: cap.fill(pd.to_numeric(base[name]).astype(float)) for name in (TRAIN, HELD_OUT)}
    base = base.assign(**losses)
    last = base.groupby(["arm", "seed"], sort=False)[TRAIN].last()
    matched = float(last.groupby("arm").mean().max())
    rows = []
    for variant, part in base.groupby("arm", sort=False):
        found = [_gap(run, matched) for _, run in part.groupby("seed", sort=False)]
        interval = t_interval(found)
        rows.append(
            {
                "variant": str(variant),
                "train_loss": matched,
                "gap": number(interval["mean"]),
                "low": interval["low"],
                "high": interval["high"],
                "n": interval["n"],
            }
        )
    return rows


def _gap(run: pd.DataFrame, matched: float) -> float:
    """A run's gap where its training loss first falls to `matched`, linear between evaluations; else at its lowest."""
    train, held_out = run[TRAIN].to_numpy(float), run[HELD_OUT].to_numpy(float)
    reached = np.flatnonzero(train <= matched)
    if not len(reached):
        return float((held_out - train)[train.argmin()])
    place = int(reached[0])
    if place == 0:
        return float(held_out[0] - train[0])
    share = (train[place - 1] - matched) / (train[place - 1] - train[place])
    return float(held_out[place - 1] + share * (held_out[place] - held_out[place - 1]) - matched)
