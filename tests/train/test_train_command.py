"""`python -m ablatlas.train`: one run from the command line."""

from pathlib import Path

import pytest

from ablatlas.data import images
from ablatlas.train.__main__ import main

SHORT = ["study=residual", "model.depth=8", "seed=3", "recipe.steps=4"]


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room enough that no line is broken."""
    monkeypatch.setenv("COLUMNS", "200")


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main([*SHORT, *words]) == 0
    return capsys.readouterr().out


def test_it_trains_the_named_run_and_shows_its_curve(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, "arm=without", "recipe.patience=1.0")
    assert "residual without seed 3" in out
    assert "4/4" in out
    table = [[cell.strip() for cell in line.strip("│ ").split("│")] for line in out.splitlines() if "│" in line]
    assert [row[0] for row in table] == ["1", "2", "3", "4"]
    assert "finished in" in out
    for name in ("train_loss", "loss", "error"):
        assert name in out


def test_it_says_the_same_twice(capsys: pytest.CaptureFixture[str]) -> None:
    def fingerprint() -> str:
        return printed(capsys, "arm=without").rpartition("parameters ")[2][:12]

    assert fingerprint() == fingerprint()


def test_the_arm_is_with_where_none_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "residual with seed 3" in printed(capsys)


@pytest.mark.parametrize("rate", ["30", "1e18"])
def test_a_diverged_run_is_shown_like_any_other(rate: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, "arm=plain_no_norm", f"recipe.lr={rate}")
    assert "diverged in" in out
    assert "error –" in out


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("arm=withou", "arm: found withou, expected one of with, without"),
        ("recipe.stepz=4", "recipe.stepz"),
        ("seed=-1", "seed: found -1, expected a whole number from 0"),
        ("model.depth=9", "model.depth: found 9, expected an even number from 4"),
        ("recipe.optimizer=lion", "recipe.optimizer: found lion, expected sgd, adam, adam_uncorrected"),
        ("recipe.steps=0", "recipe.steps: found 0, expected a whole number from 1"),
        ("recipe.steps=2.5", "recipe.steps: found 2.5, expected a whole number from 1"),
        ("recipe.evaluations=0", "recipe.evaluations: found 0, expected a whole number from 1"),
        ("recipe.batch=2000", "recipe.batch: found 2000, expected a whole number from 1 to 360"),
        ("recipe.dose=slow", "recipe.dose: found slow, expected one of none, halved, doubled, slowed"),
        ("task.examples=2000", "task.examples: found 2000, expected a whole number from 1 to 1437"),
        ("task.copies=7", "task.copies: found 7, expected a divisor of the 360 examples"),
        ("task.places=65", "task.places: found 65, expected a whole number from 1 to 64"),
        ("model.dropout=2.0", "dropout: found 2.0, expected a probability in"),
    ],
)
def test_a_bad_override_ends_with_2_and_one_line(word: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    others = [given for given in SHORT if given.partition("=")[0] != word.partition("=")[0]]
    assert main([*others, word]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1


def test_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "params").symlink_to(Path(__file__).parents[2] / "params")
    monkeypatch.setenv("ABLATLAS_ROOT", str(tmp_path))
    assert main([*SHORT, "arm=with"]) == 0
    assert {path.name for path in tmp_path.iterdir()} <= {"params", "data"}
    assert [path.name for path in (tmp_path / "data").iterdir()] == [".cache"]


@pytest.mark.usefixtures("mirrored")
@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["study=residual", "task=mnist", "arm=with", "seed=3"], ["error", "loss"]),
        (["study=residual", "task=cifar10", "task.examples=500", "task.noise=0.2"], ["error", "loss"]),
        (["study=layernorm", "task=tinyshakespeare", "seed=3"], ["loss"]),
        (["study=layernorm", "task=names", "arm=without"], ["loss"]),
    ],
)
def test_any_task_on_real_data(words: list[str], named: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "recipe.steps=4", "recipe.patience=1.0"]) == 0
    out = capsys.readouterr().out
    assert "finished in" in out
    assert all(f"{name} " in out for name in named)


def test_data_that_is_missing_ends_with_2_and_how_to_come_by_it(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for kept in (images.mnist, images._array):
        kept.cache_clear()  # by another test, where there was a mirror
    assert main(["study=residual", "task=mnist", "recipe.steps=4"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("error: ")
    assert told.endswith(
        "found nothing there, and ABLATLAS_MIRROR is not set; fetch it: python -m ablatlas.data fetch mnist\n"
    )
