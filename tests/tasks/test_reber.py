"""The continual embedded Reber grammar, against a recogniser of its own and predictors whose score is known."""

import re
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from ablatlas.randomness import generator
from ablatlas.tasks.reber import SYMBOLS, Task, streams, strings

# Reber's automaton (1967), solved for its language by hand: REST is what may follow the first V of a string.
REST = "(?:PXT*V)*(?:V|PS)"
INNER = re.compile(rf"B(?:TS*(?:XS|XXT*V{REST})|PT*V{REST})E")
EMBEDDED = re.compile(rf"B([TP])({INNER.pattern})\1E")


def text(symbols: np.ndarray | Tensor) -> str:
    return "".join(SYMBOLS[int(i)] for i in symbols if i >= 0)


def made(seed: int = 0, **changes: int | list[int]) -> Task:
    sizes = {
        "batch": 3, "steps": 30, "window": 20, "restart": 6, "examples": 18, "judged": 5, "span": 50,
        "positions": [50, 100],
    }  # fmt: skip
    return Task(**{**sizes, **changes}, keys=lambda *key: generator(seed, *key))  # type: ignore[arg-type]


# --- strings ---


def test_every_string_is_of_the_grammar_and_remembers_its_second_symbol() -> None:
    drawn = [text(row) for row in strings(3000, np.random.default_rng(0))[0]]
    for string in drawn:
        assert EMBEDDED.fullmatch(string), string
        assert string[1] == string[-2]
    assert min(map(len, drawn)) == 9
    assert len(set(drawn)) > 300


@pytest.mark.parametrize(
    ("string", "valid"),
    [("BTXSE", True), ("BPVVE", True), ("BTSSXXTVVE", True), ("BPTTVPSE", True), ("BTXXVPXVPXVVE", True)]
    + [(s, False) for s in ("BTSE", "BPXSE", "BTXSXE", "BPVPVE", "TXSE", "BTXS")],
)  # fmt: skip
def test_the_recogniser_itself_knows_the_grammar(string: str, valid: bool) -> None:
    assert bool(INNER.fullmatch(string)) == valid


def test_the_remembered_symbol_is_a_fair_coin_as_is_every_branch() -> None:
    drawn = [text(row) for row in strings(4000, np.random.default_rng(1))[0]]
    for position in (1, 3):  # which to remember; the first branch of the inner string
        share = Counter(string[position] for string in drawn)["T"] / len(drawn)
        assert share == pytest.approx(0.5, abs=4 * 0.5 / len(drawn) ** 0.5)
    together = Counter((string[1], string[3]) for string in drawn)
    assert min(together.values()) > 900  # and the one tells nothing of the other


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 4), st.integers(1, 300), st.integers(0, 9))
def test_places_mark_the_first_and_the_last_but_one_symbol(count: int, length: int, seed: int) -> None:
    symbols, places = streams(count, length, generator(seed))
    assert symbols.shape == places.shape == (length, count)
    for column, marked in zip(symbols.T, places.T, strict=True):
        written, begin = text(column), 0
        expected: list[int] = []
        while match := EMBEDDED.match(written, begin):
            expected += [0, *[1] * (len(match[0]) - 3), 2, 1]
            begin = match.end()
        assert marked[:begin].tolist() == expected
        assert marked[begin : begin + 1].tolist() == [0][: length - begin], "the last string, cut off"
        assert (marked[begin + 1 :] != 0).all()
        assert length - begin < 60, "and nothing but one string is cut off"


def test_streams_stand_side_by_side() -> None:
    symbols, _ = streams(4, 60, generator(0))
    assert len({text(column) for column in symbols.T}) == 4


# --- windows ---


