"""A few exact steps of every recurrent cell, which may not change unless the VERSION of models/rnn.py rises.

`python tests/train/test_golden_cells.py` writes golden_cells.json anew.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from small import PARTS, config

from ablatlas.digest import run_digest
from ablatlas.train.build import deterministic
from ablatlas.train.sequential import Training

FILE = Path(__file__).with_name("golden_cells.json")
ROOT = Path(__file__).parents[2]
REFRESH = "then: python tests/train/test_golden_cells.py"
CELLS = ("tanh", "orthogonal", "irnn", "gru", "lstm", "lstm_no_forget", "lstm_no_output")


def steps(cell: str) -> dict[str, Any]:
    """What the first steps of a network of these cells come to, to six digits."""
    deterministic()
    case = config("sums") | {"model": PARTS["sums"]["model"] | {"cell": cell}}
    training = Training(case, 0)
    losses = [loss for index in range(3) for loss in training.step(index)]
    losses.append(training.judge("validation")[0]["loss"])
    return {"digest": run_digest(case, ROOT), "losses": [float(f"{loss:.6g}") for loss in losses]}


@pytest.mark.parametrize("cell", CELLS)
def test_the_first_steps_are_what_they_were(cell: str) -> None:
    expected, now = json.loads(FILE.read_text(encoding="utf-8"))[cell], steps(cell)
    assert now["digest"] == expected["digest"], f"its configuration, or a VERSION, is new; {REFRESH}"
    assert now["losses"] == pytest.approx(expected["losses"], rel=1e-5), (
        f"raise the VERSION of models/rnn.py, or of tasks/adding.py; {REFRESH}"
    )


if __name__ == "__main__":
    FILE.write_text(json.dumps({cell: steps(cell) for cell in CELLS}, indent=1) + "\n", encoding="utf-8")
