"""The recurrent state where strings begin, against a recurrence written out step by step."""

import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor

from ablatlas.models.lstm import Model
from ablatlas.nn.state import State
from ablatlas.randomness import generator

INPUTS, WIDTH = 3, 4


def lstm(state: str, dtype: torch.dtype = torch.float64) -> Model:
    model = Model(inputs=INPUTS, outputs=2, width=WIDTH, forget="learned", state=state)
    model.initialise(lambda name: generator(0, name))
    return model.to(dtype)


def drawn(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def start(streams: int) -> State:
    return (
        drawn(1, streams, WIDTH, seed=2).requires_grad_(),
        drawn(1, streams, WIDTH, seed=3).requires_grad_(),
    )


def step_by_step(model: Model, x: Tensor, state: State, fresh: Tensor) -> tuple[Tensor, State]:
    """The oracle: one step at a time, h and c set to zero before a step that begins a string."""
    (h,), (c,) = state
    outputs = []
    for row, begins in zip(x, fresh, strict=True):
        h, c = (torch.where(begins[:, None], 0.0, s) for s in (h, c))
        i, f, g, o = (
            row @ gate.from_input.T + h @ gate.from_state.T + gate.bias
            for gate in (model.input, model.forget, model.cell, model.output)
        )
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        outputs.append(h)
    return torch.stack(outputs), (h[None], c[None])


def gradients(model: Model, x: Tensor, begin: State, outputs: Tensor, end: State) -> tuple[Tensor, ...]:
    """Of a loss in which every output and both last states weigh differently."""
    weighted = [(t * drawn(*t.shape, seed=seed)).sum() for seed, t in zip((4, 5, 6), (outputs, *end), strict=True)]
    gates = (model.input, model.forget, model.cell, model.output)
    weights = [p for gate in gates for p in gate.parameters()]
    return torch.autograd.grad(sum(weighted, torch.zeros(())), [x, *begin, *weights], allow_unused=True)


def agree(model: Model, fresh: Tensor, oracle: Tensor) -> None:
    """Outputs, last states and all gradients are the oracle's, whose strings begin where `oracle` says."""
    x, begin = drawn(*fresh.shape, INPUTS, seed=1).requires_grad_(), start(fresh.shape[1])
    ours, theirs = model.state(model.scan, x, begin, fresh), step_by_step(model, x, begin, oracle)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(
        gradients(model, x, begin, *ours), gradients(model, x, begin, *theirs), rtol=1e-7, atol=1e-9
    )


@st.composite
def patterns(draw: st.DrawFn) -> Tensor:
    """(T, B) bool: where strings begin."""
    streams = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(st.booleans(), min_size=streams, max_size=streams), min_size=1, max_size=9))
    return torch.tensor(rows)


@settings(max_examples=60, deadline=None)
@given(patterns())
@example(torch.zeros(1, 1, dtype=torch.bool))
@example(torch.ones(1, 3, dtype=torch.bool))
@example(torch.zeros(6, 3, dtype=torch.bool))
@example(torch.ones(6, 3, dtype=torch.bool))
def test_reset_is_zeroing_before_each_string(fresh: Tensor) -> None:
    agree(lstm("reset"), fresh, oracle=fresh)


def test_carried_ignores_where_strings_begin() -> None:
    fresh = torch.rand(7, 3, generator=torch.Generator().manual_seed(0)) < 0.5
    agree(lstm("carried"), fresh, oracle=torch.zeros_like(fresh))


def test_no_gradient_crosses_a_reset() -> None:
    model, x = lstm("reset"), drawn(6, 1, INPUTS, seed=1).requires_grad_()
    fresh = torch.zeros(6, 1, dtype=torch.bool)
    fresh[3] = True
    outputs, _ = model(x, start(1), fresh)
    (gradient,) = torch.autograd.grad(outputs[3:].sum(), x)
    assert (gradient[:3] == 0).all()
    assert (gradient[3:] != 0).all()


@settings(max_examples=20, deadline=None)
@given(patterns(), st.sampled_from(["carried", "reset"]), st.data())
def test_two_windows_are_one_long_window(fresh: Tensor, state: str, data: st.DataObject) -> None:
    model, cut = lstm(state), data.draw(st.integers(0, len(fresh) - 1))
    x, begin = drawn(*fresh.shape, INPUTS, seed=1), start(fresh.shape[1])
    whole, last = model(x, begin, fresh)
    if cut == 0:
        return
    first, between = model(x[:cut], begin, fresh[:cut])
    second, end = model(x[cut:], between, fresh[cut:])
    torch.testing.assert_close(torch.cat([first, second]), whole)
    torch.testing.assert_close(end, last)


def test_reset_agrees_in_single_precision_too() -> None:
    """The kernel that training runs; packed segments and equal sequences take different paths in it."""
    model = lstm("reset", torch.float32)
    fresh = torch.rand(50, 8, generator=torch.Generator().manual_seed(0)) < 0.1
    x, begin = drawn(50, 8, INPUTS, seed=1).float(), model.rest(8)
    torch.testing.assert_close(
        model.state(model.scan, x, begin, fresh), step_by_step(model, x, begin, fresh), rtol=1e-5, atol=1e-6
    )
