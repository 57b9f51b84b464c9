"""Studies at the GPU scale: they compose, are planned, and take a step on a CPU, made small. Needs a mirror of data."""

from collections.abc import Iterator

import pytest
import torch
from conftest import ROOT

from ablatlas.config import read_yaml
from ablatlas.plan import __main__ as plan
from ablatlas.study import Study, load, names
from ablatlas.train.build import deterministic
from ablatlas.train.sequential import Training

STUDIES = [name for name in names(ROOT) if "gpu" in read_yaml(ROOT / "params" / "study", f"{name}.yaml")["scales"]]
# What makes a run of each small, and leaves its parts and its ladders what they are.
SMALL = {
    "residual": ["task.examples=32", "recipe.batch=4", "model.width=4"],
    "layernorm": ["task.examples=4", "task.judged=2", "task.window=8", "recipe.batch=2", "model.width=8"],
    "forget_gate": ["task.judged=2", "task.window=8", "recipe.batch=4", "model.width=8"],
}


@pytest.fixture
def exact() -> Iterator[None]:
    """The precision of the other tests, afterwards."""
    yield
    deterministic()


def small(name: str) -> Study:
    return load(name, "gpu", SMALL[name], root=ROOT)


def test_the_headline_studies_have_one() -> None:
    assert set(STUDIES) >= {"forget_gate", "layernorm", "residual"} == set(SMALL)


@pytest.mark.parametrize("name", STUDIES)
def test_it_is_on_real_data_and_on_a_gpu(name: str) -> None:
    study = load(name, "gpu", root=ROOT)
    assert study.device == "cuda"
    assert study.datasets("base")
    assert set(study.ladders) & set(study.register["primary"].values()), "a registered ladder is climbed"


def test_depths_are_those_of_the_paper() -> None:
    """He et al. 2015, table 6."""
    assert load("residual", "gpu", root=ROOT).ladders["depth"].levels == (20, 32, 44, 56, 110)


def test_the_plan_is_told_in_gpu_hours(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert plan.main([*STUDIES, "--scale", "gpu", "--published", "ignore"]) == 0
    told = capsys.readouterr().out
    assert "GPU-hours" in told
    assert all(name in told for name in STUDIES)


@pytest.mark.usefixtures("mirrored", "exact")
@pytest.mark.parametrize("name", STUDIES)
def test_every_variant_takes_a_finite_step_and_is_judged_by_what_its_ladder_reads(name: str) -> None:
    study = small(name)
    [ladder] = study.ladders.values()
    assert ladder.solved
    hardest = ladder.cell(ladder.levels[-1])
    for cell in dict.fromkeys(["base", hardest]):
        for variant in study.variants_of(cell):
            config = study.run_config(variant, cell)
            deterministic(config["precision"])
            run = Training(config, seed=3)
            assert torch.tensor([run.step(index) for index in range(2)]).isfinite().all(), (cell, variant)
    [judged] = run.judge("validation")
    read = (
        {f"{ladder.solved.metric}@{level}" for level in ladder.levels} if ladder.evaluated else {ladder.solved.metric}
    )
    assert read <= {"train_loss", *judged}
