"""Sequences of symbols and numbers: every answer recomputed from what is seen, in plain Python."""

import math
from collections import Counter

import pytest
import torch
from made import judged, made
from test_reber import EMBEDDED
from torch.nn import functional as F

from ablatlas.randomness import generator
from ablatlas.tasks import adding, embedded_reber, rule
from ablatlas.tasks.reber import SYMBOLS

COUNT = 300


def lists(rule_: str, length: int, symbols: int) -> list[tuple[list[int], list[int]]]:
    """(seen, answers) of COUNT sequences."""
    seen, answers = getattr(rule, rule_)(COUNT, generator("test"), length, symbols)
    return list(zip(seen.tolist(), answers.tolist(), strict=True))


# --- symbols ---


@pytest.mark.parametrize(("length", "symbols"), [(1, 2), (5, 3), (8, 8)])
@pytest.mark.parametrize(
    ("word", "answer"),
    [("copy", lambda x: x), ("reverse", lambda x: x[::-1]), ("sort", sorted)],
)
def test_what_is_written_after_the_separator(word: str, answer: object, length: int, symbols: int) -> None:
    assert callable(answer)
    for seen, answers in lists(word, length, symbols):
        x = seen[:length]
        assert answers == answer(x)
        assert seen == [*x, symbols, *answers[:-1]], "the answer due at a position is not seen there"


@pytest.mark.parametrize(("length", "symbols"), [(1, 2), (9, 2), (7, 5)])
def test_parity_is_that_of_all_symbols_so_far(length: int, symbols: int) -> None:
    for seen, answers in lists("parity", length, symbols):
        assert answers == [sum(seen[: t + 1]) % symbols for t in range(length)]


@pytest.mark.parametrize("length", [1, 2, 6])
def test_xor_is_of_two_symbols_that_lie_so_far_back(length: int) -> None:
    for seen, answers in lists("xor", length, 2):
        due = range(len(seen) - length, len(seen))
        assert answers == [seen[t - length] ^ seen[t - length - 1] for t in due]
        assert len(seen) == 2 * length + 1, "so that the first symbol is part of the first answer"


@pytest.mark.parametrize(("length", "symbols"), [(1, 2), (4, 8), (4, 20)])
def test_recall_can_be_answered_from_the_pairs(length: int, symbols: int) -> None:
    orders = set()
    for seen, answers in lists("recall", length, symbols):
        pairs, asked = seen[: 2 * length], seen[2 * length :]
        stored = dict(zip(pairs[::2], pairs[1::2], strict=True))
        assert answers == [stored[key] for key in asked]
        assert len(stored) == length, "no key is there twice"
        assert sorted(stored) == sorted(asked), "every key is asked for"
        assert max(stored) < symbols // 2 <= min(answers)
        orders.add(tuple(pairs[::2].index(key) for key in asked))
    assert len(orders) == math.factorial(length)


@pytest.mark.parametrize(
    ("word", "length", "symbols"),
    [("copy", 4, 5), ("reverse", 4, 5), ("sort", 4, 5), ("parity", 6, 2), ("xor", 6, 2), ("recall", 3, 8)],
)  # fmt: skip
def test_every_symbol_is_drawn_and_none_beyond(word: str, length: int, symbols: int) -> None:
    seen, answers = getattr(rule, word)(COUNT, generator("test"), length, symbols)
    separators = 1 if word in ("copy", "reverse", "sort") else 0
    assert set(seen.flatten().tolist()) == set(range(symbols + separators))
    assert set(answers.flatten().tolist()) <= set(range(symbols))
    fresh = seen[:, :length] if word != "recall" else answers - symbols // 2
    counts = fresh.flatten().bincount()
    expected = fresh.numel() / len(counts)
    assert (counts - expected).abs().max() < 5 * math.sqrt(expected)


@pytest.mark.parametrize("name", ["copy", "sort", "parity", "xor", "recall"])
def test_who_answers_right_makes_no_error(name: str) -> None:
    """And only the answers that are due are judged: elsewhere this one talks nonsense."""
    task = made(name)
    seen, answers = task.held_out("test")
    said = torch.full((*seen.shape, task.sizes["outputs"]), -7.0)
    said[:, -answers.shape[1] :] = 50.0 * F.one_hot(answers, task.sizes["outputs"])
    assert judged(task, said) == pytest.approx({"loss": 0.0, "error": 0.0}, abs=1e-6)
    said[::2] = said[::2].roll(1, -1)
    assert judged(task, said)["error"] == 0.5


