"""Markov text: its chains, and its entropy in closed form against brute force and against long samples."""

import math
from itertools import pairwise, product

import numpy as np
import pytest
import torch
from made import judged, made
from torch import Tensor

from ablatlas.randomness import generator
from ablatlas.tasks.markov import chains, least, texts


def probability(text: tuple[int, ...], first: Tensor, matrix: Tensor) -> float:
    steps = pairwise(text)
    return float(first[text[0]]) * math.prod(float(matrix[a, b]) for a, b in steps)


@pytest.mark.parametrize(("domains", "symbols", "sharpness"), [(1, 2, 1.0), (4, 7, 2.0), (3, 20, 4.0), (2, 5, 0.0)])
def test_chains_are_stochastic_and_stationary(domains: int, symbols: int, sharpness: float) -> None:
    transitions, stationary = chains(domains, symbols, sharpness)
    assert transitions.shape == (domains, symbols, symbols)
    torch.testing.assert_close(transitions.sum(-1), torch.ones(domains, symbols, dtype=torch.float64))
    assert (transitions > 0).all()
    for matrix, shares in zip(transitions, stationary, strict=True):
        after_long = np.linalg.matrix_power(matrix.numpy(), 4096)
        torch.testing.assert_close(torch.as_tensor(after_long), shares.expand(symbols, -1), rtol=1e-8, atol=1e-12)


def test_fewer_domains_are_the_first_of_more_and_no_two_alike() -> None:
    few, many = chains(3, 6, 2.0)[0], chains(8, 6, 2.0)[0]
    assert torch.equal(few, many[:3])
    assert min(float((one - other).abs().max()) for i, one in enumerate(many) for other in many[:i]) > 0.05


@pytest.mark.parametrize("length", [1, 2, 5])
def test_the_least_loss_is_the_entropy_of_all_texts(length: int) -> None:
    transitions, stationary = chains(2, 3, 1.5)
    entropies = []
    for matrix, first in zip(transitions, stationary, strict=True):
        p = [probability(text, first, matrix) for text in product(range(3), repeat=length)]
        assert sum(p) == pytest.approx(1.0, rel=1e-12)
        entropies.append(-sum(x * math.log(x) for x in p))
    assert least(transitions, stationary, length) == pytest.approx(sum(entropies) / 2 / length, rel=1e-12)


def test_without_sharpness_nothing_can_be_predicted() -> None:
    assert least(*chains(2, 9, 0.0), length=5) == pytest.approx(math.log(9), rel=1e-12)


def test_a_long_text_has_the_entropy_rate_and_the_transitions_of_its_domain() -> None:
    transitions, stationary = chains(2, 4, 1.5)
    domain, written = texts(400, generator("test"), 500, transitions, stationary)
    assert written.shape == (400, 500)
    assert sorted(set(written.flatten().tolist())) == [0, 1, 2, 3]
    assert abs(int(domain.sum()) - 200) < 4 * 10, "each domain half the time"
    for d in range(2):
        mine = written[domain == d]
        pairs = (4 * mine[:, :-1] + mine[:, 1:]).flatten().bincount(minlength=16).view(4, 4).double()
        torch.testing.assert_close(pairs / pairs.sum(1, keepdim=True), transitions[d], rtol=0.0, atol=0.02)
        first = mine[:, 0].bincount(minlength=4) / len(mine)
        torch.testing.assert_close(first.double(), stationary[d], rtol=0.0, atol=0.15)
    surprise = -transitions[domain[:, None], written[:, :-1], written[:, 1:]].log().mean()
    rate = -(transitions * transitions.log()).sum(-1).mul(stationary).sum(-1).mean()
    assert float(surprise) == pytest.approx(float(rate), abs=0.01)


def test_who_knows_the_chains_scores_the_least_loss_and_nobody_less() -> None:
    task = made("markov", judged=3000)
    transitions, stationary = chains(3, 5, 2.0)
    seen, wanted = task.held_out("test")
    domain = seen[:, 0] - 5
    assert torch.equal(seen[:, 1:], wanted[:, :-1])
    assert sorted(set(domain.tolist())) == [0, 1, 2]
    known = torch.cat([stationary[domain][:, None], transitions[domain[:, None], wanted[:, :-1]]], 1)
    best = judged(task, known.log())["loss"]
    assert best == pytest.approx(task.best["loss"], abs=0.01)
    assert best < task.floor["loss"] - 0.3
    of_another = torch.cat([stationary[domain][:, None], transitions[(domain[:, None] + 1) % 3, wanted[:, :-1]]], 1)
    assert judged(task, of_another.log())["loss"] > task.floor["loss"], "the domain is what matters"
