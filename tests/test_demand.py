"""What jobs ask for: time that grows with each attempt, memory, GPUs, and which cells share a job."""

from pathlib import Path

import pytest
from conftest import ROOT, copy_repository, type_in
from test_plan import fabricate

from ablatlas.plan.demand import SLACK, Demand, gpus, memory, short
from ablatlas.study import load, names


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copied = copy_repository(tmp_path / "ablatlas")
    monkeypatch.setenv("ABLATLAS_ROOT", str(copied))
    return copied


def test_each_attempt_gets_twice_the_time_up_to_what_the_site_takes(root: Path) -> None:
    study, demand = load("residual", "laptop", root=root), Demand(published=True, most=100)
    asked = [demand.minutes(study, "confirmation", "depth=56", attempt) for attempt in range(1, 6)]
    assert asked[0] > SLACK
    assert asked == [min(100, asked[0] * 2**k) for k in range(5)]


def test_time_follows_what_was_recorded(root: Path) -> None:
    study = load("residual", "smoke", root=root)
    before = Demand(True, 10_000).minutes(study, "confirmation", "depth=20", 1)
    fabricate(study, "base", "confirmation")  # at three seconds a run
    after = Demand(True, 10_000).minutes(study, "confirmation", "depth=20", 1)
    assert after > before


def test_every_job_of_every_study_has_a_limit(root: Path) -> None:
    for name in names(root):
        study, demand = load(name, "laptop", root=root), Demand(True, 10_000)
        cells = [("confirmation", cell) for cell in study.cells] + [("tuning", cell) for cell in study.tuned_cells]
        assert all(demand.minutes(study, phase, cell, 1) >= SLACK for phase, cell in [*cells, ("clock", "base")])


def test_smoke_cells_share_jobs_and_laptop_cells_do_not() -> None:
    for name in names(ROOT):
        smoke, laptop = load(name, "smoke"), load(name, "laptop")
        assert all(short(smoke, "confirmation", cell) for cell in smoke.cells) == (not smoke.alone)
        assert not any(short(laptop, "confirmation", cell) for cell in laptop.cells if laptop.tuned_cells)


def test_what_is_timed_shares_nothing() -> None:
    timed = [load(name, scale) for name in names(ROOT) for scale in ("smoke", "laptop") if load(name).alone]
    assert timed
    assert not any(short(study, "confirmation", cell) for study in timed for cell in study.cells)


def test_a_cpu_scale_asks_for_no_gpu() -> None:
    study = load("residual", "laptop")
    assert gpus(study) == 0
    assert memory(study, 3) == 4 * memory(study, 1)


def test_the_profile_is_read_where_there_is_no_slurm(root: Path) -> None:
    told = type_in(root, "snakemake", "--profile", "slurm", "-n", "residual", "--config", "scale=smoke")
    assert "train" in told
