"""What a job of the DAG spends on everything but training arithmetic, and on its meters."""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import harness
from benchmarks.grid import ROOT, settings
from benchmarks.harness import Say

PARTS = ("start", "judging", "batches", "meters")


def once(study: str, cell: str) -> dict[str, float]:
    """Tune a cell from nothing: processor seconds of the job, and of its parts.

    The configuration has been composed before, as it has in the DAG by whoever planned the job.
    """
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(ROOT / "params", Path(place, "params"))
        harness.measure([sys.executable, "-m", "ablatlas.study", study], ABLATLAS_ROOT=place)
        command = [sys.executable, "-m", "benchmarks.inside", study, cell, str(Path(place, "out.json.gz"))]
        spent = harness.measure(command, ABLATLAS_ROOT=place)
    parts = json.loads(spent.output.splitlines()[-1])
    return {"cpu": spent.cpu, "others": spent.others, **parts}


def main(results: Path, say: Say) -> None:
    """Measure the jobs that `grid.yaml` names."""
    told = settings()
    study, cells = told["job"]["study"], told["job"]["cells"]
    found = harness.rounds(
        told["rounds"], cells, lambda cell, turn: once(study, cell), lambda line: say(f"overhead: {line}")
    )
    result = {
        "measures": "CPU-seconds of a tuning job that are not forward and backward passes and updates, over all",
        "study": study, "scale": "laptop", "rounds": told["rounds"],
        "cells": {cell: shares(parts) for cell, parts in found.items()},
    }  # fmt: skip
    harness.write("overhead", result, [one["others"] for parts in found.values() for one in parts], results, say)


def shares(parts: list[dict[str, float]]) -> dict[str, Any]:
    """Of a cell's rounds, the share of each part of the job in all of it; `overhead` is all but training arithmetic."""
    whole = [one["cpu"] for one in parts]
    rest = [one["cpu"] - (one["steps"] - one["batches"]) for one in parts]
    named = {
        name: harness.ratio([one[name] for one in parts], whole) for name in ("start", "judging", "batches", "meters")
    }
    return {"calls": parts[0]["calls"], "parts": parts, "overhead": harness.ratio(rest, whole), **named}
