"""Optimizers and the rate's course, by the words of a recipe."""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn


def optimizer(parameters: Iterable[nn.Parameter], recipe: dict[str, Any]) -> torch.optim.Optimizer:
    """torch's own fused optimizer for `recipe.optimizer`. Raises ValueError on another word."""
    decay = recipe["weight_decay"]
    match recipe["optimizer"]:
        case "sgd":
            return torch.optim.SGD(
                parameters, recipe["lr"], momentum=recipe["momentum"], weight_decay=decay, fused=True
            )
        case "adam":
            return torch.optim.Adam(
                parameters, recipe["lr"], betas=tuple(recipe["betas"]), weight_decay=decay, fused=True
            )
        case word:
            raise ValueError(f"recipe.optimizer: found {word}, expected sgd or adam")


def factor(step: int, recipe: dict[str, Any]) -> float:
    """What multiplies the rate at `step` (from 0): a linear warm-up, then constant or a half cosine to zero."""
    warmup, steps = recipe["warmup"], recipe["steps"]
    if step < warmup:
        return (step + 1) / warmup
    match recipe["schedule"]:
        case "constant":
            return 1.0
        case "cosine":
            return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))
        case word:
            raise ValueError(f"recipe.schedule: found {word}, expected constant or cosine")
