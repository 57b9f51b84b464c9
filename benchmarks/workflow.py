"""How long Snakemake takes to parse many studies, with and without cached configurations, and to plan many cells."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from ablatlas.digest import INDEX
from ablatlas.study import load, names
from benchmarks import harness
from benchmarks.grid import ROOT, settings
from benchmarks.harness import Say, Spent

COPIED = ("Snakefile", "workflow", "params", "src", "slurm")
CACHE = Path("data", ".cache")
EMPTY, COLD, WARM, PLAN = "an empty Snakefile", "cold", "warm", "plan"


def repository(folder: Path, studies: list[str]) -> Path:
    """The project's files in `folder`, and beside the studies' own files a copy of each that `studies` names."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    (folder / INDEX).parent.mkdir(parents=True)  # a study that replays is declared by what is published
    shutil.copy2(ROOT / INDEX, folder / INDEX)
    declared = folder / "params" / "study"
    for number, study in enumerate(studies):
        shutil.copy2(declared / f"{study}.yaml", declared / f"{study}_{number:03d}.yaml")
    return folder


def copies(count: int) -> list[str]:
    """Which studies to copy, in turn, for `count` study files in all."""
    own = names(ROOT)
    return [name for name, _ in zip(cycle(own), range(count - len(own)), strict=False)]


def enough(cells: int) -> tuple[list[str], int]:
    """Which studies to copy for at least so many cells, and how many those are."""
    each = {name: len(load(name, root=ROOT).levels) for name in names(ROOT)}
    total, copied = sum(each.values()), []
    turns: Iterator[str] = cycle(each)
    while total < cells:
        copied.append(next(turns))
        total += each[copied[-1]]
    return copied, total


def snakemake(folder: Path, *words: str) -> Spent:
    """Run Snakemake in a repository, on its own source."""
    command = [sys.executable, "-m", "snakemake", "--profile", "workflow/profiles/local", *words]
    return harness.measure(command, folder, PYTHONPATH=str(folder / "src"))


def main(results: Path, say: Say) -> None:
    """Measure what `grid.yaml` says."""
    told = settings()
    asked, rounds = told["workflow"], told["rounds"]
    copied, cells = enough(asked["cells"])
    with tempfile.TemporaryDirectory() as place:
        cold = repository(Path(place, COLD), copies(asked["studies"]))
        warm = repository(Path(place, WARM), copies(asked["studies"]))
        plan = repository(Path(place, PLAN), copied)
        empty = repository(Path(place, "empty"), [])
        (empty / "Snakefile").write_text("", encoding="utf-8")
        for folder in (warm, plan):
            snakemake(folder, "--list-rules")  # fills its cache
        say(f"workflow: {asked['studies']} studies, and {cells} cells of {len(names(plan))}")

        def run(what: str, turn: int) -> Spent:
            if what == COLD:
                shutil.rmtree(cold / CACHE, ignore_errors=True)
            if what == PLAN:
                return snakemake(plan, "--dry-run", "all", "--config", "published=ignore")
            return snakemake({EMPTY: empty, COLD: cold, WARM: warm}[what], "--list-rules")

        found = harness.rounds(rounds, (EMPTY, COLD, WARM, PLAN), run, lambda line: say(f"workflow: {line}"))
    result = {
        "measures": "seconds to parse study files, configurations cached (warm) or not (cold), and to plan cells",
        "rounds": rounds, "studies": asked["studies"], "cells": cells,
        "seconds": {name: harness.series(spent) for name, spent in found.items()},
        "wall": {name: harness.spread([one.wall for one in spent]) for name, spent in found.items()},
        "ratios": harness.against(found, EMPTY),
    }  # fmt: skip
    harness.write("workflow", result, [one.others for spent in found.values() for one in spent], results, say)
