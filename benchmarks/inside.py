"""A job of the DAG with watches on parts of the engine: the module to be handed to a warm process, STUDY CELL OUT.

Its last line is JSON: processor seconds of the job, in steps, in the batches made for them, in judging, in meters, and
at the start, until the study is loaded.
"""

import json
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from ablatlas.procedures.job import main as job
from ablatlas.study import load

# Where the engine's steps and meters are: module, and the path of a function in it.
STEPS = (("ablatlas.train.crew", "Crew.step"),)
CREWS = (("sequential", "Training"), ("stacked", "Stack"))
METERS = tuple((f"ablatlas.train.{module}", f"{crew}.gradient_norms") for module, crew in CREWS)
JUDGING = tuple((f"ablatlas.train.{module}", f"{crew}.judge") for module, crew in CREWS)
Places = tuple[tuple[str, str], ...]


def watched(call: Callable[..., Any], spent: list[float]) -> Callable[..., Any]:
    """The function itself, which adds to `spent` what each call takes."""

    def timed(*values: Any, **named: Any) -> Any:
        begin = time.process_time()
        try:
            return call(*values, **named)
        finally:
            spent.append(time.process_time() - begin)

    return timed


def place(module: str, path: str) -> tuple[Any, str]:
    """Where a function is: what holds it, and its name there."""
    *above, name = path.split(".")
    owner: Any = import_module(module)
    for part in above:
        owner = getattr(owner, part)
    return owner, name


def watch(places: Places) -> list[float]:
    """Put a watch on functions or methods; what their calls will have taken."""
    spent: list[float] = []
    for module, path in places:
        owner, name = place(module, path)
        setattr(owner, name, watched(getattr(owner, name), spent))
    return spent


def main(words: list[str]) -> int:
    """Run the tuning of a cell; the job's own exit status."""
    study, cell, out = words
    task = load(study).config["task"]["name"]
    spent = {
        "steps": watch(STEPS),
        "batches": watch(((f"ablatlas.tasks.{task}", "Task.batch"),)),
        "meters": watch(METERS),
        "judging": watch(JUDGING),
    }
    start = time.process_time()
    status = job(["tune", study, cell, "--out", out])
    counted = {"calls": len(spent["steps"]), "start": start} | {name: sum(each) for name, each in spent.items()}
    print(json.dumps(counted | {"job": time.process_time()}), flush=True)
    return status