def test_windows_tile_each_stream_without_gap_or_overlap() -> None:
    """What is read since a stream began is its text from there; the first ones begin 0, 2 and 4 windows in."""
    task = made()
    turn, read = [-1] * task.size, [""] * task.size
    for step in range(30):
        seen, wanted, _, begins = task.batch(step)
        for i in range(task.size):
            window, after = text(seen[:, i].argmax(-1)), text(wanted[:, i])
            assert window[1:] == after[:-1]
            if begins[i]:
                assert step == 0 or text(task.symbols[turn[i], :, i]).endswith(read[i]), "read to its end"
                turn[i], read[i] = turn[i] + 1, window[0]
            assert read[i][-1] == window[0], "what was predicted last is seen next"
            read[i] += after
            skipped = 2 * i * task.window if turn[i] == 0 else 0
            assert text(task.symbols[turn[i], :, i])[skipped:].startswith(read[i])
    assert turn == [4, 5, 5]


def columns(task: Task) -> list[str]:
    """The text of every stream, in the order in which a batch's first, second, … begin theirs."""
    return [text(column) for turn in task.symbols for column in turn.T]


def test_no_two_streams_are_the_same() -> None:
    assert len(set(columns(made()))) == len(columns(made())) == 18


@pytest.mark.parametrize("examples", [3, 6, 12])
def test_fewer_streams_are_the_first_of_more(examples: int) -> None:
    assert columns(made(examples=examples)) == columns(made())[:examples]


def test_when_all_streams_were_read_they_are_read_again() -> None:
    """Two rounds of six windows: step 12 sees what step 0 saw, but for streams that were begun in their middle."""
    task = made(examples=6)
    for step in range(12):
        once, again = task.batch(step + 12), task.batch(step + 24)
        assert all(torch.equal(one, other) for one, other in zip(once, again, strict=True))
    first, second = task.batch(0), task.batch(12)
    assert torch.equal(first[1], second[1])
    assert torch.equal(first[0], second[0])
    assert second[3].tolist() == [True, False, False], "the others are read on"


def test_few_streams_are_read_like_many_until_they_are_all_read() -> None:
    few, many = made(examples=6), made()
    for step in range(8):
        assert all(torch.equal(one, other) for one, other in zip(few.batch(step), many.batch(step), strict=True))
    assert not torch.equal(few.batch(9)[1], many.batch(9)[1])


@pytest.mark.parametrize("examples", [0, 2, 4, 17, -3])
def test_streams_that_a_batch_does_not_divide_are_refused(examples: int) -> None:
    with pytest.raises(ValueError, match=f"task.examples: found {examples}, expected a multiple of recipe.batch, 3"):
        made(examples=examples)


def test_streams_of_a_batch_start_afresh_at_different_times() -> None:
    task = made()
    when = [[step for step in range(1, 30) if task.batch(step)[3][i]] for i in range(3)]
    assert when == [[6, 12, 18, 24], [4, 10, 16, 22, 28], [2, 8, 14, 20, 26]]
    assert task.batch(0)[3].all()


def test_fresh_marks_the_first_symbol_of_every_string() -> None:
    seen, _, fresh, _ = made(window=200).batch(6)  # stream 0 is at its beginning
    written = text(seen[:, 0].argmax(-1))
    ends = [match.end() for match in EMBEDDED.finditer(written)]
    assert fresh[:, 0].nonzero().flatten().tolist() == [0, *(end for end in ends if end < 200)]


class Tracer(nn.Module):
    """Counts steps in its state, so that what is carried and what is zeroed can be read off it."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(7))

    def rest(self, streams: int) -> tuple[Tensor, Tensor]:
        return torch.zeros(1, streams, 1), torch.zeros(1, streams, 1)

    def forward(self, x: Tensor, state: tuple[Tensor, ...], fresh: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        self.began = state
        return self.weight.expand(*x.shape), tuple(s + 1 + 0 * self.weight.sum() for s in state)


def test_the_state_is_carried_and_zeroed_where_a_stream_starts_afresh() -> None:
    task, model = made(), Tracer()
    carry, windows = None, torch.zeros(3)
    for step in range(30):
        batch = task.batch(step)
        windows = torch.where(batch[3], 0.0, windows)
        _, carry = task.loss(model, batch, carry)
        assert all(torch.equal(s[0, :, 0], windows) for s in model.began)
        assert not any(s.requires_grad for s in carry), "no gradient goes from window to window"
        windows += 1


def test_training_data_depend_on_seed_and_step_alone() -> None:
    one, longer, other = made(), made(steps=60), made(seed=1)
    assert all(torch.equal(a, b) for a, b in zip(one.batch(29), longer.batch(29), strict=True))
    assert not torch.equal(one.batch(0)[1], other.batch(0)[1])


def test_every_step_of_the_budget_has_a_batch() -> None:
    for steps, restart, batch in [(1, 1, 1), (1, 5, 4), (7, 3, 5), (12, 4, 4), (13, 4, 9)]:
        task = made(steps=steps, restart=restart, batch=batch, examples=2 * batch)
        assert [len(task.batch(step)[0]) for step in range(steps)] == [20] * steps


# --- judging ---


def judged(task: Task, model: nn.Module, split: str) -> dict[str, float]:
    """A model's metrics on what a task holds out, as plain numbers."""
    return {name: value.item() for name, value in task.metrics(model, task.held_out(split)).items()}


