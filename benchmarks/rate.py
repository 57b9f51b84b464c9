"""The share of the peak matrix-multiply rate that training reaches, on one thread; both measured in turn.

`python -m benchmarks.rate FOLDER SIZE` measures the grid in a folder once and prints operations a second as JSON.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import harness
from benchmarks.contenders import OURS, PLAIN
from benchmarks.grid import grids, settings
from benchmarks.harness import Say

ENOUGH = 0.4  # seconds of multiplying


def peak(size: int) -> float:
    """Operations a second of one product of two square float32 matrices, the best of `ENOUGH` seconds of them."""
    import torch  # only the process that measures needs it

    a, b = torch.rand(size, size), torch.rand(size, size)
    begin = then = time.perf_counter()
    best = float("inf")
    while then - begin < ENOUGH:
        torch.mm(a, b)
        then, before = time.perf_counter(), then
        best = min(best, then - before)
    return 2 * size**3 / best


def seconds(train: Callable[[dict[str, Any]], object], config: dict[str, Any]) -> float:
    """How much longer a training takes than one of a third of its steps, all else alike."""
    taken = []
    for steps in (config["recipe"]["steps"] // 3, config["recipe"]["steps"]):
        short = config | {"recipe": config["recipe"] | {"steps": steps, "evaluations": 1}}
        begin = time.perf_counter()
        train(short)
        taken.append(time.perf_counter() - begin)
    return taken[1] - taken[0]


def once(folder: Path, size: int) -> dict[str, float]:
    """Operations a second: the peak, ours and the plain loop's, on the first arm of the folder's grid."""
    from ablatlas.train.crew import Member
    from ablatlas.train.loop import train
    from benchmarks import plain

    def members(config: dict[str, Any]) -> list[Any]:
        return list(train([Member(config, seed) for seed in seeds]))

    listed = plain.runs(folder)
    config, seeds = listed[0]["config"], [run["seed"] for run in listed if run["arm"] == listed[0]["arm"]]
    plain.train(config, 0)  # torch's first step of a process costs many later ones
    [first, *_] = members(config)
    steps = config["recipe"]["steps"] - config["recipe"]["steps"] // 3
    flops = first.meters["flops_per_step"] * steps
    ours = flops * len(seeds) / seconds(members, config)
    return {"peak": peak(size), OURS: ours, PLAIN: flops / seconds(lambda short: plain.train(short, 0), config)}


def main(results: Path, say: Say) -> None:
    """Measure every grid, the grids in turn."""
    told = settings()
    asked = {grid.name: grid.changed(steps=told["rate"]["steps"][grid.name]) for grid in grids()}
    cases = {name: (grid, [told["rate"]["matrix"]]) for name, grid in asked.items()}
    found, others = harness.apart("benchmarks.rate", cases, told["rounds"], say)
    models = {
        name: {
            "engine": asked[name].config["engine"], "members": asked[name].seeds, "rates": rates,
            "share": {who: harness.ratio([r[who] for r in rates], [r["peak"] for r in rates]) for who in (OURS, PLAIN)},
        }
        for name, rates in found.items()
    }  # fmt: skip
    result = {
        "measures": "operations a second of training over those of torch.mm, one thread, float32",
        "rounds": told["rounds"], "matrix": told["rate"]["matrix"], "models": models,
    }  # fmt: skip
    harness.write("rate", result, others, results, say)


if __name__ == "__main__":
    print(json.dumps(once(Path(sys.argv[1]), int(sys.argv[2]))))
