"""What the workflow fetches, and when: for cells that train on real data, and for no other."""

import re
from pathlib import Path

import pytest
from conftest import copy_repository, snakemake

from ablatlas import source
from ablatlas.study import load

pytestmark = pytest.mark.xdist_group("dag")


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
