"""The stacked engine: a member's bits are its own, whatever its mates, and what it computes is what one alone does.

`python tests/train/test_stacked.py` writes golden_stacked.json anew.
"""

import json
import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
import torch
from exact import ABSURD, ENGINES, FULL, One, bits, config, members, trained, watched
from torch import Tensor, nn
from torch.nn import functional as F

from ablatlas.digest import run_digest
from ablatlas.nn.attention import Causal
from ablatlas.train import build, loop, meter, stacked
from ablatlas.train.batched import FORMS, Attention, Averages
from ablatlas.train.optimizers import LANES
from ablatlas.train.sequential import Training
from ablatlas.train.stacked import Stack

# --- a member's bits are its own ---

BRIEF: dict[str, Any] = {"steps": 3, "evaluations": 2}
RATES: dict[str, dict[str, Any]] = {
    "sgd": {"momentum": 0.0},
    "momentum": {},
    "adam": {"optimizer": "adam", "lr": 0.01, "betas": [0.9, 0.999]},
    "decay": {"weight_decay": 0.01},
    "clip": {"clip": 0.5},
    "cosine": {"schedule": "cosine", "warmup": 2},
    "everything": FULL,
}
RECALL = {"name": "sequences", "rule": "recall", "length": 3, "symbols": 8, "examples": 30, "judged": 9}
POINTS = {"name": "densities", "density": "moons", "noise": 2, "examples": 70, "judged": 40}
# Widths and batches that fill vectors of 4, 8 or 16 numbers, and that do not.
CASES: dict[str, Any] = {
    **{f"mlp 5 {word}": config(model={"width": 5, "depth": 4}, **BRIEF, **rule) for word, rule in RATES.items()},
    **{
        f"mlp {width} {norm} {dropout}": config(
            model={"width": width, "depth": 4}, norm=norm, dropout=dropout, batch=batch, **BRIEF, **FULL
        )
        for width, norm, dropout, batch in [(10, "none", 0.5, 7), (10, "batch", 0.0, 17), (16, "batch", 0.2, 32)]
    },
    "mlp tanh": config(model={"width": 7, "activation": "tanh", "shortcut": "scaled"}, norm="batch", **BRIEF),
    **{
        f"perceptron {width} {activation} {norm} {hidden}": config(
            "perceptron",
            norm=norm,
            batch=batch,
            **BRIEF,
            **rule,
            model={"width": width, "activation": activation, "hidden": hidden, "draw": draw},
        )
        for width, activation, norm, hidden, draw, batch, rule in [
            (5, "sigmoid", "batch", "learned", "suited", 7, {}),
            (16, "tanh", "none", "frozen", "standard", 32, {}),
            (10, "softplus", "batch", "frozen", "suited", 17, FULL),
            (7, "gelu", "none", "learned", "fourfold", 5, FULL),
            (9, "tanh", "none", "perturbed", "suited", 7, FULL),
        ]
    },
    "perceptron without hidden layers": config("perceptron", model={"depth": 0}, **BRIEF),
    "transformer 4": config("transformer", **BRIEF),
    "transformer recalling": config("transformer", **BRIEF) | {"task": RECALL},
    "mlp of points": config(norm="none", dropout=0.0, model={"width": 7}, **BRIEF) | {"task": POINTS},
    "transformer 10": config("transformer", model={"width": 10, "branch": "scaled"}, batch=3, **BRIEF, **FULL),
    **{
        f"convnet {width} {kernel} {pool} {norm}": config(
            "convnet", model={"width": width, "kernel": kernel, "pool": pool}, norm=norm, batch=batch, **BRIEF, **rule
        )
        for width, kernel, pool, norm, batch, rule in [
            (4, "shared", "max", "batch", 16, {}),
            (5, "shared", "stride", "none", 7, FULL),
            (5, "local", "max", "batch", 7, FULL),
            (3, "dense", "none", "batch", 5, {}),
            (10, "flat", "max", "none", 17, FULL),
        ]
    },
    "resnet 4": config("resnet", **BRIEF),
    "resnet 5": config("resnet", model={"width": 5, "shortcut": "scaled"}, norm="none", batch=5, **BRIEF, **FULL),
}
SLOW: dict[str, Any] = {
    **{
        f"mlp {width} {norm} {word}": config(
            model={"width": width, "depth": 8}, norm=norm, batch=batch, steps=8, evaluations=2, **rule
        )
        for width, batch in ((5, 32), (13, 5), (64, 17))
        for norm in ("none", "batch")
        for word, rule in RATES.items()
    },
    **{
        f"transformer {width} {branch} {word}": config(
            "transformer", model={"width": width, "heads": heads, "branch": branch}, batch=5, **BRIEF, **RATES[word]
        )
        for width, heads in ((5, 1), (9, 3), (32, 2))
        for branch in ("pre_norm", "plain", "scaled")
        for word in ("momentum", "everything")
    },
    **{
        f"convnet {width} {kernel} {pool} {norm}": config(
            "convnet", model={"width": width, "kernel": kernel, "pool": pool}, norm=norm, batch=batch, **BRIEF, **FULL
        )
        for width, batch in ((3, 5), (8, 32), (16, 17))
        for kernel in ("shared", "local", "dense", "flat")
        for pool in ("max", "stride", "none")
        for norm in ("none", "batch")
    },
    **{
        f"resnet {width} {shortcut} {norm}": config(
            "resnet", model={"width": width, "shortcut": shortcut}, norm=norm, batch=batch, **BRIEF, **FULL
        )
        for width, batch in ((3, 5), (8, 32), (16, 17))
        for shortcut in ("identity", "none")
        for norm in ("none", "batch")
    },
}


