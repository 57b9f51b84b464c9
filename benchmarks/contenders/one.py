"""One run in a process of its own: `one FOLDER NAME`, for a shell loop and for Snakemake."""

import sys
from pathlib import Path

from benchmarks.plain import keep, runs, train


def main(folder: Path, name: str) -> None:
    """Train the run of that name."""
    [run] = [run for run in runs(folder) if run["name"] == name]
    keep(folder, name, train(run["config"], run["seed"]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
