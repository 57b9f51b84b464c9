"""Transduction: the layout of an encoder and a decoder, of the same sequences as the rules of `tasks.sequences`."""

import pytest
import torch
from made import made
from torch import Tensor
from torch.nn import functional as F

from ablatlas.randomness import generator
from ablatlas.tasks import entropy, rule
from ablatlas.tasks.transduction import RULES, pairs

RULED = pytest.mark.parametrize("word", RULES)


@RULED
@pytest.mark.parametrize(("length", "symbols"), [(1, 2), (5, 3), (8, 8)])
def test_source_and_target_are_the_halves_of_what_a_language_model_reads(word: str, length: int, symbols: int) -> None:
    source, before, answers, places = pairs(300, generator("test"), RULES[word], length, symbols)
    seen, due = getattr(rule, word)(300, generator("test"), length, symbols)
    assert torch.equal(torch.cat([source, before], 1), seen)
    assert torch.equal(answers, due)
    assert torch.equal(source.gather(1, places), answers)
    assert places.sort(1).values.eq(torch.arange(length)).all(), "every symbol of the source is written once"


@RULED
def test_metrics_of_one_who_knows_and_looks_where_it_is_due(word: str) -> None:
    task = made(f"transduction: {word}")
    held = task.held_out("test")
    _, _, answers, places = held
    wrong = torch.arange(70)[:, None].expand_as(answers) < 7

    def knowing(source: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        said = torch.where(wrong, (answers + 1) % 4, answers)
        return 50.0 * F.one_hot(said, 4), 0.75 * F.one_hot(places, 9) + 0.25 / 9

    found = {name: value.item() for name, value in task.metrics(knowing, held).items()}
    assert found == pytest.approx({"loss": 5.0, "error": 0.1, "weight_on_source": 0.75 + 0.25 / 9})
    assert task.loss(knowing, held, None)[0].item() == pytest.approx(5.0)


@RULED
def test_the_floor_is_what_frequencies_score(word: str) -> None:
    task = made(f"transduction: {word}", examples=200)
    _, _, answers, _ = task.data["train"]
    counts = answers.flatten().bincount(minlength=4)

    def frequencies(source: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        return (counts / counts.sum()).log().expand(*answers.shape, -1), torch.full((*answers.shape, 9), 1 / 9)

    found = {name: value.item() for name, value in task.metrics(frequencies, task.data["train"]).items()}
    assert {name: found[name] for name in task.floor} == pytest.approx(task.floor, rel=1e-6)
    assert task.floor["loss"] == pytest.approx(entropy(counts))
