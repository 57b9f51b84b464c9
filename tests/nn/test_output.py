"""How a vector foretells the words beside it: each part against its equation, and what it looks at."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from ablatlas.nn import initial, output
from ablatlas.randomness import generator

WORDS, WIDTH, NOISE, BATCH = 11, 4, 3, 5
PARTS = ["softmax", "negative", "hierarchical"]


def made(word: str, words: int = WORDS) -> Any:
    part = getattr(output, word)(words, WIDTH, NOISE)
    with torch.no_grad():
        initial.uniform(1.0)(table(part), generator("output"))
    return part


def table(part: Any) -> Tensor:
    [weight] = part.parameters()
    return weight


def given() -> tuple[Tensor, Tensor, Tensor]:
    draw = generator("given")
    vectors = torch.randn(BATCH, WIDTH, generator=draw)
    return vectors, torch.randint(WORDS, (BATCH,), generator=draw), torch.randint(WORDS, (BATCH, NOISE), generator=draw)


def sigmoid(x: Tensor) -> Tensor:
    return 1 / (1 + (-x).exp())


def softmax(rows: Tensor, v: Tensor, beside: int, noise: list[int]) -> Tensor:
    scores = (rows @ v).exp()
    return -(scores[beside] / scores.sum()).log()


def negative(rows: Tensor, v: Tensor, beside: int, noise: list[int]) -> Tensor:
    return -sigmoid(rows[beside] @ v).log() - sum(sigmoid(-rows[word] @ v).log() for word in noise)


def hierarchical(rows: Tensor, v: Tensor, beside: int, noise: list[int]) -> Tensor:
    """Down from the root, to the left child of node i at 2 i + 1 where a word's next digit is 0."""
    nats, node = torch.tensor(0.0), 0
    for digit in f"{beside:04b}":
        right = digit == "1"
        nats = nats - sigmoid((1 if right else -1) * (rows[node] @ v)).log()
        node = 2 * node + 1 + right
    return nats


@pytest.mark.parametrize("oracle", [softmax, negative, hierarchical])
def test_nats_are_those_of_the_papers_equation(oracle: Any) -> None:
    part, (vectors, beside, noise) = made(oracle.__name__), given()
    rows = table(part).detach()
    by_hand = [
        oracle(rows, v, int(word), drawn.tolist()) for v, word, drawn in zip(vectors, beside, noise, strict=True)
    ]
    torch.testing.assert_close(part(vectors, beside, noise).detach(), torch.stack(by_hand))


@pytest.mark.parametrize(("word", "words"), [("softmax", WORDS), ("hierarchical", 16)])
def test_the_probabilities_of_all_words_sum_to_one(word: str, words: int) -> None:
    vector = given()[0][:1].expand(words, -1)
    nats = made(word, words)(vector, torch.arange(words), torch.zeros(words, NOISE, dtype=torch.long))
    assert (-nats).exp().sum().item() == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize("word", PARTS)
def test_only_negative_sampling_looks_at_the_noise(word: str) -> None:
    part, (vectors, beside, noise) = made(word), given()
    same = torch.equal(part(vectors, beside, noise), part(vectors, beside, (noise + 1) % WORDS))
    assert same == (word != "negative")


@pytest.mark.parametrize(("word", "rows"), [("softmax", WORDS), ("negative", 1 + NOISE), ("hierarchical", 4)])
def test_a_pair_reaches_as_many_rows_as_its_products_say(word: str, rows: int) -> None:
    part, (vectors, _, _) = made(word), given()
    assert part.products == rows * WIDTH
    part(vectors[:1], torch.tensor([0]), torch.tensor([[1, 2, 3]])).sum().backward()
    gradient = table(part).grad
    assert gradient is not None
    assert int(gradient.abs().sum(1).count_nonzero()) == rows


@pytest.mark.parametrize(("word", "nats"), [("softmax", math.log(WORDS)), ("negative", 4 * math.log(2)),
    ("hierarchical", 4 * math.log(2))])  # fmt: skip
def test_a_part_starts_by_telling_no_word_from_another(word: str, nats: float) -> None:
    part = made(word)
    for rows in part.children():
        rows.start()
    assert part(*given()).tolist() == pytest.approx([nats] * BATCH)
