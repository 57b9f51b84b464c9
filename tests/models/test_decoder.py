"""A decoder that writes: the same with a cache and without, at a cost that torch counts and a closed form gives."""

from typing import Any

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from ablatlas.models.decoder import Model
from ablatlas.randomness import generator
from ablatlas.tasks.prompts import Task

PROMPT, LENGTH, SYMBOLS, BATCH = 3, 7, 5, 2
DEPTH, WIDTH, RATIO = 2, 8, 3


def made(cache: str, dtype: torch.dtype = torch.float64) -> Any:
    sizes = {"inputs": SYMBOLS, "outputs": SYMBOLS, "length": PROMPT + LENGTH}
    model = Model(depth=DEPTH, width=WIDTH, heads=2, ratio=RATIO, cache=cache, **sizes)
    model.initialise(lambda name: generator("decoder", name))
    return model.to(dtype).requires_grad_(False)


def task(seed: int = 0) -> Any:
    keys = lambda *key: generator(seed, *key)  # noqa: E731
    return Task(batch=BATCH, keys=keys, steps=2, prompt=PROMPT, length=LENGTH, symbols=SYMBOLS)


def test_a_cache_changes_no_symbol_and_no_logit() -> None:
    for seed in range(3):
        (one, near), (other, far) = (task(seed).write(made(cache)) for cache in ("cached", "none"))
        assert torch.equal(one, other)
        assert one.shape == (BATCH, PROMPT + LENGTH)
        torch.testing.assert_close(near, far, rtol=1e-12, atol=1e-12)


def test_what_is_written_hangs_on_the_prompt_and_on_the_model() -> None:
    first, second = task().write(made("cached"))[0], task(1).write(made("cached"))[0]
    assert not torch.equal(first[:, PROMPT:], second[:, PROMPT:])
    other = made("cached")
    other.head.weight.mul_(-5)
    assert not torch.equal(task().write(other)[0], first)
    assert len(first[0, PROMPT:].unique()) > 1


@pytest.mark.parametrize("cache", ["cached", "none"])
def test_flops_are_those_that_torch_counts(cache: str) -> None:
    model = made(cache, torch.float32)
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        task().write(model)
    assert counter.get_total_flops() == BATCH * model.flops(PROMPT, LENGTH)


def test_flops_in_closed_form() -> None:
    """Sums over the lengths t = P … P + L - 1 that are seen: of 1, of t and of t squared."""
    t = range(PROMPT, PROMPT + LENGTH)
    block, head = DEPTH * (4 + 2 * RATIO) * WIDTH**2, LENGTH * WIDTH * SYMBOLS
    assert made("none").flops(PROMPT, LENGTH) == 2 * (block * sum(t) + 2 * DEPTH * WIDTH * sum(x**2 for x in t) + head)
    read = PROMPT + LENGTH - 1  # positions, each once
    scores = PROMPT**2 + sum(t) - PROMPT
    assert made("cached").flops(PROMPT, LENGTH) == 2 * (block * read + 2 * DEPTH * WIDTH * scores + head)