def ones(count: int) -> list[One]:
    """As many members, every third at another rate."""
    return [(seed, 0.3 if seed % 3 == 1 else 1.0) for seed in range(count)]


def assert_alike_in_every_crew(case: dict[str, Any], crews: Sequence[Sequence[One]]) -> None:
    known: dict[One, Any] = {}
    for crew in crews:
        for one, found in zip(crew, trained(case, crew), strict=True):
            assert found == known.setdefault(one, found), f"{one} in a crew of {len(crew)}"


@pytest.mark.parametrize("name", CASES)
def test_a_members_bits_depend_neither_on_its_mates_nor_on_its_place(name: str) -> None:
    """Neighbours of one rate are updated together, so that rates are mixed here in every way."""
    same, mixed = [(seed, 1.0) for seed in range(10)], random.Random(0).sample(ones(10), 10)
    assert_alike_in_every_crew(CASES[name], [same, mixed, same[:2:-1], same[5:8], mixed[4:6], mixed[:1], same[5:8]])


@pytest.mark.parametrize("precision", ["float32", "bf16"])
@pytest.mark.parametrize(
    "name", ["mlp 5 everything", "mlp 16 batch 0.2", "convnet 4 shared max batch", "resnet 5", "transformer 4"]
)
def test_nor_on_how_many_more_there_are(name: str, precision: str) -> None:
    assert_alike_in_every_crew(CASES[name] | {"precision": precision}, [ones(20), ones(20)[17:], ones(1)])


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_a_members_bits_are_its_own_in_more_models_and_crews(name: str) -> None:
    draw = random.Random(name)
    drawn = [draw.sample(ones(20), draw.randint(1, 20)) for _ in range(4)]
    assert_alike_in_every_crew(SLOW[name], [*drawn, *([one] for one in ones(2))])


@pytest.mark.parametrize("width", [LANES, LANES + 1])
@pytest.mark.parametrize("dose", ["doubled", "drawn"])
def test_a_control_that_changes_no_number_changes_none_here(dose: str, width: int) -> None:
    plain, dosed = (
        trained(config(model={"width": width}, **BRIEF, dose=word), ones(3)) for word in ("none", dose)
    )  # fmt: skip
    for one, other in zip(plain, dosed, strict=True):
        assert one["outcome"] == other["outcome"]
        assert one["parameters"] == other["parameters"]


# --- those that end, and those that go on ---

WILD: dict[str, Any] = {
    "mlp": config(norm="none", evaluations=2),
    "batch norm": config(evaluations=2, clip=1.0),
    "adam": config(evaluations=2, **{**FULL, "clip": None}),
    "transformer": config("transformer", steps=4, evaluations=2),
    "convnet": config("convnet", steps=4, evaluations=2),
    "resnet": config("resnet", steps=4, evaluations=2, norm="none"),
}


@cache
def calm(name: str) -> list[dict[str, Any]]:
    return trained(WILD[name], [(seed, 1.0) for seed in range(4)])


