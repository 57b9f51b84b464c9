"""How commands are measured: processor seconds of all their processes and wall seconds, in interleaved rounds."""

import ctypes
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from ablatlas.procedures.clock import ALONE, busy
from ablatlas.procedures.provenance import processor
from ablatlas.warm import THREADS
from benchmarks.grid import HERE, ROOT, Grid

RESULTS = HERE / "results"
PEERS = ("torch", "hydra-core", "hydra-joblib-launcher", "lightning", "snakemake")
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of linux/prctl.h
Say = Callable[[str], None]


@dataclass(frozen=True)
class Spent:
    """What a command cost; `others` is how many processors the rest of the machine used meanwhile."""

    cpu: float
    wall: float
    others: float
    output: str


def environment(**more: str) -> dict[str, str]:
    """One thread a process, this interpreter's tools first, and the repository's root importable."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    roots = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return os.environ | THREADS | {"PATH": path, "PYTHONPATH": roots} | more


def measure(command: Sequence[str], folder: Path = ROOT, **more: str) -> Spent:
    """Run a command to its end and to that of every process that it started.

    Raises RuntimeError, with the end of what it printed, where it fails.
    """
    _adopt()
    known = _processes()
    machine, before, begin = busy(), _children(), time.perf_counter()
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(**more),
        text=True,
        capture_output=True,
        check=False,
    )
    _reap(known)
    wall, cpu, machine = time.perf_counter() - begin, _children() - before, busy() - machine
    if done.returncode:
        said = (done.stdout + done.stderr)[-3000:]
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{said}")
    return Spent(cpu, wall, max(0.0, machine - cpu) / wall, done.stdout)


def _adopt() -> None:
    """Have processes whose parent has ended become ours, so that their time is counted; on Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)


def _processes() -> set[int]:
    """The processes that this one started or took over."""
    return {child.pid for child in psutil.Process().children()}


def _reap(known: set[int]) -> None:
    """Wait for every process that is ours and was not before."""
    while left := _processes() - known:
        for pid in left:
            os.waitpid(pid, 0)


def _children() -> float:
    """Processor seconds of all processes that have ended and were waited for, theirs included."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def rounds(count: int, names: Iterable[str], run: Callable[[str, int], Any], say: Say) -> dict[str, list[Any]]:
    """Call `run(name, round)` for every name in every round, forwards and backwards in turn; its answers by name.

    So a steady drift of the machine meets all alike, and answers of one round are a pair.
    """
    order = list(names)
    found: dict[str, list[Any]] = {name: [] for name in order}
    for turn in range(count):
        for name in order if turn % 2 == 0 else reversed(order):
            found[name].append(run(name, turn))
            say(f"round {turn + 1} of {count}: {name}, {told(found[name][-1])}")
    return found


def apart(
    module: str, cases: Mapping[str, tuple[Grid, Sequence[object]]], count: int, say: Say
) -> tuple[dict[str, list[Any]], list[float]]:
    """What `python -m MODULE FOLDER WORD …` prints, as JSON, of each case's grid and words, and how busy others were.

    Every measurement is a process of its own, in `count` interleaved rounds; the folder holds the grid.
    """
    others: list[float] = []
    with tempfile.TemporaryDirectory() as place:
        for name, (grid, _) in cases.items():
            grid.write(Path(place, name))

        def run(name: str, turn: int) -> Any:
            spent = measure([sys.executable, "-m", module, str(Path(place, name)), *map(str, cases[name][1])])
            others.append(spent.others)
            return json.loads(spent.output)

        return rounds(count, cases, run, lambda line: say(f"{module.rpartition('.')[2]}: {line}")), others


def told(answer: Any) -> str:
    """An answer of a round in a few words."""
    if isinstance(answer, Spent):
        return f"{answer.cpu:.2f} CPU-s, {answer.wall:.2f} s"
    return ", ".join(f"{name} {value:.4g}" for name, value in answer.items())


def ratio(over: Sequence[float], under: Sequence[float]) -> dict[str, Any]:
    """The paired ratios of two series of rounds, and their median, minimum and maximum."""
    pairs = [a / b for a, b in zip(over, under, strict=True)]
    return {**spread(pairs), "pairs": pairs}


def spread(values: Sequence[float]) -> dict[str, float]:
    """The median of some numbers, and their range."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def series(spent: Sequence[Spent]) -> dict[str, list[float]]:
    """What is kept of a command's rounds."""
    return {"cpu": [one.cpu for one in spent], "wall": [one.wall for one in spent]}


def against(found: Mapping[str, Sequence[Spent]], reference: str) -> dict[str, dict[str, Any]]:
    """Every series over the reference's, in CPU- and in wall-seconds."""
    kept = {name: series(spent) for name, spent in found.items()}
    return {
        name: {unit: ratio(kept[name][unit], kept[reference][unit]) for unit in ("cpu", "wall")}
        for name in kept
        if name != reference
    }


def machine() -> dict[str, Any]:
    """The machine that measured, without a name or a date."""
    versions = {"python": platform.python_version()}
    for package in PEERS:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {"processor": processor(), "cores": psutil.cpu_count(), "threads": 1, "versions": versions}


def write(name: str, found: dict[str, Any], others: Iterable[float], folder: Path, say: Say) -> None:
    """Write one comparison's result; it says whether the machine was its own."""
    shared = max(others, default=0.0)
    if shared > ALONE:
        say(f"warning: {name}: others used up to {shared:.1f} processors meanwhile")
    folder.mkdir(parents=True, exist_ok=True)
    whole = found | {"machine": machine(), "others": round(shared, 3), "exclusive": shared <= ALONE}
    text = json.dumps(rounded(whole), indent=1, allow_nan=False, ensure_ascii=False)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def rounded(value: Any) -> Any:
    """Every float in a tree to five significant digits: what follows is noise."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list | tuple) else value
