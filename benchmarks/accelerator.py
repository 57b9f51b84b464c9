"""What stacking wins on an accelerator: seconds of a member's step, one run after another and more and more at once.

`python -m benchmarks.accelerator FOLDER DEVICE MEMBERS` measures the first arm of the grid in a folder once and prints
seconds a member and step as JSON. On a machine without a GPU there is nothing to measure, and that is said.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import harness
from benchmarks.grid import Grid, grids, settings
from benchmarks.harness import Say

SEQUENTIAL = "one after another"


def seconds(config: dict[str, Any], members: int, device: str) -> float:
    """Seconds of a member's step: a training's over those of one of a third of its steps, all else alike."""
    import torch  # only the process that measures needs it

    from ablatlas.train.crew import Member
    from ablatlas.train.loop import train

    taken, steps = [], config["recipe"]["steps"]
    for count in (2, steps // 3, steps):  # the first of a process pays for what all others find ready
        short = config | {"recipe": config["recipe"] | {"steps": count, "evaluations": 1}}
        begin = time.perf_counter()
        list(train([Member(short, seed, device) for seed in range(members)]))
        if device == "cuda":
            torch.cuda.synchronize()
        taken.append(time.perf_counter() - begin)
    return (taken[2] - taken[1]) / (steps - steps // 3) / members


def once(folder: Path, device: str, members: int) -> dict[str, float]:
    """Seconds a member and step of both engines: the sequential one on a single run, the stacked one on all."""
    config = json.loads((folder / "runs.json").read_text(encoding="utf-8"))[0]["config"]
    single = seconds(config | {"engine": "sequential"}, 1, device)
    return {SEQUENTIAL: single, str(members): seconds(config | {"engine": "stacked"}, members, device)}


def compare(asked: dict[str, Grid], device: str, members: list[int], rounds: int, say: Say) -> tuple[dict, list[float]]:
    """Every grid at every number of members, and how busy others were."""
    cases = {_case(name, many): (grid, [device, many]) for name, grid in asked.items() for many in members}
    found, others = harness.apart("benchmarks.accelerator", cases, rounds, say)
    models = {
        name: {
            str(many): harness.ratio([r[SEQUENTIAL] for r in rows], [r[str(many)] for r in rows])
            for many in members
            for rows in [found[_case(name, many)]]
        }
        for name in asked
    }
    return {"rounds": rounds, "members": members, "models": models, "seconds": found}, others


def _case(name: str, many: int) -> str:
    return f"{name}, {many} at once"


def main(results: Path, say: Say) -> None:
    """Measure what `grid.yaml` says, where there is a GPU."""
    import torch

    if not torch.cuda.is_available():
        say("accelerator: no GPU here, so nothing is measured")
        return
    told = settings()
    asked = {grid.name: grid.changed(steps=told["accelerator"]["steps"]) for grid in grids()}
    result, others = compare(asked, "cuda", told["accelerator"]["members"], told["rounds"], say)
    named = {
        "measures": "seconds of a member's step, one run after another over all at once",
        "device": torch.cuda.get_device_name(),
    }
    harness.write("accelerator", named | result, others, results, say)


if __name__ == "__main__":
    print(json.dumps(once(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
