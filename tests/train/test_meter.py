"""Meters: counts of parameters, and peak memory against what can be worked out by hand."""

from collections.abc import Callable

import pytest
import torch
from declared import TRAINED
from torch import Tensor, nn

from ablatlas.study import load
from ablatlas.train import meter
from ablatlas.train.build import deterministic
from ablatlas.train.sequential import Training
from ablatlas.tree import put

CPU = torch.device("cpu")
FLOAT = 4  # bytes


# --- parameters ---


class Model(nn.Module):
    """Tables of 5 × 3 and 7 × 3 numbers, a hidden layer, a read-out, one layer frozen and one that nothing uses."""

    def __init__(self) -> None:
        super().__init__()
        self.symbol, self.position = nn.Embedding(5, 3), nn.Embedding(7, 3)
        self.frozen = nn.Linear(3, 3, bias=False).requires_grad_(False)
        self.hidden, self.head = nn.Linear(3, 4), nn.Linear(4, 5, bias=False)
        self.unused = nn.Linear(10, 10)

    def forward(self, symbols: Tensor) -> Tensor:
        x = self.symbol(symbols) + self.position(torch.arange(len(symbols)))
        return self.head(torch.relu(self.hidden(self.frozen(x))))


def counts(model: Model) -> dict[str, int]:
    model(torch.tensor([0, 1, 1])).square().sum().backward()
    return meter.parameters(model)


def test_parameters_total_trainable_active_and_without_tables() -> None:
    torch.manual_seed(0)
    tables, frozen, hidden, head, unused = 5 * 3 + 7 * 3, 9, 4 * 3 + 4, 5 * 4, 110
    assert counts(Model()) == {
        "parameters": tables + frozen + hidden + head + unused,
        "trainable": tables + hidden + head + unused,
        "active": tables + hidden + head,
        "non_embedding": frozen + hidden + head + unused,
    }


def test_behind_a_dead_layer_nothing_is_active() -> None:
    model = Model()
    with torch.no_grad():
        model.hidden.bias.fill_(-1e3)  # the rectifier is off for all, so even the read-out has nothing to weigh
    assert counts(model)["active"] == 0


def test_a_table_that_is_the_readout_too_is_counted_once() -> None:
    torch.manual_seed(0)
    model, tied = Model(), Model()
    tied.symbol = nn.Embedding(5, 4)
    tied.position = nn.Embedding(7, 4)
    tied.frozen = nn.Linear(4, 3, bias=False).requires_grad_(False)
    tied.head.weight = tied.symbol.weight
    found = counts(tied)
    assert found["parameters"] == sum(p.numel() for p in tied.parameters())
    assert found["non_embedding"] == counts(model)["non_embedding"] - 5 * 4 + 3


# --- peak memory ---


def test_the_peak_is_the_most_that_is_there_at_once() -> None:
    def run() -> None:
        one = torch.empty(1000)
        two = torch.empty(2000)
        del one
        three = torch.empty(500)
        del two, three
        torch.empty(700)

    assert meter.peak(run, CPU) == 3000 * FLOAT


def test_nothing_allocated_is_no_peak() -> None:
    kept = torch.ones(1000)
    assert meter.peak(lambda: kept.zero_(), CPU) == 0


def test_a_block_that_lies_where_an_earlier_run_left_one_is_not_taken_for_it() -> None:
    kept: list[Tensor] = []

    def fill() -> None:
        kept.extend(torch.empty(1000) for _ in range(100))

    def run() -> None:
        kept.clear()
        torch.empty(700)

    assert meter.peak(fill, CPU) == 100 * 1000 * FLOAT
    addresses = {block.data_ptr() for block in kept}
    kept.clear()
    fill()
    assert addresses & {block.data_ptr() for block in kept}, "no block lies where one did: the test shows nothing"
    assert meter.peak(run, CPU) == 700 * FLOAT


def layers(count: int) -> Callable[[], Tensor]:
    """`count` linear layers without bias, 8 × 16 numbers into each and out of it, from the first to the last."""
    x, stack = torch.randn(8, 16), nn.Sequential(*(nn.Linear(16, 16, bias=False) for _ in range(count)))
    return lambda: stack(x)


@pytest.mark.parametrize("count", [3, 6])
def test_activations_of_linear_layers_are_kept_for_a_backward_pass_and_two_at_a_time_without(count: int) -> None:
    activation, run = 8 * 16 * FLOAT, layers(count)
    assert meter.peak(run, CPU) == count * activation
    with torch.no_grad():
        assert meter.peak(run, CPU) == 2 * activation


def training(name: str, batch: int | None = None) -> Training:
    deterministic()
    config = load(name, "smoke").run_config("with")
    made = Training(put(config, "recipe.batch", batch) if batch else config, seed=3)
    made.take(0)
    return made


@pytest.mark.parametrize("name", TRAINED)
def test_a_step_holds_its_own_its_gradients_and_more_the_larger_the_batch(name: str) -> None:
    peaks = [meter.peak_memory(training(name, batch), 1) for batch in (8, 16, 32)]
    one = training(name, 8)
    gradients = sum(p.nbytes for p in one.model.parameters() if p.requires_grad)
    assert peaks[0] > meter.own_bytes(one) + gradients
    assert peaks[2] > peaks[1] > peaks[0]


@pytest.mark.parametrize("batch", [40, 64])
def test_activations_grow_in_proportion_to_the_batch(batch: int) -> None:
    """All that does not, parameters, gradients, statistics, falls out of a difference."""
    small, middle, large = (meter.peak_memory(training("residual", size), 1) for size in (batch, 2 * batch, 3 * batch))
    assert large - middle == middle - small


@pytest.mark.parametrize("name", TRAINED)
def test_what_was_done_before_changes_no_peak(name: str) -> None:
    fresh, used = training(name), training(name)
    for index in (1, 2, 3):
        used.take(index)
    assert meter.peak_memory(used, 1) == meter.peak_memory(fresh, 1)


def test_own_bytes_by_hand() -> None:
    made = training("residual")
    trained = sum(p.numel() for p in made.model.parameters())
    statistics = sum(b.nbytes for b in made.model.buffers())
    assert made.recipe["optimizer"] == "sgd"
    assert made.recipe["momentum"] > 0
    assert meter.own_bytes(made) == 2 * trained * FLOAT + statistics  # each has its momentum
