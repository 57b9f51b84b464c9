"""Each model: shapes, refusals, causality, and its FLOPs by formula against FLOPs counted."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from ablatlas.models import convnet, embedding, handover, lstm, residual_mlp, resnet, rnn, seq2seq, transformer
from ablatlas.nn import shortcut as shortcuts
from ablatlas.nn.kernel import Dense, Shared
from ablatlas.randomness import generator


def made(model: Any, seed: int = 0) -> Any:
    model.initialise(lambda name: generator(seed, name))
    return model


def mlp(depth: int = 8, **changes: Any) -> residual_mlp.Model:
    words = {"shortcut": "identity", "norm": "batch", "activation": "relu", "dropout": 0.0}
    return made(residual_mlp.Model(**{"inputs": 6, "outputs": 3, "width": 5, "depth": depth, **words, **changes}))


def maps(depth: int = 2, **changes: Any) -> convnet.Model:
    words = {"kernel": "shared", "norm": "batch", "activation": "relu", "pool": "max", "dropout": 0.0}
    words |= {"pixels": "placed"}
    return made(convnet.Model(**{"inputs": 49, "outputs": 3, "width": 4, "depth": depth, **words, **changes}))


def deep(depth: int = 8, **changes: Any) -> resnet.Model:
    words = {"shortcut": "identity", "norm": "batch", "activation": "relu", "dropout": 0.0}
    return made(resnet.Model(**{"inputs": 64, "outputs": 3, "width": 4, "depth": depth, **words, **changes}))


def decoder(depth: int = 3, **changes: Any) -> transformer.Model:
    sizes = {"inputs": 5, "outputs": 4, "length": 6, "width": 8, "heads": 2, "ratio": 3}
    return made(transformer.Model(**{"depth": depth, "branch": "pre_norm", "affine": True, **sizes, **changes}))


def recurrent(**changes: Any) -> lstm.Model:
    words = {"forget": "learned", "state": "carried"}
    return made(lstm.Model(**{"inputs": 3, "outputs": 4, "width": 5, **words, **changes}))


def sequential(depth: int = 2, **changes: Any) -> rnn.Model:
    sizes = {"inputs": 3, "outputs": 4, "length": 9, "width": 5}
    return made(rnn.Model(**{"depth": depth, "cell": "lstm", "entry": "numbers", **sizes, **changes}))


def pair(depth: int = 2, **changes: Any) -> seq2seq.Model:
    words = {"cell": "lstm", "link": {"attend": "additive", "order": "forward"}}
    sizes = {"inputs": 5, "outputs": 4, "source": 7, "target": 6, "width": 8}
    return made(seq2seq.Model(**{"depth": depth, **words, **sizes, **changes}))


def started(depth: int = 2, **changes: Any) -> handover.Model:
    words = {"cell": "lstm", "link": {"attend": "nothing", "order": "forward"}}
    sizes = {"inputs": 5, "outputs": 4, "source": 7, "target": 6, "width": 8}
    return made(handover.Model(**{"depth": depth, **words, **sizes, **changes}))


def counted(run: Callable[[], object]) -> int:
    """Floating-point operations of matrix products while `run` runs, by torch's own counter."""
    with FlopCounterMode(display=False) as counter:
        run()
    return int(counter.get_total_flops())


def texts(length: int = 7) -> tuple[Tensor, Tensor]:
    """A source (3, length) and what is written before each of six symbols (3, 6)."""
    draw = generator("texts")
    return torch.randint(5, (3, length), generator=draw), torch.randint(5, (3, 6), generator=draw)


# --- shapes and refusals ---


def test_shapes() -> None:
    assert mlp()(torch.randn(7, 6)).shape == (7, 3)
    assert decoder()(torch.zeros(7, 6, dtype=torch.long)).shape == (7, 6, 4)
    assert maps()(torch.randn(7, 49)).shape == deep()(torch.randn(7, 64)).shape == (7, 3)
    assert maps(inputs=3 * 49)(torch.randn(7, 3 * 49)).shape == (7, 3)
    assert deep(inputs=3 * 100)(torch.randn(7, 3 * 100)).shape == (7, 3)
    assert sequential()(torch.randn(7, 9, 3)).shape == (7, 9, 4)
    assert sequential(entry="symbols")(torch.zeros(7, 9, dtype=torch.long)).shape == (7, 9, 4)
    logits, weights = pair()(*texts())
    assert logits.shape == (3, 6, 4)
    assert weights.shape == (3, 6, 7)
    for order in ("forward", "doubled"):
        for made in (pair, started):
            logits, weights = made(link={"attend": "additive", "order": order})(*texts())
            assert logits.shape == (3, 6, 4)
            assert weights.shape == (3, 6, 7)
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


