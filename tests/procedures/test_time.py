"""The procedure `time`: variants are found to compute the same, then timed in passes there and back."""

from pathlib import Path
from typing import Any

import pytest
import torch

from ablatlas import record
from ablatlas.nn import recurrence
from ablatlas.procedures import beside
from ablatlas.procedures.job import main
from ablatlas.procedures.lane import Lane
from ablatlas.procedures.time import TOLERANCE, Step, confirm
from ablatlas.record import Record
from ablatlas.study import Study, load
from ablatlas.train.build import deterministic
from ablatlas.train.counter import Counter

STUDY, CELL = "fused_kernels", "length=8"
VARIANTS = ["with", "without", "attention_with", "attention_without"]


@pytest.fixture
def study() -> Study:
    deterministic()
    return load(STUDY, "smoke")


def timed(study: Study, path: Path) -> Record:
    told: list[str] = []
    confirm(study, CELL, path, told.append)
    assert any("3/3; all agree, timed" in line for line in told)
    return record.read(path)


def test_a_run_is_a_variant_with_a_seed_and_its_curve_the_blocks(study: Study, tmp_path: Path) -> None:
    found = timed(study, tmp_path / "r.json.gz")
    seeds = list(study.seeds["confirmation"])
    assert [(run["seed"], run["arm"]) for run in found.run] == [(seed, name) for seed in seeds for name in VARIANTS]
    assert {(run["cell"], run["phase"], run["state"], run["rate"]) for run in found.run} == {
        (CELL, "confirmation", "finished", None)
    }
    for row, run in enumerate(found.run):
        blocks = [point for point in found.curve if point["run"] == row]
        first = 2 * seeds.index(run["seed"])
        assert [block["block"] for block in blocks] == [first, first + 1]
        assert all(block["seconds"] > 0 and block["steps"] >= 1 for block in blocks)
        assert found.meters[row]["seconds"] == sum(block["seconds"] for block in blocks)
        assert run["digest"] == study.run_digest(run["arm"], CELL)
    assert {"counter", "exclusive", "others", "node", "registration"} <= found.provenance.keys()


def test_passes_go_there_and_back(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []

    def block(lane: Step, calls: int, energy: Counter) -> dict[str, int]:
        taken.append(lane.variant)
        return {"steps": calls}

    monkeypatch.setattr(beside, "block", block)
    lanes = [Step(study, name, CELL, 0) for name in VARIANTS]
    beside.sitting(lanes, dict.fromkeys(VARIANTS, 1), 2, Counter(), 0.0)
    assert taken == [*VARIANTS, *reversed(VARIANTS)]


def test_a_rerun_repeats_every_outcome_bit_for_bit(study: Study, tmp_path: Path) -> None:
    one, other = (timed(study, tmp_path / name) for name in ("one.json.gz", "other.json.gz"))
    assert one.outcome == other.outcome
    assert one.run == other.run
    counts = ("flops_per_step", "peak_memory", "parameters", "trainable", "active", "non_embedding")
    assert [[row[name] for name in counts] for row in one.meters] == [
        [row[name] for name in counts] for row in other.meters
    ]
    first = one.outcome[: len(VARIANTS)]
    assert first[0]["parameters"] == first[1]["parameters"]  # the arms begin from the same values
    assert first[0]["output_error"] == first[0]["gradient_error"] == 0
    assert 0 < first[1]["gradient_error"] < TOLERANCE  # computed in another order
    assert first[0]["results"] != first[1]["results"]


def test_nothing_is_timed_where_an_output_differs(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(x: torch.Tensor, rest: Any, weights: Any, *_: object) -> Any:
        made, h, c = torch.lstm(x, rest, weights, True, 1, 0.0, True, False, True)
        return made * (1 + 10 * TOLERANCE), h, c

    monkeypatch.setattr(recurrence, "loop", forgetful)
    monkeypatch.setattr(Lane, "steps", lambda *_: pytest.fail("something was timed"))
    with pytest.raises(ValueError, match=r"fused_kernels: seed 0, without and with: output: found them 0.001 of its"):
        confirm(study, CELL, tmp_path / "r.json.gz", print)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_timed_where_a_gradient_differs(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deaf(x: torch.Tensor, rest: Any, weights: Any, *_: object) -> Any:
        return torch.lstm(x.detach(), rest, weights, True, 1, 0.0, True, False, True)

    monkeypatch.setattr(recurrence, "loop", deaf)
    monkeypatch.setattr(Lane, "steps", lambda *_: pytest.fail("something was timed"))
    with pytest.raises(ValueError, match=r"found \['mixer.*, expected \['gradient of input', "):
        confirm(study, CELL, tmp_path / "r.json.gz", print)


def test_an_odd_number_of_passes_is_refused(tmp_path: Path) -> None:
    study = load(STUDY, "smoke", ["recipe.steps=3"])
    with pytest.raises(ValueError, match=r"recipe.steps: found 3, expected an even number of passes"):
        confirm(study, CELL, tmp_path / "r.json.gz", print)


def test_the_command_times_a_cell_and_tunes_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "r.json.gz"
    words = [STUDY, CELL, "--scale", "smoke", "--out", str(file)]
    assert main(["confirm", *words, "--quiet"]) == 0
    assert len(record.read(file).run) == 12
    assert main(["tune", *words]) == 2
    assert "procedure: found time, expected one that tunes: this one trains nothing" in capsys.readouterr().err


# --- what a lane is ---


class Counting(Lane):
    """Calls that take as long as they are told to."""

    def __init__(self) -> None:
        self.variant, self.device, self.calls = "with", torch.device("cpu"), 0

    def rewind(self) -> None:
        self.call(0)

    def call(self, index: int) -> None:
        self.calls += 1


def test_pace_doubles_until_it_has_seen_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    lane, now = Counting(), [0.0]
    monkeypatch.setattr("ablatlas.procedures.lane.time.perf_counter", lambda: now[0])
    monkeypatch.setattr(lane, "call", lambda index: now.__setitem__(0, now[0] + 0.25))
    assert lane.pace(1.5) == 0.25
    assert now[0] == 0.25 * (4 + 1 + 2 + 4 + 8)  # four times back to the beginning, and the calls of each time
