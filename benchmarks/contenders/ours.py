"""Ours: one process, one call of the engine an arm."""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.plain import keep, runs


def members(config: dict[str, Any], seeds: list[int]) -> list[Any]:
    """Train one configuration on several seeds, by the engine that it names."""
    if find_spec("ablatlas.train.loop") is None:  # until the engines share one loop: one run after another
        sequential = import_module("ablatlas.train.sequential")
        return [sequential.train({**config, "engine": "sequential"}, seed) for seed in seeds]
    engine = import_module("ablatlas.train.loop")
    return engine.train([engine.Member(config, seed) for seed in seeds])


def main(folder: Path) -> None:
    """Train all runs of the folder's grid."""
    listed = runs(folder)
    for arm in dict.fromkeys(run["arm"] for run in listed):
        mine = [run for run in listed if run["arm"] == arm]
        for run, done in zip(mine, members(mine[0]["config"], [run["seed"] for run in mine]), strict=True):
            last = done.curve[-1]
            keep(
                folder,
                run["name"],
                {"train_loss": last["train_loss"], "loss": last["loss"], "best": done.outcome["loss"]},
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
