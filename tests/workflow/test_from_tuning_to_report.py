"""Every study at smoke scale from its first tuning to its report, job by job as the DAG does, but in one process."""

import os
import shutil
from pathlib import Path

import pytest
from conftest import HEADLINE, ROOT, copy_repository, reported, snakemake

from ablatlas.procedures.job import main as job
from ablatlas.report.__main__ import main as report
from ablatlas.stats.__main__ import main as measure
from ablatlas.study import load, names

PROCEDURE = {name: load(name, "smoke").procedure for name in names(ROOT)}
TRAINED = [name for name, procedure in PROCEDURE.items() if procedure == "train"]


@pytest.mark.slow
@pytest.mark.parametrize("study", TRAINED)
def test_a_study_ends_in_results_and_a_report(study: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = copy_repository(tmp_path / "alone", [study])
    monkeypatch.chdir(root)
    path = f"{root / 'src'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"  # the report's notebook is a process
    monkeypatch.setenv("PYTHONPATH", path)
    one = load(study, "smoke", root=root)
    told = [study, "--scale", "smoke"]
    for cell in one.tuned_cells:
        assert job(["tune", study, cell, *told[1:], "--lines", "--out", str(one.tuning_record(cell))]) == 0
    for cell in one.cells:
        assert job(["confirm", study, cell, *told[1:], "--lines", "--out", str(one.record(cell))]) == 0
    if one.clock:
        assert job(["clock", *told, "--lines", "--out", str(one.clock_record())]) == 0
    assert measure([*told, "--out", str(one.results)]) == 0
    page = root / "reports" / "smoke" / study
    assert report(["study", *told, "--results", str(one.results), "--out", str(page)]) == 0
    reported(root, study)


@pytest.mark.slow
@pytest.mark.parametrize("study", sorted(set(PROCEDURE) - set(TRAINED)))
def test_so_does_one_of_another_procedure_through_the_dag(study: str, tmp_path: Path) -> None:
    root = copy_repository(tmp_path / "alone", [*HEADLINE, study])
    if PROCEDURE[study] == "replay":  # published runs, of the headline studies
        shutil.copytree(ROOT / "data" / "published", root / "data" / "published")
    snakemake(root, study)
    reported(root, study)