# --- sums ---


@pytest.mark.parametrize("length", [4, 5, 11, 40, 101])
def test_a_sum_is_of_the_two_numbers_that_are_marked(length: int) -> None:
    x, wanted = adding.sums(2000, generator("test"), length)
    numbers, marks = x.unbind(2)
    assert x.shape == (2000, length, 2)
    assert 0 <= float(numbers.min()) < float(numbers.max()) < 1
    assert sorted(set(marks.flatten().tolist())) == [0.0, 1.0]
    where = [row.nonzero().flatten().tolist() for row in marks]
    assert all(len(pair) == 2 for pair in where)
    assert all(first < 10 and second < length // 2 for first, second in where), "in the first half, one of them early"
    by_hand = [sum(float(row[t]) for t in pair) for row, pair in zip(numbers, where, strict=True)]
    torch.testing.assert_close(wanted, torch.tensor(by_hand))
    assert {t for pair in where for t in pair} == set(range(length // 2)), "every step of it is marked now and then"
    assert len({tuple(pair) for pair in where}) > 1 or length < 6


def test_a_sum_is_right_within_its_tolerance() -> None:
    task = made("adding")
    _, wanted = task.held_out("test")
    said = torch.full((70, 20, 1), torch.nan)
    said[:, -1, 0] = wanted + torch.where(torch.arange(70) < 21, 0.041, -0.039)
    found = judged(task, said)
    assert found["error"] == pytest.approx(0.3)
    assert found["loss"] == pytest.approx(0.3 * 0.041**2 + 0.7 * 0.039**2, rel=1e-4)


def test_the_early_influence_is_the_share_of_the_first_half() -> None:
    numbers = torch.tensor([0.25, 0.5, 0.25, 0.75, 0.5])  # turned into 1 less themselves they change by ½, 0, ½, -½, 0
    x = torch.stack([numbers, torch.ones(5)], 1).expand(3, -1, -1)
    weights = torch.tensor([2.0, 1.0, 4.0, 1.0, 2.0])
    found = adding.early_influence(lambda x: (x.sum(2) * weights).cumsum(1)[..., None], x)
    assert found.item() == pytest.approx(1.0**2 / (1.0**2 + 1.5**2))
    assert adding.early_influence(lambda x: 0 * x, x).item() == 0, "where nothing has any"


# --- strings ---


@pytest.mark.parametrize("longest", [9, 12, 30])
def test_strings_are_of_the_grammar_and_blanks_follow(longest: int) -> None:
    symbols, places = embedded_reber.padded(COUNT, generator("test"), longest)
    assert symbols.shape == places.shape == (COUNT, longest)
    lengths = set()
    for row, place in zip(symbols.tolist(), places.tolist(), strict=True):
        text = "".join((SYMBOLS + " ")[i] for i in row)
        string = text.rstrip(" ")
        assert EMBEDDED.fullmatch(string), text
        assert place == [0, *[1] * (len(string) - 3), 2, 1, *[-1] * (longest - len(string))]
        lengths.add(len(string))
    assert min(lengths) == 9
    assert max(lengths) > 18 or longest < 30


def test_short_strings_are_as_likely_as_in_the_grammar() -> None:
    """What is too long is drawn again: BTBTXSETE and its like, of probability 1/8 each, are left in equal shares."""
    symbols, _ = embedded_reber.padded(4000, generator("test"), 9)
    counts = Counter(tuple(row) for row in symbols.tolist())
    assert all(abs(n - 1000) < 5 * 1000**0.5 for n in counts.values()), counts
    assert {"".join(SYMBOLS[i] for i in row) for row in counts} == {
        f"B{outer}{inner}{outer}E" for outer in "TP" for inner in ("BTXSE", "BPVVE")
    }


def test_only_the_last_but_one_symbol_is_asked_for() -> None:
    task = made("embedded_reber")
    seen, wanted, asked = task.held_out("test")
    assert torch.equal(seen[:, 1:], wanted[:, :-1])
    assert (asked.sum(1) == 1).all()
    remembered = wanted[asked]
    assert torch.equal(remembered, seen[:, 1]), "it is the second one"
    said = torch.zeros(*wanted.shape, 8)
    said[:, :, 1] = 1.0  # always T
    assert judged(task, said)["error"] == pytest.approx(float((remembered != 1).double().mean()))
