"""The critical batch size: of steps that lie on a hyperbola it is the one put in, from curves as from numbers."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablatlas.declaration.ladders import Ladder
from ablatlas.stats import critical

BATCHES = np.array([1.0, 3.0, 10.0, 30.0, 100.0])
LADDER = Ladder("batch", "compute", "resource", "recipe.batch", (1, 3, 10), 3, variants=("with", "without"))
WORKERS = {"with": 10, "without": 1}


@settings(deadline=None, max_examples=30)
@given(st.floats(1, 1000), st.floats(0.5, 300))
def test_a_hyperbola_is_found_again(least: float, size: float) -> None:
    found = critical.hyperbola(BATCHES, least * (1 + size / BATCHES))
    assert found == (pytest.approx(least, rel=0.02), pytest.approx(size, rel=0.02))


def test_where_no_batch_saves_a_step_the_critical_one_is_below_all() -> None:
    least, size = critical.hyperbola(BATCHES, np.full(5, 40.0))
    assert least == pytest.approx(40.0, rel=0.01)
    assert size < 0.1


def evidence(least: float, size: float, fastest: float = 1.0) -> Any:
    """Losses that fall from a cap of 2 by 2^(-step / steps), in steps that lie on a hyperbola; evaluated often."""
    rows = []
    for variant, workers in WORKERS.items():
        for level in LADDER.levels:
            steps = least * (1 + size / (level * workers))
            for seed in (0, 1, 2):
                own = steps * fastest**seed
                rows += [
                    {
                        "arm": variant, "cell": LADDER.cell(level), "seed": seed, "state": "finished", "step": step,
                        "val_loss": 2 * 2 ** (-step / own),
                    }
                    for step in range(5, 401, 5)
                ]  # fmt: skip
    study = SimpleNamespace(
        ladders={"batch": LADDER},
        seeds={"confirmation": (0, 1, 2)},
        run_config=lambda v, cell: {
            "recipe": {"batch": 3 if cell == "base" else float(cell.split("=")[1]), "workers": WORKERS[v]}
        },
    )
    return SimpleNamespace(
        study=study, cap=SimpleNamespace(worst=2.0), confirmation=SimpleNamespace(curves=pd.DataFrame(rows))
    )


def test_of_runs_it_is_that_of_the_steps_to_a_loss_that_all_of_them_reach() -> None:
    found = critical.tables(evidence(least=20.0, size=30.0, fastest=1.1))
    [fit] = found["critical"]
    assert fit["critical_batch"]["mean"] == pytest.approx(30.0, rel=0.02)
    assert fit["critical_batch"]["n"] == 3
    slowest = 20 * (1 + 30 / 1) * 1.1**2
    assert fit["target"] == pytest.approx(2 * 2 ** (-400 / slowest))
    halvings = 400 / slowest
    assert fit["least_steps"]["mean"] == pytest.approx(20 * 1.1 * halvings, rel=0.02)
    rows = {(row["variant"], row["level"]): row for row in found["serial"]}
    assert rows["with", 1]["batch"] == rows["without", 10]["batch"] == 10
    assert rows["with", 1]["mean"] == pytest.approx(rows["without", 10]["mean"])
    assert rows["without", 1]["n"] == 3


def test_a_study_without_such_a_ladder_has_no_such_table() -> None:
    made = evidence(20.0, 30.0)
    made.study.ladders = {}
    assert critical.tables(made) == {}


def test_where_a_run_has_learnt_nothing_there_is_no_critical_batch() -> None:
    made = evidence(20.0, 30.0)
    made.cap.worst = 0.1  # which some run never falls below
    assert critical.tables(made) == {}
