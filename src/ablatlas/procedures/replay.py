"""Search among trainings that are published, as if they were run now: nothing is trained.

Replayed are the tuning runs of one ladder of a published study, the base cell's among them. What differs between them
is the model and the rate, so that a loss means the same in all. Which records these are is in the digest of a run.
"""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ablatlas import record
from ablatlas.digest import PUBLISHED, replayed
from ablatlas.models.search import Model
from ablatlas.procedures.provenance import provenance, untuned
from ablatlas.randomness import generator
from ablatlas.record import Record
from ablatlas.study import Study
from ablatlas.tasks.pool import Curve, Task
from ablatlas.train.resume import Say

VERSION = 1
CLOCK = "none"

RATE = "lr"


def confirm(study: Study, cell: str, path: Path, say: Say, *, anew: bool = False) -> None:
    """Search by every variant and confirmation seed of a cell and write its record to `path`.

    Raises ValueError for a pool that cannot be searched, and RecordError for a record that cannot be read.
    """
    found = Record(provenance=provenance(study))
    pools: dict[tuple[str, str], dict[str, Any]] = {}
    for variant in study.variants_of(cell):
        config = study.run_config(variant, cell)
        place = config["task"]["published"], config["task"]["ladder"]
        pools[place] = pools.get(place) or pool(study.root, *place)
        for seed in study.seeds["confirmation"]:
            found.add(untuned(study, variant, cell, seed), *search(config, seed, pools[place]), config)
    record.write(path, found)
    say(f"{study.name} {cell}: {len(found.run)} searches in {', '.join(map(' '.join, pools))}, none trained")


def search(config: dict[str, Any], seed: int, runs: Mapping[str, Any]) -> tuple[list, dict[str, Any], dict[str, Any]]:
    """The curve, the outcome and the meters of one search."""
    begin, stream = time.perf_counter(), config["recipe"]["stream"]
    task = Task(**runs, keys=lambda *key: generator(seed, stream, *key))
    model = Model(**{key: value for key, value in config["model"].items() if key != "name"})
    finds = list(model.search(task.trainings, config["recipe"]["budget"] * task.whole))
    curve = [
        {"step": step, "flops": find.spent, "loss": find.best.judged, "begun": find.begun}  # type: ignore[attr-defined]
        for step, find in enumerate(finds, 1)
    ]
    last = curve[-1] if curve else {"flops": 0.0, "loss": task.floor["loss"], "begun": 0}
    outcome = {
        "loss": last["loss"],
        "regret": last["loss"] - task.best,
        "spent": last["flops"] / task.whole,
        "begun": last["begun"],
        "chosen": finds[-1].best.name if finds else None,  # type: ignore[attr-defined]
    }
    counts = dict.fromkeys(("parameters", "trainable", "flops_per_step"))  # nothing is trained that could have some
    return curve, outcome, {**counts, "seconds": time.perf_counter() - begin}


def pool(root: Path, name: str, ladder: str) -> dict[str, Any]:
    """The runs of a published study that are searched: by configuration, with their evaluations and their floor.

    Raises ValueError for a ladder without tuned rungs beside the base cell, or along which not the model alone changes.
    """
    files = [file for file in sorted(replayed(name, root)) if file.startswith(("base-", f"{ladder}="))]
    if len(files) < 2:
        raise ValueError(
            f"task.ladder: found {ladder}, expected a ladder of {name} with tuned rungs beside the base cell"
        )
    records = [record.read(root / PUBLISHED / name / file) for file in files]
    like, floor = fixed(next(iter(records[0].configs.values()))), float(records[0].ledger["floor"]["loss"])
    runs: dict[str, list[Curve]] = {}
    for found in records:
        curves = _curves(found, floor)
        for row, run in enumerate(found.run):
            config = found.configs[run["digest"]]
            if fixed(config) != like:
                raise ValueError(
                    f"task.ladder: found {ladder}, expected one of {name} along which the model alone changes"
                )
            key = json.dumps({"model": config["model"], RATE: config["recipe"][RATE]}, sort_keys=True)
            runs.setdefault(key, []).append(curves[row])
    return {"runs": runs, "evaluations": like["recipe"]["evaluations"], "floor": floor}


def fixed(config: dict[str, Any]) -> dict[str, Any]:
    """What the configurations of one pool share: all but the model and the rate."""
    recipe = {key: value for key, value in config["recipe"].items() if key != RATE}
    return {"task": config["task"], "recipe": recipe}


def _curves(found: Record, floor: float) -> dict[int, Curve]:
    """Row of a run -> its FLOPs and held-out losses; where it diverged, the floor."""
    points: dict[int, list[tuple[float, float]]] = {row: [] for row in range(len(found.run))}
    for point in found.curve:
        loss = point.get("loss")
        points[point["run"]].append((float(point["flops"]), floor if loss is None else float(loss)))
    return {row: (tuple(f for f, _ in curve), tuple(x for _, x in curve)) for row, curve in points.items()}
