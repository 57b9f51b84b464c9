"""Ours: one process, one call of the engine an arm."""

import sys
from pathlib import Path

from ablatlas.train.crew import Member
from ablatlas.train.loop import train
from benchmarks.plain import keep, runs


def main(folder: Path) -> None:
    """Train all runs of the folder's grid."""
    listed = runs(folder)
    for arm in dict.fromkeys(run["arm"] for run in listed):
        mine = [run for run in listed if run["arm"] == arm]
        for run, done in zip(mine, train([Member(run["config"], run["seed"]) for run in mine]), strict=True):
            last = done.curve[-1]
            keep(
                folder,
                run["name"],
                {"train_loss": last["train_loss"], "loss": last["loss"], "best": done.outcome["loss"]},
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
