"""A training whose losses follow a law, so that a control's whole pipeline runs in a second."""

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ablatlas import record
from ablatlas.procedures import cellwork
from ablatlas.procedures.train import confirm, tune
from ablatlas.record import Record
from ablatlas.study import Study, load
from ablatlas.train.crew import Member
from ablatlas.train.dose import ADDED, FACTOR
from ablatlas.train.run import Run, evaluation_steps

FLOPS, SECONDS = 1000, 0.01  # of a step


def law(examples: float, width: float, steps: float) -> float:
    """A mean loss: losses add up over what there is of everything."""
    return 0.1 + 0.35 * (examples / 40) ** -0.8 + 0.15 * (width / 32) ** -0.6 + 0.25 * (steps / 30) ** -0.8


def train(members: Sequence[Member], **others: Any) -> Iterator[Run]:
    """Stands in for the engine's `train`."""
    return (invented(member.config, member.seed) for member in members)


def invented(config: dict[str, Any], seed: int) -> Run:
    """Stands in for the engine's `train`, the doses included; seeds and streams differ by a factor on the loss."""
    recipe, task, dose = config["recipe"], config["task"], config["recipe"]["dose"]
    rng = np.random.default_rng([seed, recipe["stream"], int(dose == "renamed")])
    off = 1 + 0.2 * math.log10(recipe["lr"] / 0.03) ** 2
    luck = off * math.exp(0.06 * rng.standard_normal())

    def loss(step: int) -> float:
        done = step / 2 if dose == "halved" else step
        value = luck * law(task["examples"] / task["copies"], config["model"]["width"], done)
        return {"plus": value + ADDED, "times": value * FACTOR}.get(dose, value)

    steps = sorted(evaluation_steps(recipe["steps"], recipe["evaluations"]))
    curve = [{"step": s, "examples": s, "flops": s * FLOPS, "train_loss": loss(s), "loss": loss(s)} for s in steps]
    bits = f"{luck:.17g}"
    outcome = {"best_step": steps[-1], "train_loss": loss(steps[-1]), "parameters": bits, "loss": loss(steps[-1])}
    meters = {"seconds": 0.01, "flops_per_step": FLOPS, "parameters": 3, "trainable": 3}
    return Run("finished", curve, outcome, meters, {"weight": torch.zeros(2)})


def clocked(study: Study) -> Record:
    """A clock's record: twice the operations take twice as long, and a wait does as well."""
    found = Record(provenance={"versions": {"torch": torch.__version__}, "device": "cpu", "threads": 1, "node": "x"})
    found.provenance |= {"counter": None, "no_counter": "none here", "exclusive": True}
    for place, variant in enumerate(study.variants):
        config = study.run_config(variant)
        dose, rng = config["recipe"]["dose"], np.random.default_rng(place)
        times = 2 if dose in ("doubled", "slowed") else 1
        seconds = SECONDS * times * (1 + 0.01 * rng.standard_normal(20))
        rows = [{"block": i, "steps": 1, "seconds": float(s), "joules": None} for i, s in enumerate(seconds)]
        meters = {"flops_per_step": FLOPS * (2 if dose == "doubled" else 1), "peak_memory": 1, "parameters": 3}
        identity = {"key": variant, "digest": variant, "seed": 0, "arm": variant, "cell": "base"}
        found.add(identity | {"rate": 0.1, "state": "finished", "phase": "clock"}, rows, {}, meters, config)
    return found


def worked(name: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """A control with all its records in a root of its own."""
    monkeypatch.setattr(cellwork, "train", train)
    monkeypatch.setattr(os, "fsync", lambda file: None)  # nothing here has to survive a power cut
    study = replace(load(name), root=root / name)
    for cell in study.tuned_cells:
        tune(study, cell, study.root / study.tuning_record(cell), lambda line: None)
    for cell in study.cells:
        confirm(study, cell, study.root / study.record(cell), lambda line: None)
    if study.clock:
        record.write(study.root / study.clock_record(), clocked(study))
    return study
