"""A cell's runs: which are trained, which are taken over, and what survives an interruption."""

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tiny import Engine, make

from ablatlas import record
from ablatlas.declaration.registered import registered
from ablatlas.procedures import cellwork, progress
from ablatlas.procedures.cellwork import Cellwork
from ablatlas.record import Record, RecordError
from ablatlas.study import Study

PLAN = [("with", 0.1, 0), ("with", 0.1, 1), ("without", 0.1, 0)]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine()
    monkeypatch.setattr(cellwork, "train", engine)
    return engine


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return make(tmp_path)


@pytest.fixture
def said() -> list[str]:
    return []


def work_through(
    study: Study, said: list[str], plan: list[tuple[str, float, int]], phase: str = "confirmation", anew: bool = False
) -> Cellwork:
    """Bring the planned runs of the base cell into one record."""
    work = Cellwork(study, "base", phase, said.append, anew=anew)
    for row, (variant, rate, seed) in enumerate(plan):
        work.expect({variant: [(rate, seed)]})
        assert work.runs(variant, [(rate, seed)]) == [row]
    return work


def file_of(study: Study, folder: str = "runs", name: str = "base-0123456789ab.json.gz") -> Path:
    return study.root / "data" / folder / "tiny" / name


def shelf(study: Study) -> list[Path]:
    return sorted((study.root / "data" / "runs" / ".shelf").iterdir())


def counts(work: Cellwork) -> tuple[int, int, int]:
    return work.trained, work.taken, work.resumed


def test_runs_are_trained_in_order_and_land_in_the_record(study: Study, said: list[str], engine: Engine) -> None:
    work = work_through(study, said, PLAN)
    work.finish(file_of(study))
    assert engine.asked == [(*run, "test") for run in PLAN]
    found = record.read(file_of(study))
    assert [(r["arm"], r["rate"], r["seed"]) for r in found.run] == PLAN
    for row in found.run:
        assert (row["cell"], row["phase"], row["state"]) == ("base", "confirmation", "finished")
        assert row["key"].startswith(f"{row['digest']}-s{row['seed']}-sequential-{torch.__version__}-cpu-t1")
        assert found.configs[row["digest"]] == study.run_config(row["arm"], "base", row["rate"])
    assert found.outcome[1] == {
        "run": 1, "best_step": 4, "train_loss": 1.001, "parameters": "with0.11", "loss": 1.001
    }  # fmt: skip
    assert said[-1] == "tiny base confirmation: 3 runs, 3 trained, 0 taken over, 0 picked up"


def test_only_confirmation_runs_leave_a_checkpoint_and_see_test_data(
    study: Study, said: list[str], engine: Engine
) -> None:
    work_through(study, said, PLAN[:1], "tuning")
    assert engine.asked == [(*PLAN[0], "validation")]
    assert not (study.root / "data" / "checkpoints").exists()
    key = work_through(study, said, PLAN[1:2]).record.run[0]["key"]
    (file,) = (study.root / "data" / "checkpoints").iterdir()
    assert file.name == f"{key}.safetensors"
    assert torch.equal(load_file(file)["weight"], torch.ones(2))


# --- several runs of one call ---

RATES_AND_SEEDS = [(0.03, 1), (0.1, 0), (0.3, 1), (0.03, 0), (0.1, 1), (0.3, 0)]


def asked_of(work: Cellwork) -> list[tuple[float, int]]:
    return [(run["rate"], run["seed"]) for run in work.record.run]


def test_runs_of_several_rates_and_seeds_keep_the_asked_order(study: Study, said: list[str], engine: Engine) -> None:
    work = Cellwork(study, "base", "tuning", said.append)
    assert work.runs("with", RATES_AND_SEEDS) == [0, 1, 2, 3, 4, 5]
    assert work.runs("without", RATES_AND_SEEDS[:2]) == [6, 7]
    assert work.runs("with", []) == []
    assert asked_of(work) == RATES_AND_SEEDS + RATES_AND_SEEDS[:2]
    assert [run["arm"] for run in work.record.run] == ["with"] * 6 + ["without"] * 2
    assert [row["parameters"] for row in work.record.outcome[:6]] == [f"with{r}{seed}" for r, seed in RATES_AND_SEEDS]
    assert engine.calls == [6, 2], "all runs of a variant are trained together"


