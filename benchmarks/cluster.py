"""Many short cells, each a job of its own, on a Slurm that runs on this machine: what jobs and their watching cost."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

from ablatlas.cluster.accounting import Attempt, attempts
from ablatlas.study import load, names
from benchmarks import harness, workflow
from benchmarks.grid import ROOT, settings
from benchmarks.harness import Say

sys.path.append(str(ROOT / "tests" / "cluster"))  # the cluster is the tests' own
from slurmhost import Cluster, install

STUDY = "forget_gate"
SETTINGS = ("--config", "scale=smoke", "published=ignore")
EVERY = 5.0  # seconds between two questions to the controller
LIMIT = 7200  # seconds


def targets(folder: Path, cells: int) -> list[str]:
    """The records of at least so many jobs, tuning and confirmation, of copies of one study."""
    found: list[str] = []
    for name in names(folder):
        study = load(name, "smoke", root=folder)
        if study.paper == load(STUDY, "smoke", root=folder).paper and len(found) < cells:
            found += [str(study.record(cell, published=False)) for cell in study.cells]
            found += [str(study.tuning_record(cell, published=False)) for cell in study.tuned_cells]
    return found


def answers(cluster: Cluster, ended: threading.Event, seconds: list[float]) -> None:
    """How long the controller takes to answer, asked again and again."""
    while not ended.wait(EVERY):
        begin = time.perf_counter()
        cluster.run("squeue", "--noheader", check=False, timeout=300)
        seconds.append(time.perf_counter() - begin)


def submit(cluster: Cluster, folder: Path, wanted: list[str]) -> tuple[float, float]:
    """Processor and wall seconds of Snakemake and of the clients that it calls. Raises RuntimeError where it fails."""
    words = ["timeout", "-k", "10", str(LIMIT), "snakemake", "--profile", "slurm", *wanted, *SETTINGS]
    around = cluster.around(harness.environment(PYTHONPATH=str(folder / "src"), ABLATLAS_CELLS="1"))
    begin = time.perf_counter()
    with (folder / "told.log").open("w") as log:
        running = subprocess.Popen(words, cwd=folder, env=around, stdout=log, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise RuntimeError((folder / "told.log").read_text(encoding="utf-8")[-4000:])
    return used.ru_utime + used.ru_stime, time.perf_counter() - begin


def alone(folder: Path) -> float:
    """Processor seconds of a cell without Snakemake and without Slurm."""
    study = load(STUDY, "smoke", root=folder)
    words = ["python", "-m", "ablatlas.procedures", "tune", STUDY, "base", "--scale", "smoke", "--published", "ignore"]
    out = ["--out", str(folder / "alone" / study.tuning_record("base", published=False).name)]
    return harness.measure([*words, *out], folder, PYTHONPATH=str(folder / "src")).cpu


def main(results: Path, say: Say) -> None:
    """Measure what `grid.yaml` says, where a Slurm can be had."""
    if reason := install():
        say(f"cluster: not measured: {reason}")
        return
    asked = settings()["cluster"]
    with tempfile.TemporaryDirectory(prefix="s") as place:
        folder = workflow.repository(Path(place, "clone"), [STUDY] * asked["copies"])
        wanted, single = targets(folder, asked["jobs"]), alone(folder)
        cluster = Cluster(Path(place, "c"), nodes=asked["nodes"], cpus=asked["cores"])
        ended, waits = threading.Event(), list[float]()
        asking = threading.Thread(target=answers, args=(cluster, ended, waits))
        try:
            cluster.start()
            asking.start()
            say(f"cluster: {len(wanted)} jobs on {asked['nodes']} nodes of {asked['cores']} cores")
            cpu, wall = submit(cluster, folder, wanted)
            os.environ["SLURM_CONF"] = str(cluster.conf)
            jobs = attempts(folder, "now-1days", names(folder))
        finally:
            ended.set()
            if asking.ident:
                asking.join()
            cluster.stop()
        missing = [file for file in wanted if not (folder / file).is_file()]
    result = {
        "measures": "jobs of a short cell each on a Slurm of this machine: what they use, and what Snakemake does",
        **told(jobs, wanted, missing), "wall": wall, "snakemake_cpu": cpu, "snakemake_cpu_per_job": cpu / len(jobs),
        "cell_alone_cpu": single, "overhead_cpu_per_job": median(job.used for job in jobs) - single,
        "squeue_seconds": harness.spread(waits),
    }  # fmt: skip
    harness.write("cluster", result, [], results, say)


def told(jobs: list[Attempt], wanted: list[str], missing: list[str]) -> dict[str, float]:
    """How many jobs there were, how many of them ended well, what one took. Raises RuntimeError for one missing."""
    if missing or len(jobs) < len(wanted):
        raise RuntimeError(f"{len(jobs)} jobs for {len(wanted)} cells, {len(missing)} without a record: {missing[:3]}")
    return {
        "cells": len(wanted), "jobs": len(jobs), "completed": sum(job.completed for job in jobs),
        "job_cpu": median(job.used for job in jobs), "job_seconds": median(job.seconds for job in jobs),
    }  # fmt: skip


if __name__ == "__main__":
    main(harness.RESULTS, print)
