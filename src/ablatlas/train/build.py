"""From a resolved configuration and a seed to a task and a freshly initialised model."""

import hashlib
import os
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from ablatlas.nn.dropout import Dropout
from ablatlas.randomness import generator
from ablatlas.train import dose as doses

THREADS = 1
# MKL reads this at its first product. Else the bits of a product depend, on processors that are not Intel's, on where
# its matrices lie in memory, and so a member's on its place in a stack.
os.environ.setdefault("MKL_CBWR", "AUTO")


def deterministic(precision: str = "float32") -> None:
    """One thread, deterministic kernels, no products below `precision`: equal inputs give equal bits on one machine."""
    torch.set_num_threads(THREADS)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without which cuBLAS is not deterministic
    torch.backends.fp32_precision = "tf32" if precision == "tf32" else "ieee"  # type: ignore[attr-defined]
    # The same as `use_deterministic_algorithms(True)`, which imports torch's compiler: two processor seconds.
    torch.set_deterministic_debug_mode("error")
    # What is allocated is written before it is read; to fill it first costs a tenth of a small step.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def build(config: dict[str, Any], seed: int, device: str = "cpu") -> tuple[Any, nn.Module]:
    """The task and the model that a resolved configuration names, in training mode.

    Both are drawn on the CPU, so that a seed's are the same everywhere, and then moved, the data once and for all.
    A task that learns from a network says in `first` how that is trained, and is given it.
    """
    model, task, recipe = (dict(config[part]) for part in ("model", "task", "recipe"))
    stream, dose = recipe["stream"], getattr(doses, recipe.get("dose", "none"))()  # none where nothing is trained
    task_module = import_module(f"ablatlas.tasks.{task.pop('name')}")
    batch = recipe["batch"] * recipe.get("workers", 1)
    made = task_module.Task(**task, batch=batch, steps=recipe["steps"], keys=lambda *key: generator(seed, stream, *key))
    module = import_module(f"ablatlas.models.{model.pop('name')}")
    net: nn.Module = module.Model(**model, **made.sizes)
    net.initialise(lambda name: generator(seed, stream, "initial", dose.initial(name)))  # type: ignore[operator]
    made.recipe = recipe  # for a task of which theory knows what it comes to
    vars(made).update(moved(vars(made), device))
    if changes := getattr(made, "first", None):
        made.hear(*import_module("ablatlas.train.first").trained(config, changes, seed, device))
    return made, net.to(device).train()


def moved(tree: Any, device: str) -> Any:
    """A tree of dicts, lists and tuples with every tensor on `device`."""
    if isinstance(tree, Tensor):
        return tree.to(device)
    if isinstance(tree, dict):
        return {key: moved(value, device) for key, value in tree.items()}
    return type(tree)(moved(value, device) for value in tree) if type(tree) in (list, tuple) else tree


class Noise:
    """What the dropouts of a model draw, a step at a time."""

    def __init__(self, task: Any, model: nn.Module) -> None:
        self.shapes: dict[str, torch.Size] = {}
        self.device = next(model.parameters()).device
        parts = {name: part for name, part in model.named_modules() if isinstance(part, Dropout)}
        if parts:
            self._ask(task, model, parts)

    def _ask(self, task: Any, model: nn.Module, parts: dict[str, Dropout]) -> None:
        """Ask the model with what shapes its dropouts are called; in evaluation mode it changes nothing."""
        hooks = [
            part.register_forward_pre_hook(lambda _, given, name=name: self.shapes.update({name: given[0].shape}))
            for name, part in parts.items()
        ]
        model.eval()
        with torch.no_grad():
            task.loss(model, task.batch(0), None)
        model.train()
        for hook in hooks:
            hook.remove()

    def drawn(self, seed: int, stream: int, index: int) -> dict[str, Tensor]:
        """Dropout's name -> its noise in step `index`, a function of (seed, stream, name, index) alone."""
        return {
            name: torch.rand(shape, generator=generator(seed, stream, "dropout", name, index)).to(self.device)
            for name, shape in self.shapes.items()
        }


def fingerprint(parameters: dict[str, Tensor]) -> str:
    """SHA-256 of all parameters and buffers, names included: equal exactly when every bit is."""
    digest = hashlib.sha256()
    for name, tensor in sorted(parameters.items()):
        digest.update(name.encode() + tensor.cpu().numpy().tobytes())
    return digest.hexdigest()
