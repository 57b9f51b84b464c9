"""One run in plain torch: the loop that a person would write, and that all peers share. Only the harness differs.

Model, data, order and initial values are those of the package; the optimizer is torch's own. The rate is constant.
"""

import json
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ablatlas.randomness import generator


def build(config: dict[str, Any], seed: int) -> tuple[Any, nn.Module, torch.optim.Optimizer]:
    """The task with its data, the initialised model and the optimizer of a run."""
    torch.set_num_threads(1)
    model, task, recipe = (dict(config[part]) for part in ("model", "task", "recipe"))
    stream = recipe["stream"]
    made = import_module(f"ablatlas.tasks.{task.pop('name')}").Task(
        **task, batch=recipe["batch"], steps=recipe["steps"], keys=lambda *key: generator(seed, stream, *key)
    )
    net = import_module(f"ablatlas.models.{model.pop('name')}").Model(**model, **made.sizes)
    net.initialise(lambda name: generator(seed, stream, "initial", name))
    return made, net, optimizer(net, recipe)


def optimizer(net: nn.Module, recipe: dict[str, Any]) -> torch.optim.Optimizer:
    """torch's fused optimizer. Raises ValueError where the recipe asks for more than peers do."""
    if (recipe["schedule"], recipe["warmup"], recipe["clip"]) != ("constant", 0, None):
        raise ValueError("recipe: expected a constant rate, no warm-up and no clipping")
    rate, decay = recipe["lr"], recipe["weight_decay"]
    if recipe["optimizer"] == "sgd":
        return torch.optim.SGD(net.parameters(), rate, recipe["momentum"], weight_decay=decay, fused=True)
    return torch.optim.Adam(net.parameters(), rate, tuple(recipe["betas"]), weight_decay=decay, fused=True)


def train(config: dict[str, Any], seed: int) -> dict[str, float]:
    """Train one run: its last training loss (mean since the evaluation before), held-out loss, and best one.

    `arithmetic` is the processor time of forward and backward passes and updates.
    """
    task, net, update = build(config, seed)
    steps, every = config["recipe"]["steps"], config["recipe"]["steps"] // config["recipe"]["evaluations"]
    carry, best, arithmetic = None, float("inf"), 0.0
    losses: list[float] = []
    for index in range(steps):
        batch = task.batch(index)
        begin = time.process_time()
        update.zero_grad()
        loss, carry = task.loss(net, batch, carry)
        loss.backward()
        update.step()
        arithmetic += time.process_time() - begin
        losses.append(loss.item())
        if (index + 1) % every == 0:
            net.eval()
            with torch.no_grad():
                held_out = task.metrics(net, task.held_out("validation"))["loss"].item()
            net.train()
            if held_out < best:
                best, kept = held_out, [value.clone() for value in net.state_dict().values()]  # noqa: F841  to be saved
            mean, losses = sum(losses) / len(losses), []
    return {"train_loss": mean, "loss": held_out, "best": best, "arithmetic": arithmetic}


def runs(folder: Path) -> list[dict[str, Any]]:
    """The runs of a grid, as `Grid.write` left them: name, arm, seed, configuration."""
    return json.loads((folder / "runs.json").read_text(encoding="utf-8"))


def keep(folder: Path, name: str, result: dict[str, float]) -> None:
    """Write a run's result where the harness looks for it."""
    (folder / "losses" / f"{name}.json").write_text(json.dumps(result), encoding="utf-8")
