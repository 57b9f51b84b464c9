"""Tuning a cell and confirming it: ledgers, grids that grow, rates that are handed on, targets too."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import Engine, make

from ablatlas import record
from ablatlas.procedures import cellwork
from ablatlas.procedures.train import confirm, tune
from ablatlas.procedures.tuning import rates
from ablatlas.study import Study

FLOOR = 2.3025  # of the digits, about ln 10


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine()
    monkeypatch.setattr(cellwork, "train", engine)
    return engine


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return make(tmp_path)


def silent(line: str) -> None:
    pass


def tuned(study: Study, cell: str = "base") -> dict[str, Any]:
    """Tune a cell and return its ledger as it stands in the file."""
    path = study.root / study.tuning_record(cell)
    tune(study, cell, path, silent)
    return record.read(path).ledger


def losses(*rows: tuple[float, ...], grid: tuple[float, ...] = (0.01, 0.03, 0.1)) -> dict[tuple[str, float], float]:
    """Losses by arm and rate: a row for `with`, one for `without`, one for `scaled_init`."""
    arms = ("with", "without", "scaled_init")
    return {
        (arm, rate): loss for arm, row in zip(arms, rows, strict=True) for rate, loss in zip(grid, row, strict=True)
    }


# --- tuning ---


def test_every_variant_is_trained_at_every_rate_on_every_tuning_seed(study: Study, engine: Engine) -> None:
    engine.losses = losses((1, 0.5, 1), (1, 0.6, 1), (1, 0.7, 1))
    tuned(study)
    arms, grid, seeds = ("with", "without", "scaled_init"), (0.01, 0.03, 0.1), (1000, 1001)
    assert engine.asked == [(*run, "validation") for run in product(arms, grid, seeds)]


def test_the_ledger_tells_what_was_tried_and_chosen(study: Study, engine: Engine) -> None:
    engine.losses = losses((1, 0.5, 1), (1, 0.6, 1), (0.3, 0.7, 1000))
    engine.losses["scaled_init", 0.003] = 0.4
    ledger = tuned(study)
    assert (ledger["path"], ledger["metric"], ledger["goal"]) == ("recipe.lr", "train_loss", "min")
    assert ledger["cap"] == ledger["floor"]["loss"] == pytest.approx(FLOOR, abs=1e-3)
    assert set(ledger["floor"]) == {"loss", "error"}
    assert ledger["seeds"] == [1000, 1001]
    # the strong arm's optimum was at the lower edge, so the grid grew in every arm
    assert ledger["grids"] == {arm: [0.003, 0.01, 0.03, 0.1] for arm in ("with", "without", "scaled_init")}
    assert ledger["extensions"] == {"down": 1, "up": 0}
    assert ledger["common"] == 0.03
    assert ledger["chosen"] == {"with": 0.03, "without": 0.03, "scaled_init": 0.01}
    assert ledger["departed"] == {"with": False, "without": False, "scaled_init": True}
    assert set(ledger["edge"].values()) == set(ledger["capped"].values()) == {False}
    assert len(ledger["trials"]) == 3 * 4 * 2
    scores = {(t["variant"], t["rate"], t["seed"]): (t["score"], t["state"]) for t in ledger["trials"]}
    assert scores["with", 0.03, 1001] == (0.501, "finished")
    assert scores["scaled_init", 0.1, 1000] == (ledger["cap"], "diverged")
    expected = (ledger["cap"] + (0.5 + 0.501) / 2) / 2
    assert ledger["criterion"] == {"metric": "train_loss", "op": "<", "value": pytest.approx(expected)}


def test_the_criterion_is_the_base_cells_alone(study: Study, engine: Engine) -> None:
    engine.losses = losses((1, 0.5, 1), (1, 0.6, 1), (1, 0.7, 1))
    assert tuned(study, "depth=16")["criterion"] == {"metric": "train_loss", "op": "<", "value": None}


def test_an_optimum_that_stays_at_the_edge_is_followed_three_times(study: Study, engine: Engine) -> None:
    grid = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
    falling = (2.0, 1.8, 1.6, 1.4, 1.2, 1.0)
    engine.losses = losses(falling, falling, falling, grid=grid)
    ledger = tuned(study)
    assert ledger["grids"]["with"] == list(grid)
    assert ledger["extensions"] == {"down": 0, "up": 3}
    assert ledger["chosen"]["with"] == 3.0
    assert ledger["edge"] == {"with": True, "without": True, "scaled_init": True}
    assert len(engine.asked) == len(set(engine.asked)) == 3 * 6 * 2, "what was trained before the grid grew stays"


def test_an_arm_without_an_optimum_extends_the_grid_once_and_takes_the_common_rate(
    study: Study, engine: Engine
) -> None:
    engine.losses = losses((1, 0.5, 1), (9, 9, 1000), (1, 0.7, 1))
    engine.losses |= {("without", 0.003): 9, ("with", 0.003): 1.5, ("scaled_init", 0.003): 1.5}
    ledger = tuned(study)
    assert ledger["extensions"] == {"down": 1, "up": 0}
    assert ledger["capped"] == {"with": False, "without": True, "scaled_init": False}
    assert ledger["chosen"]["without"] == ledger["common"] == 0.03
    assert ledger["edge"]["without"] is False


def test_where_nothing_learns_the_middle_is_taken_and_nothing_is_an_edge(study: Study, engine: Engine) -> None:
    engine.usual = 9.0
    ledger = tuned(study)
    assert ledger["extensions"] == {"down": 1, "up": 0}
    assert set(ledger["capped"].values()) == {True}
    assert set(ledger["edge"].values()) == {False}
    assert set(ledger["chosen"].values()) == {0.01}  # of 0.003, 0.01, 0.03, 0.1: the lower of the two middle ones
    assert ledger["criterion"]["value"] == pytest.approx(ledger["cap"])


def test_a_ledger_is_plain_data(study: Study, engine: Engine) -> None:
    engine.losses = losses((1, 0.5, 1), (1, 0.6, 1), (1, 0.7, 1))
    ledger = tuned(study)
    assert json.loads(json.dumps(ledger, allow_nan=False)) == ledger


# --- confirmation ---


def confirmed(study: Study, cell: str) -> record.Record:
    path = study.root / study.record(cell)
    confirm(study, cell, path, silent)
    return record.read(path)


def test_confirmation_runs_every_variant_at_its_tuned_rate_on_fresh_seeds(study: Study, engine: Engine) -> None:
    engine.losses = losses((1, 0.5, 1), (1, 0.6, 1), (1, 0.7, 1))
    engine.losses |= {("scaled_init", 0.003): 0.2, ("scaled_init", 0.001): 0.3}
    chosen = tuned(study)["chosen"]
    engine.asked.clear()
    found = confirmed(study, "base")
    assert engine.asked == [
        (arm, chosen[arm], seed, "test") for arm in ("with", "without", "scaled_init") for seed in (0, 1, 2)
    ]
    assert set(study.seeds["tuning"]) & set(study.seeds["confirmation"]) == set()
    assert [row["phase"] for row in found.run] == ["confirmation"] * 9
    assert found.ledger == {}


def test_an_untuned_rung_takes_rates_between_its_neighbors(study: Study, engine: Engine) -> None:
    engine.losses = losses((0.5, 1, 1), (0.5, 1, 1), (0.5, 1, 1), grid=(0.03, 0.1, 0.01))
    engine.losses |= {(arm, 0.003): 1.0 for arm in ("with", "without", "scaled_init")}
    tuned(study, "base")
    engine.losses = losses((0.5, 1, 1), (0.5, 1, 1), (0.5, 1, 1), grid=(0.01, 0.03, 0.1))
    engine.losses |= {(arm, 0.003): 1.0 for arm in ("with", "without", "scaled_init")}
    tuned(study, "depth=16")
    assert study.cells["depth=6"].rates_from == ("base", "depth=16")
    found = confirmed(study, "depth=6")
    share = np.log(6 / 4) / np.log(16 / 4)
    (rate,) = {row["rate"] for row in found.run}
    assert rate == pytest.approx(0.03 * (0.01 / 0.03) ** share, rel=1e-3)


def test_a_tuned_cell_takes_its_own_rates(study: Study) -> None:
    base, deep = (dict.fromkeys(study.variants, rate) for rate in (0.1, 0.01))
    ledgers = {"base": {"chosen": base}, "depth=16": {"chosen": deep}}
    assert rates(study, "base", ledgers) == base
    assert rates(study, "depth=16", ledgers) == deep


def test_published_ledgers_are_used_unless_runs_are_made_anew(study: Study, engine: Engine) -> None:
    engine.losses = losses((1, 0.5, 1), (1, 0.6, 1), (1, 0.7, 1))
    tuned(study)
    working = study.root / study.tuning_record("base")
    published = study.root / "data" / "published" / "tiny" / working.name
    published.parent.mkdir(parents=True)
    working.rename(published)
    confirm(study, "base", study.root / "used.json.gz", silent)
    with pytest.raises(record.RecordError, match=working.name):
        confirm(study, "base", study.root / "anew.json.gz", silent, anew=True)


# --- ladders of rates and of time ---

MORE = {
    "ladders:\n": """ladders:
  rates: {constraint: optimization, measure: edges, levels: [0.001, 0.5], variants: [with, without]}
  time: {constraint: optimization, measure: time_to_target, path: recipe.steps, levels: [4, 12],
         variants: [with, without]}
