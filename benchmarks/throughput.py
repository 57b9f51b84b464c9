"""The same grid through every contender: CPU- and wall-seconds, as ratios to ours, and whether losses agree."""

import json
import math
import shutil
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import harness
from benchmarks.contenders import CONTENDERS, OURS, PLAIN
from benchmarks.grid import Grid, grids, settings
from benchmarks.harness import Say, Spent

DIGITS = 4
COMPARED = ("train_loss", "loss")
Losses = dict[str, dict[str, float]]


def same(a: float, b: float, digits: int = DIGITS) -> bool:
    """Whether two numbers differ by less than half a unit of the larger's digit of that rank."""
    if a == b:
        return True
    largest = max(abs(a), abs(b))
    return math.isfinite(largest) and abs(a - b) < 0.5 * 10.0 ** (math.floor(math.log10(largest)) - digits + 1)


def once(contender: str, grid: Grid, folder: Path) -> tuple[Spent, Losses]:
    """Train the grid once in `folder`, which must not exist: what it cost, and each run's losses.

    Raises RuntimeError where a run is missing.
    """
    grid.write(folder)
    spent = harness.measure(CONTENDERS[contender](grid, folder), folder)
    found = losses(folder)
    if set(found) != set(grid.names):
        raise RuntimeError(f"{contender}: found the runs {sorted(found)}, expected {grid.names}")
    return spent, found


def losses(folder: Path) -> Losses:
    """What contenders left in a folder, by run."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (folder / "losses").glob("*.json")}


def disagreements(found: dict[str, Losses]) -> list[str]:
    """The runs and losses in which a contender differs from the plain loop in the first four digits."""
    return [
        f"{contender}, {run}, {key}: {mine[run][key]} where the plain loop has {found[PLAIN][run][key]}"
        for contender, mine in found.items()
        for run in mine
        for key in COMPARED
        if not same(mine[run][key], found[PLAIN][run][key])
    ]


def compare(grid: Grid, count: int, say: Say) -> tuple[dict[str, Any], list[float]]:
    """One grid through all contenders, and how busy others were. Raises RuntimeError where losses do not agree."""
    got: dict[str, Losses] = {}
    arithmetic: list[float] = []
    with tempfile.TemporaryDirectory() as place:

        def run(contender: str, turn: int) -> Spent:
            folder = Path(place, f"{turn}-{list(CONTENDERS).index(contender)}")
            spent, got[contender] = once(contender, grid, folder)
            shutil.rmtree(folder)
            if contender == PLAIN:
                arithmetic.append(sum(one["arithmetic"] for one in got[PLAIN].values()) / spent.cpu)
            return spent

        found = harness.rounds(count, CONTENDERS, run, say)
    if wrong := disagreements(got):
        raise RuntimeError("losses differ within four digits:\n" + "\n".join(wrong))
    result = {
        "measures": "seconds of a contender over ours, same grid, same losses to four digits",
        "grid": grid.name, "n": len(grid.names), "rounds": count, "engine": grid.config["engine"],
        "arms": {"path": grid.ablate, "values": list(grid.arms)}, "seeds": grid.seeds, "config": grid.config,
        "arithmetic_share": harness.spread(arithmetic),
        "seconds": {name: harness.series(spent) for name, spent in found.items()},
        "ratios": harness.against(found, OURS),
    }  # fmt: skip
    return result, [one.others for spent in found.values() for one in spent]


def main(results: Path, say: Say) -> None:
    """Compare on every grid."""
    for grid in grids():
        say(f"{grid.name}: {len(grid.names)} runs of {grid.config['recipe']['steps']} steps")
        result, others = compare(grid, settings()["rounds"], say)
        harness.write(f"throughput-{grid.name}", result, others, results, say)
