"""The whole path at smoke scale, and what an edit plans."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import HEADLINE, copy_repository, edit, environment, planned, reported, shorten, snakemake, type_in
from omegaconf import OmegaConf

from ablatlas import record
from ablatlas.controls import work as controls
from ablatlas.publish import publish
from ablatlas.stats.checks import MeasureError
from ablatlas.study import StudyError, load

# Begun first, so that the repository of `smoke` is there when other files' tests come to it, late and on both workers.
pytestmark = pytest.mark.xdist_group("dag")
STUDIES = HEADLINE


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_ends_in_results_and_a_report(smoke: Path, study: str) -> None:
    reported(smoke, study)


def test_the_atlas_links_every_report(smoke: Path) -> None:
    atlas = smoke / "reports" / "smoke" / "atlas"
    page = (atlas / "index.html").read_text()
    for study in STUDIES:
        link = f"../{study}/report.html"
        assert link in page
        assert (atlas / link).exists()


def test_called_again_nothing_is_to_be_done(worked: Path) -> None:
    assert "Nothing to be done" in snakemake(worked, "all")


def test_a_clone_with_published_records_trains_nothing(cloned: Path) -> None:
    assert planned(cloned) == set()
    cells = {f"{s}/{c}" for s in STUDIES for c in [*load(s, "smoke", root=cloned).cells, "clock"]}
    assert planned(cloned, published="ignore") == cells


@pytest.mark.parametrize("place", ["worked", "cloned"])
def test_words_train_nothing(place: str, request: pytest.FixtureRequest) -> None:
    root = request.getfixturevalue(place)
    file = root / "params" / "study" / "residual.yaml"
    edit(file, "title: Residual connections", "title: Shortcuts")
    edit(file, "delta: 1.1", "delta: 1.2")
    edit(file, "  text: ", "  text: Today we would say that ")
    assert planned(root) == set()


@pytest.mark.parametrize("place", ["worked", "cloned"])
def test_a_model_trains_exactly_the_cells_that_use_it(place: str, request: pytest.FixtureRequest) -> None:
    root = request.getfixturevalue(place)
    edit(root / "params" / "model" / "transformer.yaml", "ratio: 4", "ratio: 2")
    cells = [*load("layernorm", "smoke", root=root).cells, "clock"]
    assert planned(root) == {f"layernorm/{cell}" for cell in cells}
    edit(root / "params" / "model" / "transformer.yaml", "ratio: 2", "ratio: 4")
    assert planned(root) == set()


def test_two_more_seeds_train_two_seeds(worked: Path) -> None:
    edit(worked / "params" / "scale" / "smoke.yaml", "confirmation: 3", "confirmation: 5")
    study = load("residual", "smoke", root=worked)
    told = snakemake(worked, str(study.record("base")))
    variants = len(study.variants)
    assert f"{5 * variants} runs, {2 * variants} trained, {3 * variants} taken over" in told
    assert "tuning" not in told


def test_a_copied_study_with_another_path_works(worked: Path) -> None:
    text = (worked / "params" / "study" / "residual.yaml").read_text()
    text = text.replace("ablate: model.shortcut", "ablate: model.dropout")
    arms = {"with: identity": "with: 0.5", "without: none": "without: 0.0", "value: scaled": "value: 0.2"}
    for old, new in arms.items():
        assert old in text
        text = text.replace(old, new)
    file = worked / "params" / "study" / "dropping.yaml"
    file.write_text(text)
    shorten(file, "~ladders.rates")  # one ladder is enough
    told = snakemake(worked, "dropping", "all")
    assert "0 taken over" not in told.split("dropping base confirmation: ")[1].splitlines()[0]  # residual's `with`
    assert (worked / "reports" / "smoke" / "dropping" / "report.html").exists()
    assert "../dropping/report.html" in (worked / "reports" / "smoke" / "atlas" / "index.html").read_text()


def outcomes(root: Path, study: str) -> dict[str, list]:
    folder = root / "data" / "runs" / study
    return {path.name: record.read(path).outcome for path in sorted(folder.glob("[!.]*.json.gz"))}


def test_killed_and_started_again_it_ends_in_the_same_bits(smoke: Path, tmp_path: Path) -> None:
    """The base cell of a study whose runs are shelved one by one."""
    root = copy_repository(tmp_path / "killed", less=True)
    base = str(load("forget_gate", "smoke", root=root).record("base"))
    profile = ["--profile", "workflow/profiles/local", "--cores", "2"]
    words = ["snakemake", *profile, base, "--config", "scale=smoke"]
    running = subprocess.Popen(
        words, cwd=root, env=environment(root), start_new_session=True, stdout=subprocess.DEVNULL
    )
    shelf = root / "data" / "runs" / ".shelf"
    deadline = time.monotonic() + 300
    while len(list(shelf.glob("*.json.gz"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    finished = {path.name: path.stat().st_mtime_ns for path in shelf.glob("*.json.gz")}
    assert len(finished) >= 3
    type_in(root, "snakemake", "--unlock", "--profile", "workflow/profiles/local", "--config", "scale=smoke")
    told = snakemake(root, base)
    found, undisturbed = outcomes(root, "forget_gate"), outcomes(smoke, "forget_gate")
    assert len(found) == 2  # the ledger and the cell
    assert found == {name: undisturbed[name] for name in found}
    picked_up = sum(int(count) for count in re.findall(r"(\d+) picked up", told))
    assert picked_up >= len(finished) - 2  # a kill may fall between a run's end and its cell's
    assert not list(shelf.glob("*"))


UNIFORM = {"examples": "[40,80,160]", "width": "[8,16,32]", "steps": "[15,30,60]"}
RUNGS = {
    "penalty_plus": UNIFORM,
    "penalty_times": UNIFORM,
    "dose_data": {"examples": "[20,40,80]"},
    "null_draw": {"examples": "[20,40,80]"},
}


@pytest.mark.slow
def test_the_controls_run_and_pass(tmp_path: Path) -> None:
    """Their ladders have three rungs here: what is made of all of them is tried in controls/."""
    root = copy_repository(tmp_path / "controlled")
    for name, ladders in RUNGS.items():
        words = (f"ladders.{ladder}.levels={levels}" for ladder, levels in ladders.items())
        shorten(root / "params" / "study" / "control" / f"{name}.yaml", " ".join(words))
    assert "all controls passed at scale smoke" in snakemake(root, "controls")
    [found] = (root / "data" / "results").glob("controls-*.json")
    assert json.loads(found.read_text())["passed"]
    assert "passed" in (root / "reports" / "smoke" / "controls" / "index.html").read_text()


def test_publish_refuses_smoke_runs(smoke: Path) -> None:
    words = ["python", "-m", "ablatlas.publish", "--scale", "smoke"]
    done = subprocess.run(words, cwd=smoke, env=environment(smoke), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "error: command line: scale: found smoke" in done.stderr
    assert not (smoke / "data" / "published").exists()


def test_publish_and_train_no_more(worked: Path) -> None:
    """The smoke runs under another scale's name, published: a clone of that draws without training."""
    for name in STUDIES:
        file = worked / "params" / "study" / f"{name}.yaml"
        smoke = OmegaConf.to_container(OmegaConf.load(file).scales.smoke)
        file.write_text(file.read_text().rstrip() + f"\n  tiny: {json.dumps(smoke)}\n")
    scale = (worked / "params" / "scale" / "smoke.yaml").read_text()
    (worked / "params" / "scale" / "tiny.yaml").write_text(scale.replace("scale: smoke", "scale: tiny"))
    snakemake(worked, "publish", scale="tiny")
    index = json.loads((worked / "data" / "published" / "index.json").read_text())["studies"]
    assert sorted(index) == STUDIES
    for name in STUDIES:
        study = load(name, "tiny", root=worked)
        assert index[name]["digest"] == study.digest
        assert all(str(study.record(cell)).startswith("data/published/") for cell in study.cells)
        assert (worked / "data" / "published" / "results" / f"{name}.json").exists()
    assert (worked / "docs" / "atlas.svg").read_text().startswith("<?xml")
    study = load("residual", "tiny", root=worked)
    before = tracked(worked)
    with pytest.raises(StudyError, match="found a published one, expected replace=yes"):
        publish([study], use=False)
    unequal(worked / study.tuning_record("base", published=False))
    with pytest.raises(MeasureError, match="unequal or empty numbers of trials"):
        publish([study], use=False, replace=True)
    failed = controls.load("tiny", worked)
    (worked / failed.results).write_text(json.dumps({"digest": failed.digest, "passed": False}))
    with pytest.raises(StudyError, match="passed: found false"):
        publish([study])
    assert tracked(worked) == before
    (worked / failed.results).unlink()
    rerun = worked / study.record("base", published=False)
    rerun.write_bytes(slower(rerun))
    (worked / study.tuning_record("base", published=False)).write_bytes(
        before[f"data/published/residual/{study.tuning_record('base').name}"]
    )
    publish([study], use=False, replace=True)
    after = tracked(worked)
    name = f"data/published/residual/{rerun.name}"
    assert after[name] == rerun.read_bytes() != before[name]
    assert after.keys() == before.keys()  # the studies that were not named are where they were, and in the index
    then, now = (json.loads(files["data/published/index.json"])["studies"] for files in (before, after))
    assert [name for name in STUDIES if then[name] != now[name]] == ["residual"]


def tracked(root: Path) -> dict[str, bytes]:
    """Every published file."""
    files = [path for path in (root / "data" / "published").rglob("*") if path.is_file()]
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def unequal(path: Path) -> None:
    """Take one trial out of a ledger."""
    found = record.read(path)
    found.ledger["trials"].pop()
    record.write(path, found)


def slower(path: Path) -> bytes:
    """A record as it would be, had its runs taken longer."""
    found = record.read(path)
    for meters in found.meters:
        meters["seconds"] += 1
    return record.packed(found)
