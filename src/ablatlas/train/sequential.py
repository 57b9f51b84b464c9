"""The sequential engine: one run after another, in one readable loop."""

import hashlib
import math
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from ablatlas.nn.dropout import Dropout
from ablatlas.train import dose as doses
from ablatlas.train.optimizers import factor, optimizer
from ablatlas.train.randomness import generator, key

VERSION = 2

THREADS = 1  # a process; more cores are used by more processes
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
    stream, dose = recipe["stream"], getattr(doses, recipe["dose"])()
    task_module = import_module(f"ablatlas.tasks.{task.pop('name')}")
    made = task_module.Task(
        **task, batch=recipe["batch"], steps=recipe["steps"], keys=lambda *key: generator(seed, stream, *key)
    )
    module = import_module(f"ablatlas.models.{model.pop('name')}")
    net: nn.Module = module.Model(**model, **made.sizes)
    net.initialise(lambda name: generator(seed, stream, "initial", dose.initial(name)))  # type: ignore[operator]
    return made, net


def evaluation_steps(steps: int, evaluations: int) -> set[int]:
    """The steps, counted from 1, after which a run is evaluated: equally spaced, the last one among them.

    Raises ValueError where there is no step or no evaluation.
    """
    for name, count in (("steps", steps), ("evaluations", evaluations)):
        if not isinstance(count, int) or count < 1:
            raise ValueError(f"recipe.{name}: found {count}, expected a whole number from 1")
    return {math.ceil(steps * i / evaluations) for i in range(1, evaluations + 1)}


def gradient_norms(model: nn.Module) -> list[float]:
    """The norm of the loss gradient with respect to the weights of `DEPTHS` layers from first to last."""
    layers = list(model.layers)  # type: ignore[arg-type]
    picked = [layers[round(i * (len(layers) - 1) / (DEPTHS - 1))] for i in range(DEPTHS)] if layers else []
    return [math.sqrt(sum(p.grad.square().sum().item() for p in layer.parameters() if p.ndim > 1)) for layer in picked]


def fingerprint(parameters: dict[str, Tensor]) -> str:
    """SHA-256 of all parameters and buffers, names included: equal exactly when every bit is."""
    digest = hashlib.sha256()
    for name, tensor in sorted(parameters.items()):
        digest.update(name.encode() + tensor.cpu().numpy().tobytes())
    return digest.hexdigest()


class Training:
    """One run as it proceeds: the task and the model, the optimizer, and the state that the task carries on.

    `dose` is what a control does to it, see `take`.
    """

    def __init__(self, config: dict[str, Any], seed: int) -> None:
        self.seed, self.recipe = seed, config["recipe"]
        self.task, self.model = build(config, seed)
        self.dose = getattr(doses, self.recipe["dose"])()
        trainable = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = optimizer(trainable, self.recipe)
        self.noisy = [(name, part) for name, part in self.model.named_modules() if isinstance(part, Dropout)]
        self.carry: Any = None
        self.model.train()

    @property
    def flops(self) -> int:
        """Floating-point operations of a step as executed; the backward pass costs two forward ones."""
        forward: int = self.model.flops  # type: ignore[assignment]
        return 3 * forward * self.task.examples * self.dose.work

    def take(self, index: int) -> float:
        """Take step `index`, counted from 0, as the dose has it, and return the loss before it."""
        return self.dose.step(self, index)

    def step(self, index: int) -> float:
        """Update the parameters by the gradient of step `index` and return the loss before it."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe["lr"] * factor(index, self.recipe)
        loss = self.look(index)
        if self.recipe["clip"] is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe["clip"])
        self.optimizer.step()
        return loss

    def look(self, index: int) -> float:
        """Compute the loss and the gradient of step `index`, and update nothing but what the model averages."""
        for name, part in self.noisy:
            part.generator.manual_seed(key(self.seed, self.recipe["stream"], "dropout", name, index))
        self.optimizer.zero_grad()
        loss, self.carry = self.task.loss(self.model, self.task.batch(index), self.carry)
        loss.backward()
        return loss.item()

    def state(self) -> tuple[Any, ...]:
        """All that a step changes, to be restored."""
        return deepcopy((self.model.state_dict(), self.optimizer.state_dict(), self.carry))

    def restore(self, state: tuple[Any, ...]) -> None:
        """Go back to an earlier state."""
        model, optimizer, self.carry = state
        self.model.load_state_dict(model)
        self.optimizer.load_state_dict(optimizer)

    def judge(self, split: str) -> dict[str, float]:
        """The task's metrics on a split, the model in evaluation mode."""
        self.model.eval()
        metrics = self.dose.judged(self.task.evaluate(self.model, split))
        self.model.train()
        return metrics


def diverged(point: dict[str, Any], since: int, recipe: dict[str, Any], floor: float) -> bool:
    """Whether a curve's newest point ends the run, see `train`; `since` is the step at which its interval began."""
    late = since >= recipe["patience"] * recipe["steps"]
    return not math.isfinite(point.get("loss", math.nan)) or (late and not point["train_loss"] <= floor)


def train(
    config: dict[str, Any], seed: int, *, split: str = "validation", progress: Progress = lambda step, loss: None
) -> Run:
    """Train one resolved configuration; curves are judged on validation data, the outcome on `split`.

    The outcome is that of the evaluation with the lowest validation loss, `best_step`, so that none is spoilt by
    training on. A run has diverged when a loss is not finite, or when its mean training loss over an interval between
    two evaluations, begun after the share `recipe.patience` of the budget, is above the task's floor. It then ends,
    keeping its curve.
    """
    deterministic()
    steps = config["recipe"]["steps"]
    points = evaluation_steps(steps, config["recipe"]["evaluations"])
    begin = time.perf_counter()
    training = Training(config, seed)
    task, model, flops = training.task, training.model, training.flops
    run, since, best = Run(), 0, math.inf
    losses: list[float] = []
    for step in range(1, steps + 1):
        losses.append(training.take(step - 1))
        progress(step, losses[-1])
        if step in points or not math.isfinite(losses[-1]):
            point = {"step": step, "examples": step * task.examples, "flops": step * flops}
            point["train_loss"] = sum(losses) / len(losses)
            if math.isfinite(losses[-1]):
                point |= {**training.judge("validation"), "gradient_norms": gradient_norms(model)}
            run.curve.append(point)
            if point.get("loss", math.inf) < best or not run.parameters:
                best, run.outcome = point.get("loss", math.inf), {"best_step": step}
                run.parameters = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
            if diverged(point, since, training.recipe, task.floor["loss"]):
                run.state = "diverged"
                break
            losses, since = [], step
    run.outcome |= {"train_loss": run.curve[-1]["train_loss"], "parameters": fingerprint(model.state_dict())}
    model.load_state_dict(run.parameters)
    # A diverged run has no score: nulls, which the statistics cap at the floor.
    run.outcome |= training.judge(split) if run.state == "finished" else dict.fromkeys(task.floor)
    run.meters = {
        "seconds": time.perf_counter() - begin,
        "flops_per_step": flops,
        "parameters": sum(p.numel() for p in model.parameters()),
        "trainable": sum(p.numel() for p in model.parameters() if p.requires_grad),
    }
    return run
