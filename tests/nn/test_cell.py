"""Recurrent cells: each fused kernel against its equations step by step, what the arms share, how each starts."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from ablatlas.nn import cell as cells
from ablatlas.nn import entry, initial
from ablatlas.randomness import generator

INPUTS, WIDTH, BATCH, STEPS = 3, 6, 4, 9
WORDS = ["tanh", "orthogonal", "irnn", "gru", "lstm", "lstm_no_forget", "lstm_no_output"]


def made(word: str, seed: int = 0) -> Any:
    cell = getattr(cells, word)(INPUTS, WIDTH)
    initial.fill(cell, initial.uniform(WIDTH**-0.5), lambda name: generator(seed, name))
    return cell


def x() -> Tensor:
    return torch.randn(BATCH, STEPS, INPUTS, generator=generator("x"))


# --- equations ---


def affine(gate: Any, row: Tensor, h: Tensor) -> Tensor:
    return row @ gate.from_input.T + gate.bias + h @ gate.from_state.T


def simple(cell: Any, row: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    return torch.tanh(affine(cell.cell, row, h)), c


def rectified(cell: Any, row: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    return torch.relu(affine(cell.cell, row, h)), c


def gated(cell: Any, row: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    r, z = (torch.sigmoid(affine(gate, row, h)) for gate in (cell.reset, cell.update))
    n = torch.tanh(row @ cell.cell.from_input.T + cell.cell.bias + r * (h @ cell.cell.from_state.T))
    return (1 - z) * n + z * h, c


def lstm(forget: Callable[[Tensor], Tensor], output: Callable[[Tensor], Tensor]) -> Callable[..., tuple]:
    def step(cell: Any, row: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        i, f, g, o = (affine(gate, row, h) for gate in (cell.input, cell.forget, cell.cell, cell.output))
        c = forget(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return output(o) * torch.tanh(c), c

    return step


EQUATIONS = {
    "tanh": simple,
    "orthogonal": simple,
    "irnn": rectified,
    "gru": gated,
    "lstm": lstm(torch.sigmoid, torch.sigmoid),
    "lstm_no_forget": lstm(torch.ones_like, torch.sigmoid),
    "lstm_no_output": lstm(torch.sigmoid, torch.ones_like),
}


@pytest.mark.parametrize("word", WORDS)
def test_a_cell_computes_its_equations(word: str) -> None:
    cell, rows = made(word), x()
    h = c = torch.zeros(BATCH, WIDTH)
    expected = []
    for row in rows.unbind(1):
        h, c = EQUATIONS[word](cell, row, h, c)
        expected.append(h)
    torch.testing.assert_close(cell(rows), torch.stack(expected, 1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("word", WORDS)
def test_a_cell_sees_no_later_step_and_every_earlier_one(word: str) -> None:
    cell, rows = made(word), x().requires_grad_()
    cell(rows)[:, 4].square().sum().backward()
    assert rows.grad is not None
    assert rows.grad[:, 5:].eq(0).all()
    assert rows.grad[:, :5].ne(0).any(-1).any(0).all()


@pytest.mark.parametrize("word", WORDS)
def test_every_trained_number_has_a_gradient_and_no_constant_gate(word: str) -> None:
    cell = made(word)
    cell(x()).square().sum().backward()
    for name, parameter in cell.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, name
            assert parameter.grad.ne(0).any(), name
        else:
            assert name.startswith(("forget.", "output."))
    frozen = sum(p.numel() for p in cell.parameters() if not p.requires_grad)
    assert frozen == (WIDTH * (INPUTS + WIDTH + 1) if "_no_" in word else 0)


# --- initial values ---


def test_cells_start_gates_that_they_share_from_the_same_values() -> None:
    known = {word: dict(made(word).named_parameters()) for word in ("tanh", "gru", "lstm", "lstm_no_forget")}
    for name in ("cell.from_input", "cell.from_state", "cell.bias"):
        assert all(torch.equal(parameters[name], known["tanh"][name]) for parameters in known.values())
    assert torch.equal(known["lstm"]["input.from_state"], known["lstm_no_forget"]["input.from_state"])
    assert known["lstm"]["forget.bias"].eq(1).all()


def test_an_orthogonal_cell_keeps_lengths_and_is_a_function_of_its_key() -> None:
    u = made("orthogonal").cell.from_state
    torch.testing.assert_close(u @ u.T, torch.eye(WIDTH), rtol=0.0, atol=1e-6)
    assert torch.equal(u, made("orthogonal").cell.from_state)
    assert not torch.equal(u, made("orthogonal", seed=1).cell.from_state)
    assert torch.equal(made("orthogonal").cell.from_input, made("tanh").cell.from_input)


def test_an_identity_cell_keeps_what_it_holds() -> None:
    cell = made("irnn")
    assert torch.equal(cell.cell.from_state, torch.eye(WIDTH))
    assert cell.cell.from_input.square().mean().sqrt().item() == pytest.approx(0.001, rel=1e-5)
    rows = x()
    rows[:, 1:] = 0
    held = cell(rows)
    assert torch.equal(held[:, 0], held[:, -1])
    assert held.any()


# --- how a sequence enters ---


def test_symbols_enter_as_unit_vectors_and_numbers_as_they_are() -> None:
    symbols = torch.tensor([[0, 2, 1]])
    assert entry.symbols(3)(symbols).tolist() == [[[1, 0, 0], [0, 0, 1], [0, 1, 0]]]
    rows = x()
    assert entry.numbers(3)(rows) is rows


def test_what_does_not_enter_is_refused() -> None:
    with pytest.raises(ValueError, match=r"model.entry: found symbols for a task of numbers, expected numbers"):
        entry.symbols(3)(x())
    with pytest.raises(ValueError, match=r"model.entry: found numbers for a task of symbols, expected symbols"):
        entry.numbers(3)(torch.tensor([[0, 2, 1]]))


@pytest.mark.parametrize("word", WORDS)
def test_a_sequence_goes_on_from_the_state_that_its_first_part_leaves(word: str) -> None:
    cell, rows = made(word), x()
    first, state = cell.scan(rows[:, :4], cell.rest(rows))
    second, _ = cell.scan(rows[:, 4:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), cell(rows))
