"""DVC redraws what Snakemake would not train, and refuses where it would."""

import subprocess
from pathlib import Path

import pytest
from conftest import ROOT, commit, edit, environment, planned, type_in


def refusal(root: Path, study: str) -> str:
    """What `dvc repro` says where it refuses to draw a study's figure; empty where it draws."""
    words = ["dvc", "repro", "--quiet", f"figure@{study}"]
    done = subprocess.run(words, cwd=root, env=environment(root), capture_output=True, text=True, check=False)
    figure = root / "reports" / "published" / f"{study}.svg"
    assert figure.exists() == (done.returncode == 0), done.stderr
    return "" if done.returncode == 0 else done.stderr


def agreed(root: Path, study: str = "residual") -> str:
    """The refusal of `dvc repro`, made sure to come exactly where Snakemake would train."""
    told = refusal(root, study)
    assert bool(planned(root, study)) == bool(told), told
    return told


def test_a_fresh_clone_draws_the_very_figure_of_the_report(published: Path, smoke: Path, tmp_path: Path) -> None:
    assert refusal(published, "residual") == ""
    commit(published)
    fresh = tmp_path / "fresh"
    type_in(tmp_path, "git", "clone", "--quiet", str(published), str(fresh))
    assert refusal(fresh, "residual") == ""
    assert type_in(fresh, "git", "status", "--porcelain") == ""
    drawn = (fresh / "reports" / "published" / "residual.svg").read_bytes()
    assert drawn == (smoke / "reports" / "smoke" / "residual" / "figure.svg").read_bytes()


def test_the_two_commands_agree_on_a_version(published: Path) -> None:
    bump(published)
    assert "VERSION of models/residual_mlp.py: published 1, today 2" in agreed(published)


def bump(root: Path) -> None:
    """Say of a model that it computes otherwise than it did."""
    edit(root / "src" / "ablatlas" / "models" / "residual_mlp.py", "VERSION = 1", "VERSION = 2")


@pytest.mark.slow
@pytest.mark.xdist_group("dag")
def test_the_two_commands_agree_all_along_a_walk(published: Path, smoke: Path, tmp_path: Path) -> None:
    params, remote = published / "params", tmp_path / "remote"
    assert agreed(published) == ""
    commit(published)
    edit(params / "recipe" / "momentum.yaml", "momentum: 0.9", "momentum: 0.8")
    assert "recipe.momentum: published 0.9, today 0.8" in agreed(published)
    assert agreed(published, "layernorm") == ""  # which has another recipe
    commit(published)
    type_in(published, "git", "checkout", "--quiet", "HEAD~1")
    assert agreed(published) == ""
    bump(published)
    assert "VERSION of" in agreed(published)
    type_in(published, "git", "checkout", "--quiet", "src")
    assert agreed(published) == ""
    edit(params / "study" / "residual.yaml", "title: Residual connections", "title: Shortcuts")
    assert agreed(published) == ""
    edit(params / "model" / "transformer.yaml", "ratio: 4", "ratio: 2")
    assert "model.ratio: published 4, today 2" in agreed(published, "layernorm")
    assert agreed(published) == ""
    edit(params / "model" / "transformer.yaml", "ratio: 2", "ratio: 4")
    assert agreed(published, "layernorm") == ""
    stray = published / "data" / "runs" / "residual"
    stray.mkdir(parents=True)
    [record] = (smoke / "data" / "runs" / "residual").glob("base-*[0-9a-f].json.gz")
    (stray / "base-000000000000.json.gz").write_bytes(record.read_bytes())
    assert agreed(published) == ""
    edit(params / "scale" / "smoke.yaml", "confirmation: 3", "confirmation: 4")
    assert "seeds.confirmation: published [0, 1, 2], today [0, 1, 2, 3]" in agreed(published)
    type_in(published, "git", "checkout", "--quiet", "params")
    type_in(published, "dvc", "remote", "add", "--local", "--default", "site", str(remote))
    type_in(published, "dvc", "push")
    type_in(published, "dvc", "pull")
    assert agreed(published) == ""
    gone = next((published / "data" / "published" / "residual").glob("*.tuning.json.gz"))
    gone.unlink()
    assert "nothing published of" in agreed(published)


@pytest.mark.slow
@pytest.mark.xdist_group("dag")
def test_the_atlas_is_drawn_of_all_that_is_published(published: Path) -> None:
    type_in(published, "dvc", "repro", "--quiet")
    drawn = (published / "reports" / "published" / "atlas.svg").read_text()
    assert drawn.startswith("<?xml")
    assert {path.name for path in (published / "reports" / "published").glob("*.svg")} == {
        "atlas.svg", "layernorm.svg", "residual.svg",
    }  # fmt: skip


@pytest.mark.slow
def test_the_lock_is_of_this_source(tmp_path: Path) -> None:
    """A clone of this repository draws a published figure and leaves git with nothing to say: else, `dvc repro`."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git repository: an archive of the source has no lock to be cloned")
    fresh = tmp_path / "fresh"
    type_in(tmp_path, "git", "clone", "--quiet", str(ROOT), str(fresh))
    assert refusal(fresh, "residual") == ""
    assert type_in(fresh, "git", "status", "--porcelain") == ""
