"""Run the variants of a cell beside each other: they are found to do the same, and only then timed.

A seed is a unit of the statistics. Each of its variants takes a block of at least `recipe.seconds` in each of
`recipe.steps` passes over them, forwards and backwards in turn (A B, B A: ABBA), so that a steady drift of the machine
meets all alike. No run is taken over from elsewhere and none is resumed: what is compared belongs to one sitting.
"""

import math
import time
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ablatlas import record
from ablatlas.procedures.clock import block, circumstances
from ablatlas.procedures.lane import Lane
from ablatlas.procedures.provenance import untuned
from ablatlas.record import Record
from ablatlas.study import Study
from ablatlas.train import meter
from ablatlas.train.build import build, deterministic, fingerprint
from ablatlas.train.counter import Counter, counter
from ablatlas.train.resume import Say

Outcome = dict[str, Any]


class Beside(Lane):
    """One variant of a cell with one seed."""

    def __init__(self, study: Study, variant: str, cell: str, seed: int) -> None:
        self.variant, self.seed, self.device = variant, seed, torch.device(study.device)
        self.config = study.run_config(variant, cell)
        self.task, self.model = build(self.config, seed, study.device)

    @property
    @abstractmethod
    def flops(self) -> float:
        """Floating-point operations of a step, as executed."""

    @abstractmethod
    def results(self) -> dict[str, Tensor]:
        """All that the variants have to agree in."""

    @abstractmethod
    def apart(self, mine: dict[str, Tensor], theirs: dict[str, Tensor]) -> Outcome:
        """How far two results lie apart. Raises ValueError where that is too far."""

    def rewind(self) -> None:
        self.call(0)

    def meters(self) -> dict[str, Any]:
        """Parameters, FLOPs of a step, and the most bytes that a call holds, the parameters among them."""
        self.rewind()
        counts = meter.parameters(self.model)
        self.model.zero_grad()
        own = sum(tensor.nbytes for tensor in self.model.state_dict().values())
        return {
            **counts,
            "flops_per_step": self.flops,
            "peak_memory": own + meter.peak(lambda: self.call(0), self.device),
        }


def kin(study: Study, variant: str) -> dict[str, Any]:
    """What a variant sets beside the ablated path: those that are alike in it have to do the same."""
    return {path: value for path, value in study.variants[variant].settings.items() if path != study.ablate}


def agreed(study: Study, lanes: Sequence[Beside]) -> list[Outcome]:
    """What each lane is found to do, and how far that is from what the first of its kin does.

    Raises ValueError, naming two variants, where it is too far: then nothing is timed.
    """
    found: list[Outcome] = []
    results = [lane.results() for lane in lanes]
    for lane, mine in zip(lanes, results, strict=True):
        first = next(i for i, other in enumerate(lanes) if kin(study, other.variant) == kin(study, lane.variant))
        try:
            apart = lane.apart(mine, results[first])
        except ValueError as error:
            pair = f"{lane.variant} and {lanes[first].variant}"
            raise ValueError(f"{study.name}: seed {lane.seed}, {pair}: {error}") from error
        parameters = fingerprint(dict(lane.model.state_dict()))
        found.append({**apart, "results": fingerprint(mine), "parameters": parameters})
    return found


def sitting(lanes: Sequence[Beside], calls: dict[str, int], passes: int, energy: Counter, begin: float) -> list[list]:
    """The blocks of each lane, in passes forwards and backwards."""
    rows: dict[str, list[dict[str, Any]]] = {lane.variant: [] for lane in lanes}
    for turn in range(passes):
        for lane in lanes if turn % 2 == 0 else reversed(lanes):
            began = time.perf_counter() - begin
            rows[lane.variant].append({**block(lane, calls[lane.variant], energy), "began": began})
    return list(rows.values())


def run(study: Study, cell: str, path: Path, say: Say, lane: type[Beside]) -> None:
    """Bring every variant and confirmation seed of a cell into a record at `path`. Raises ValueError, see `agreed`."""
    recipe, name = study.run_config("with", cell)["recipe"], f"{study.name} {cell}"
    if recipe["steps"] < 2 or recipe["steps"] % 2:
        raise ValueError(f"recipe.steps: found {recipe['steps']}, expected an even number of passes over the variants")
    deterministic(study.config["precision"])
    energy, begin = counter(torch.device(study.device)), time.perf_counter()
    found, every = Record(), []
    counts: dict[str, dict[str, Any]] = {}
    calls: dict[str, int] = {}
    for done, seed in enumerate(study.seeds["confirmation"]):
        lanes = [lane(study, variant, cell, seed) for variant in study.variants_of(cell)]
        outcomes = agreed(study, lanes)
        if not calls:  # shapes are those of every seed
            calls = {one.variant: math.ceil(recipe["seconds"] / one.pace(recipe["seconds"])) for one in lanes}
            counts = {one.variant: one.meters() for one in lanes}
        rows = sitting(lanes, calls, recipe["steps"], energy, begin)
        every += rows
        for one, outcome, blocks in zip(lanes, outcomes, rows, strict=True):
            numbered = [{"block": done * len(blocks) + i, **row} for i, row in enumerate(blocks)]
            spent = counts[one.variant] | {"seconds": sum(row["seconds"] for row in blocks)}
            found.add(untuned(study, one.variant, cell, one.seed), numbered, outcome, spent, one.config)
        say(f"{name}: seed {seed}, {done + 1}/{len(study.seeds['confirmation'])}; all agree, timed")
    found.provenance = circumstances(study, energy, every)
    record.write(path, found)
    if not found.provenance["exclusive"]:
        say(f"warning: {name}: others used {found.provenance['others']:.1f} processors meanwhile")
