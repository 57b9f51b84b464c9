"""Joules from a hardware counter, where the machine has one that may be read. Nothing is ever modelled."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

Read = Callable[[], float]


@dataclass(frozen=True)
class Counter:
    """`read()` gives the joules counted so far, from any zero. Without a counter `name` is None and `why` says why."""

    name: str | None = None
    read: Read | None = None
    why: str | None = None

    def now(self) -> float | None:
        return self.read() if self.read else None


def joules(before: float | None, after: float | None) -> float | None:
    """What was counted between two readings; None where there is no counter, or it has not ticked or has wrapped."""
    return after - before if before is not None and after is not None and after > before else None


def counter(device: torch.device) -> Counter:
    """The counter of what a step runs on: the processors' packages and memory (RAPL), or the one GPU (NVML, AMD SMI).

    Linux lets root alone read RAPL; zeus reads through its daemon where one runs (ZEUSD_SOCK_PATH).
    """
    try:  # only a clock needs it, and it costs 1.5 s to import
        from zeus.device import get_cpus, get_gpus
        from zeus.exception import ZeusBaseError
    except ImportError:
        return Counter(why="zeus is not installed")
    try:
        found = _gpu(get_gpus(), device.index or 0) if device.type == "cuda" else _processors(get_cpus())
        found.now()  # the first reading may start a process that watches for wraps
    except (ZeusBaseError, OSError) as error:
        return Counter(why=str(error))
    return found


def _gpu(gpus: Any, index: int) -> Counter:
    if not gpus.supports_get_total_energy_consumption(index):
        return Counter(why=f"GPU {index} counts power, not energy")
    return Counter(f"GPU {index}", lambda: gpus.get_total_energy_consumption(index) / 1e3)


def _processors(cpus: Any) -> Counter:
    # Beside the packages some machines have a zone `psys`, which holds them once more.
    zones = [Path(cpus.rapl_dir, f"intel-rapl:{cpu.cpu_index}", "name").read_text().strip() for cpu in cpus.cpus]
    packages = [index for index, zone in enumerate(zones) if zone.startswith("package")]

    def read() -> float:
        each = [cpus.get_total_energy_consumption(index) for index in packages]
        return sum(one.cpu_mj + (one.dram_mj or 0) for one in each) / 1e3

    memory = any(cpus.supports_get_dram_energy_consumption(index) for index in packages)
    name = "RAPL " + ", ".join(zones[index] for index in packages) + (" and memory" if memory else "")
    return Counter(name, read) if packages else Counter(why="RAPL has no package")