"""
}


@pytest.fixture
def more(tmp_path: Path) -> Study:
    """The same study with a ladder of rates and a ladder of time."""
    return make(tmp_path, **MORE)


def test_rates_are_trained_as_they_stand_without_tuning(more: Study, engine: Engine) -> None:
    found = confirmed(more, "rates=0.5")
    assert engine.asked == [(arm, 0.5, seed, "test") for arm in ("with", "without") for seed in (0, 1, 2)]
    assert {row["rate"] for row in found.run} == {0.5}
    assert {config["recipe"]["lr"] for config in found.configs.values()} == {0.5}
    with pytest.raises(KeyError, match="not tuned"):
        more.tuning_record("rates=0.5")


def test_time_is_tuned_on_the_steps_to_what_the_base_cell_reached(more: Study, engine: Engine) -> None:
    engine.losses = losses((1, 0.5, 1), (1, 0.6, 1), (1, 0.7, 1))
    base = tuned(more)
    engine.asked.clear()
    # The stub's curves have one point, at step 4: it reaches the target or it does not.
    engine.losses = losses((1, 0.1, 1), (1, 0.6, 1), (1, 0.7, 1)) | {("without", 0.01): 2.0}
    ledger = tuned(more, "time=12")
    targets = {  # on the line from the floor at step 0, over the two tuning runs at the chosen rate
        str(q): pytest.approx(np.mean([base["cap"] * (loss / base["cap"]) ** q for loss in (0.5, 0.501)]))
        for q in (0.25, 0.5, 0.75)
    }
    assert ledger["targets"] == targets
    assert (ledger["metric"], ledger["goal"], ledger["cap"]) == ("steps to target", "min", 12.0)
    assert "criterion" not in ledger
    assert {arm for arm, *_ in engine.asked} == set(ledger["grids"]) == {"with", "without"}
    scores = {(t["variant"], t["rate"], t["seed"]): t["score"] for t in ledger["trials"]}
    reached = 4 * np.log(base["cap"] / ledger["targets"]["0.5"]) / np.log(base["cap"] / 0.1)
    assert scores["with", 0.03, 1000] == pytest.approx(reached)
    assert scores["without", 0.01, 1000] == 12.0
    assert ledger["chosen"]["with"] == 0.03


def test_time_runs_to_the_limit_evaluated_as_often_in_each_stretch(more: Study) -> None:
    short, long = (more.run_config("with", cell)["recipe"] for cell in ("base", "time=12"))
    assert (short["steps"], short["evaluations"]) == (4, 2)
    assert (long["steps"], long["evaluations"]) == (12, 6)


def test_tuning_time_before_the_base_cell_names_the_missing_ledger(more: Study, engine: Engine) -> None:
    with pytest.raises(record.RecordError, match=more.tuning_record("base").name):
        tuned(more, "time=12")
    assert engine.asked == []
