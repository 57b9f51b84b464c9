"""Studies made up to be measured: declared here, their runs drawn from known truths. Nothing is trained."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from ablatlas.declaration.arms import Variant
from ablatlas.declaration.families import families
from ablatlas.declaration.ladders import Criterion, Ladder, score
from ablatlas.declaration.registered import registered
from ablatlas.stats.checks import Clock, Confirmation

SEEDS = {"tuning": (1000, 1001, 1002), "confirmation": tuple(range(10))}
LOSS_CAP = 2.302


@dataclass(frozen=True)
class Cell:
    rates_from: tuple[str, ...]


def threshold(name: str, constraint: str, levels: tuple[float, ...], solved: Criterion, **more: Any) -> Ladder:
    """A threshold ladder, whose reference is its easiest level."""
    return Ladder(name, constraint, "threshold", levels=levels, reference=levels[0], solved=solved, **more)


def study(name: str, variants: list[Variant], climbed: list[Ladder], **changes: Any) -> Any:
    """A study as the rest of the package would load it."""
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
        "register": {"primary": {climbed[0].constraint: climbed[0].name}, "delta": 1.1, "paired": False},
        "expect": {"direction": "RELAXED", "published": "…"},
        "seeds": SEEDS,
        "clock": None,
        "alone": False,
        "timed": False,
        "scale": "laptop",
        "subset": "all",
        "digest": "0123456789ab",
        "unmeasured": {},
        "run_config": lambda variant, cell: {"recipe": {"steps": 300}},
    } | changes
    ladders, primary = declared["ladders"], declared["register"]["primary"]
    cells = {"base": None} | {cell: None for ladder in ladders.values() for _, cell in ladder.rungs}
    untuned = {cell for ladder in ladders.values() if ladder.measure == "edges" for _, cell in ladder.rungs}
    made = {
        "tune": SimpleNamespace(path="recipe.lr", cells=tuple(cell for cell in cells if cell not in untuned)),
        "cells": {cell: Cell(rates_from=() if cell in untuned else (cell,)) for cell in cells},
        "families": families(primary, ladders, declared["variants"], declared["clock"]),
        "score": score(primary, ladders),
    }
    whole = SimpleNamespace(**(made | declared))
    whole.variants_of = lambda cell: trained(whole, cell)
    return whole


def trained(made: Any, cell: str) -> tuple[str, ...]:
    """The variants of a cell."""
    own = made.ladders.get(cell.split("=")[0])
    return tuple(made.variants) if cell == "base" else own.variants or tuple(made.variants)


def residual(**changes: Any) -> Any:
    """Three arms and six depths; solved = training loss below the midpoint."""
    variants = [
        Variant("with", "with", "with", {"model.part": "identity"}),
        Variant("without", "without", "without", {"model.part": "none"}),
        Variant("scaled_init", "strong", "scaled_init", {"model.part": "scaled"}),
    ]
    levels, names = (8, 14, 20, 32, 56, 110), tuple(v.name for v in variants)
    criterion = Criterion("train_loss", "<", "midpoint")
    depth = threshold("depth", "optimization", levels, criterion, path="model.depth", variants=names)
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
    names = tuple(v.name for v in variants)
    recall = Criterion("recall", ">=", 0.98)
    length = threshold("length", "architecture", levels, recall, evaluated=True, variants=names)
    return study("forget_gate", variants, [length], **changes)


def ledger(made: Any, cell: str) -> dict[str, Any]:
    """A tuning ledger in which 0.1 is best for all; of a metric to be maximised it holds the negative."""
    grid = [0.01, 0.03, 0.1, 0.3, 1.0]
    criterion, variants = made.score.criterion, made.variants_of(cell)
    goal, cap = ("max", -0.5) if criterion.op.startswith(">") else ("min", LOSS_CAP)
    base = {"metric": criterion.metric, "op": criterion.op}
    value = (LOSS_CAP + 0.1) / 2 if criterion.value == "midpoint" else criterion.value
    return {
        "keys": [f"{made.name}/{cell}/tuning/{i}" for i in range(len(variants) * len(grid))],
        "seconds": 2.0 * len(variants) * len(grid) * len(made.seeds["tuning"]),
        "file": f"data/runs/{made.name}/{cell}-feedfacefeed.tuning.json.gz",
        "path": "recipe.lr",
        "metric": criterion.metric,
        "goal": goal,
        "cap": cap,
        "floor": {"loss": LOSS_CAP},
        "seeds": list(made.seeds["tuning"]),
        "grids": {variant: list(grid) for variant in variants},
        "trials": [
            _trial(variant, rate, seed, cap) for variant in variants for rate in grid for seed in made.seeds["tuning"]
        ],
        "common": 0.1,
        "chosen": dict.fromkeys(variants, 0.1),
        "departed": dict.fromkeys(variants, False),
        "capped": dict.fromkeys(variants, False),
        "edge": dict.fromkeys(variants, False),
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
        for variant in made.variants_of(cell):
            for seed in made.seeds["confirmation"]:
                state, columns, seen = outcome(variant, cell, seed)
                identity = {"arm": variant, "cell": cell, "seed": seed, "rate": 0.1, "state": state}
                key = f"{made.name}/{cell}/{variant}/{seed}"
                counts = {"parameters": 9000, "trainable": 9000, "flops_per_step": 1.5e6, "seconds": 2.0}
                runs.append({"key": key, **identity, **columns, **counts})
                lasted = steps if state == "finished" else steps[:2]
                curves += [
                    {**identity, "step": step, "examples": 64 * step, "flops": 1.5e6 * step}
                    | {name: value(step) for name, value in seen.items()}
                    for step in lasted
                ]
    files = {cell: f"data/runs/{made.name}/{cell}-0123456789ab.json.gz" for cell in made.cells}
    told = {cell: provenance() | {"registration": registered(made)} for cell in made.cells}
    watched = pd.DataFrame(curves)
    # Tuning saw the same curves under other seeds: enough for what is chosen by them.
    tuning = watched[watched["seed"] < 3].assign(seed=lambda rows: rows["seed"] + 1000)
    return Confirmation(pd.DataFrame(runs), watched, tuning, files, told)


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


# --- a study of every measure ---

RESOURCES = {"examples": ("data", 0.8), "width": ("parameters", 0.5)}  # ladder -> constraint, exponent of its law
NEEDS = 2.0  # times as many examples for the ablated arm, and nothing else


def everything(**changes: Any) -> Any:
    """Every measure there is, a registered ladder for four constraints, and a clock."""
    arms = [
        Variant("with", "with", "with", {"model.part": "on"}),
        Variant("without", "without", "without", {"model.part": "none"}),
    ]
    names, solved = ("with", "without"), Criterion("loss", "<", "midpoint")
    climbed = [
        *(
            Ladder(name, constraint, "resource", f"task.{name}", (90, 180, 360, 720, 1440), 360, variants=names)
            for name, (constraint, _) in RESOURCES.items()
        ),
        threshold("depth", "architecture", (8, 16, 32, 64), solved, path="model.depth", variants=names),
        Ladder("rates", "optimization", "edges", "recipe.lr", (0.01, 0.1, 1.0, 10.0), solved=solved, variants=names),
        Ladder("time", "optimization", "time_to_target", "recipe.steps", (300, 1200), 300, variants=names),
        Ladder("work", "compute", "frontier", over="width", variants=names),
    ]
    register = {
        "primary": {"data": "examples", "parameters": "width", "architecture": "depth", "optimization": "time"},
        "delta": 1.1,
        "paired": False,
    }
    return study(
        "everything", arms, climbed, **({"register": register, "clock": {"blocks": 8, "seconds": 1}} | changes)
    )


def everything_runs(made: Any, needs: float = NEEDS) -> Confirmation:
    """Losses of a law that adds up over resources; the ablated arm sees 1 / `needs` of its examples."""

    def outcome(variant: str, cell: str, seed: int) -> tuple[str, dict[str, Any], dict[str, Any]]:
        place = list(made.variants).index(variant), list(made.cells).index(cell)
        random = np.random.default_rng([seed, *place, 7])
        ladder, _, level = cell.partition("=")
        at = dict.fromkeys(RESOURCES, 360.0) | ({ladder: float(level)} if ladder in RESOURCES else {})
        at["examples"] /= needs if variant == "without" and ladder != "time" else 1
        terms = (0.3 * (at[name] / 360) ** -exponent for name, (_, exponent) in RESOURCES.items())
        final = (0.05 + sum(terms)) * (1 + 0.03 * random.normal())
        hard = {"depth": 2.2 * (float(level or 8) > (40 if variant == "with" else 12))}.get(ladder, 0.0)
        final += hard + (2.2 if ladder == "rates" and not 0.05 < float(level) < 5 else 0)
        speed = 60 * (needs if variant == "without" else 1) * random.lognormal(0, 0.05)
        falling = {
            name: lambda step: final + (2.3 - final) * float(np.exp(-step / speed))
            for name in ("train_loss", "val_loss")
        }
        return "finished", {"train_loss": final, "loss": float(final)}, falling

    return frames(made, outcome, tuple(range(30, 301, 30)))


def everything_ledgers(made: Any) -> dict[str, Any]:
    """The ledgers; time's has the targets that tuning set."""
    return {
        cell: ledger(made, cell) | ({"targets": {"0.25": 1.4, "0.5": 1.0, "0.75": 0.8}} if cell == "time=1200" else {})
        for cell in made.tune.cells
    }


def everything_clock(made: Any, slower: float = 1.5, watts: float | None = None) -> Clock:
    """`without` takes `slower` times as long for as many operations."""
    random = np.random.default_rng(3)
    rows = []
    for block in range(made.clock["blocks"]):
        for variant in made.variants:
            seconds = (slower if variant == "without" else 1.0) * random.lognormal(0, 0.01)
            joules = None if watts is None else watts * seconds
            rows.append({"variant": variant, "block": block, "steps": 100, "seconds": seconds, "joules": joules})
    meters = {
        v: {"flops_per_step": 1.5e6, "peak_memory": 10_000, "active": 9, "non_embedding": 9} for v in made.variants
    }
    told = provenance() | {"no_counter": "none here", "counter": None, "exclusive": True}
    return Clock(pd.DataFrame(rows), meters, told, "data/runs/everything/clock-feedfacefeed.json.gz")
