"""What a decoder is given of an encoder's states: each part against its equations, and what all of them promise."""

from typing import Any

import pytest
import torch
from torch import Tensor

from ablatlas.nn import attend, initial, order
from ablatlas.randomness import generator

BATCH, QUERIES, STATES, WIDTH = 2, 3, 5, 4
WORDS = ["additive", "none"]


def made(word: str) -> Any:
    part = getattr(attend, word)(WIDTH)
    initial.fill(part, initial.uniform(1.0), lambda name: generator("attend", name))
    return part


def given() -> tuple[Tensor, Tensor]:
    draw = generator("given")
    return torch.randn(BATCH, QUERIES, WIDTH, generator=draw), torch.randn(BATCH, STATES, WIDTH, generator=draw)


@pytest.mark.parametrize("word", WORDS)
def test_the_context_is_the_mean_of_the_states_by_the_weights(word: str) -> None:
    queries, states = given()
    context, weights = made(word)(queries, states)
    assert weights.shape == (BATCH, QUERIES, STATES)
    assert (weights >= 0).all()
    torch.testing.assert_close(weights.sum(2), torch.ones(BATCH, QUERIES))
    torch.testing.assert_close(context, torch.einsum("bkl,blw->bkw", weights, states))


def test_additive_weights_are_those_of_the_paper() -> None:
    part, (queries, states) = made("additive"), given()
    _, weights = part(queries, states)
    for b in range(BATCH):
        for k in range(QUERIES):
            asked = part.query.weight @ queries[b, k] + part.query.bias
            scores = [part.score.weight[0] @ torch.tanh(asked + part.key.weight @ h) for h in states[b]]
            torch.testing.assert_close(weights[b, k], torch.stack(scores).softmax(0))


def test_additive_attention_knows_states_by_what_they_hold_alone() -> None:
    part, (queries, states) = made("additive"), given()
    other = torch.tensor([3, 0, 4, 1, 2])
    (context, weights), (same, moved) = part(queries, states), part(queries, states[:, other])
    torch.testing.assert_close(context, same)
    torch.testing.assert_close(weights[..., other], moved)


def test_without_attention_every_query_is_given_the_last_state() -> None:
    queries, states = given()
    context, weights = made("none")(queries, states)
    assert torch.equal(context, states[:, -1:].repeat(1, QUERIES, 1))
    assert weights[..., -1].eq(1).all()
    assert not list(made("none").parameters())


def test_a_source_is_read_as_it_stands_or_backwards() -> None:
    x = torch.arange(6).reshape(2, 3)
    assert torch.equal(order.forward()(x, 1), x)
    assert order.backward()(x, 1).tolist() == [[2, 1, 0], [5, 4, 3]]
    assert torch.equal(order.backward()(order.backward()(x, 1), 1), x)
