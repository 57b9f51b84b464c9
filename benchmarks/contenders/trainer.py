"""A loop over the runs with Lightning's Trainer, in one process, with all that it does besides training turned off."""

import logging
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer

from benchmarks.plain import build, keep, runs


class Batches:
    """A run's batches as a loader: Lightning takes any sized iterable, and this one costs least."""

    def __init__(self, task: Any, steps: int) -> None:
        self.task, self.steps = task, steps

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[Any]:
        return map(self.task.batch, range(self.steps))


class Wrapped(LightningModule):
    """A run's model and task, as Lightning wants them."""

    def __init__(self, config: dict[str, Any], seed: int) -> None:
        super().__init__()
        self.task, self.net, self.update = build(config, seed)
        self.carry: Any = None
        self.losses: list[float] = []
        self.result: dict[str, float] = {"best": float("inf")}

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return self.update

    def training_step(self, batch: Any, index: int) -> torch.Tensor:
        loss, self.carry = self.task.loss(self.net, batch, self.carry)
        self.losses.append(loss.item())
        return loss

    def validation_step(self, batch: Any, index: int) -> None:
        held_out = self.task.metrics(self.net, self.task.held_out("validation"))["loss"].item()
        mean, best = sum(self.losses) / len(self.losses), min(held_out, self.result["best"])
        self.losses, self.result = [], {"train_loss": mean, "loss": held_out, "best": best}


def fit(config: dict[str, Any], seed: int) -> dict[str, float]:
    """Train one run."""
    steps, wrapped = config["recipe"]["steps"], Wrapped(config, seed)
    quiet = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    trainer = Trainer(
        accelerator="cpu", devices=1, max_epochs=1, num_sanity_val_steps=0,
        val_check_interval=steps // config["recipe"]["evaluations"], **quiet,
    )  # fmt: skip
    trainer.fit(wrapped, Batches(wrapped.task, steps), [0])  # one held-out batch, which the task itself holds
    return wrapped.result


def main(folder: Path) -> None:
    """Train all runs of the folder's grid."""
    warnings.filterwarnings("ignore")  # of loaders without worker processes
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    for run in runs(folder):
        keep(folder, run["name"], fit(run["config"], run["seed"]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
