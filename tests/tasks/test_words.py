"""Words of a text: their shares and what each says of the next, against brute force and against samples."""

import math
from itertools import pairwise, product
from typing import Any

import pytest
import torch
from made import judged, made

from ablatlas.randomness import generator
from ablatlas.tasks.words import nats, pairs, shares, texts

CASES = [(2, 1.0, 1.0), (7, 0.0, 2.0), (30, 1.0, 2.0), (50, 2.0, 3.0)]


@pytest.mark.parametrize(("symbols", "tail", "sharpness"), CASES)
def test_a_words_share_is_a_power_of_its_rank_before_and_after(symbols: int, tail: float, sharpness: float) -> None:
    share, joint = shares(symbols, tail), pairs(symbols, tail, sharpness)
    assert float(share.sum()) == pytest.approx(1.0)
    for rank in range(1, symbols + 1):
        assert float(share[0] / share[rank - 1]) == pytest.approx(rank**tail)
    for side in (0, 1):
        torch.testing.assert_close(joint.sum(side), share, rtol=1e-9, atol=1e-12)
    assert (joint > 0).all()


def test_scaling_keeps_what_belongs_together() -> None:
    """Odds ratios of any two rows and columns are those of the kernel that was scaled."""
    sharp, blunt = pairs(5, 1.0, 2.0).log(), pairs(5, 0.0, 1.0).log()

    def odds(logs: torch.Tensor) -> torch.Tensor:
        return logs[1:, 1:] - logs[:1, 1:] - logs[1:, :1] + logs[:1, :1]

    torch.testing.assert_close(odds(sharp), 2 * odds(blunt), rtol=1e-9, atol=1e-9)


def test_the_entropy_of_what_comes_next_is_that_of_all_pairs_less_that_of_the_first() -> None:
    joint = pairs(4, 1.0, 1.5)
    rows = joint / joint.sum(1, keepdim=True)
    each = [-float(joint[a, b]) * math.log(float(rows[a, b])) for a, b in product(range(4), repeat=2)]
    assert nats(joint) - nats(joint.sum(1)) == pytest.approx(sum(each))


def test_a_long_text_has_the_shares_and_the_pairs() -> None:
    joint = pairs(5, 1.0, 1.5)
    seen, wanted = texts(300, generator("test"), 400, joint)
    assert seen.shape == wanted.shape == (300, 400)
    assert torch.equal(seen[:, 1:], wanted[:, :-1])
    found = (5 * seen + wanted).flatten().bincount(minlength=25).view(5, 5).double()
    torch.testing.assert_close(found / found.sum(), joint, rtol=0.0, atol=0.01)
    first = seen[:, 0].bincount(minlength=5).double() / len(seen)
    torch.testing.assert_close(first, joint.sum(1), rtol=0.0, atol=0.12)


def test_who_knows_the_pairs_scores_the_least_loss_and_nothing_is_left() -> None:
    task, joint = made("words", judged=4000), pairs(6, 1.0, 1.5)
    seen, _ = task.held_out("test")
    known = judged(task, (joint / joint.sum(1, keepdim=True)).log()[seen])
    assert known["loss"] == pytest.approx(task.best["loss"], abs=0.01)
    assert known["left"] == pytest.approx(0.0, abs=0.03)
    blind = judged(task, joint.sum(1).log().expand(*seen.shape, -1))
    assert blind["loss"] == pytest.approx(task.blind, abs=0.01)
    assert blind["left"] == pytest.approx(1.0, abs=0.03)
    assert task.floor["loss"] == pytest.approx(task.blind, abs=0.02)


@pytest.mark.parametrize(("tail", "frequent"), [(0.0, 5), (1.0, 2), (3.0, 1)])
def test_frequent_words_are_the_first_that_make_up_half_of_a_text(tail: float, frequent: int) -> None:
    """Of ten words at tail 1 the first two have 0.34 and 0.17 of a text, at tail 3 the first alone 0.83."""
    task = made("words", symbols=10, tail=tail)
    assert (~task.rare).tolist() == [rank < frequent for rank in range(10)]


def test_loss_on_frequent_and_rare_words_makes_up_the_loss() -> None:
    task = made("words", symbols=10, judged=500)
    seen, wanted = task.held_out("test")
    said = torch.randn(*seen.shape, 10, generator=generator("said"))
    found, share = judged(task, said), float(task.rare[wanted].double().mean())
    assert share * found["rare"] + (1 - share) * found["frequent"] == pytest.approx(found["loss"], rel=1e-5)


def test_the_same_pairs_in_every_run_and_others_for_another_number_of_words() -> None:
    assert torch.equal(pairs(4, 1.0, 2.0), pairs.__wrapped__(4, 1.0, 2.0))
    few, many = pairs(4, 0.0, 2.0), pairs(5, 0.0, 2.0)[:4, :4]
    assert not torch.allclose(few / few.sum(), many / many.sum(), atol=0.05)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [("symbols", 1, "2"), ("tail", -0.5, "0"), ("length", 0, "1"), ("sharpness", 0.0, "a positive number")],
)
def test_what_leaves_nothing_to_predict_is_refused(key: str, value: float, expected: str) -> None:
    changed: dict[str, Any] = {key: value}
    with pytest.raises(ValueError, match=rf"task.{key}: found {value}, expected .*{expected}"):
        made("words", **changed)


def test_heavier_tails_leave_rarer_words() -> None:
    assert all(a > b for a, b in pairwise(float(shares(64, tail)[-1]) for tail in (0.0, 0.5, 1.0, 2.0)))