@pytest.mark.parametrize("turned", range(6))
def test_runs_taken_over_picked_up_and_trained_keep_the_asked_order(
    turned: int, study: Study, said: list[str], engine: Engine
) -> None:
    stored, rested = Cellwork(study, "base", "tuning", said.append), Cellwork(study, "base", "tuning", said.append)
    stored.runs("with", [(0.1, 0), (0.03, 0)])
    stored.finish(file_of(study, name="base-0123456789ab.tuning.json.gz"))
    rested.runs("with", [(0.3, 0), (0.1, 1)])  # its cell never finishes
    asked = RATES_AND_SEEDS[turned:] + RATES_AND_SEEDS[:turned]
    work = Cellwork(study, "base", "tuning", said.append)
    work.expect({"with": asked})
    assert (work.progress.total, work.progress.missing) == (6, 2)
    assert work.runs("with", asked) == [0, 1, 2, 3, 4, 5]
    assert (counts(work), asked_of(work)) == ((2, 2, 2), asked)
    assert [row["parameters"] for row in work.record.outcome] == [f"with{rate}{seed}" for rate, seed in asked]
    missing = [("with", *one, "validation") for one in asked if one in {(0.3, 1), (0.03, 1)}]
    assert engine.asked[4:] == missing
    assert engine.calls == [2, 2, 2]
    assert (work.progress.runs, work.progress.missing) == (6, 0)
    work.finish(file_of(study, name="other.tuning.json.gz"))
    assert shelf(study) == []


def test_a_call_that_is_stopped_keeps_what_it_has(study: Study, said: list[str], engine: Engine) -> None:
    engine.stop_after = 4
    with pytest.raises(KeyboardInterrupt):
        Cellwork(study, "base", "tuning", said.append).runs("with", RATES_AND_SEEDS)
    engine.stop_after = 100
    work = Cellwork(study, "base", "tuning", said.append)
    work.runs("with", RATES_AND_SEEDS)
    assert (counts(work), asked_of(work)) == ((2, 0, 4), RATES_AND_SEEDS)
    assert len(engine.asked) == len(set(engine.asked)) == 6, "no run was trained twice"


def test_a_training_rests_under_a_name_of_its_phase_and_its_runs(study: Study, said: list[str], engine: Engine) -> None:
    for phase in ("tuning", "confirmation"):
        for asked in ([(0.1, 0)], [(0.1, 1)], [(0.03, 0)], [(0.3, 0), (0.3, 1)]):
            Cellwork(study, "base", phase, said.append).runs("with", asked)
    assert len({rest.path for rest in engine.rests}) == len({rest.identity for rest in engine.rests}) == 8
    assert {rest.path.parent for rest in engine.rests} == {shelf(study)[0].parent}
    for resting in shelf(study):
        resting.unlink()
    Cellwork(study, "base", "tuning", said.append).runs("with", [(0.1, 0)])
    assert engine.rests[-1].path == engine.rests[0].path, "so that it finds what it left"


def test_what_is_tuned_need_not_be_the_rate(tmp_path: Path, said: list[str], engine: Engine) -> None:
    study = make(tmp_path, **{"path: recipe.lr, grid: [0.01, 0.03, 0.1]": "path: recipe.momentum, grid: [0.5, 0.9]"})
    work = Cellwork(study, "base", "tuning", said.append)
    work.runs("with", [(0.9, 0), (0.5, 0)])
    assert [work.record.configs[run["digest"]]["recipe"]["momentum"] for run in work.record.run] == [0.9, 0.5]


# --- taken over ---


def test_what_another_record_holds_is_taken_over(study: Study, said: list[str], engine: Engine) -> None:
    work_through(study, said, PLAN).finish(file_of(study))
    again = work_through(study, said, [*PLAN, ("without", 0.1, 1)])
    assert counts(again) == (1, 3, 0)
    assert engine.asked[3:] == [("without", 0.1, 1, "test")]
    first = record.read(file_of(study))
    assert again.record.run[:3] == first.run
    assert again.record.outcome[:3] == first.outcome
    assert again.record.curve[:3] == first.curve
    assert again.record.meters[:3] == first.meters


