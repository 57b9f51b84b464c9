"""Ways to train a grid, each a command that reads `runs.json` in the folder it is given and fills `losses/` there."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.grid import HERE, Grid

OURS, PLAIN = "ours", "plain loop"
CORES = os.cpu_count() or 1
RUNS = HERE / "contenders" / "runs.smk"
Command = list[str]


def module(name: str) -> Command:
    """A module of this folder as a command."""
    return [sys.executable, "-m", f"benchmarks.contenders.{name}"]


def _hydra(grid: Grid, folder: Path, *launcher: str) -> Command:
    sweep = [
        f"{grid.ablate}={','.join(grid.arms)}",
        f"seed=range({grid.seeds})",
        f"hydra.sweep.dir={folder / 'multirun'}",
    ]
    return [*module("sweep"), "--config-dir", str(folder / "conf"), "--multirun", *sweep, *launcher]


def _shell(grid: Grid, folder: Path) -> Command:
    # As many at once as there are cores, like the peers that can.
    each = " ".join([*module("one"), str(folder)])
    return ["bash", "-euc", f"printf '%s\\n' {' '.join(grid.names)} | xargs -P {CORES} -n 1 {each}"]


def _snakemake(grid: Grid, folder: Path) -> Command:
    how = ["--cores", str(CORES), "--scheduler", "greedy", "--quiet", "all"]
    return [sys.executable, "-m", "snakemake", "--snakefile", str(RUNS), "--directory", str(folder), *how]


JOBLIB = ("hydra/launcher=joblib", f"hydra.launcher.n_jobs={CORES}")
CONTENDERS: dict[str, Callable[[Grid, Path], Command]] = {
    OURS: lambda grid, folder: [*module("ours"), str(folder)],
    PLAIN: lambda grid, folder: [*module("loop"), str(folder)],
    "Hydra, basic launcher": lambda grid, folder: _hydra(grid, folder),
    "Hydra, joblib launcher": lambda grid, folder: _hydra(grid, folder, *JOBLIB),
    "Lightning loop": lambda grid, folder: [*module("trainer"), str(folder)],
    "shell loop, a process a run": _shell,
    "Snakemake, a job a run": _snakemake,
}
