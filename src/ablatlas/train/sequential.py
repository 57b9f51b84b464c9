"""The sequential engine: one run after another, in one readable loop."""

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from ablatlas.nn.dropout import Dropout
from ablatlas.train.optimizers import factor, optimizer
from ablatlas.train.randomness import generator, key

VERSION = 1

THREADS = 1  # a process; more cores are used by more processes
PATIENCE = 0.2  # the share of the budget after which a training loss above the floor counts as divergence
DEPTHS = 9  # gradient norms are logged at this many equally spaced layers
Progress = Callable[[int, float], None]


@dataclass
class Run:
    """One training's result. `curve` holds a dict an evaluation; `state` is `finished` or `diverged`."""

    state: str = "finished"
    curve: list[dict[str, Any]] = field(default_factory=list)
    outcome: dict[str, Any] = field(default_factory=dict)
    meters: dict[str, float] = field(default_factory=dict)
    parameters: dict[str, Tensor] = field(default_factory=dict)


def deterministic() -> None:
    """One thread and deterministic kernels, process-wide: what a run's bits depend on besides its configuration."""
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)


def build(config: dict[str, Any], seed: int) -> tuple[Any, nn.Module]:
    """The task and the freshly initialised model that a resolved configuration names."""
    model, task, recipe = (dict(config[part]) for part in ("model", "task", "recipe"))
    task_module = import_module(f"ablatlas.tasks.{task.pop('name')}")
    made = task_module.Task(
        **task, batch=recipe["batch"], steps=recipe["steps"], keys=lambda *key: generator(seed, *key)
    )
    module = import_module(f"ablatlas.models.{model.pop('name')}")
    net: nn.Module = module.Model(**model, **made.sizes)
    net.initialise(lambda name: generator(seed, "initial", name))  # type: ignore[operator]
    return made, net


def evaluation_steps(steps: int, evaluations: int) -> set[int]:
    """The steps, counted from 1, after which a run is evaluated: equally spaced, the last one among them."""
    return {math.ceil(steps * i / evaluations) for i in range(1, evaluations + 1)}


def gradient_norms(model: nn.Module) -> list[float]:
    """The norm of the loss gradient with respect to the weights of `DEPTHS` layers from first to last."""
    layers = list(model.layers)  # type: ignore[arg-type]
    picked = [layers[round(i * (len(layers) - 1) / (DEPTHS - 1))] for i in range(DEPTHS)] if layers else []
    return [
        math.sqrt(sum(p.grad.square().sum().item() for p in layer.parameters() if p.ndim > 1)) for layer in picked
    ]


def fingerprint(parameters: dict[str, Tensor]) -> str:
    """SHA-256 of all parameters and buffers, names included: equal exactly when every bit is."""
    digest = hashlib.sha256()
    for name, tensor in sorted(parameters.items()):
        digest.update(name.encode() + tensor.cpu().numpy().tobytes())
    return digest.hexdigest()


def update(
    task: Any, model: nn.Module, optimiser: torch.optim.Optimizer, config: dict[str, Any], seed: int, step: int,
    carry: Any,
) -> tuple[float, Any]:  # fmt: skip
    """One optimizer step, counted from 0; the loss before it and the state that the task carries on."""
    recipe = config["recipe"]
    for group in optimiser.param_groups:
        group["lr"] = recipe["lr"] * factor(step, recipe)
    for name, part in model.named_modules():
        if isinstance(part, Dropout):
            part.generator.manual_seed(key(seed, "dropout", name, step))
    optimiser.zero_grad()
    loss, carry = task.loss(model, task.batch(step), carry)
    loss.backward()
    if recipe["clip"] is not None:
        nn.utils.clip_grad_norm_(model.parameters(), recipe["clip"])
    optimiser.step()
    return loss.item(), carry


def judged(task: Any, model: nn.Module, split: str) -> dict[str, float]:
    """The task's metrics on a split, the model in evaluation mode."""
    model.eval()
    metrics = task.evaluate(model, split)
    model.train()
    return metrics


def diverged(point: dict[str, Any], since: int, steps: int, floor: float) -> bool:
    """Whether a curve's newest point ends the run: see `train`. `since` is the step at which its interval began."""
    late = since >= PATIENCE * steps
    return not math.isfinite(point.get("loss", math.nan)) or (late and not point["train_loss"] <= floor)


def train(
    config: dict[str, Any], seed: int, *, split: str = "validation", progress: Progress = lambda step, loss: None
) -> Run:
    """Train one resolved configuration; curves are judged on validation data, the outcome on `split`.

    A run has diverged when a loss is not finite, or when its mean training loss over an interval between two
    evaluations, begun after a fifth of the budget, is above the task's floor. It then ends, keeping its curve.
    """
    deterministic()
    recipe = config["recipe"]
    task, model = build(config, seed)
    optimiser = optimizer((p for p in model.parameters() if p.requires_grad), recipe)
    flops = 3 * model.flops * task.examples  # type: ignore[operator] # backward costs two forward passes
    points = evaluation_steps(recipe["steps"], recipe["evaluations"])
    run, carry, losses, since = Run(), None, [], 0
    begin = time.perf_counter()
    model.train()
    for step in range(1, recipe["steps"] + 1):
        loss, carry = update(task, model, optimiser, config, seed, step - 1, carry)
        losses.append(loss)
        progress(step, loss)
        if step in points or not math.isfinite(loss):
            point = {"step": step, "examples": step * task.examples, "flops": step * flops}
            point["train_loss"] = sum(losses) / len(losses)
            if math.isfinite(loss):
                point |= {**judged(task, model, "validation"), "gradient_norms": gradient_norms(model)}
            run.curve.append(point)
            if diverged(point, since, recipe["steps"], task.floor["loss"]):
                run.state = "diverged"
                break
            losses, since = [], step
    run.parameters = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
    run.outcome = {"train_loss": run.curve[-1]["train_loss"], "parameters": fingerprint(run.parameters)}
    if run.state == "finished":
        run.outcome |= judged(task, model, split)
    run.meters = {
        "seconds": time.perf_counter() - begin,
        "flops_per_step": flops,
        "parameters": sum(p.numel() for p in model.parameters()),
        "trainable": sum(p.numel() for p in model.parameters() if p.requires_grad),
    }
    return run
