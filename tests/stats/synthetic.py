"""Studies made up to be measured: declared here, their runs drawn from known truths. Nothing is trained."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from ablatlas.stats.checks import Confirmation

SEEDS = {"tuning": (1000, 1001, 1002), "confirmation": tuple(range(10))}
LOSS_CAP = 2.302


@dataclass(frozen=True)
class Criterion:
    metric: str
    op: str
    value: float | str


@dataclass(frozen=True)
class Ladder:
    name: str
    constraint: str
    levels: tuple[float, ...]
    solved: Criterion | None
    measure: str = "threshold"
    path: str | None = None
    evaluated: bool = False

    @property
    def reference(self) -> float:
        return self.levels[0]

    def cell(self, level: float) -> str:
        return "base" if self.evaluated or level == self.reference else f"{self.name}={level}"


@dataclass(frozen=True)
class Variant:
    name: str
    role: str
    arm: str
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Cell:
    rates_from: tuple[str, ...]


def study(name: str, variants: list[Variant], climbed: list[Ladder], **changes: Any) -> Any:
    """A study as the rest of the package would load it."""
    cells = dict.fromkeys(["base"] + [ladder.cell(level) for ladder in climbed for level in ladder.levels])
    declared = {
        "name": name,
        "title": name.capitalize(),
        "paper": "someone2000something",
        "claim": {
            "constraints": [climbed[0].constraint],
            "implied": ["parameters"],
            "source": "E3",
            "text": "…",
        },
        "ablate": "model.part",
        "variants": {v.name: v for v in variants},
        "ladders": {ladder.name: ladder for ladder in climbed},
        "tune": SimpleNamespace(path="recipe.lr", cells=tuple(cells)),
        "register": {"primary": {climbed[0].constraint: climbed[0].name}, "delta": 1.1, "paired": False},
        "expect": {"direction": "RELAXED", "published": "…"},
        "seeds": SEEDS,
        "scale": "laptop",
        "digest": "0123456789ab",
        "cells": {cell: Cell(rates_from=(cell,)) for cell in cells},
        "unmeasured": {},
        "run_config": lambda variant, cell: {"recipe": {"steps": 300}},
    }
    return SimpleNamespace(**(declared | changes))


def residual(**changes: Any) -> Any:
    """Three arms and six depths; solved = training loss below the midpoint."""
    variants = [
        Variant("with", "with", "with", {"model.part": "identity"}),
        Variant("without", "without", "without", {"model.part": "none"}),
        Variant("scaled_init", "strong", "scaled_init", {"model.part": "scaled"}),
    ]
    depth = Ladder(
        "depth",
        "optimization",
        (8, 14, 20, 32, 56, 110),
        Criterion("train_loss", "<", "midpoint"),
        path="model.depth",
    )
    return study("residual", variants, [depth], **changes)


def forget_gate(**changes: Any) -> Any:
    """An evaluated ladder of stream lengths, with a rescue and a matched contrast."""
    variants = [
        Variant("with", "with", "with", {"model.part": "learned"}),
        Variant("without", "without", "without", {"model.part": "open"}),
        Variant("decay", "strong", "decay", {"model.part": "decay"}),
        Variant("reset", "rescue", "without", {"model.part": "open", "model.state": "reset"}),
        Variant("matched", "matched", "without", {"model.part": "open", "model.width": 18}),
    ]
    levels = (50, 100, 200, 400, 800, 1600)
    length = Ladder("length", "architecture", levels, Criterion("recall", ">=", 0.98), evaluated=True)
    return study("forget_gate", variants, [length], **changes)


def ledger(made: Any, cell: str) -> dict[str, Any]:
    """A tuning ledger in which 0.1 is best for all; of a metric to be maximised it holds the negative."""
    grid = [0.01, 0.03, 0.1, 0.3, 1.0]
    criterion = made.ladders[next(iter(made.ladders))].solved
    goal, cap = ("max", -0.5) if criterion.op.startswith(">") else ("min", LOSS_CAP)
    base = {"metric": criterion.metric, "op": criterion.op}
    value = (LOSS_CAP + 0.1) / 2 if criterion.value == "midpoint" else criterion.value
    return {
        "seconds": 2.0 * len(made.variants) * len(grid) * len(made.seeds["tuning"]),
        "file": f"data/runs/{made.name}/{cell}-feedfacefeed.tuning.json.gz",
        "path": "recipe.lr",
        "metric": criterion.metric,
        "goal": goal,
        "cap": cap,
        "seeds": list(made.seeds["tuning"]),
        "grids": {variant: list(grid) for variant in made.variants},
        "trials": [
            _trial(variant, rate, seed, cap)
            for variant in made.variants
            for rate in grid
            for seed in made.seeds["tuning"]
        ],
        "common": 0.1,
        "chosen": dict.fromkeys(made.variants, 0.1),
        "departed": dict.fromkeys(made.variants, False),
        "capped": dict.fromkeys(made.variants, False),
        "edge": dict.fromkeys(made.variants, False),
        "extensions": {"down": 0, "up": 0},
        "criterion": {**base, "value": value} if cell == "base" else None,
    }


def _trial(variant: str, rate: float, seed: int, cap: float) -> dict[str, Any]:
    best = 0.1 if cap > 0 else -0.99
    score = min(cap, best + abs(np.log10(rate / 0.1)) * 0.4 + 0.01 * (seed % 3))
    state = "diverged" if rate == 1.0 and variant != "with" else "finished"
    return {
        "variant": variant,
        "rate": rate,
        "seed": seed,
        "state": state,
        "score": cap if state == "diverged" else float(score),
    }


def provenance(torch: str = "2.13.0+cpu", device: str = "cpu", threads: int = 1) -> dict[str, Any]:
    source = {"commit": "c0ffee", "clean": True}
    return {"versions": {"torch": torch}, "device": device, "threads": threads, "source": source}


def frames(made: Any, outcome: Any, steps: tuple[int, ...] = (60, 120, 180, 240, 300)) -> Confirmation:
    """Confirmation runs: outcome(variant, cell, seed) -> (state, {column: value}, {column: f(step)})."""
    runs, curves = [], []
    for cell in made.cells:
        for variant in made.variants:
            for seed in made.seeds["confirmation"]:
                state, columns, seen = outcome(variant, cell, seed)
                identity = {"arm": variant, "cell": cell, "seed": seed, "state": state}
                key = f"{made.name}/{cell}/{variant}/{seed}"
                counts = {"parameters": 9000, "trainable": 9000, "flops_per_step": 1.5e6, "seconds": 2.0}
                runs.append({"key": key, **identity, "rate": 0.1, **columns, **counts})
                lasted = steps if state == "finished" else steps[:2]
                curves += [
                    {**identity, "step": step, "examples": 64 * step, "flops": 1.5e6 * step}
                    | {name: value(step) for name, value in seen.items()}
                    for step in lasted
                ]
    files = {cell: f"data/runs/{made.name}/{cell}-0123456789ab.json.gz" for cell in made.cells}
    return Confirmation(pd.DataFrame(runs), pd.DataFrame(curves), files, {cell: provenance() for cell in made.cells})


def residual_runs(made: Any, reach: dict[str, float] | None = None) -> Confirmation:
    """A run trains well up to its arm's reach (a depth), and diverges far beyond it."""
    reach = {"with": 300.0, "without": 26.0, "scaled_init": 80.0} | (reach or {})

    def outcome(variant: str, cell: str, seed: int) -> tuple[str, dict[str, Any], dict[str, Any]]:
        place = list(made.variants).index(variant), list(made.cells).index(cell)
        random = np.random.default_rng([seed, *place])
        depth = 8.0 if cell == "base" else float(cell.split("=")[1])
        hard = np.log2(depth / reach[variant]) + 0.2 * random.normal()
        final = float(0.02 + 2.4 / (1 + np.exp(-6 * hard)) * (1 + 0.02 * random.normal()))
        state = "diverged" if hard > 1.8 else "finished"
        slope = -0.4 * max(hard, -1) * np.arange(8, -1, -1) / 8
        norms = (np.exp(slope) * random.lognormal(0, 0.1, 9)).tolist()
        seen = {
            "train_loss": lambda step: final + (2.3 - final) * float(np.exp(-step / 60)),
            "val_loss": lambda step: 1.05 * final + (2.3 - 1.05 * final) * float(np.exp(-step / 60)),
            "gradient_norms": lambda step: norms,
        }
        loss = None if state == "diverged" else final
        return state, {"train_loss": loss, "loss": loss}, seen

    return frames(made, outcome)


def forget_runs(made: Any, reach: dict[str, float] | None = None) -> Confirmation:
    """Recall stays near one up to a run's reach (a stream position), and falls to one half beyond it."""
    reach = {"with": 1e9, "without": 150.0, "decay": 90.0, "reset": 1e9, "matched": 160.0} | (reach or {})
    levels = made.ladders["length"].levels

    def outcome(variant: str, cell: str, seed: int) -> tuple[str, dict[str, Any], dict[str, Any]]:
        random = np.random.default_rng([seed, list(made.variants).index(variant)])
        own = reach[variant] * random.lognormal(0, 0.1)
        recall = {f"recall@{d}": float(0.998 if d < own else 0.5 + 0.1 * random.random()) for d in levels}
        state = 13.0 if reach[variant] > 1e6 else 1900.0
        seen = {
            "train_loss": lambda step: 0.4 + float(np.exp(-step / 60)),
            "val_loss": lambda step: 0.42 + float(np.exp(-step / 60)),
            "largest_state": lambda step: state * step / 300 * (1 + 0.05 * seed / 10),
        }
        return "finished", {"train_loss": 0.4, "loss": 0.42, **recall}, seen

    return frames(made, outcome)
