"""Reading records from disk, and the command that measures them."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from synthetic import frames, ledger, residual

from ablatlas import record
from ablatlas.record import Record
from ablatlas.stats import __main__ as command
from ablatlas.stats.checks import MeasureError
from ablatlas.stats.collect import collect
from ablatlas.study import StudyError


def outcome(variant: str, cell: str, seed: int) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Shallow solves, deep does not, and diverges without the innovation."""
    deep = cell != "base"
    state = "diverged" if deep and variant == "without" else "finished"
    loss = 2.0 if deep and variant != "with" else 0.1
    return state, {"train_loss": loss, "loss": loss}, {"train_loss": lambda step: loss, "loss": lambda step: loss}


@pytest.fixture
def on_disk(tmp_path: Path) -> Any:
    """A study of two cells whose records lie in a folder as the training step leaves them."""
    whole = residual()
    made = SimpleNamespace(**vars(whole))
    made.cells = {name: whole.cells[name] for name in ("base", "depth=14")}
    made.tune = SimpleNamespace(cells=("base",))
    made.ladders = {"depth": whole.ladders["depth"].__class__(**vars(whole.ladders["depth"]) | {"levels": (8, 14)})}
    made.root = tmp_path
    made.record = lambda cell, published: Path("published" if published else "runs", f"{cell}.json.gz")
    made.tuning_record = lambda cell, published: Path("runs", f"{cell}.tuning.json.gz")
    for cell in made.cells:
        record.write(tmp_path / "runs" / f"{cell}.json.gz", confirmation(made, cell))
    entry = {key: value for key, value in ledger(made, "base").items() if key not in ("file", "seconds", "keys")}
    tuning = confirmation(made, "base")
    tuning.ledger = entry
    record.write(tmp_path / "runs" / "base.tuning.json.gz", tuning)
    return made


def confirmation(made: Any, cell: str) -> Record:
    """The record of one cell, run by run."""
    drawn = frames(made, outcome)
    made_record = Record(provenance=dict(drawn.provenance[cell]))
    for row in drawn.runs[drawn.runs["cell"] == cell].to_dict("records"):
        own = (drawn.curves["arm"] == row["arm"]) & (drawn.curves["seed"] == row["seed"])
        points = drawn.curves[own & (drawn.curves["cell"] == cell)].drop(
            columns=["arm", "cell", "seed", "rate", "state"]
        )
        made_record.add(
            run={key: row[key] for key in ("key", "arm", "cell", "seed", "state", "rate")} | {"digest": row["key"]},
            curve=points.to_dict("records"),
            outcome={"train_loss": row["train_loss"], "loss": row["loss"], "parameters": "5f1e"},
            meters={key: row[key] for key in ("parameters", "trainable", "flops_per_step", "seconds")},
            config={},
        )
    return made_record


def test_records_become_frames(on_disk: Any) -> None:
    confirmed, ledgers, clock = collect(on_disk, published=False)
    assert clock is None
    assert len(confirmed.runs) == 2 * 3 * 10
    assert set(confirmed.runs["parameters"]) == {9000}  # how many there are, not what they hash to
    assert {"val_loss", "train_loss", "step", "arm", "cell", "seed", "state"} <= set(confirmed.curves)
    assert confirmed.files["base"] == "runs/base.json.gz"
    assert (ledgers["base"]["file"], ledgers["base"]["seconds"]) == ("runs/base.tuning.json.gz", 2.0 * 3 * 10)


def test_the_command_writes_results_and_says_them(
    on_disk: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ablatlas.study.load", lambda name, scale, ladders: on_disk)
    out = on_disk.root / "results" / "residual.json"
    assert command.main(["residual", "--published", "ignore", "--out", str(out)]) == 0
    written = json.loads(out.read_text(encoding="utf-8"))
    assert [v["verdict"] for v in written["verdicts"]] == ["INCONCLUSIVE", "INCONCLUSIVE"]
    assert written["states"] == {"diverged": 10, "finished": 50}
    said = capsys.readouterr().out
    assert "residual: optimization by depth, with / without: INCONCLUSIVE (ladder too coarse), ρ > 1" in said


def test_published_records_are_read_where_they_are_wanted(on_disk: Any) -> None:
    with pytest.raises(MeasureError, match=r"published/base\.json\.gz: no such record"):
        collect(on_disk, published=True)


def test_a_record_without_a_ledger_is_named(on_disk: Any) -> None:
    record.write(on_disk.root / "runs" / "base.tuning.json.gz", Record())
    with pytest.raises(MeasureError, match=r"base\.tuning\.json\.gz: the record holds no tuning ledger"):
        collect(on_disk, published=False)


@pytest.mark.parametrize("breaks", ["missing", "truncated", "study"])
def test_what_cannot_be_measured_leaves_no_results(
    breaks: str, on_disk: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = on_disk.root / "runs" / "depth=14.json.gz"
    path.write_bytes(path.read_bytes()[:40])
    if breaks == "missing":
        path.unlink()

    def load(name: str, scale: str, ladders: str) -> Any:
        if breaks == "study":
            raise StudyError("params/study", "study", name, "a study")
        return on_disk

    monkeypatch.setattr("ablatlas.study.load", load)
    out = on_disk.root / "residual.json"
    assert command.main(["residual", "--published", "ignore", "--out", str(out)]) == 2
    assert not out.exists()
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert ("depth=14.json.gz" in error) == (breaks != "study")