class Predictor(nn.Module):
    """Predicts by a rule from the string read so far; `limit` is where in the stream it stops knowing."""

    def __init__(self, rule: str, limit: int = 10**9) -> None:
        super().__init__()
        self.rule, self.limit = rule, limit

    def rest(self, streams: int) -> tuple[Tensor, Tensor]:
        return torch.zeros(1, streams, 1), torch.full((1, streams, 1), -3.0)

    def forward(self, x: Tensor, state: tuple[Tensor, ...], fresh: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        symbols = x.argmax(-1)
        said = torch.empty_like(symbols)
        second = torch.full((symbols.shape[1],), SYMBOLS.index("T"))
        for t in range(len(symbols)):
            if t and self.rule == "remember":
                second = torch.where(fresh[t - 1], symbols[t], second)
            known = t < self.limit
            said[t] = second if known else SYMBOLS.index("B")
        return 50.0 * nn.functional.one_hot(said, 7), state


def test_perfect_memory_recalls_everything() -> None:
    scored = judged(made(judged=20, positions=[50, 200, 400]), Predictor("remember"), "test")
    assert [scored[f"recall@{position}"] for position in (50, 200, 400)] == [1.0, 1.0, 1.0]
    assert scored["largest_state"] == 3.0


def test_no_memory_is_right_half_the_time() -> None:
    task = made(judged=200, positions=[400], span=400)
    share = judged(task, Predictor("always T"), "test")["recall@400"]
    asked = 200 * 400 / 15  # at least: a string has about twelve symbols
    assert share == pytest.approx(task.floor["recall@400"], abs=4 * 0.5 / asked**0.5)


def test_a_position_is_judged_on_the_span_that_ends_there() -> None:
    """Who knows the first 100 symbols' successors and nothing after is perfect up to there and useless beyond."""
    task = made(judged=20, positions=[50, 100, 150, 200], span=50)
    scored = judged(task, Predictor("remember", limit=100), "test")
    assert [scored[f"recall@{position}"] for position in task.positions] == [1.0, 1.0, 0.0, 0.0]
    wide = judged(made(judged=20, positions=[150], span=100), Predictor("remember", limit=100), "test")
    assert 0.3 < wide["recall@150"] < 0.7


def test_only_last_but_one_symbols_are_asked_for() -> None:
    """An answer that is right there, and wrong everywhere else, is recall 1 at a dreadful loss."""
    scored = judged(made(judged=20), Predictor("remember"), "validation")
    assert scored["recall@100"] == 1.0
    assert scored["loss"] > 5


def test_splits_and_seeds_have_streams_of_their_own_and_repeat_them() -> None:
    def loss(split: str, seed: int = 0) -> float:
        return judged(made(seed), Predictor("always T"), split)["loss"]

    assert loss("validation") == loss("validation")
    assert len({loss("validation"), loss("test"), loss("test", seed=1)}) == 3


def test_the_floor_is_the_entropy_of_the_symbols() -> None:
    task = made()
    share = np.bincount(task.symbols.flatten(), minlength=7) / task.symbols.numel()
    assert task.floor["loss"] == pytest.approx(-(share * np.log(share)).sum(), rel=1e-12)
    assert task.floor["recall@50"] == 0.5