def test_a_run_is_taken_over_under_the_name_that_the_taker_gives_it(
    study: Study, said: list[str], engine: Engine
) -> None:
    """Another study may call the same configuration another arm, of another cell."""
    work = work_through(study, said, PLAN[:1])
    work.record.run[0] |= {"arm": "baseline", "cell": "width=4"}
    work.finish(file_of(study))
    taken = work_through(study, said, PLAN[:1])
    assert counts(taken) == (0, 1, 0)
    assert (taken.record.run[0]["arm"], taken.record.run[0]["cell"]) == ("with", "base")


@pytest.mark.parametrize("changed", ["rate", "seed", "configuration", "phase"])
def test_a_run_that_differs_is_not_taken_over(
    changed: str, study: Study, said: list[str], engine: Engine, tmp_path: Path
) -> None:
    work_through(study, said, PLAN[:1]).finish(file_of(study))
    other, phase = study, "confirmation"
    variant, rate, seed = PLAN[0]
    match changed:
        case "rate":
            rate = 0.3
        case "seed":
            seed = 7
        case "configuration":
            other = make(tmp_path / "other", **{"width: 4": "width: 8"})
            shutil.copytree(study.root / "data", other.root / "data", dirs_exist_ok=True)
        case "phase":
            phase = "tuning"
    assert counts(work_through(other, said, [(variant, rate, seed)], phase)) == (1, 0, 0)


@pytest.mark.parametrize("anew", [False, True])
def test_trained_anew_means_without_published_records(
    anew: bool, study: Study, said: list[str], engine: Engine
) -> None:
    work_through(study, said, PLAN[:1]).finish(file_of(study, "published"))
    again = work_through(study, said, PLAN[:1], anew=anew)
    assert counts(again) == ((1, 0, 0) if anew else (0, 1, 0))


def test_trained_anew_still_counts_working_records(study: Study, said: list[str], engine: Engine) -> None:
    work_through(study, said, PLAN[:1]).finish(file_of(study))
    assert counts(work_through(study, said, PLAN[:1], anew=True)) == (0, 1, 0)


# --- interruption ---


def test_a_stopped_cell_goes_on_where_it_was(study: Study, said: list[str], engine: Engine) -> None:
    engine.stop_after = 2
    with pytest.raises(KeyboardInterrupt):
        work_through(study, said, PLAN)
    assert len(shelf(study)) == 2
    assert not file_of(study).exists()

    engine.stop_after = 100
    work = work_through(study, said, PLAN, anew=True)  # a cell's own shelf is no published record
    assert counts(work) == (1, 0, 2)
    work.finish(file_of(study))
    assert shelf(study) == []
    assert len(engine.asked) == len(set(engine.asked)) == 3, "no run was trained twice"
    assert said[-1].endswith("1 trained, 0 taken over, 2 picked up")


def test_a_stopped_cell_ends_with_the_record_of_an_undisturbed_one(
    study: Study, said: list[str], engine: Engine
) -> None:
    work_through(study, said, PLAN).finish(file_of(study))
    undisturbed = file_of(study).read_bytes()
    file_of(study).unlink()
    engine.stop_after = len(engine.asked) + 1
    with pytest.raises(KeyboardInterrupt):
        work_through(study, said, PLAN)
    engine.stop_after = 100
    work_through(study, said, PLAN).finish(file_of(study))
    assert file_of(study).read_bytes() == undisturbed


def test_phases_do_not_share_a_shelf(study: Study, said: list[str], engine: Engine) -> None:
    work_through(study, said, PLAN[:1], "tuning")
    assert counts(work_through(study, said, PLAN[:1])) == (1, 0, 0)


