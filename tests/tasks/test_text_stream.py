"""A real text as streams without an end. Needs a mirror of it."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ablatlas.data import corpora
from ablatlas.randomness import generator
from ablatlas.tasks.text_stream import Task

pytestmark = pytest.mark.usefixtures("mirrored")


def task(seed: int = 0, **changes: Any) -> Task:
    settings: dict[str, Any] = {"batch": 5, "steps": 9, "window": 16, "judged": 3, "span": 20, "positions": [20, 80]}
    return Task(dataset="tinyshakespeare", keys=lambda *key: generator(seed, *key), **settings | changes)


class Constant(nn.Module):
    """Predicts the same everywhere; its state counts windows, so that what is carried can be read off it."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = nn.Parameter(logits)

    def rest(self, streams: int) -> tuple[Tensor, Tensor]:
        return torch.zeros(1, streams, 1), torch.zeros(1, streams, 1)

    def forward(self, x: Tensor, state: tuple[Tensor, ...], fresh: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        self.began = state
        return self.logits.expand(*x.shape), tuple(s + 1 for s in state)


def test_windows_tile_each_stream_without_gap_or_overlap() -> None:
    made, whole = task(), corpora.tinyshakespeare("train")
    read = [""] * 5
    for step in range(9):
        seen, wanted, _, begins = made.batch(step)
        assert seen.shape == (16, 5, 65)
        assert begins.tolist() == [step == 0] * 5
        for i in range(5):
            assert not read[i] or made.characters.decode(seen[:1, i].argmax(-1).tolist()) == read[i][-1]
            read[i] += made.characters.decode(wanted[:, i].tolist())
    assert all(stream in whole + whole for stream in read)
    assert len(set(read)) == 5


def test_what_was_read_to_its_end_is_read_again_from_a_fresh_state() -> None:
    made = task(window=50_000)
    assert made.rounds == 3
    for step in range(3):
        assert all(map(torch.equal, made.batch(step), made.batch(step + 3)))
    model = Constant(torch.zeros(65))
    carry, counted = None, []
    for step in range(9):
        _, carry = made.loss(model, made.batch(step), carry)
        counted.append(int(model.began[0].unique()))
    assert counted == [0, 1, 2, 0, 1, 2, 0, 1, 2]


def test_a_speech_begins_after_an_empty_line() -> None:
    made = task(window=5000)
    seen, _, fresh, _ = made.batch(0)
    for i in range(5):
        text = made.characters.decode(seen[:, i].argmax(-1).tolist())
        empty = [place for place in range(2, 5000) if text[place - 2 : place] == "\n\n"]
        assert empty
        assert fresh[2:, i].nonzero().flatten().tolist() == [place - 2 for place in empty]


def test_seeds_begin_elsewhere_in_one_text() -> None:
    one, other = task(), task(seed=1)
    assert not torch.equal(one.symbols, other.symbols)
    assert all(map(torch.equal, one.held_out("test"), other.held_out("test")))


def test_the_floor_is_what_the_frequencies_score() -> None:
    made, text = task(judged=5, positions=[22_000], span=22_000), corpora.tinyshakespeare("test")
    counts = torch.tensor(made.characters.encode(corpora.tinyshakespeare("train"))).bincount(minlength=65)
    model = Constant((counts / counts.sum()).log())
    found = made.metrics(model, made.held_out("test"))
    expected = -model.logits[torch.tensor(made.characters.encode(text))].mean()
    assert found["loss"].item() == pytest.approx(expected.item(), abs=0.01)
    assert found["loss"].item() == pytest.approx(made.floor["loss"], abs=0.1)
    assert made.floor["loss"] < math.log(65)


def test_the_loss_at_a_position_is_of_the_span_up_to_it() -> None:
    made = task()
    seen, wanted, fresh = made.held_out("validation")
    model = Constant(torch.linspace(-2, 2, 65))
    losses = -model.logits.log_softmax(0)[wanted]
    found = made.metrics(model, (seen, wanted, fresh))
    assert found["loss@20"].item() == pytest.approx(losses[:20].mean().item(), rel=1e-5)
    assert found["loss@80"].item() == pytest.approx(losses[60:80].mean().item(), rel=1e-5)


def test_what_a_seed_trains_on_stays_what_it_was() -> None:
    """Where this changes, every record of the task is of other data: its VERSION must rise."""
    drawn = [task().batch(7)[1], task().held_out("validation")[1]]
    assert [int((part * torch.arange(part.numel()).view_as(part)).sum()) for part in drawn] == [124810, 1056682]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"window": 0}, "task.window: found 0, expected a whole number from 1 to 178462, a stream's length"),
        ({"window": 10**6}, "task.window: found 1000000, expected a whole number from 1 to 178462"),
        ({"judged": 0}, "task.judged: found 0, expected a whole number from 1 to"),
        ({"judged": 10**4}, "task.judged: found 10000, expected a whole number from 1 to 1394, the streams of 80"),
    ],
)
def test_what_a_text_has_not_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        task(**changes).held_out("test")