@pytest.mark.parametrize("depth", [0, -1])
def test_a_convolutional_network_without_layers_is_refused(depth: int) -> None:
    with pytest.raises(ValueError, match=f"model.depth: found {depth}, expected a whole number from 1"):
        maps(depth)


@pytest.mark.parametrize("depth", [8, 14, 20])
def test_depth_of_a_resnet_counts_its_layers_with_weights(depth: int) -> None:
    assert sum(isinstance(part, nn.Linear | nn.Conv2d) for part in deep(depth).modules()) == depth
    assert len(deep(depth).layers) == (depth - 2) // 2


@pytest.mark.parametrize("depth", [-4, 0, 2, 4, 6, 7, 10, 12, 18])
def test_a_depth_that_no_three_stages_fill_is_refused(depth: int) -> None:
    with pytest.raises(ValueError, match=rf"model.depth: found {depth}, expected 6 n \+ 2"):
        deep(depth)


@pytest.mark.parametrize("build", [maps, deep])
def test_what_is_no_square_image_is_refused(build: Callable[..., nn.Module]) -> None:
    with pytest.raises(ValueError, match="task: found 50 inputs, expected a square image"):
        build(inputs=50)


def test_heads_that_do_not_divide_the_width_are_refused() -> None:
    with pytest.raises(ValueError, match=r"model.heads: found 3, expected a divisor of model.width = 8"):
        decoder(heads=3)


@pytest.mark.parametrize("depth", [0, -1])
@pytest.mark.parametrize("build", [sequential, pair, started])
def test_a_network_without_a_recurrent_layer_is_refused(build: Callable[..., nn.Module], depth: int) -> None:
    with pytest.raises(ValueError, match=f"model.depth: found {depth}, expected a whole number from 1"):
        build(depth)


# --- networks of maps ---


