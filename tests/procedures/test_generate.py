"""The procedure `generate`: nothing is timed before all variants have written the same symbols."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from ablatlas import record
from ablatlas.nn.cache import Cached
from ablatlas.procedures.generate import Writing, confirm
from ablatlas.procedures.lane import Lane
from ablatlas.study import Study, load
from ablatlas.train.build import deterministic

STUDY, CELL = "kv_cache", "length=16"


@pytest.fixture
def study() -> Study:
    deterministic()
    return load(STUDY, "smoke")


def test_a_record_tells_what_was_written_and_what_a_symbol_costs(study: Study, tmp_path: Path) -> None:
    confirm(study, CELL, tmp_path / "r.json.gz", print)
    found = record.read(tmp_path / "r.json.gz")
    rows = {run["arm"]: (end, meters) for run, end, meters in zip(found.run, found.outcome, found.meters, strict=True)}
    assert len(found.run) == 2 * len(study.seeds["confirmation"])
    assert {end["written"] for end in found.outcome} == {16}
    assert rows["with"][1]["flops_per_step"] < rows["without"][1]["flops_per_step"]
    assert rows["with"][1]["parameters"] == rows["without"][1]["parameters"]
    assert rows["with"][0]["parameters"] == rows["without"][0]["parameters"]  # the same network, bit for bit
    assert 0 <= rows["without"][0]["logit_error"] < 1e-4


def test_nothing_is_timed_where_another_symbol_is_written(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stale(self: Cached, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """A cache that takes the values of what it reads now for those of all that it has read."""
        keys, values = kept(self, layer, k, v)
        return keys, torch.zeros_like(values)

    kept = Cached.join
    monkeypatch.setattr(Cached, "join", stale)
    monkeypatch.setattr(Lane, "steps", lambda *_: pytest.fail("something was timed"))
    with pytest.raises(ValueError, match=r"kv_cache: seed 0, without and with: found different symbols from position"):
        confirm(study, CELL, tmp_path / "r.json.gz", print)
    assert list(tmp_path.iterdir()) == []


def test_a_call_writes_every_symbol_of_every_sequence(study: Study) -> None:
    lane = Writing(study, "with", CELL, 0)
    symbols = lane.results()["symbols"]
    assert symbols.shape == (1, lane.task.prompt_BP.shape[1] + 16)
    assert lane.units == 16
    assert not any(parameter.requires_grad for parameter in lane.model.parameters())
