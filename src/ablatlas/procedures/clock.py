"""Time a study: the seconds and joules of a step of every variant, in interleaved blocks on a machine of their own.

A block is the same steps from the same state, whenever it is taken, so that blocks differ by the machine alone. Passes
over the variants go forwards and backwards in turn (A B, B A: ABBA), so that a steady drift of the machine, its clock
rate or its heat, meets all of them alike. A clock that was stopped starts again: its blocks belong to one sitting.
"""

import hashlib
import math
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import torch

from ablatlas import record
from ablatlas.procedures.lane import Lane
from ablatlas.procedures.provenance import provenance, run_key
from ablatlas.record import Record
from ablatlas.study import Study
from ablatlas.train import meter
from ablatlas.train.build import deterministic
from ablatlas.train.counter import Counter, counter, joules
from ablatlas.train.resume import Say
from ablatlas.train.sequential import Training
from ablatlas.tree import at

VERSION = 1

ALONE = 0.1  # processors that others may use on average before the machine counts as shared


class Timed(Lane):
    """One variant's training at the base cell."""

    def __init__(self, study: Study, variant: str) -> None:
        self.variant, self.config, self.seed = variant, study.run_config(variant), study.seeds["tuning"][0]
        self.training = Training(self.config, self.seed, study.device)
        self.device = torch.device(study.device)
        self.start = self.training.state()

    def rewind(self) -> None:
        self.training.restore(self.start)
        self.steps(1, first=0)

    def call(self, index: int) -> None:
        """Take step `index`, around to step 0 where the run's budget ends."""
        self.training.take(index % self.config["recipe"]["steps"])

    def meters(self) -> dict[str, int]:
        """Parameters, FLOPs of a step, and the most bytes that it holds."""
        self.rewind()
        counts = meter.parameters(self.training.model)
        return {**counts, "flops_per_step": self.training.flops, "peak_memory": meter.peak_memory(self.training, 1)}


def busy() -> float:
    """Processor seconds that the whole machine has worked, or had taken away by its host, so far."""
    times = psutil.cpu_times()._asdict()
    return sum(times.values()) - sum(times.get(rest, 0.0) for rest in ("idle", "iowait", "guest", "guest_nice"))


def block(timed: Lane, calls: int, energy: Counter) -> dict[str, Any]:
    """Time `calls` calls: their steps, seconds, joules or None, and how many processors others used meanwhile."""
    timed.rewind()
    machine, own, before = busy(), time.process_time(), energy.now()
    begin = time.perf_counter()
    timed.steps(calls)
    seconds = time.perf_counter() - begin
    after, own, machine = energy.now(), time.process_time() - own, busy() - machine
    others = max(0.0, machine - own) / seconds
    return {"steps": calls * timed.units, "seconds": seconds, "joules": joules(before, after), "others": others}


def blocks(lanes: list[Timed], count: int, steps: int, energy: Counter, tell: Callable[[int], None]) -> list[list]:
    """`count` blocks of each variant, interleaved; for each variant its rows, in the order in which they were taken."""
    rows: dict[str, list[dict[str, Any]]] = {timed.variant: [] for timed in lanes}
    begin = time.perf_counter()
    for turn in range(count):
        for timed in lanes if turn % 2 == 0 else reversed(lanes):
            began = time.perf_counter() - begin
            rows[timed.variant].append({"block": turn, **block(timed, steps, energy), "began": began})
        tell(turn + 1)
    return [rows[timed.variant] for timed in lanes]


def circumstances(study: Study, energy: Counter, rows: list[list]) -> dict[str, Any]:
    """What a record's provenance holds, and beside it the machine, its counter and whether it was the clock's own.

    `node` tells machines apart without naming them. `others` is how many processors' worth of work the rest of
    the machine did on average while steps were timed; `exclusive` that this was next to nothing.
    """
    flat = [row for variant in rows for row in variant]
    others = sum(row["others"] * row["seconds"] for row in flat) / sum(row["seconds"] for row in flat)
    return {
        **provenance(study),
        "settings": study.clock,
        "node": hashlib.sha256(platform.node().encode()).hexdigest()[:8],
        "processors": psutil.cpu_count(),
        "counter": energy.name,
        "no_counter": energy.why,
        "others": others,
        "exclusive": others <= ALONE,
    }


def clock(study: Study, path: Path, say: Say) -> None:
    """Time every variant of the base cell at the configured rate and write the record to `path`.

    `curve` holds the blocks, each as many steps as take the fastest variant `study.clock["seconds"]`. Raises ValueError
    where the study has no clock.
    """
    if study.clock is None:
        raise ValueError(f"{study.name}: found no clock, expected one to time by")
    deterministic(study.config["precision"])
    count, seconds, name = study.clock["blocks"], study.clock["seconds"], f"{study.name} clock"
    lanes = [Timed(study, variant) for variant in study.variants]
    energy = counter(lanes[0].device)
    say(f"{name}: {len(lanes)} variants, joules from {energy.name or f'no counter ({energy.why})'}; warming up")
    fastest = min(timed.pace(seconds) for timed in lanes)
    steps = math.ceil(seconds / fastest)
    begin = told = time.monotonic()

    def tell(done: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= 5 or done == count:
            told = now
            left = f", about {(now - begin) / done * (count - done):.0f} s left" if done < count else ""
            say(f"{name} {done}/{count}: blocks of {steps} steps; {now - begin:.0f} s{left}")

    rows = blocks(lanes, count, steps, energy, tell)
    found = Record(provenance=circumstances(study, energy, rows))
    for timed, curve in zip(lanes, rows, strict=True):
        digest, rate = study.run_digest(timed.variant), at(timed.config, study.tune.path)
        key = "clock-" + run_key(digest, timed.seed, study.engine, study.device)  # never a trained run's
        identity = {"key": key, "digest": digest, "seed": timed.seed, "arm": timed.variant, "cell": "base"}
        state = {"rate": rate, "state": "finished", "phase": "clock"}
        found.add(identity | state, curve, {}, timed.meters(), timed.config)
    record.write(path, found)
    if not found.provenance["exclusive"]:
        say(f"warning: {name}: others used {found.provenance['others']:.1f} processors meanwhile")
    say(f"{name}: {len(lanes)} variants, {count} blocks each")
