"""What a run costs as the runs of one process become more: CPU-seconds a run, and against the fewest."""

import tempfile
from pathlib import Path
from typing import Any

from benchmarks import harness
from benchmarks.contenders import OURS
from benchmarks.grid import Grid, grid, settings
from benchmarks.harness import Say, Spent
from benchmarks.throughput import once


def compare(base: Grid, counts: list[int], rounds: int, say: Say) -> tuple[dict[str, Any], list[float]]:
    """The grid with more and more seeds through ours, and how busy others were."""
    grids = {str(count): base.changed(seeds=count // len(base.arms)) for count in counts}

    def run(count: str, turn: int) -> Spent:
        with tempfile.TemporaryDirectory() as place:
            return once(OURS, grids[count], Path(place, "grid"))[0]

    found = harness.rounds(rounds, grids, run, lambda line: say(f"count: {line}"))
    each = {count: [one.cpu / int(count) for one in spent] for count, spent in found.items()}
    fewest = each[str(counts[0])]
    result = {
        "measures": "CPU-seconds a run, startup included, over those at the fewest runs",
        "grid": base.name, "rounds": rounds, "runs": counts, "config": base.config,
        "each": {count: harness.spread(values) for count, values in each.items()},
        "ratios": {count: harness.ratio(values, fewest) for count, values in each.items()},
    }  # fmt: skip
    return result, [one.others for spent in found.values() for one in spent]


def main(results: Path, say: Say) -> None:
    """Measure what `grid.yaml` says."""
    told = settings()
    base = grid(told["count"]["grid"]).changed(**told["count"]["recipe"])
    result, others = compare(base, told["count"]["runs"], told["rounds"], say)
    harness.write("count", result, others, results, say)