@pytest.mark.parametrize("name", WILD)
@pytest.mark.parametrize("places", [(1,), (0, 2), (0, 1, 2, 3)])
def test_what_is_not_finite_stays_with_its_member(name: str, places: tuple[int, ...]) -> None:
    found = trained(WILD[name], [(seed, ABSURD if seed in places else 1.0) for seed in range(4)])
    for seed, (one, other) in enumerate(zip(found, calm(name), strict=True)):
        if seed not in places:
            assert one == other
        else:
            assert one["state"] == repr("diverged")
            assert one == trained(WILD[name], [(seed, ABSURD)])[0]


def test_one_that_diverged_keeps_its_curve() -> None:
    case = config(norm="none", evaluations=2, dropout=0.0)
    calm, wild = loop.train(members(case, [(0, 1.0), (1, ABSURD)]))
    assert [point["step"] for point in calm.curve] == [3, 6]
    assert (calm.state, wild.state) == ("finished", "diverged")
    assert wild.curve[-1]["step"] < 6
    assert set(wild.outcome) == set(calm.outcome)
    assert wild.outcome["loss"] is wild.outcome["error"] is None
    assert wild.meters.keys() == calm.meters.keys()
    assert wild.parameters.keys() == calm.parameters.keys()


@pytest.mark.parametrize("name", ["mlp 5 momentum", "convnet 5 local max batch", "resnet 4", "transformer 10"])
@pytest.mark.parametrize("rows", [[0, 1, 2, 3, 4], [0, 3, 4], [1]])
def test_members_leave_without_a_bit_changed_in_the_rest(name: str, rows: list[int]) -> None:
    build.deterministic()
    crew = members(CASES[name], ones(5))
    whole, kept = Stack(crew), Stack(crew)
    for index in range(3):
        expected, found = whole.take(index), kept.take(index)
        assert found == [expected[row] for row in (rows if index else range(5))]
        if not index:
            kept.keep(rows)
            assert [member.seed for member in kept.members] == rows
    for mine, row in zip(kept.parameters(), rows, strict=True):
        theirs = whole.parameters()[row]
        assert mine.keys() == theirs.keys()
        assert all(torch.equal(mine[key], theirs[key]) for key in mine)
    assert kept.judge("validation") == [whole.judge("validation")[row] for row in rows]


# --- memory ---


