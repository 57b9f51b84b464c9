"""What generated tasks draw, which may not change unless a VERSION rises: stored runs are reused by their digests.

`python tests/tasks/test_golden_data.py` writes golden_data.json anew.
"""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from made import ALL, made, module
from torch import Tensor

FILE = Path(__file__).with_name("golden_data.json")
REFRESH = "then: python tests/tasks/test_golden_data.py"


def checksum(tensors: tuple[Tensor, ...]) -> float:
    """One number in which every element and its place counts, to six digits."""
    flat = torch.cat([t.double().flatten() for t in tensors])
    return float(f"{float((flat * torch.cos(torch.arange(len(flat)))).sum()):.6g}")


def drawn(name: str) -> dict[str, Any]:
    """What a task comes to."""
    task = made(name)
    numbers = {"train": checksum(task.batch(3)), "test": checksum(task.held_out("test")), **task.floor}
    version = import_module(f"ablatlas.tasks.{module(name)}").VERSION
    return {"version": version, **{what: float(f"{number:.6g}") for what, number in numbers.items()}}


@pytest.mark.parametrize("name", ALL)
def test_data_and_floors_are_what_they_were(name: str) -> None:
    expected, now = json.loads(FILE.read_text(encoding="utf-8"))[name], drawn(name)
    assert now["version"] == expected["version"], f"{name} has a new VERSION; {REFRESH}"
    assert now == pytest.approx(expected, rel=1e-5), f"raise the VERSION of tasks/{module(name)}.py; {REFRESH}"


if __name__ == "__main__":
    FILE.write_text(json.dumps({name: drawn(name) for name in ALL}, indent=1) + "\n", encoding="utf-8")
