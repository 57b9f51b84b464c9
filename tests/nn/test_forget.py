"""Gates inside the fused kernel: torch's own LSTM where all are learned, a constant where one is not."""

import pytest
import torch
from torch import Tensor, nn

from ablatlas.models.lstm import Model
from ablatlas.nn import forget
from ablatlas.nn.gate import Constant, Gate
from ablatlas.randomness import generator

WORDS = ("learned", "open", "decay")
GATES = ("input", "forget", "cell", "output")  # in the order in which torch stacks them


def lstm(word: str, state: str = "carried", width: int = 5) -> Model:
    model = Model(inputs=3, outputs=4, width=width, forget=word, state=state)
    model.initialise(lambda name: generator(0, name))
    return model


def reference(model: Model) -> nn.LSTM:
    """torch.nn.LSTM with the model's weights, gate by gate."""
    theirs = nn.LSTM(3, model.width)
    with torch.no_grad():
        for place, gate in enumerate(GATES):
            rows, own = slice(place * model.width, (place + 1) * model.width), getattr(model, gate)
            theirs.get_parameter("weight_ih_l0")[rows] = own.from_input
            theirs.get_parameter("weight_hh_l0")[rows] = own.from_state
            theirs.get_parameter("bias_ih_l0")[rows] = own.bias
            theirs.get_parameter("bias_hh_l0")[rows] = 0.0
    return theirs


def drawn(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("word", WORDS)
def test_the_kernel_is_torchs_own_lstm(word: str) -> None:
    model = lstm(word)
    theirs, x = reference(model), drawn(9, 2, 3)
    start = (drawn(1, 2, 5, seed=2), drawn(1, 2, 5, seed=3))
    ours, expected = model.scan(x, start), theirs(x, start)
    torch.testing.assert_close(ours, expected, rtol=1e-6, atol=1e-6)

    (ours[0].square().sum() + ours[1][1].sum()).backward()
    (expected[0].square().sum() + expected[1][1].sum()).backward()
    for place, name in enumerate(GATES):
        gate, rows = getattr(model, name), slice(place * 5, (place + 1) * 5)
        if isinstance(gate, Constant):
            assert all(p.grad is None for p in gate.parameters())
            continue
        assert isinstance(theirs.weight_ih_l0.grad, Tensor)
        assert isinstance(theirs.weight_hh_l0.grad, Tensor)
        assert isinstance(theirs.bias_ih_l0.grad, Tensor)
        torch.testing.assert_close(gate.from_input.grad, theirs.weight_ih_l0.grad[rows], rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(gate.from_state.grad, theirs.weight_hh_l0.grad[rows], rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(gate.bias.grad, theirs.bias_ih_l0.grad[rows], rtol=1e-5, atol=1e-6)


@torch.no_grad()
def shut(model: Model, gate: str) -> Model:
    """The model with a gate closed to exactly zero."""
    for parameter in getattr(model, gate).parameters():
        parameter.zero_()
    getattr(model, gate).bias.fill_(-1e4)
    return model


@pytest.mark.parametrize("recording", [True, False])
@pytest.mark.parametrize("state", ["carried", "reset"])
def test_an_open_gate_keeps_the_cell_exactly(recording: bool, state: str) -> None:
    """With the input shut nothing is added: after 3,000 steps the cell is what it was, to the last bit."""
    assert torch.sigmoid(forget.open(1, 1).get_parameter("bias")).item() == 1.0  # in float32
    model, cell = shut(lstm("open", state), "input"), drawn(1, 2, 5)
    with torch.set_grad_enabled(recording):
        _, (_, after) = model(drawn(3000, 2, 3), (torch.zeros(1, 2, 5), cell), torch.zeros(3000, 2, dtype=torch.bool))
    assert torch.equal(after, cell)


def test_an_open_cell_is_the_sum_of_all_that_entered() -> None:
    model, x = lstm("open"), drawn(40, 2, 3)
    outputs, (_, cell) = model.scan(x, model.rest(2))
    before = torch.cat([torch.zeros(1, 2, 5), outputs[:-1]])

    def gate(name: str) -> Tensor:
        own = getattr(model, name)
        return x @ own.from_input.T + before @ own.from_state.T + own.bias

    entered = torch.sigmoid(gate("input")) * torch.tanh(gate("cell"))
    torch.testing.assert_close(cell[0], entered.sum(0), rtol=1e-5, atol=1e-5)


def test_a_decaying_cell_keeps_nine_tenths_a_step() -> None:
    model, cell = shut(lstm("decay"), "input"), drawn(1, 2, 5)
    _, (_, after) = model.scan(drawn(20, 2, 3), (torch.zeros(1, 2, 5), cell))
    torch.testing.assert_close(after, cell * 0.9**20, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("word", WORDS)
def test_gates_share_names_and_shapes(word: str) -> None:
    shapes = {name: tuple(tensor.shape) for name, tensor in lstm(word).state_dict().items()}
    assert shapes == {name: tuple(tensor.shape) for name, tensor in lstm("learned").state_dict().items()}


def test_a_learned_gate_starts_open_and_the_others_at_zero() -> None:
    model = lstm("learned")
    assert (model.forget.bias == 1).all()
    assert all((getattr(model, gate).bias == 0).all() for gate in GATES if gate != "forget")
    assert all(isinstance(getattr(model, gate), Gate) for gate in GATES)


@pytest.mark.parametrize("word", ["open", "decay"])
def test_a_constant_gate_cannot_be_trained(word: str) -> None:
    model = lstm(word)
    assert [p for p in model.forget.parameters() if p.requires_grad] == []
    before = {name: tensor.clone() for name, tensor in model.forget.state_dict().items()}
    # even an optimizer that is handed everything, with weight decay, leaves it alone
    optimiser = torch.optim.Adam(model.parameters(), 0.1, weight_decay=0.1)
    for _ in range(3):
        optimiser.zero_grad()
        model(drawn(4, 2, 3), model.rest(2), torch.zeros(4, 2, dtype=torch.bool))[0].square().sum().backward()
        optimiser.step()
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.forget.state_dict().items())
