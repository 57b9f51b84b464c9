"""Each model: shapes, refusals, causality, and its FLOPs by formula against FLOPs counted."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from ablatlas.models import lstm, residual_mlp, rnn, transformer
from ablatlas.randomness import generator


def made(model: Any, seed: int = 0) -> Any:
    model.initialise(lambda name: generator(seed, name))
    return model


def mlp(depth: int = 8, **changes: Any) -> residual_mlp.Model:
    words = {"shortcut": "identity", "norm": "batch", "activation": "relu", "dropout": 0.0}
    return made(residual_mlp.Model(**{"inputs": 6, "outputs": 3, "width": 5, "depth": depth, **words, **changes}))


def decoder(depth: int = 3, **changes: Any) -> transformer.Model:
    sizes = {"inputs": 5, "outputs": 4, "length": 6, "width": 8, "heads": 2, "ratio": 3}
    return made(transformer.Model(**{"depth": depth, "branch": "pre_norm", "affine": True, **sizes, **changes}))


def recurrent(**changes: Any) -> lstm.Model:
    words = {"forget": "learned", "state": "carried"}
    return made(lstm.Model(**{"inputs": 3, "outputs": 4, "width": 5, **words, **changes}))


def sequential(depth: int = 2, **changes: Any) -> rnn.Model:
    sizes = {"inputs": 3, "outputs": 4, "length": 9, "width": 5}
    return made(rnn.Model(**{"depth": depth, "cell": "lstm", "entry": "numbers", **sizes, **changes}))


def counted(run: Callable[[], object]) -> int:
    """Floating-point operations of matrix products while `run` runs, by torch's own counter."""
    with FlopCounterMode(display=False) as counter:
        run()
    return int(counter.get_total_flops())


# --- shapes and refusals ---


def test_shapes() -> None:
    assert mlp()(torch.randn(7, 6)).shape == (7, 3)
    assert decoder()(torch.zeros(7, 6, dtype=torch.long)).shape == (7, 6, 4)
    assert sequential()(torch.randn(7, 9, 3)).shape == (7, 9, 4)
    assert sequential(entry="symbols")(torch.zeros(7, 9, dtype=torch.long)).shape == (7, 9, 4)
    model = recurrent()
    logits, state = model(torch.randn(9, 7, 3), model.rest(7), torch.zeros(9, 7, dtype=torch.bool))
    assert logits.shape == (9, 7, 4)
    assert [s.shape for s in state] == [(1, 7, 5), (1, 7, 5)]


@pytest.mark.parametrize("depth", [4, 6, 14])
def test_depth_counts_the_layers_with_weights(depth: int) -> None:
    assert sum(isinstance(part, nn.Linear) for part in mlp(depth).modules()) == depth
    assert len(mlp(depth).layers) == (depth - 2) // 2


@pytest.mark.parametrize("depth", [-2, 0, 2, 3, 5, 9])
def test_a_depth_that_no_block_fills_is_refused(depth: int) -> None:
    with pytest.raises(ValueError, match=f"model.depth: found {depth}, expected an even number from 4"):
        mlp(depth)


def test_heads_that_do_not_divide_the_width_are_refused() -> None:
    with pytest.raises(ValueError, match=r"model.heads: found 3, expected a divisor of model.width = 8"):
        decoder(heads=3)


@pytest.mark.parametrize("depth", [0, -1])
def test_a_network_without_a_recurrent_layer_is_refused(depth: int) -> None:
    with pytest.raises(ValueError, match=f"model.depth: found {depth}, expected a whole number from 1"):
        sequential(depth)


# --- causality ---


@pytest.mark.parametrize("branch", ["pre_norm", "plain", "scaled"])
@pytest.mark.parametrize("changed", [0, 3, 5])
def test_a_symbol_changes_no_earlier_prediction(branch: str, changed: int) -> None:
    model, symbols = decoder(branch=branch), torch.tensor([[0, 1, 2, 3, 4, 0]])
    other = symbols.clone()
    other[0, changed] = 4 - other[0, changed] if other[0, changed] != 2 else 0
    before, after = model(symbols), model(other)
    assert torch.equal(before[:, :changed], after[:, :changed])
    assert (before[:, changed:] != after[:, changed:]).any(-1).all()


def test_positions_are_told_apart() -> None:
    logits = decoder()(torch.zeros(1, 6, dtype=torch.long))[0]
    assert len({tuple(row) for row in logits.tolist()}) == 6


