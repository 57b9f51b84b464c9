"""A/A's draws: no run serves two of them, each is a study of its own, and none is made twice."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from invented import train

from ablatlas.controls import draws
from ablatlas.controls.draws import draw, measured, row
from ablatlas.procedures import cellwork
from ablatlas.study import Study, load


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.setattr(cellwork, "train", train)
    return replace(load("aa", "smoke"), root=tmp_path)


def test_no_run_serves_two_draws() -> None:
    study = load("aa")
    made = [draw(study, k) for k in range(5)]
    runs = [one.run_digest(variant, cell) for one in made for variant in one.variants for cell in one.cells]
    assert len(set(runs)) == len(runs)
    assert len({one.digest for one in made}) == len(made)
    streams = [one.run_config(variant)["recipe"]["stream"] for one in made for variant in one.variants]
    assert streams == list(range(10))


def test_arms_differ_in_the_stream_alone() -> None:
    one = draw(load("aa"), 3)
    first, second = (one.run_config(variant) for variant in one.variants)
    second["recipe"]["stream"] = first["recipe"]["stream"]
    assert first == second


def test_a_draw_is_tuned_confirmed_and_measured(study: Study) -> None:
    results = measured(draw(study, 1))
    assert results["tuning"]["with"]["trials"] == results["tuning"]["without"]["trials"] > 0
    found = row(1, results)
    assert found["draw"] == 1
    assert {"value", "low", "high", "p", "verdict", "reason", "digest"} <= set(found)
    assert not any(study.root.iterdir())  # what it trained is thrown away


def test_a_finished_draw_is_not_made_again(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def answer(one: Study) -> dict[str, Any]:
        made.append(one.digest)
        if len(made) == 3:
            raise KeyboardInterrupt
        plain = {"value": 1.0, "low": 0.5, "high": None}
        rows = [{"ladder": "examples", "plain": plain, "p": 1.0, "verdict": "INCONCLUSIVE", "reason": None}]
        return {"digest": one.digest, "verdicts": [*rows, {"ladder": None}]}

    monkeypatch.setattr(draws, "measured", answer)
    out, lines = study.root / "block.json", list[str]()
    with pytest.raises(KeyboardInterrupt):
        draws.draws(study, 0, 4, out, lines.append)
    assert not out.exists()
    draws.draws(study, 0, 4, out, lines.append)
    assert len(made) == 5  # two, the one that was stopped again, and one more
    assert [one["draw"] for one in json.loads(out.read_text())] == [0, 1, 2, 3]
    assert lines[-1] == "aa 4/4: draw 3, INCONCLUSIVE, ρ in 0.5 … open"
    assert not list((study.root / "data" / "runs" / ".shelf").iterdir())
