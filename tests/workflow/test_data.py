"""What the workflow fetches, and when: for cells that train on real data, and for no other."""

import re
from pathlib import Path

import pytest
from conftest import copy_repository, snakemake

from ablatlas import source
from ablatlas.record import read
from ablatlas.study import load


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository whose study of residual connections is one of MNIST."""
    root = copy_repository(tmp_path / "ablatlas")
    file = root / "params" / "study" / "residual.yaml"
    text = file.read_text()
    assert text.count("/task: digits") == text.count("procedure: train\n") == 1
    text = text.replace("/task: digits", "/task: mnist")
    file.write_text(text.replace("procedure: train\n", "procedure: train\ntask: {examples: 360}\n"))
    source.forget()
    return root


def planned(root: Path, target: str) -> list[str]:
    """The data that a dry run would fetch."""
    return re.findall(r"output: (data/raw/\S+)", snakemake(root, "-n", target, "--quiet", "host"))


def test_a_study_on_real_data_fetches_it_first(root: Path) -> None:
    [note] = load("residual", "smoke", root=root).data_notes("base")
    assert planned(root, "residual") == [str(note)]
    assert planned(root, "layernorm") == []
    (root / note).parent.mkdir(parents=True)
    (root / note).touch()
    assert planned(root, "residual") == [], "it is there"


SHORT = [
    "recipe.steps=4",
    "recipe.evaluations=1",
    "recipe.patience=1.0",
    '"tune.grid=[0.003,0.01,0.03]"',
    '"~tune.rungs"',
]
# Every image that is held out is judged, so that the model is a perceptron: models/ has the networks that look at them.
REAL = {
    "residual": (
        ["task=cifar10", "task.examples=64", "model.depth=8", "model.width=4", "recipe.batch=16"],
        ["8", "14"],
    ),
    "layernorm": (["task=tinyshakespeare", "model.width=8"], ["4", "6"]),
}


def on_real_data(root: Path, study: str) -> None:
    """Have a study's smoke scale train on a real dataset, and climb its depth alone."""
    words, levels = REAL[study]
    file = root / "params" / "study" / f"{study}.yaml"
    text, _ = file.read_text().split("scales:\n")
    further = [name for name in load(study, "smoke", root=root).ladders if name != "depth"]
    dropped = [f'"~ladders.{name}"' for name in further]
    climbed = f'"ladders.depth.levels=[{",".join(levels)}]"'
    dropped.append('"~contrasts"')
    file.write_text(f"{text}scales:\n  smoke: [{', '.join([*words, *SHORT, climbed, *dropped])}]\n")
    source.forget()


@pytest.mark.slow
@pytest.mark.parametrize(("study", "named"), [("residual", "CIFAR-10"), ("layernorm", "Tiny Shakespeare")])
def test_a_study_trains_on_real_data_and_its_report_says_so(
    study: str, named: str, tmp_path: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = copy_repository(tmp_path / "ablatlas")
    monkeypatch.setenv("ABLATLAS_MIRROR", str(mirror))
    on_real_data(root, study)
    snakemake(root, study)
    page = (root / "reports" / "smoke" / study / "report.html").read_text()
    assert named in page
    [record] = (root / "data" / "runs" / study).glob("base-????????????.json.gz")
    assert set(read(record).provenance["data"]) == set(load(study, "smoke", root=root).data)
