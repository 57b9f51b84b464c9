"""A root in a temporary folder with one small study, and an engine that answers at once."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from ablatlas import record
from ablatlas.study import Study, load
from ablatlas.train.crew import Member
from ablatlas.train.loop import Progress as Tell
from ablatlas.train.loop import Rests
from ablatlas.train.resume import Rest
from ablatlas.train.run import Run

REPOSITORY = Path(__file__).resolve().parents[2]
STUDY = """\
# @package _global_
title: Residual connections
paper: he2015residual
claim: {constraints: [optimization], source: E3, text: "Depth stops being a limit."}
defaults: [/model: residual_mlp, /task: digits, /recipe: momentum, _self_]
procedure: train
model: {depth: 4, width: 4}
recipe: {steps: 4, evaluations: 2, patience: 1.0}
ablate: model.shortcut
arms: {with: identity, without: none, scaled_init: {role: strong, value: scaled}}
ladders:
  depth: {constraint: optimization, measure: threshold, path: model.depth, levels: [4, 6, 16],
          solved: train_loss < midpoint}
tune: {path: recipe.lr, grid: [0.01, 0.03, 0.1], rungs: {depth: [4, 16]}}
register: {primary: {optimization: depth}, delta: 1.1, paired: false, after_pilots: ["none"]}
expect: {direction: "a crossover"}
"""
WORDS = {"identity": "with", "none": "without", "scaled": "scaled_init"}


def make(root: Path, **changes: str) -> Study:
    """The study `tiny` at smoke scale, two tuning and three confirmation seeds, in a root of its own."""
    shutil.copytree(REPOSITORY / "params", root / "params", ignore=shutil.ignore_patterns("study"))
    text = STUDY
    for old, new in changes.items():
        text = text.replace(old, new)
    (root / "params" / "study").mkdir()
    (root / "params" / "study" / "tiny.yaml").write_text(text, encoding="utf-8")
    return load("tiny", "smoke", root=root)


@dataclass
class Engine:
    """Stands in for `train`: a training loss by arm and rate, and a note of all that was asked of it.

    A run has four steps, before each of which `pause` is called.
    """

    losses: dict[tuple[str, float], float] = field(default_factory=dict)
    usual: float = 1.0
    asked: list[tuple[str, float, int, str]] = field(default_factory=list)
    stop_after: int = 10**9  # trainings, after which the process is as if killed
    pause: Callable[[], None] = lambda: None
    calls: list[int] = field(default_factory=list)  # how many runs each call asked for
    rests: list[Rest] = field(default_factory=list)  # where each call's runs would rest together

    def __call__(self, members: Sequence[Member], *, split: str, progress: Tell, rests: Rests) -> Iterator[Run]:
        self.calls.append(len(members))
        self.rests.append(rests(members))
        return (self.run(member.config, member.seed, split, progress) for member in members)

    def run(self, config: dict[str, Any], seed: int, split: str, progress: Tell) -> Run:
        if len(self.asked) >= self.stop_after:
            raise KeyboardInterrupt
        arm, rate = WORDS[config["model"]["shortcut"]], config["recipe"]["lr"]
        self.asked.append((arm, rate, seed, split))
        loss = self.losses.get((arm, rate), self.usual) + 1e-3 * (seed % 1000)
        for step in range(1, 5):
            self.pause()
            progress(step, [loss])
        state = "diverged" if loss > 100 else "finished"
        point = {"step": 4, "train_loss": loss, "loss": loss, "gradient_norms": [0.5, float("nan")]}
        score = loss if state == "finished" else None
        outcome = {"best_step": 4, "train_loss": loss, "parameters": f"{arm}{rate}{seed}", "loss": score}
        meters = {"seconds": 0.01, "flops_per_step": 10, "parameters": 3, "trainable": 3}
        return Run(state, [point], outcome, meters, {"weight": torch.full((2,), float(seed))})


def rerun(found: record.Record) -> dict[str, Any]:
    """All of a record that a rerun has to repeat: everything but the meters."""
    return {name: getattr(found, name) for name in ("run", "curve", "outcome", "configs", "provenance", "ledger")}
