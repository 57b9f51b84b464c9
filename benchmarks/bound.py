"""How far stacking could go with torch's own kernels: a run's step alone over the stack's kernels alone.

The forward and backward pass of a whole stack is traced into a flat list of torch's kernels, as they are called. Run
by itself the list pays for no model's code, no mapping over members and no record of what is to be derived; it
gives the same gradients, to the bit. Python still calls one kernel after another, as it does in the engine: what
compiled or fused kernels would gain is not bounded here.

`python -m benchmarks.bound FOLDER` measures the first arm of the grid in a folder once and prints CPU-seconds of a
member's step as JSON.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import harness, plain
from benchmarks.contenders import OURS
from benchmarks.grid import grids, settings
from benchmarks.harness import Say

ALONE, KERNELS = "one run alone", "its kernels alone"
ENOUGH = 2.0  # CPU-seconds of each


def seconds(step: Callable[[], object]) -> float:
    """CPU-seconds of a step, the first apart."""
    step()
    count, begin = 0, time.process_time()
    while (spent := time.process_time() - begin) < ENOUGH:
        step()
        count += 1
    return spent / count


def once(folder: Path) -> dict[str, float]:
    """CPU-seconds of a forward and backward pass a member: one run's alone, the stack's and its kernels'.

    Raises ArithmeticError where the kernels alone do not give the stack's gradients.
    """
    import torch
    from torch.func import vmap
    from torch.fx.experimental.proxy_tensor import make_fx

    from ablatlas.train.build import deterministic
    from ablatlas.train.crew import Member
    from ablatlas.train.sequential import Training
    from ablatlas.train.stacked import Stack

    deterministic()
    listed = plain.runs(folder)
    config, seeds = listed[0]["config"], [run["seed"] for run in listed if run["arm"] == listed[0]["arm"]]
    stack = Stack([Member(config, seed) for seed in seeds])
    alone = Training(config, seeds[0])
    trained = [name for name, tensor in stack.numbers.items() if tensor.requires_grad]
    batch = [torch.stack(column) for column in zip(*(task.batch(0) for task in stack.tasks.values()), strict=True)]

    def derived(*values: torch.Tensor) -> list[torch.Tensor]:
        numbers = dict(zip(stack.numbers, values, strict=False))
        numbers = {name: value.detach().requires_grad_(name in trained) for name, value in numbers.items()}

        def loss(own: dict[str, torch.Tensor], *part: torch.Tensor) -> torch.Tensor:
            return stack.task.loss(lambda x: stack.lent(own, x), part, None)[0]

        losses = vmap(loss)(numbers, *values[len(numbers) :])
        return list(torch.autograd.grad(losses.sum(), [numbers[name] for name in trained]))

    given = [*(tensor.detach().clone() for tensor in stack.numbers.values()), *batch]
    kernels = make_fx(derived)(*given)
    kernels.graph.eliminate_dead_code()
    kernels.recompile()
    with torch.no_grad():
        found = kernels(*(tensor.clone() for tensor in given))
    stack.look(0)
    wanted = [stack.numbers[name].grad for name in trained]
    if not all(their is not None and torch.equal(one, their) for one, their in zip(found, wanted, strict=True)):
        raise ArithmeticError(f"{folder.name}: the kernels alone give other gradients than the stack")
    with torch.no_grad():
        bare = seconds(lambda: kernels(*given)) / len(seeds)
    return {ALONE: seconds(lambda: alone.look(0)), OURS: seconds(lambda: stack.look(0)) / len(seeds), KERNELS: bare}


def main(results: Path, say: Say) -> None:
    """Measure every grid that is stacked, the grids in turn."""
    rounds = settings()["rounds"]
    asked = {grid.name: (grid, ()) for grid in grids() if grid.config["engine"] == "stacked"}
    found, others = harness.apart("benchmarks.bound", asked, rounds, say)
    models = {
        name: {who: harness.ratio([r[ALONE] for r in rows], [r[who] for r in rows]) for who in (OURS, KERNELS)}
        for name, rows in found.items()
    }
    told = "CPU-seconds of a member's forward and backward pass, one run alone over a stack of eight"
    harness.write(
        "bound", {"measures": told, "rounds": rounds, "models": models, "seconds": found}, others, results, say
    )


if __name__ == "__main__":
    print(json.dumps(once(Path(sys.argv[1]))))
