"""A recurrence step by step against the kernel that makes all steps at once: outputs, last states, gradients."""

import torch
from torch import Tensor

from ablatlas.nn import recurrence
from ablatlas.randomness import generator

INPUTS, WIDTH, BATCH, STEPS = 3, 5, 4, 7


def drawn(name: str, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator(name), dtype=torch.float64).requires_grad_()


def arguments() -> tuple[Tensor, tuple[Tensor, Tensor], list[Tensor]]:
    shapes = {"from input": (4 * WIDTH, INPUTS), "from state": (4 * WIDTH, WIDTH), "b": (4 * WIDTH,), "c": (4 * WIDTH,)}
    rest = drawn("h", 1, BATCH, WIDTH), drawn("c0", 1, BATCH, WIDTH)
    return drawn("x", BATCH, STEPS, INPUTS), rest, [drawn(name, *shape) for name, shape in shapes.items()]


def test_the_loop_is_the_kernel_and_so_are_its_gradients() -> None:
    found = {}
    for name in ("fused", "loop"):
        x, rest, weights = arguments()
        made = getattr(recurrence, name)(x, rest, weights, True, 1, 0.0, True, False, True)
        sum(part.square().sum() for part in made).backward()
        found[name] = [*made, x.grad, *(state.grad for state in rest), *(weight.grad for weight in weights)]
    for one, other in zip(*found.values(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)
