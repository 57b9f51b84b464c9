"""The procedure `replay`: searches in what is published, of which the digest knows; nothing is trained."""

import json
import shutil
from pathlib import Path

import pytest

from ablatlas import record
from ablatlas.digest import INDEX, PUBLISHED, replayed
from ablatlas.errors import StudyError
from ablatlas.procedures import replay
from ablatlas.study import find_root, load

STUDY = "early_stopping_of_runs"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root of parameters and of the index alone."""
    shutil.copytree(find_root() / "params", tmp_path / "params")
    (tmp_path / INDEX).parent.mkdir(parents=True)
    shutil.copy(find_root() / INDEX, tmp_path / INDEX)
    monkeypatch.setenv("ABLATLAS_ROOT", str(tmp_path))
    return tmp_path


def entry(root: Path, study: str, file: str, pin: str) -> None:
    index = json.loads((root / INDEX).read_text())
    index["studies"].setdefault(study, {"digest": "", "records": {}, "runs": 0, "scale": "laptop"})["records"][file] = (
        pin
    )
    (root / INDEX).write_text(json.dumps(index))


def digests(root: Path) -> tuple[str, str]:
    study = load(STUDY, "smoke", root=root)
    return study.run_digest("with"), study.run_digest("layernorm_with")


def test_a_digest_holds_the_hashes_of_the_records_that_it_replays_and_of_no_others(root: Path) -> None:
    before = digests(root)
    entry(root, STUDY, "base-0123456789ab.json.gz", "its own record, once it is published itself")
    entry(root, "residual", "base-0123456789ab.json.gz", "a confirmation record")
    assert digests(root) == before
    entry(root, "residual", "base-0123456789ab.tuning.json.gz", "another tuning record")
    after = digests(root)
    assert after[0] != before[0]
    assert after[1] == before[1]


def test_a_record_says_which_records_were_replayed() -> None:
    study = load(STUDY, "smoke")
    expected = {
        f"{PUBLISHED}/{name}/{file}": pin
        for name in ("residual", "layernorm")
        for file, pin in replayed(name, study.root).items()
    }
    assert study.data == expected


def test_what_is_not_published_cannot_be_replayed(root: Path) -> None:
    study = load(STUDY, "smoke", ["task.published=unheard_of"], root)
    with pytest.raises(StudyError, match=r"task.published: found unheard_of, expected one of .*residual"):
        _ = study.digest
    (root / INDEX).unlink()
    with pytest.raises(StudyError, match="the index that `snakemake publish` writes"):
        _ = load(STUDY, "smoke", root=root).digest


def test_only_runs_of_the_same_task_and_recipe_are_compared() -> None:
    """Of the published tuning runs of `residual`: those of other depths, and of no other width."""
    found = replay.pool(find_root(), "residual", "depth")
    models = [json.loads(name)["model"] for name in found["runs"]]
    assert len({model["depth"] for model in models}) > 1
    assert len({model["width"] for model in models}) == 1
    assert all(len(curves) == 3 for curves in found["runs"].values())
    lengths = {len(flops) for curves in found["runs"].values() for flops, _ in curves}
    assert max(lengths) == found["evaluations"]
    with pytest.raises(
        ValueError, match=r"task.ladder: found examples, expected one of residual along which the model"
    ):
        replay.pool(find_root(), "residual", "examples")
    with pytest.raises(ValueError, match=r"task.ladder: found rates, expected a ladder of residual with tuned rungs"):
        replay.pool(find_root(), "residual", "rates")


def test_searches_are_the_same_again_and_spend_no_more_than_they_may(tmp_path: Path) -> None:
    study = load(STUDY, "smoke")
    files = [tmp_path / "one.json.gz", tmp_path / "other.json.gz"]
    for file in files:
        replay.confirm(study, "base", file, print)
    one, other = map(record.read, files)
    assert (one.run, one.curve, one.outcome) == (other.run, other.curve, other.outcome)
    assert len(one.run) == len(study.variants) * len(study.seeds["confirmation"])
    assert all(0 < row["spent"] <= 6 for row in one.outcome)
    begun = {run["arm"]: row["begun"] for run, row in zip(one.run, one.outcome, strict=True)}
    assert begun["with"] > begun["once"] > begun["without"] >= 5