def numbers(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


SIDES = {"max": (7, 4, 2), "stride": (7, 4, 2), "none": (7, 7, 7)}


@pytest.mark.parametrize("pool", SIDES)
@pytest.mark.parametrize("kernel", ["shared", "local", "dense", "flat"])
def test_parameters_of_a_convolutional_network_in_closed_form(kernel: str, pool: str) -> None:
    before, between, after = SIDES[pool]
    first, second = (between, after) if pool == "stride" else (before, between)  # the sides of its maps, unpooled
    weights = {
        "shared": 9 * 4 + 9 * 4 * 4,
        "local": 9 * 4 * first**2 + 9 * 4 * 4 * second**2,
        "dense": before**2 * 4 * first**2 + 4 * between**2 * 4 * second**2,
        "flat": before**2 * 4 + 4 * 4,
    }[kernel]
    head = 4 * (1 if kernel == "flat" else after**2) * 3 + 3
    assert numbers(maps(kernel=kernel, pool=pool, norm="none")) == weights + 2 * 4 + head
    assert numbers(maps(kernel=kernel, pool=pool)) == weights + 2 * 4 + 2 * 2 * 4 + head


@pytest.mark.parametrize("depth", [8, 20])
def test_parameters_of_a_resnet_in_closed_form(depth: int) -> None:
    n, widths = (depth - 2) // 6, (4, 8, 16)
    within = sum(9 * w * w * (2 * n - (w > 4)) for w in widths)
    weights = 9 * 4 + within + 9 * 4 * 8 + 9 * 8 * 16 + 16 * 3
    biases = 4 + sum(2 * n * w for w in widths)
    assert numbers(deep(depth, norm="none")) == weights + biases + 3
    assert numbers(deep(depth)) == weights + 3 * biases + 3


def test_the_resnet_of_the_paper_has_its_number_of_parameters() -> None:
    """0.27 million at depth 20 (He et al. 2015, table 6), to which a bias a channel adds 688."""
    model = deep(20, inputs=3 * 32**2, outputs=10, width=16)
    assert numbers(model) == 269_722 + 688


def test_a_flat_kernel_makes_a_multilayer_perceptron() -> None:
    model, x = maps(kernel="flat", norm="none", width=5), torch.randn(7, 49)
    first, second = (part for part in model.modules() if isinstance(part, Dense))
    hidden = torch.relu(x @ first.matrix.T + first.bias)
    by_hand = model.head(torch.relu(hidden @ second.matrix.T + second.bias))
    torch.testing.assert_close(model(x), by_hand)


@pytest.mark.parametrize(("kernel", "moves"), [("shared", False), ("local", True), ("dense", True)])
def test_only_a_convolution_follows_a_moved_image(kernel: str, moves: bool) -> None:
    """Away from the borders, in the first layer."""
    [block] = maps(1, kernel=kernel, pool="none", norm="none", inputs=64).blocks
    image = torch.zeros(1, 1, 8, 8)
    image[..., 2:5, 2:5] = torch.randn(3, 3, generator=torch.Generator().manual_seed(0))
    there = block(image.roll((1, 1), (2, 3)))
    assert torch.allclose(there, block(image).roll((1, 1), (2, 3)), atol=1e-6) != moves


@pytest.mark.parametrize("word", ["identity", "none", "scaled"])
def test_a_block_of_a_resnet_adds_what_its_shortcut_says(word: str) -> None:
    """With zeros for a last normalisation's gain and bias a block gives what its shortcut adds, and no more."""
    model = deep(shortcut=word)
    x = torch.rand(7, 4, 8, 8, generator=torch.Generator().manual_seed(0))  # no rectifier changes it
    for block in model.layers:
        *_, last = (part for part in block.modules() if isinstance(part, nn.BatchNorm2d))
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        y = block(x)
        stride = x.shape[-1] // y.shape[-1]
        expected = torch.zeros_like(y)
        if word == "identity":
            expected[:, : x.shape[1]] = x[:, :, ::stride, ::stride]
        assert torch.equal(y, expected)
        x = torch.rand_like(y)
    assert x.shape == (7, 16, 2, 2)


def test_arms_of_a_resnet_hold_the_same_tensors_and_no_other_adds_its_input() -> None:
    models = {word: deep(14, shortcut=word) for word in ("identity", "none", "scaled")}
    names = [list(model.state_dict()) for model in models.values()]
    assert names[0] == names[1] == names[2]
    found = {
        word: sum(isinstance(part, shortcuts.Residual | shortcuts.Fitted) for part in model.modules())
        for word, model in models.items()
    }
    assert found == {"identity": 6 + 2, "none": 0, "scaled": 0}


def test_the_scaled_start_reaches_the_normalisations_of_every_block_of_a_resnet() -> None:
    model = deep(shortcut="scaled")
    norms = [part for part in model.blocks.modules() if isinstance(part, nn.BatchNorm2d)]
    assert len(norms) == 6
    assert all((norm.weight == 0.5).all() and (norm.bias == 1).all() for norm in norms)


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


@pytest.mark.parametrize(
    ("made", "attention", "order"),
    [
        (pair, "additive", "forward"), (pair, "none", "forward"), (started, "additive", "backward"),
        (started, "nothing", "backward"),
    ],
)  # fmt: skip
def test_a_decoder_sees_nothing_that_it_has_not_written_and_all_of_the_source(
    made: Callable[..., nn.Module], attention: str, order: str
) -> None:
    model, (source, before) = made(link={"attend": attention, "order": order}), texts()
    logits, weights = model(source, before)
    written = before.clone()
    written[:, 3] = (before[:, 3] + 1) % 5
    changed, other = model(source, written)
    assert torch.equal(changed[:, :3], logits[:, :3])
    assert torch.equal(other[:, :3], weights[:, :3])
    assert (changed[:, 3:] != logits[:, 3:]).any(-1).all()
    for place in (0, 6):
        read = source.clone()
        read[:, place] = (source[:, place] + 1) % 5
        assert (model(read, before)[0] != logits).any(-1).all()


@pytest.mark.parametrize("attention", ["additive", "none"])
def test_reading_backwards_is_reading_what_stands_in_reverse(attention: str) -> None:
    source, before = texts()
    ahead, back = (pair(link={"attend": attention, "order": order}) for order in ("forward", "backward"))
    assert all(torch.equal(one, other) for one, other in zip(ahead.parameters(), back.parameters(), strict=True))
    (logits, weights), (reverse, turned) = ahead(source.flip(1), before), back(source, before)
    assert torch.equal(logits, reverse)
    assert torch.equal(weights.flip(2), turned), "weights are told by place in the source"


def test_a_decoder_goes_on_where_its_encoder_stopped() -> None:
    """With one layer's weights in both, source and target are one sequence; the read-out sees the state alone."""
    model, (source, before) = started(1), texts()
    [reads], [writes] = model.encoder, model.decoder
    writes.load_state_dict(reads.state_dict())
    states = reads(model.entry(torch.cat([source, before], 1)))[:, 7:]
    by_hand = model.head(torch.cat([states, torch.zeros_like(states)], 2))
    torch.testing.assert_close(model(source, before)[0], by_hand)


@pytest.mark.parametrize("attention", ["additive", "nothing"])
def test_an_encoder_that_reads_twice_reads_a_source_of_twice_the_length(attention: str) -> None:
    source, before = texts()
    once, twice = (started(link={"attend": attention, "order": order}) for order in ("forward", "doubled"))
    (logits, by_read), (same, by_place) = once(torch.cat([source, source], 1), before), twice(source, before)
    assert torch.equal(logits, same)
    torch.testing.assert_close(by_read[..., :7] + by_read[..., 7:], by_place)


def test_without_attention_a_source_of_another_length_is_read_as_well() -> None:
    model = pair(link={"attend": "none", "order": "forward"})
    assert model(*texts(11))[0].shape == (3, 6, 4)


# --- vectors of words ---


def test_a_word_is_given_its_vector_whatever_stands_beside_it() -> None:
    model = made(embedding.Model(inputs=9, outputs=9, noise=2, width=4, output="negative"))
    words, beside = torch.tensor([3, 0, 8]), torch.tensor([1, 2, 3])
    noise = torch.zeros(3, 2, dtype=torch.long)
    (vectors, nats), (same, _) = model(words, beside, noise), model(words, beside.flip(0), noise + 1)
    assert torch.equal(vectors, same)
    assert torch.equal(vectors, model.vector.weight[words])
    assert nats.shape == (3,)


# --- FLOPs ---


@pytest.mark.parametrize("shortcut", ["identity", "none", "scaled"])
@pytest.mark.parametrize("depth", [4, 10])
def test_flops_of_the_residual_network(shortcut: str, depth: int) -> None:
    model = mlp(depth, shortcut=shortcut)
    assert counted(lambda: model(torch.randn(7, 6))) == 7 * model.flops


@pytest.mark.parametrize("pool", ["max", "stride", "none"])
@pytest.mark.parametrize("kernel", ["shared", "local", "dense", "flat"])
def test_flops_of_the_convolutional_network(kernel: str, pool: str) -> None:
    model = maps(3, kernel=kernel, pool=pool)
    assert counted(lambda: model(torch.randn(7, 49))) == 7 * model.flops


@pytest.mark.parametrize("inputs", [64, 3 * 100])
@pytest.mark.parametrize("depth", [8, 14])
def test_flops_of_the_resnet(depth: int, inputs: int) -> None:
    model = deep(depth, inputs=inputs)
    assert counted(lambda: model(torch.randn(7, inputs))) == 7 * model.flops
    n, side = (depth - 2) // 6, {64: 8, 300: 10}[inputs]
    by_hand = 9 * 4 * side**2 * (inputs // side**2) + 16 * 3  # the stem and the head
    for stage, width in enumerate((4, 8, 16)):
        positions, first = (-(-side // 2**stage)) ** 2, width // 2 if stage else width
        by_hand += 9 * positions * width * (first + (2 * n - 1) * width)
    assert model.flops == 2 * by_hand


@pytest.mark.parametrize(("build", "inputs"), [(maps, 49), (deep, 64)])
def test_a_step_of_a_network_of_maps_costs_three_forward_passes_less_what_no_image_needs(
    build: Callable[[], Any], inputs: int
) -> None:
    model = build()
    first = next(part for part in model.modules() if isinstance(part, Shared))
    step = counted(lambda: model(torch.randn(7, inputs)).sum().backward())
    assert step == 7 * (3 * model.flops - first.flops)


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


@pytest.mark.parametrize("attention", ["additive", "none"])
@pytest.mark.parametrize("depth", [1, 3])
def test_flops_of_an_encoder_and_a_decoder(attention: str, depth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without oneDNN torch computes the same recurrence in matrix products, for which the counter has a formula."""
    model, (source, before) = pair(depth, link={"attend": attention, "order": "forward"}), texts()
    fused = model(source, before)
    monkeypatch.setattr(torch.backends.mkldnn, "enabled", False)
    assert counted(lambda: model(source, before)) == 3 * model.flops
    torch.testing.assert_close(model(source, before), fused, rtol=1e-5, atol=1e-6)


# --- initial values ---


@pytest.mark.parametrize("build", [mlp, maps, deep, decoder, recurrent, sequential, pair])
def test_initial_values_depend_on_no_global_generator(build: Callable[[], nn.Module]) -> None:
    torch.manual_seed(1)
    first = build().state_dict()
    torch.manual_seed(2)
    second = build().state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("build", [mlp, maps, deep, decoder, recurrent, sequential, pair])
def test_initial_values_depend_on_the_seed(build: Callable[[], Any]) -> None:
    first, second = build(), made(build(), seed=1)
    for (name, one), (_, other) in zip(first.named_parameters(), second.named_parameters(), strict=True):
        assert torch.equal(one, other) == (one.ndim < 2), name


@pytest.mark.parametrize(("build", "more"), [(mlp, {"depth": 10}), (decoder, {"depth": 5}), (sequential, {"depth": 4})])
def test_a_deeper_model_starts_like_the_shallower_one(build: Callable[..., nn.Module], more: dict) -> None:
    shallow, deep = build().state_dict(), build(**more).state_dict()
    assert all(torch.equal(shallow[name], deep[name]) for name in shallow)
