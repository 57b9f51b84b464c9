"""Joules: read from a counter that is there, or a reason why there is none."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch

from ablatlas.train.counter import counter, joules

CPU, GPU = torch.device("cpu"), torch.device("cuda", 1)


class BaseError(Exception):
    pass


class Zones:
    """zeus's processors over a folder like Linux's: millijoules by zone, memory beside the packages."""

    def __init__(self, folder: Path, **zones: str) -> None:
        self.rapl_dir, self.cpus = str(folder), [SimpleNamespace(cpu_index=i) for i in range(len(zones))]
        self.counted = {i: (1000.0 * 10**i, 1.0) for i in range(len(zones))}
        for index, name in enumerate(zones.values()):
            zone = folder / f"intel-rapl:{index}"
            zone.mkdir(parents=True)
            (zone / "name").write_text(f"{name}\n")

    def get_total_energy_consumption(self, index: int) -> Any:
        cpu, dram = self.counted[index]
        return SimpleNamespace(cpu_mj=cpu, dram_mj=dram if index == 0 else None)

    def supports_get_dram_energy_consumption(self, index: int) -> bool:
        return index == 0


class Boards:
    """zeus's GPUs: the second one counts millijoules."""

    def supports_get_total_energy_consumption(self, index: int) -> bool:
        return index == 1

    def get_total_energy_consumption(self, index: int) -> int:
        return 2500


def fail(error: Exception) -> Any:
    raise error


@pytest.fixture
def zeus(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What `get_cpus` and `get_gpus` do: nothing is there, unless a test says otherwise."""
    found = SimpleNamespace(cpus=lambda: fail(BaseError("no RAPL")), gpus=lambda: fail(BaseError("no GPU")))
    device, exception = ModuleType("zeus.device"), ModuleType("zeus.exception")
    device.get_cpus, device.get_gpus = lambda: found.cpus(), lambda: found.gpus()  # type: ignore[attr-defined]
    exception.ZeusBaseError = BaseError  # type: ignore[attr-defined]
    for module in (ModuleType("zeus"), device, exception):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return found


def test_packages_and_memory_are_added_and_the_whole_platform_is_not(zeus: SimpleNamespace, tmp_path: Path) -> None:
    zones = Zones(tmp_path / "rapl", first="package-0", platform="psys", second="package-1")
    zeus.cpus = lambda: zones
    found = counter(CPU)
    assert found.name == "RAPL package-0, package-1 and memory"
    assert found.why is None
    before = found.now()
    assert before == pytest.approx(1 + 0.001 + 100)
    zones.counted[0] = (3000.0, 501.0)
    assert joules(before, found.now()) == pytest.approx(2.5)


def test_a_gpu_is_read_by_its_number(zeus: SimpleNamespace) -> None:
    zeus.gpus = Boards
    found = counter(GPU)
    assert (found.name, found.now()) == ("GPU 1", 2.5)


def test_a_gpu_that_only_shows_power_is_no_counter(zeus: SimpleNamespace) -> None:
    zeus.gpus = Boards
    found = counter(torch.device("cuda", 0))
    assert (found.name, found.now()) == (None, None)
    assert found.why == "GPU 0 counts power, not energy"


@pytest.mark.parametrize(
    ("error", "why"),
    [(BaseError("RAPL requires root"), "RAPL requires root"), (PermissionError(13, "Permission denied"), "denied")],
)
def test_a_counter_that_may_not_be_read_says_so(zeus: SimpleNamespace, error: Exception, why: str) -> None:
    zeus.cpus = lambda: fail(error)
    found = counter(CPU)
    assert (found.name, found.now()) == (None, None)
    assert why in str(found.why)


def test_no_package_is_no_counter(zeus: SimpleNamespace, tmp_path: Path) -> None:
    zeus.cpus = lambda: Zones(tmp_path / "rapl", platform="psys")
    assert counter(CPU).why == "RAPL has no package"


def test_without_the_library_there_is_no_counter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zeus", None)
    monkeypatch.setitem(sys.modules, "zeus.device", None)
    assert counter(CPU).why == "zeus is not installed"


@pytest.mark.parametrize(
    ("before", "after", "expected"), [(1.0, 3.5, 2.5), (None, None, None), (5.0, 5.0, None), (262143.0, 1.0, None)]
)
def test_joules_are_a_difference_of_readings_or_unknown(
    before: float | None, after: float | None, expected: float | None
) -> None:
    assert joules(before, after) == expected
