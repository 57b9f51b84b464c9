"""Many short cells on a Slurm of this machine: what a job costs, what watching it costs, how soon Slurm answers."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

from ablatlas.cluster.accounting import Attempt, attempts
from ablatlas.procedures.clock import busy
from ablatlas.study import load
from benchmarks import harness, workflow
from benchmarks.grid import ROOT, settings
from benchmarks.harness import Say

sys.path.append(str(ROOT / "tests" / "cluster"))  # the cluster is the tests' own
from slurmhost import Cluster, install

STUDY, SCALE = "residual", "smoke"
HEADLINE = ("forget_gate", "layernorm", "residual")
EVERY = 5.0  # seconds between two questions to the controller
LIMIT = 3600  # seconds


def shorten(folder: Path, cells: int) -> list[str]:
    """Leave a repository the studies that its controls are held against, one with so many cells; their records."""
    for file in (folder / "params" / "study").glob("*.yaml"):
        if file.stem not in HEADLINE:
            file.unlink()
    file = folder / "params" / "study" / f"{STUDY}.yaml"
    declared, _ = file.read_text(encoding="utf-8").split("\nscales:\n")
    levels = ",".join(f"{0.001 * (1 + number):.3f}" for number in range(cells))
    short = settings()["cluster"]["study"] + [f"ladders.rates.levels=[{levels}]"]
    told = "\n".join(f"    - {override!r}" for override in short)
    file.write_text(f"{declared}\nscales:\n  {SCALE}:\n{told}\n", encoding="utf-8")
    study = load(STUDY, SCALE, root=folder)
    return [str(study.record(cell, published=False)) for cell in study.cells if cell.startswith("rates=")]


def answers(cluster: Cluster, ended: threading.Event, seconds: list[float]) -> None:
    """How long the controller takes to answer, asked again and again."""
    while not ended.wait(EVERY):
        begin = time.perf_counter()
        cluster.run("squeue", "--noheader", check=False, timeout=300)
        seconds.append(time.perf_counter() - begin)


def spent(words: list[str], folder: Path, around: dict[str, str]) -> tuple[float, float]:
    """Processor and wall seconds of a command and what it waits for. Raises RuntimeError where it fails."""
    begin = time.perf_counter()
    with (folder / "told.log").open("w") as log:
        running = subprocess.Popen(words, cwd=folder, env=around, stdout=log, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise RuntimeError((folder / "told.log").read_text(encoding="utf-8")[-4000:])
    return used.ru_utime + used.ru_stime, time.perf_counter() - begin


def alone(folder: Path, record: str, around: dict[str, str]) -> float:
    """Processor seconds of a cell's process without Snakemake and without Slurm."""
    cell = Path(record).name.rsplit("-", 1)[0]
    words = ["python", "-m", "ablatlas.procedures", "confirm", STUDY, cell, "--scale", SCALE]
    return median(spent([*words, "--out", f"alone/{turn}.json.gz"], folder, around)[0] for turn in range(3))


def main(results: Path, say: Say) -> None:
    """Measure what `grid.yaml` says, where a Slurm can be had."""
    if reason := install():
        say(f"cluster: not measured: {reason}")
        return
    asked = settings()["cluster"]
    with tempfile.TemporaryDirectory(prefix="s") as place:
        folder = workflow.repository(Path(place, "clone"), [])
        wanted = shorten(folder, asked["cells"])
        around = harness.environment(PYTHONPATH=str(folder / "src"))
        single = alone(folder, wanted[0], around)
        cluster = Cluster(Path(place, "c"), nodes=asked["nodes"], cpus=asked["cores"])
        ended, waits = threading.Event(), list[float]()
        asking = threading.Thread(target=answers, args=(cluster, ended, waits))
        words = ["timeout", "-k", "10", str(LIMIT), "snakemake", "--profile", "slurm", *wanted]
        try:
            cluster.start()
            asking.start()
            say(f"cluster: {len(wanted)} cells on {asked['nodes']} nodes of {asked['cores']} cores")
            machine = busy()
            cpu, wall = spent([*words, "--config", f"scale={SCALE}"], folder, cluster.around(around))
            machine = busy() - machine
            os.environ["SLURM_CONF"] = str(cluster.conf)
            jobs = attempts(folder, "now-1days", [STUDY])
        finally:
            ended.set()
            if asking.ident:
                asking.join()
            cluster.stop()
        missing = [file for file in wanted if not (folder / file).is_file()]
    used = sum(job.used for job in jobs)
    result = {
        "measures": "short cells, several a job, on a Slurm of this machine: what jobs use, and what Snakemake does",
        "rounds": len(jobs), **told(jobs, wanted, missing), "wall": wall,
        "snakemake_cpu": cpu, "snakemake_cpu_per_job": cpu / len(jobs),
        "cell_alone_cpu": single, "overhead_cpu_per_job": (used - single * len(wanted)) / len(jobs),
        "squeue_seconds": harness.spread(waits),
    }  # fmt: skip
    harness.write("cluster", result, [max(0.0, machine - cpu - used) / wall], results, say)


def told(jobs: list[Attempt], wanted: list[str], missing: list[str]) -> dict[str, float]:
    """How many jobs there were, how many ended well, what one took. Raises RuntimeError for a cell without a record."""
    if missing:
        raise RuntimeError(f"{len(missing)} of {len(wanted)} cells have no record: {', '.join(missing[:3])}")
    return {
        "cells": len(wanted), "jobs": len(jobs), "completed": sum(job.completed for job in jobs),
        "job_cpu": median(job.used for job in jobs), "job_seconds": median(job.seconds for job in jobs),
        "queued_seconds": median(job.queued for job in jobs),
    }  # fmt: skip


if __name__ == "__main__":
    main(harness.RESULTS, print)
