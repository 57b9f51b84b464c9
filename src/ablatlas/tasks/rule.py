"""What is asked about a sequence of symbols: the words of `task.rule`.

A rule draws `count` sequences by `length` and the number S of `symbols`, 0 … S - 1, and gives what is seen (count, L)
and the answers (count, K), which are due at the last K of the L positions, both int64. Symbol S is a separator: after
it each answer is seen where the next one is due.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from ablatlas.tasks.generated import Examples


def copy(count: int, draw: torch.Generator, length: int, symbols: int) -> Examples:
    """`length` symbols, the separator, and the same symbols again. L = 2 length, K = length."""
    x = _uniform(count, draw, length, symbols)
    return _written(x, x, symbols), x


def reverse(count: int, draw: torch.Generator, length: int, symbols: int) -> Examples:
    """`length` symbols, the separator, and the symbols from last to first. L = 2 length, K = length."""
    x = _uniform(count, draw, length, symbols)
    return _written(x, x.flip(1), symbols), x.flip(1)


def sort(count: int, draw: torch.Generator, length: int, symbols: int) -> Examples:
    """`length` symbols, the separator, and the symbols in ascending order. L = 2 length, K = length."""
    x = _uniform(count, draw, length, symbols)
    return _written(x, x.sort(1).values, symbols), x.sort(1).values


def parity(count: int, draw: torch.Generator, length: int, symbols: int) -> Examples:
    """At every symbol the sum of all so far, modulo S: the running parity where S = 2. L = K = length."""
    x = _uniform(count, draw, length, symbols)
    return x, x.cumsum(1) % symbols


def xor(count: int, draw: torch.Generator, length: int, symbols: int) -> Examples:
    """At every symbol the sum, modulo S, of the one `length` steps ago and the one before it: delayed XOR where S = 2.

    After Williams & Zipser 1989, whose two symbols come at once. L = 2 length + 1, K = length.
    """
    x = _uniform(count, draw, 2 * length + 1, symbols)
    return x, (x[:, :length] + x[:, 1 : length + 1]) % symbols


def recall(count: int, draw: torch.Generator, length: int, symbols: int) -> Examples:
    """`length` pairs of a key and a value, then the keys in another order: what was the value of each?

    The keys of a sequence differ, and are of the first half of the symbols; values are of the second half. As in Arora
    et al. 2023 (arXiv 2312.04927), all that was stored is asked for. L = 3 length, K = length.

    Raises ValueError where the symbols do not suffice for the keys.
    """
    half = symbols // 2
    if symbols % 2 or length > half:
        raise ValueError(f"task.symbols: found {symbols}, expected an even number from {2 * length}, two for each pair")
    keys = torch.rand(count, half, generator=draw).argsort(1)[:, :length]
    values = half + _uniform(count, draw, length, half)
    order = torch.rand(count, length, generator=draw).argsort(1)
    pairs = torch.stack([keys, values], 2).flatten(1)
    return torch.cat([pairs, keys.gather(1, order)], 1), values.gather(1, order)


def _uniform(count: int, draw: torch.Generator, length: int, symbols: int) -> Tensor:
    return torch.randint(symbols, (count, length), generator=draw)


def _written(x: Tensor, answers: Tensor, separator: int) -> Tensor:
    """What is read when the answers to x are written down one after another."""
    return torch.cat([F.pad(x, (0, 1), value=separator), answers[:, :-1]], 1)
