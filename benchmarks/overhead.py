"""What a job of the DAG spends on everything but training arithmetic, and on its meters."""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from ablatlas import warm
from benchmarks import harness
from benchmarks.grid import ROOT, settings
from benchmarks.harness import Say

PARTS = ("start", "judging", "batches", "meters")
# A job's own process, which hands over what module it is told.
JOB = [
    sys.executable,
    "-c",
    "import sys; from ablatlas.warm import hand_over; sys.exit(hand_over(sys.argv[1], sys.argv[2:]))",
]
IMPORT = "import " + ", ".join(warm.NEEDED)


def once(study: str, cell: str) -> dict[str, float]:
    """Tune a cell from nothing, forked as in the DAG: processor seconds of the job, and of its parts.

    The configuration has been composed before, as it has in the DAG by whoever planned the job.
    """
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(ROOT / "params", Path(place, "params"))
        harness.measure([sys.executable, "-m", "ablatlas.study", study], ABLATLAS_ROOT=place)
        served = warm.serve(harness.environment(ABLATLAS_ROOT=place))
        assert served is not None
        try:
            harness.measure([*JOB, "ablatlas.procedures.job", "--help"], ABLATLAS_ROOT=place)  # now it is warm
            out = str(Path(place, "out.json.gz"))
            spent = harness.measure([*JOB, "benchmarks.inside", study, cell, out], ABLATLAS_ROOT=place)
        finally:
            warm.end(served)
    parts = json.loads(spent.output.splitlines()[-1])
    # The job is no child of ours: what it does is others' work to the harness, and its own account is added.
    return {"cpu": spent.cpu + parts["job"], "others": max(0.0, spent.others - parts["job"] / spent.wall), **parts}


def main(results: Path, say: Say) -> None:
    """Measure the jobs that `grid.yaml` names, and what each would spend on imports in a process of its own."""
    told = settings()
    cells = {f"{study}, {cell}": (study, cell) for study, many in told["job"].items() for cell in many}
    found = harness.rounds(
        told["rounds"], cells, lambda name, turn: once(*cells[name]), lambda line: say(f"overhead: {line}")
    )
    alone = [harness.measure([sys.executable, "-c", IMPORT]) for _ in range(told["rounds"])]
    result = {
        "measures": "CPU-seconds of a tuning job that are not forward and backward passes and updates, over all",
        "scale": "laptop", "rounds": told["rounds"],
        "cells": {name: shares(parts) for name, parts in found.items()},
        "import_cpu": harness.spread([one.cpu for one in alone]),
    }  # fmt: skip
    others = [one["others"] for parts in found.values() for one in parts] + [one.others for one in alone]
    harness.write("overhead", result, others, results, say)


def shares(parts: list[dict[str, float]]) -> dict[str, Any]:
    """Of a cell's rounds, the share of each part of the job in all of it.

    `overhead` is all but training arithmetic, `unjudged` that without the evaluations that the study declares.
    """
    whole = [one["cpu"] for one in parts]
    rest = [one["cpu"] - (one["steps"] - one["batches"]) for one in parts]
    unjudged = [all_of_it - one["judging"] for all_of_it, one in zip(rest, parts, strict=True)]
    named = {name: harness.ratio([one[name] for one in parts], whole) for name in PARTS}
    both = {"overhead": harness.ratio(rest, whole), "unjudged": harness.ratio(unjudged, whole)}
    return {"calls": parts[0]["calls"], "parts": parts, **both, **named}