@pytest.mark.parametrize("damage", ["truncated", "empty", "flipped", "no JSON"])
def test_a_damaged_run_on_the_shelf_is_set_aside_and_trained_again(
    damage: str, study: Study, said: list[str], engine: Engine
) -> None:
    whole = work_through(study, said, PLAN[:1]).record
    (resting,) = shelf(study)
    data = bytearray(resting.read_bytes())
    match damage:
        case "truncated":
            data = data[: len(data) // 2]
        case "empty":
            data = bytearray()
        case "flipped":
            data[len(data) // 2] ^= 0xFF
        case "no JSON":
            data = bytearray(b"not gzip at all")
    resting.write_bytes(data)

    again = work_through(study, said, PLAN[:1])
    assert counts(again) == (1, 0, 0)
    assert again.record.outcome == whole.outcome
    (warning,) = [line for line in said if line.startswith("warning")]
    assert str(resting) in warning
    assert [path.suffix for path in shelf(study)] == [".damaged", ".gz"]
    assert shelf(study)[0].read_bytes() == data


def test_a_half_written_file_on_the_shelf_is_no_run(study: Study, said: list[str], engine: Engine) -> None:
    """What a process killed while it writes leaves behind has another name, and is never read."""
    work_through(study, said, PLAN[:1])
    (resting,) = shelf(study)
    resting.rename(resting.with_name(f".{resting.name}.4711"))
    assert counts(work_through(study, said, PLAN[:1])) == (1, 0, 0)


def test_a_damaged_record_stops_the_work_and_is_named(study: Study, said: list[str], engine: Engine) -> None:
    """Unlike a shelf, a record is a result: whoever lost one should hear of it before anything is trained."""
    work_through(study, said, PLAN).finish(file_of(study))
    file_of(study).write_bytes(file_of(study).read_bytes()[:-20])
    with pytest.raises(RecordError, match=r"base-0123456789ab.json.gz: not a whole run record"):
        work_through(study, said, PLAN)


# --- what it says ---


class Clock:
    """Stands in for `time`: it moves by a second whenever it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(progress, "time", self)

    def monotonic(self) -> float:
        return self.now

    def tick(self) -> None:
        self.now += 1


def test_progress_is_told_every_few_seconds_and_at_the_end(
    study: Study, said: list[str], engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three runs of four steps of a second each."""
    engine.pause = Clock(monkeypatch).tick
    engine.losses = {("with", 0.1): 200.0}
    work = Cellwork(study, "base", "confirmation", said.append)
    work.expect({"with": [(0.1, 0)], "without": [(0.1, 0), (0.3, 0)]})
    work.runs("with", [(0.1, 0)])
    work.runs("without", [(0.1, 0), (0.3, 0)])
    work.finish(file_of(study))
    name = "tiny base confirmation"
    assert said == [
        f"{name}: without, 2 seeds, rate 0.1, 0.3, step 1/4, loss 1.0000; 1/3 runs, 1 diverged; 5 s, about 7 s left",
        f"{name}: without, 2 seeds, rate 0.1, 0.3, step 2/4, loss 1.0000; 2/3 runs, 1 diverged; 10 s, about 2 s left",
        f"{name}: 3 runs, 3 trained, 0 taken over, 0 picked up",
    ]


def test_what_need_not_be_trained_takes_no_time(
    study: Study, said: list[str], engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    work_through(study, said, PLAN).finish(file_of(study))
    said.clear()
    engine.pause = Clock(monkeypatch).tick
    monkeypatch.setattr(progress, "EVERY", 2.0)
    work = Cellwork(study, "base", "confirmation", said.append)
    wanted = {"with": [(0.1, 0), (0.1, 1), (0.1, 2)], "without": [(0.1, 0)]}
    work.expect(wanted)
    for variant, asked in wanted.items():
        work.runs(variant, asked)
    what = "tiny base confirmation: with, seed 2, rate 0.1"
    assert said == [
        f"{what}, step 2/4, loss 1.0020; 0/4 runs, none diverged; 2 s, about 2 s left",
        f"{what}, step 4/4, loss 1.0020; 0/4 runs, none diverged; 4 s, about 0 s left",
    ]


def test_the_record_says_where_it_comes_from(study: Study, said: list[str], engine: Engine) -> None:
    found: Record = work_through(study, said, PLAN[:1]).record
    assert found.provenance["registration"] == registered(study)
    assert found.provenance["versions"]["torch"] == torch.__version__
    assert (found.provenance["device"], found.provenance["threads"]) == ("cpu", 1)
    assert found.provenance["data"] == {}, "bundled"
    assert found.provenance["source"] == {"commit": None, "clean": None}, "a folder outside any repository"