def test_an_lstm_sees_no_later_symbol() -> None:
    model, x = recurrent(), torch.randn(6, 1, 3, generator=torch.Generator().manual_seed(0))
    fresh = torch.zeros(6, 1, dtype=torch.bool)
    other = x.clone()
    other[3] += 1
    before, after = model(x, model.rest(1), fresh)[0], model(other, model.rest(1), fresh)[0]
    assert torch.equal(before[:3], after[:3])
    assert (before[3:] != after[3:]).all()


# --- FLOPs ---


@pytest.mark.parametrize("shortcut", ["identity", "none", "scaled"])
@pytest.mark.parametrize("depth", [4, 10])
def test_flops_of_the_residual_network(shortcut: str, depth: int) -> None:
    model = mlp(depth, shortcut=shortcut)
    assert counted(lambda: model(torch.randn(7, 6))) == 7 * model.flops


def test_a_step_costs_three_forward_passes_less_the_gradient_that_no_input_needs() -> None:
    model = mlp()
    step = counted(lambda: model(torch.randn(7, 6)).sum().backward())
    assert step == 7 * (3 * model.flops - 2 * 6 * 5)


@pytest.mark.parametrize("branch", ["pre_norm", "plain", "scaled"])
@pytest.mark.parametrize("depth", [1, 4])
def test_flops_of_the_transformer(branch: str, depth: int) -> None:
    """With attention as plain matrix products: the counter skips the fused kernel on a CPU."""
    model, symbols = decoder(depth, branch=branch), torch.zeros(7, 6, dtype=torch.long)
    with sdpa_kernel(SDPBackend.MATH):
        assert counted(lambda: model(symbols)) == 7 * model.flops


@pytest.mark.parametrize("forget", ["learned", "open", "decay"])
def test_flops_of_the_lstm(forget: str) -> None:
    """The counter has no formula for the fused kernel, so the same recurrence is written in matrix products."""
    model = recurrent(forget=forget)
    x, state = torch.randn(9, 7, 3), model.rest(7)

    def unfused() -> Tensor:
        (h,), (c,) = state
        logits = []
        for row in x:
            i, f, g, o = (
                torch.addmm(gate.bias, row, gate.from_input.T) + h @ gate.from_state.T
                for gate in (model.input, model.forget, model.cell, model.output)
            )
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            logits.append(model.head(h))
        return torch.stack(logits)

    fresh = torch.zeros(9, 7, dtype=torch.bool)
    torch.testing.assert_close(unfused(), model(x, state, fresh)[0], rtol=1e-5, atol=1e-6)
    assert counted(unfused) == 9 * 7 * model.flops


@pytest.mark.parametrize("cell", ["tanh", "irnn", "gru", "lstm", "lstm_no_forget"])
@pytest.mark.parametrize("depth", [1, 3])
def test_flops_of_a_recurrent_network(cell: str, depth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without oneDNN torch computes the same recurrence in matrix products, for which the counter has a formula."""
    model, x = sequential(depth, cell=cell), torch.randn(7, 9, 3)
    fused = model(x)
    monkeypatch.setattr(torch.backends.mkldnn, "enabled", False)
    assert counted(lambda: model(x)) == 7 * model.flops
    torch.testing.assert_close(model(x), fused, rtol=1e-5, atol=1e-6)


# --- initial values ---


@pytest.mark.parametrize("build", [mlp, decoder, recurrent, sequential])
def test_initial_values_depend_on_no_global_generator(build: Callable[[], nn.Module]) -> None:
    torch.manual_seed(1)
    first = build().state_dict()
    torch.manual_seed(2)
    second = build().state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("build", [mlp, decoder, recurrent, sequential])
def test_initial_values_depend_on_the_seed(build: Callable[[], Any]) -> None:
    first, second = build(), made(build(), seed=1)
    for (name, one), (_, other) in zip(first.named_parameters(), second.named_parameters(), strict=True):
        assert torch.equal(one, other) == (one.ndim < 2), name


@pytest.mark.parametrize(("build", "more"), [(mlp, {"depth": 10}), (decoder, {"depth": 5}), (sequential, {"depth": 4})])
def test_a_deeper_model_starts_like_the_shallower_one(build: Callable[..., nn.Module], more: dict) -> None:
    shallow, deep = build().state_dict(), build(**more).state_dict()
    assert all(torch.equal(shallow[name], deep[name]) for name in shallow)