def sizes(count: int, room: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many members each stack has where memory has room for `room`."""
    monkeypatch.setattr(meter, "peak_memory", lambda training, index: 1000)
    free = SimpleNamespace(available=(room + 0.5) * 1000 / stacked.SHARE)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    return [len(crew.members) for crew in stacked.crews(members(config(), ones(count)))]


@pytest.mark.parametrize(
    ("count", "room", "expected"), [(5, 9, [5]), (5, 4, [3, 2]), (5, 0, [2, 2, 1]), (6, 4, [3, 3]), (1, 1, [1])]
)
def test_memory_says_how_many_are_stacked(
    count: int, room: int, expected: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sizes(count, room, monkeypatch) == expected


def test_how_many_are_stacked_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES["mlp 5 everything"]
    together = trained(case, ones(5))
    assert sizes(5, 2, monkeypatch) == [2, 2, 1]
    assert trained(case, ones(5)) == together


# --- the same as one after another ---


AGREEING = {**CASES, **WILD}


COUNTED = {"step", "examples", "flops", "train_loss"}


@pytest.mark.parametrize("name", AGREEING)
def test_both_engines_compute_the_same(name: str) -> None:
    """Some gradients are zero but for rounding, those of biases below a normalisation; Adam makes steps of them."""
    stacks, alone = (AGREEING[name] | {"engine": engine} for engine in ("stacked", "sequential"))
    (losses, runs), (losses_alone, runs_alone) = watched(stacks, ones(3)), watched(alone, ones(3))
    torch.testing.assert_close(losses, losses_alone.view(3, -1).T, rtol=1e-4, atol=0)
    adam = stacks["recipe"]["optimizer"] == "adam"
    for mine, theirs in zip(runs, runs_alone, strict=True):
        assert mine.state == theirs.state
        assert bits(mine)["meters"] == bits(theirs)["meters"]
        assert mine.outcome.keys() == theirs.outcome.keys()
        for found, expected in zip(mine.curve, theirs.curve, strict=True):
            assert found.keys() == expected.keys()
            assert found["gradient_norms"] == pytest.approx(expected["gradient_norms"], rel=1e-3)
            for key in COUNTED if adam else COUNTED | {"loss", "error"} & found.keys():
                assert found[key] == pytest.approx(expected[key], rel=1e-4), key
        assert mine.parameters.keys() == theirs.parameters.keys()
        for key, tensor in {} if adam else theirs.parameters.items():
            torch.testing.assert_close(mine.parameters[key], tensor, rtol=1e-3, atol=1e-4)


def test_dropout_zeroes_what_it_does_in_one_alone() -> None:
    """A pixel that another mask lets pass would change the loss in its first digits."""
    case = config(dropout=0.8, steps=1, evaluations=1)
    together, alone = (watched(case | {"engine": engine}, ones(3))[0].flatten() for engine in ENGINES[::-1])
    torch.testing.assert_close(together, alone, rtol=1e-6, atol=0)
    noisy = Stack(members(case, ones(3)))
    noisy.noise.drawn = lambda seed, stream, index: build.Noise.drawn(noisy.noise, seed, stream, 1)  # type: ignore[method-assign]
    assert not any(a == pytest.approx(b, rel=1e-3) for a, b in zip(noisy.take(0), together.tolist(), strict=True))


@pytest.mark.parametrize("name", ["mlp 5 momentum", "mlp 16 batch 0.2", "transformer 10"])
@pytest.mark.parametrize("most", [0.01, 0.5, 1e6])
def test_each_members_gradient_is_clipped_as_its_own(name: str, most: float) -> None:
    build.deterministic()
    stack = Stack(members(CASES[name], [(0, 1.0), (1, 1.0), (2, 1.0)]))
    stack.look(0)
    gradients = [p.grad for p in stack.optimizer.parameters if p.grad is not None]
    gradients[0][1] = torch.nan  # one member's own affair
    before = [[g[row].clone() for g in gradients] for row in range(3)]
    stack.clip(most)
    for row in (0, 2):
        alone = [nn.Parameter(torch.zeros_like(g)) for g in before[row]]
        for parameter, gradient in zip(alone, before[row], strict=True):
            parameter.grad = gradient
        nn.utils.clip_grad_norm_(alone, most)
        for parameter, clipped in zip(alone, gradients, strict=True):
            torch.testing.assert_close(clipped[row], parameter.grad, rtol=1e-5, atol=0)


@pytest.mark.parametrize("kind", ["mlp", "convnet", "resnet"])
def test_batch_statistics_are_those_of_one_alone(kind: str) -> None:
    build.deterministic()
    crew = members(config(kind, model={"width": 10}, lr=0.01), ones(3))
    stack, alone = Stack(crew), [Training(*member) for member in crew]
    for index in range(3):
        for training in [stack, *alone]:
            training.take(index)
    for found, training in zip(stack.parameters(), alone, strict=True):
        [expected] = training.parameters()
        averaged = [name for name in expected if "running" in name or "tracked" in name]
        assert averaged
        assert found.keys() == expected.keys()
        for name in averaged:
            torch.testing.assert_close(found[name], expected[name], rtol=1e-4, atol=1e-6)


# --- layers in their stacked form ---


@pytest.mark.parametrize(
    ("theirs", "shape"),
    [
        *((nn.BatchNorm1d, shape) for shape in [(2, 1), (5, 3), (32, 10), (128, 64)]),
        *((nn.BatchNorm2d, shape) for shape in [(2, 1, 1, 1), (1, 3, 2, 2), (5, 3, 2, 4), (32, 10, 7, 7)]),
    ],
)
@pytest.mark.parametrize(("mean", "spread"), [(0.0, 1.0), (3.0, 0.1), (-20.0, 5.0)])
def test_batch_normalization_is_torchs(theirs: Any, shape: tuple[int, ...], mean: float, spread: float) -> None:
    draw = torch.Generator().manual_seed(shape[0])
    ours, theirs = FORMS[theirs](shape[1]), theirs(shape[1])
    with torch.no_grad():
        for value in (theirs.weight, theirs.bias):
            value.uniform_(0.5, 1.5, generator=draw)
    ours.load_state_dict(theirs.state_dict())
    x = mean + spread * torch.randn(shape, generator=draw)
    wanted = torch.randn(shape, generator=draw)
    kept = []
    for layer in map(nn.Sequential, (ours, theirs)):
        given = x.clone().requires_grad_()
        averages = Averages(layer)
        for _ in range(3):
            y = layer(given)
            averages.follow(dict(layer.named_buffers()), averages.seen())
        (y * wanted).sum().backward()
        gradients = [given.grad, *(p.grad for p in layer.parameters())]
        kept.append([y, *gradients, *layer.buffers(), layer.eval()(x)])
    for found, expected in zip(*kept, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("theirs", [nn.Sigmoid, nn.Softplus])
def test_nonlinearities_are_torchs_wherever_a_number_stands(theirs: Any) -> None:
    x = torch.cat([torch.linspace(-30, 30, 301), torch.tensor([-1e30, 1e30, 0.0])])  # no sum of vectors' lengths
    kept = []
    for layer in (FORMS[theirs](), theirs()):
        given = x.clone().requires_grad_()
        y = layer(given)
        y.sum().backward()
        kept.append((y, given.grad))
    torch.testing.assert_close(*kept, rtol=1e-5, atol=1e-6)
    ours = FORMS[theirs]()
    assert all(torch.equal(ours(x)[:size], ours(x[:size])) for size in range(1, 70))


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (3, 1, 7, 5), (4, 2, 64, 8)])
def test_attention_is_that_of_one_alone(shape: tuple[int, ...]) -> None:
    draw = torch.Generator().manual_seed(0)
    qkv = [torch.randn(3, *shape, generator=draw).requires_grad_() for _ in range(3)]
    together = torch.func.vmap(Attention())(*qkv)
    alone = torch.stack([Causal()(*given) for given in zip(*qkv, strict=True)])
    assert torch.equal(together, alone)
    q, k, v = qkv
    behind = torch.ones(shape[2], shape[2]).tril().log()
    by_hand = F.softmax(q @ k.mT / shape[3] ** 0.5 + behind, -1) @ v
    torch.testing.assert_close(together, by_hand, rtol=1e-4, atol=1e-5)
    found, expected = (torch.autograd.grad(y.square().sum(), qkv) for y in (together, by_hand))
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-5)


# --- what does not stack ---


@pytest.mark.parametrize(("kind", "model"), [("lstm", "lstm"), ("sums", "rnn")])
def test_a_recurrent_model_is_refused_before_anything_is_trained(
    kind: str, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Training, "take", lambda *_: pytest.fail("trained"))
    message = f"found stacked for the model {model}, which does not stack; expected sequential"
    with pytest.raises(ValueError, match=message):
        trained(config(kind), ones(2))


# --- golden steps ---

FILE = Path(__file__).with_name("golden_stacked.json")
ROOT = Path(__file__).parents[2]
REFRESH = "then: python tests/train/test_stacked.py"
GOLDEN = {
    "mlp": config(),
    "perceptron": config("perceptron"),
    "convnet": config("convnet"),
    "resnet": config("resnet"),
    "transformer": config("transformer"),
    # Before a normalisation a bias has no gradient but rounding, of which Adam makes whole steps.
    "everything": config(norm="none", model={"width": 10}, **FULL),
}


def rounded(tensor: Tensor) -> list[float]:
    """Six significant digits: a processor's own rounding moves the seventh."""
    return [float(f"{value:.6g}") for value in tensor.flatten().tolist()]


@cache
def golden_steps(name: str) -> dict[str, Any]:
    """What the first steps of three stacked members come to."""
    case = GOLDEN[name]
    losses, runs = watched(case, ones(3))
    held = torch.tensor([[point["loss"] for point in run.curve] for run in runs])
    return {"digest": run_digest(case, ROOT), "losses": rounded(losses[:3]), "held-out losses": rounded(held)}


@pytest.mark.parametrize("name", GOLDEN)
def test_the_first_steps_are_what_they_were(name: str) -> None:
    expected, now = json.loads(FILE.read_text(encoding="utf-8"))[name], golden_steps(name)
    if now["digest"] != expected["digest"]:
        pytest.fail(f"{name}: its configuration, or a VERSION, is new, so nothing old is reused; {REFRESH}")
    for what in ("losses", "held-out losses"):
        assert now[what] == pytest.approx(expected[what], rel=1e-5), (
            f"{name}: the {what} changed. Stored runs would be mixed with new ones: raise the VERSION of "
            f"src/ablatlas/train/stacked.py, or of the model or the task where golden.json shows it too; {REFRESH}"
        )


if __name__ == "__main__":
    FILE.write_text(json.dumps({name: golden_steps(name) for name in GOLDEN}, indent=1) + "\n", encoding="utf-8")
