"""What is published of a study, held against the study as it is declared: refused by the key that has changed."""

import json
import shutil
from pathlib import Path

import pytest
from conftest import edit
from tiny import Engine, make

from ablatlas.agreement import agreement, overlap, runs
from ablatlas.procedures import cellwork
from ablatlas.procedures.train import confirm, tune
from ablatlas.published import PublishedError, check, files, main, resolved
from ablatlas.study import Study, StudyError, load


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """A study, all of it published, in a root without working outputs; its grids have grown by one rate each."""
    best = {(arm, 0.01): 0.5 for arm in ("with", "without", "scaled_init")}
    monkeypatch.setattr(cellwork, "train", Engine(losses=best))
    make(tmp_path)
    edit(tmp_path / "params" / "scale" / "smoke.yaml", "clock: {blocks: 4, seconds: 0.02}", "clock: null")
    study = load("tiny", "smoke", root=tmp_path)
    for cell in study.tuned_cells:
        tune(study, cell, tmp_path / study.tuning_record(cell), print)
    for cell in study.cells:
        confirm(study, cell, tmp_path / study.record(cell), print)
    shutil.move(tmp_path / "data" / "runs" / "tiny", tmp_path / "data" / "published" / "tiny")
    index = {"studies": {"tiny": {"scale": "smoke"}}}
    (tmp_path / "data" / "published" / "index.json").write_text(json.dumps(index))
    return study


def refused(study: Study) -> str:
    """Why the study as it is declared now is refused."""
    with pytest.raises(PublishedError) as told:
        check(load("tiny", "smoke", root=study.root))
    return str(told.value)


def test_a_study_that_is_as_it_was_is_drawn(study: Study) -> None:
    check(study)
    assert resolved(study.root) == {"tiny": study.digest}


def test_words_change_nothing(study: Study) -> None:
    edit(study.root / "params" / "study" / "tiny.yaml", "title: Residual connections", "title: Shortcuts")
    check(load("tiny", "smoke", root=study.root))
    assert resolved(study.root) == {"tiny": study.digest}


STUDY, MODEL, SCALE = "study/tiny.yaml", "model/residual_mlp.yaml", "scale/smoke.yaml"
CHANGES = [
    (STUDY, "width: 4", "width: 6", "model.width: published 4, today 6"),
    (STUDY, "steps: 4", "steps: 8", "recipe.steps: published 4, today 8"),
    (MODEL, "dropout: 0.0", "dropout: 0.1", "model.dropout: published 0.0, today 0.1"),
    (STUDY, "procedure: train", "procedure: train\nengine: stacked", "engine: published sequential, today stacked"),
    (STUDY, "grid: [0.01, 0.03, 0.1]", "grid: [0.03, 0.1]",
     "tune.grid: published [0.01, 0.03, 0.1], today [0.03, 0.1]"),
    (STUDY, "scaled_init: {role: strong", "scaled: {role: strong",
     'arms and contrasts: published ["scaled_init", "with", "without"], today ["scaled", "with", "without"]'),
    (STUDY, "solved: train_loss < midpoint", "solved: train_loss < 1.5",
     "the score: published train_loss < midpoint, today train_loss < 1.5"),
    (STUDY, "levels: [4, 6, 16]", "levels: [4, 6, 9, 16]", "nothing published of depth=9"),
    (SCALE, "confirmation: 3", "confirmation: 4", "seeds.confirmation: published [0, 1, 2], today [0, 1, 2, 3]"),
    (SCALE, "tuning: 2", "tuning: 1", "seeds.tuning: published [1000, 1001], today [1000]"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "told"), CHANGES, ids=[told.split(":")[0] for *_, told in CHANGES])
def test_a_refusal_names_what_has_changed_and_nothing_else(
    study: Study, file: str, old: str, new: str, told: str
) -> None:
    path = study.root / "params" / file
    edit(path, old, new)
    first, *reasons, last = refused(study).splitlines()
    assert first.startswith("data/published/tiny: ")
    assert [reason.strip() for reason in reasons] == [told]
    assert "-n tiny" in last
    edit(path, new, old)
    check(load("tiny", "smoke", root=study.root))


def test_a_missing_record_is_refused(study: Study) -> None:
    (study.root / study.record("depth=6")).unlink()
    assert "1 of 5 records" in refused(study)
    assert "nothing published of depth=6" in refused(study)


def test_the_command_refuses_with_two(study: Study, monkeypatch: pytest.MonkeyPatch, capsys) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("ABLATLAS_ROOT", str(study.root))
    assert main(["check", "tiny", "--scale", "smoke"]) == 0
    edit(study.root / "params" / "study" / "tiny.yaml", "width: 4", "width: 6")
    assert main(["check", "tiny", "--scale", "smoke"]) == 2
    assert "model.width" in capsys.readouterr().err
    (study.root / "data" / "published" / "index.json").unlink()
    assert main(["resolved", "--out", str(study.root / "out.json")]) == 2
    with pytest.raises(StudyError, match="the index that `snakemake publish` writes"):
        resolved(study.root)


# --- agreement of a rerun with what is published ---


def verdict(word: str, low: float | None, high: float | None) -> dict[str, object]:
    return {"verdict": word, "rho": {"low": low, "high": high, "text": ""}}


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (("RELAXED", 2.0, 4.0), ("RELAXED", 3.0, 5.0), "the same verdict, intervals overlap"),
        (("RELAXED", 2.0, 4.0), ("INCONCLUSIVE", 4.0, 5.0), "ANOTHER VERDICT, intervals overlap"),
        (("RELAXED", 2.0, None), ("RELAXED", 9.0, None), "the same verdict, intervals overlap"),
        (("RELAXED", 2.0, 4.0), ("TIGHTENED", 0.1, 0.2), "ANOTHER VERDICT, intervals DO NOT OVERLAP"),
        (("RELAXED", 2.0, None), ("RELAXED", None, 1.5), "the same verdict, intervals DO NOT OVERLAP"),
        (("INCONCLUSIVE", None, None), ("INCONCLUSIVE", None, None), "the same verdict"),
    ],
)
def test_two_verdicts_in_words(one: tuple, other: tuple, told: str) -> None:
    assert agreement(verdict(*one), verdict(*other)) == agreement(verdict(*other), verdict(*one)) == told
    assert overlap(verdict(*one)["rho"], verdict(*one)["rho"])  # type: ignore[arg-type]


def test_reruns_are_compared_bit_for_bit(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "nothing to compare" in runs(study)
    for path in files(study, published=True):
        working = study.root / "data" / "runs" / "tiny" / path.name
        working.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(study.root / path, working)
    total = 2 * 3 * 4 * 2 + 3 * 3 * 3  # cells, arms, rates, seeds; cells, arms, seeds
    assert f"runs: {total} of {total} end in the same bits; both on cpu" in runs(study)
    base = study.root / study.record("base", published=False)
    base.unlink()
    monkeypatch.setattr(cellwork, "train", Engine(usual=1.0 + 2**-52))  # one bit more
    confirm(study, "base", base, print, anew=True)
    assert f"runs: {total - 9} of {total} end in the same bits" in runs(study)
