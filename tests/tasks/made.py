"""One small configuration of each generated task, and what their tests share."""

from importlib import import_module
from typing import Any

from torch import Tensor, nn

from ablatlas.randomness import generator

SMALL: dict[str, dict[str, Any]] = {
    "adding": {"length": 20},
    **{rule: {"rule": rule, "length": 9, "symbols": 4} for rule in ("copy", "reverse", "sort")},
    **{rule: {"rule": rule, "length": 20, "symbols": 2} for rule in ("parity", "xor")},
    "recall": {"rule": "recall", "length": 5, "symbols": 12},
    **{f"transduction: {rule}": {"rule": rule, "length": 9, "symbols": 4} for rule in ("copy", "reverse", "sort")},
    "markov": {"domains": 3, "symbols": 5, "sharpness": 2.0, "length": 30},
    "words": {"symbols": 6, "tail": 1.0, "sharpness": 1.5, "length": 20},
    "embedded_reber": {"longest": 20},
    **{
        density: {"density": density, "noise": 3} for density in ("gaussians", "swiss_roll", "moons", "checkerboard")
    },
    "regression": {"teacher": "network", "inputs": 5, "noise": 0.5},
    "membranes": {"side": 16, "cells": 5, "thickness": 2.0, "noise": 0.2},
}  # fmt: skip
ALL = list(SMALL)


def module(name: str) -> str:
    """The task's module."""
    before, colon, _ = name.partition(":")
    return (
        before if colon else "sequences" if "rule" in SMALL[name] else "densities" if "density" in SMALL[name] else name
    )


def made(name: str, seed: int = 0, **changes: Any) -> Any:
    """The task."""
    sizes = {"batch": 8, "steps": 5, "examples": 100, "judged": 70, **SMALL[name], **changes}
    return import_module(f"ablatlas.tasks.{module(name)}").Task(**sizes, keys=lambda *key: generator(seed, *key))


class Says(nn.Module):
    """Gives what it was given to say, whatever it reads."""

    def __init__(self, said: Tensor) -> None:
        super().__init__()
        self.said = said

    def forward(self, x: Tensor) -> Tensor:
        return self.said


def judged(task: Any, said: Tensor, split: str = "test") -> dict[str, float]:
    """The metrics of a model that says so on a split, as plain numbers."""
    return {name: value.item() for name, value in task.metrics(Says(said), task.held_out(split)).items()}
