"""The clock: what is timed and in which order, where joules go, and that a record is whole or not there."""

import platform
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from tiny import make

from ablatlas import record
from ablatlas.procedures import clock as procedure
from ablatlas.procedures.clock import clock
from ablatlas.procedures.job import main
from ablatlas.record import Record
from ablatlas.study import Study
from ablatlas.train.counter import Counter
from ablatlas.train.sequential import Training

ARMS = ["with", "without", "scaled_init"]
BLOCKS = 4  # at smoke scale
CONTRASTS = "contrasts: {twice: {role: factorial, arm: with, set: {recipe.dose: doubled}}}\nladders:"


class Taken:
    """Every step that is taken: which, of which variant, and the loss; joules are counted along."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int, float]] = []
        self.joules, self.stop_after = 0.0, 10**9

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        whole, words = Training.take, {"Residual": "with", "Plain": "without", "NearLinear": "scaled_init"}

        def take(training: Training, index: int) -> list[float]:
            if len(self.steps) >= self.stop_after:
                raise KeyboardInterrupt
            variant = words[type(training.model.blocks[0][0]).__name__]  # type: ignore[index]
            [loss] = whole(training, index)
            self.steps.append((variant, index, loss))
            self.joules += 1 + ARMS.index(variant)
            return [loss]

        monkeypatch.setattr(Training, "take", take)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Taken:
    taken = Taken()
    taken.watch(monkeypatch)
    return taken


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.setenv("ABLATLAS_ROOT", str(tmp_path))
    return make(tmp_path)


@pytest.fixture
def said() -> list[str]:
    return []


def timed(study: Study, said: list[str]) -> Record:
    path = study.root / study.clock_record()
    clock(study, path, said.append)
    return record.read(path)


def counts(monkeypatch: pytest.MonkeyPatch, energy: Counter) -> None:
    monkeypatch.setattr(procedure, "counter", lambda device: energy)


def rows_of(found: Record, arm: str) -> list[dict[str, Any]]:
    return [row for row in found.curve if found.run[row["run"]]["arm"] == arm]


# --- the record ---


def test_a_record_has_a_run_a_variant_and_its_blocks(study: Study, said: list[str]) -> None:
    found = timed(study, said)
    assert [run["arm"] for run in found.run] == ARMS
    for run in found.run:
        assert (run["phase"], run["state"], run["cell"], run["rate"]) == ("clock", "finished", "base", 0.1)
        assert run["seed"] in study.seeds["tuning"]
        assert run["digest"] == study.run_digest(run["arm"])
        assert found.configs[run["digest"]] == study.run_config(run["arm"])
        blocks = rows_of(found, run["arm"])
        assert [row["block"] for row in blocks] == list(range(BLOCKS))
        assert all(row["seconds"] > 0 and row["others"] >= 0 for row in blocks)
    assert found.outcome == [{"run": index} for index in range(3)]


def test_all_blocks_of_all_variants_are_equally_many_steps(study: Study, said: list[str]) -> None:
    (steps,) = {row["steps"] for row in timed(study, said).curve}
    assert steps >= 1


def test_meters_are_the_models_and_the_tasks(study: Study, said: list[str]) -> None:
    rows = timed(study, said).meters
    trained = 64 * 4 + 4 + 2 * (4 * 4 + 4) + 4 * 10 + 10 + 3 * 2 * 4  # linear layers, and a gain and a bias a norm
    for row in rows:
        assert {row[name] for name in ("parameters", "trainable", "active", "non_embedding")} == {trained}
        assert row["flops_per_step"] == 3 * 64 * 2 * (64 * 4 + 2 * 4 * 4 + 4 * 10)
        assert row["peak_memory"] > 3 * 4 * trained  # values, gradients and momenta of four bytes
    assert len(rows) == len(ARMS)


def test_provenance_tells_the_machine_but_not_its_name(
    study: Study, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes = []
    for name in ("one.example", "other.example", "one.example"):
        monkeypatch.setattr(platform, "node", lambda name=name: name)
        found = timed(study, said).provenance
        assert name not in str(found)
        nodes.append(found["node"])
    assert nodes[0] == nodes[2] != nodes[1]
    assert {"device", "processor", "processors", "threads", "registration"} <= set(found)


def test_a_clock_is_no_trained_run(study: Study, said: list[str]) -> None:
    """Else a cell would take it over in place of training."""
    timed(study, said)
    keys = [key for key, _, _ in record.stored([study.root / "data" / "runs"], "confirmation")]
    assert all(key.startswith("clock-") for key in keys)


# --- what is timed, and when ---


def test_passes_go_forwards_and_backwards_in_turn(study: Study, said: list[str]) -> None:
    found = timed(study, said)
    order = [found.run[row["run"]]["arm"] for row in sorted(found.curve, key=lambda row: row["began"])]
    assert order == (ARMS + ARMS[::-1]) * (BLOCKS // 2)
    assert min(row["began"] for row in found.curve) >= 0


def test_every_block_is_the_same_steps_from_the_same_state(study: Study, said: list[str], taken: Taken) -> None:
    found = timed(study, said)
    steps = found.curve[0]["steps"]
    block = [(index % study.config["recipe"]["steps"]) for index in range(steps + 1)]
    after = 2 * len(ARMS)  # steps for the meters
    blocks = taken.steps[-after - BLOCKS * len(ARMS) * len(block) : -after]
    for arm in ARMS:
        own = [(index, loss) for variant, index, loss in blocks if variant == arm]
        passes = [own[i : i + len(block)] for i in range(0, len(own), len(block))]
        assert len(passes) == BLOCKS
        assert [index for index, _ in passes[0]] == block
        assert all(one == passes[0] for one in passes)


def test_a_dose_is_executed(tmp_path: Path, said: list[str]) -> None:
    study = make(tmp_path, **{"ladders:": CONTRASTS})
    found = timed(study, said)
    flops = {run["arm"]: row["flops_per_step"] for run, row in zip(found.run, found.meters, strict=True)}
    assert flops["twice"] == 2 * flops["with"]


def test_a_slower_variant_takes_no_fewer_steps(study: Study, monkeypatch: pytest.MonkeyPatch, said: list[str]) -> None:
    """As many as take the fastest one long enough: so every block of every variant is."""
    paces = iter([0.004, 0.001, 0.1])
    monkeypatch.setattr(procedure.Timed, "pace", lambda timed, seconds: next(paces))
    assert {row["steps"] for row in timed(study, said).curve} == {20}  # of 0.02 s


# --- joules ---


def test_joules_are_those_of_the_blocks_own_steps(
    study: Study, said: list[str], taken: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts(monkeypatch, Counter("a counter", lambda: taken.joules))
    found = timed(study, said)
    assert found.provenance["counter"] == "a counter"
    assert found.provenance["no_counter"] is None
    for joules, arm in enumerate(ARMS, start=1):
        assert [row["joules"] for row in rows_of(found, arm)] == [joules * row["steps"] for row in rows_of(found, arm)]


def test_without_a_counter_joules_are_null_and_the_reason_stands(
    study: Study, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    counts(monkeypatch, Counter(why="nothing here counts"))
    found = timed(study, said)
    assert {row["joules"] for row in found.curve} == {None}
    assert (found.provenance["counter"], found.provenance["no_counter"]) == (None, "nothing here counts")
    assert "no counter (nothing here counts)" in said[0]


# --- the machine to itself ---


def test_alone_or_not_is_measured(study: Study, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(procedure, "busy", lambda: 0.0)
    found = timed(study, said)
    assert found.provenance["exclusive"] is True
    assert {row["others"] for row in found.curve} == {0.0}
    assert not any("warning" in line for line in said)


def test_others_at_work_are_seen_and_told(study: Study, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def busy() -> float:
        return time.process_time() + 2 * time.perf_counter()

    monkeypatch.setattr(procedure, "busy", busy)
    found = timed(study, said)
    assert found.provenance["exclusive"] is False
    assert found.provenance["others"] >= 2
    assert "warning: tiny clock: others used" in said[-2]


def test_busy_grows_with_work_and_counts_no_waiting() -> None:
    times = {"user": 5.0, "system": 2.0, "idle": 100.0, "iowait": 50.0, "steal": 1.0, "guest": 3.0}

    class Times:
        def _asdict(self) -> dict[str, float]:
            return times

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psutil, "cpu_times", Times)
        assert procedure.busy() == 8.0
    assert procedure.busy() > 0


# --- whole or not at all ---


@pytest.mark.parametrize("stop", [5, 40])
def test_a_clock_that_is_stopped_leaves_nothing(study: Study, said: list[str], taken: Taken, stop: int) -> None:
    taken.stop_after = stop
    with pytest.raises(KeyboardInterrupt):
        timed(study, said)
    assert [file for file in (study.root / "data" / "runs").rglob("*") if file.is_file()] == []
    taken.stop_after = 10**9
    assert len(timed(study, said).curve) == BLOCKS * len(ARMS)


def test_a_study_without_a_clock_is_refused(study: Study, said: list[str]) -> None:
    object.__setattr__(study, "clock", None)
    with pytest.raises(ValueError, match="tiny: found no clock"):
        clock(study, study.root / "clock.json.gz", said.append)


def test_the_command(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    path = study.root / study.clock_record()
    assert main(["clock", "tiny", "--scale", "smoke", "--out", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"tiny clock: 3 variants, {BLOCKS} blocks each"
    assert [run["arm"] for run in record.read(path).run] == ARMS


@pytest.mark.parametrize("words", [["clock", "tiny", "base"], ["tune", "tiny"], ["confirm", "tiny"]])
def test_a_clock_takes_no_cell_and_all_else_does(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([*words, "--out", "out.json.gz"])
    assert "tune and confirm take a cell, clock takes none" in capsys.readouterr().err
