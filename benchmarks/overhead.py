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


def once(study: str, cell: str) -> dict[str, float]:
    """Tune a cell from nothing: processor seconds of the job, and of its parts."""
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(ROOT / "params", Path(place, "params"))
        command = [sys.executable, "-m", "benchmarks.inside", study, cell, str(Path(place, "out.json.gz"))]
        spent = harness.measure(command, ABLATLAS_ROOT=place)
    parts = json.loads(spent.output.splitlines()[-1])
    return {"cpu": spent.cpu, "others": spent.others, **parts}


def main(results: Path, say: Say) -> None:
    """Measure the job that `grid.yaml` names."""
    told = settings()
    study, cell = told["job"]["study"], told["job"]["cell"]
    found: list[dict[str, Any]] = []
    for turn in range(told["rounds"]):
        found.append(once(study, cell))
        say(
            f"overhead: round {turn + 1} of {told['rounds']}: "
            f"{found[-1]['cpu']:.2f} CPU-s, {found[-1]['steps']:.2f} in steps"
        )
    whole = [one["cpu"] for one in found]
    rest = [one["cpu"] - (one["steps"] - one["batches"]) for one in found]
    result = {
        "measures": "CPU-seconds of a tuning job that are not forward and backward passes and updates, over all",
        "study": study, "cell": cell, "scale": "laptop", "rounds": told["rounds"], "steps": found[0]["calls"],
        "parts": [{name: one[name] for name in ("cpu", "steps", "batches", "meters")} for one in found],
        "overhead": harness.ratio(rest, whole),
        "meters": harness.ratio([one["meters"] for one in found], whole),
    }  # fmt: skip
    harness.write("overhead", result, [one["others"] for one in found], results, say)
