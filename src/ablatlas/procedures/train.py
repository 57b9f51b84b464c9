"""Train a cell: its tuning runs, over a grid of rates that may grow, and later its confirmation runs on fresh seeds."""

from pathlib import Path
from typing import Any

import numpy as np

from ablatlas import record
from ablatlas.procedures.cellwork import Cellwork
from ablatlas.procedures.scoring import Scoring, Timing, aims
from ablatlas.procedures.tuning import Choice, choose, extend, extension, rates
from ablatlas.study import Study
from ablatlas.train.build import build
from ablatlas.train.resume import Say

VERSION = 2
CLOCK = "apart"


class Tuning:
    """A cell's tuning as it proceeds: grids that grow, and the score of every (variant, rate, seed)."""

    def __init__(self, study: Study, cell: str, work: Cellwork) -> None:
        self.study, self.cell, self.work = study, cell, work
        task, _ = build(study.run_config("with", cell), study.seeds["tuning"][0])
        self.floor = dict(task.floor)
        self.scoring = scoring(study, cell, self.floor, anew=work.anew)
        self.grids = {variant: list(study.tune.grids[variant]) for variant in study.variants_of(cell)}
        self.trials: dict[tuple[str, float], list[dict[str, Any]]] = {}
        self.extensions = {"down": 0, "up": 0}

    def run(self) -> Choice:
        """Train the grid, and what it grows by, until the rule is content."""
        while True:
            self._fill()
            choice = choose(self.scores(), self.scoring.cap)
            side = extension(choice, len(self.grids["with"]), self.extensions)
            if side is None:
                return choice
            self.grids = {variant: extend(grid, side) for variant, grid in self.grids.items()}
            self.extensions[side] += 1

    def _fill(self) -> None:
        seeds = self.study.seeds["tuning"]
        missing = {v: [r for r in grid if (v, r) not in self.trials] for v, grid in self.grids.items()}
        wanted = {v: [(rate, seed) for rate in rates for seed in seeds] for v, rates in missing.items()}
        self.work.expect(wanted)
        for variant, asked in wanted.items():
            for (rate, seed), row in zip(asked, self.work.runs(variant, asked), strict=True):
                trial = {"variant": variant, "rate": rate, "seed": seed, "state": self.work.record.run[row]["state"]}
                scored = trial | {"score": self.scoring(self.work.record, row)}
                self.trials.setdefault((variant, rate), []).append(scored)

    def scores(self) -> dict[str, np.ndarray]:
        """(rates, seeds) scores of every variant."""
        return {
            variant: np.array([[t["score"] for t in self.trials[variant, rate]] for rate in grid])
            for variant, grid in self.grids.items()
        }

    def ledger(self, choice: Choice) -> dict[str, Any]:
        """What was tried and what was taken; on the base cell also the criterion's value."""
        best = {variant: table.mean(1)[choice.chosen[variant]] for variant, table in self.scores().items()}
        edges = (0, len(self.grids["with"]) - 1)
        return {
            "path": self.study.tune.path,
            "metric": self.scoring.metric,
            "goal": "max" if self.scoring.higher else "min",
            "cap": self.scoring.cap,
            "floor": self.floor,
            "seeds": list(self.study.seeds["tuning"]),
            "grids": self.grids,
            "trials": [trial for trials in self.trials.values() for trial in trials],
            "common": self.grids["with"][choice.common],
            "chosen": {v: grid[choice.chosen[v]] for v, grid in self.grids.items()},
            "departed": {v: choice.departed(v) for v in self.grids},
            "capped": choice.capped,
            "edge": {v: choice.chosen[v] in edges and not choice.capped[v] for v in self.grids},
            "extensions": self.extensions,
            **self.scoring.ledger(best if self.cell == "base" else None),
        }


def scoring(study: Study, cell: str, floor: dict[str, float], *, anew: bool) -> Scoring | Timing:
    """How a cell's tuning runs are scored: by the study's score, or by the time to what the base cell's curves set."""
    sources = study.targets_from(cell)
    if not sources:
        return Scoring(study.score, floor)
    tuned = record.read(study.root / study.tuning_record(sources[0], published=not anew))
    return Timing(aims(tuned, floor["loss"]), study.levels[cell]["recipe.steps"], floor["loss"])


def tune(study: Study, cell: str, path: Path, say: Say, *, anew: bool = False) -> None:
    """Tune a cell and write its tuning record, ledger included, to `path`."""
    work = Cellwork(study, cell, "tuning", say, anew=anew)
    tuning = Tuning(study, cell, work)
    work.record.ledger = tuning.ledger(tuning.run())
    work.finish(path)


def confirm(study: Study, cell: str, path: Path, say: Say, *, anew: bool = False) -> None:
    """Train a cell's confirmation runs at the tuned rates and write its record to `path`."""
    tuned = {c: study.root / study.tuning_record(c, published=not anew) for c in study.rates_from(cell)}
    chosen = rates(study, cell, {name: record.read(file).ledger for name, file in tuned.items()})
    work = Cellwork(study, cell, "confirmation", say, anew=anew)
    wanted = {v: [(chosen[v], seed) for seed in study.seeds["confirmation"]] for v in study.variants_of(cell)}
    work.expect(wanted)
    for variant, asked in wanted.items():
        work.runs(variant, asked)
    work.finish(path)
