"""A plain loop over the runs in one process."""

import sys
from pathlib import Path

from benchmarks.plain import keep, runs, train


def main(folder: Path) -> None:
    """Train all runs of the folder's grid."""
    for run in runs(folder):
        keep(folder, run["name"], train(run["config"], run["seed"]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
