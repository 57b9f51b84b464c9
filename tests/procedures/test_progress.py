"""What a cell tells while it trains: how often, to a log and to a terminal, and nothing where it is to be quiet."""

import io
import math
import os
import sys
from pathlib import Path

import pytest
from tiny import Engine, make

from ablatlas.procedures import cellwork, progress
from ablatlas.procedures.job import main
from ablatlas.procedures.progress import BLINK, EVERY, Progress, Terminal
from ablatlas.study import Study
from ablatlas.train.resume import Say

WIPE = "\r\033[K"


class Clock:
    """Stands in for `time`."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


@pytest.fixture
def said() -> list[str]:
    return []


def cell(say: Say, total: int = 4, steps: int = 10) -> Progress:
    """A cell of so many runs, all to be trained."""
    made = Progress("tiny base tuning", steps, say)
    made.total = made.missing = total
    return made


# --- how often ---


def test_a_log_gets_no_two_lines_within_its_pause(clock: Clock, said: list[str]) -> None:
    report, times = cell(said.append, steps=1000).training("with"), []
    for step in range(1, 1001):
        clock.now += 0.07
        before = len(said)
        report(step, [1.0])
        times += [clock.now] * (len(said) - before)
    assert all(EVERY <= later - earlier < EVERY + 0.1 for earlier, later in zip([1000.0, *times], times, strict=False))
    assert len(times) == int(70 / EVERY) - 1  # each a little late


def test_a_short_training_tells_nothing(clock: Clock, said: list[str]) -> None:
    report = cell(said.append).training("with")
    for step in range(1, 11):
        clock.now += 0.4
        report(step, [1.0])
    assert said == []


def test_the_pause_goes_on_from_one_training_to_the_next(clock: Clock, said: list[str]) -> None:
    made = cell(said.append)
    for name in ("one", "two", "three"):
        clock.now += 2
        made.training(name)(1, [1.0])
    assert len(said) == 1
    assert "three" in said[0]


# --- what ---


def test_a_line_tells_what_is_trained_and_how_far_all_of_it_is(clock: Clock, said: list[str]) -> None:
    made = cell(said.append)
    made.ended("finished", trained=True)
    clock.now += 30
    made.training("with, 2 seeds, rate 0.1")(5, [1.0, 2.0])
    # one run and two halves of four
    assert said == [
        "tiny base tuning: with, 2 seeds, rate 0.1, step 5/10, loss 1.5000; 1/4 runs, none diverged; "
        "30 s, about 30 s left"
    ]


def test_runs_that_need_no_training_are_counted_but_say_nothing_of_the_time(clock: Clock, said: list[str]) -> None:
    made = cell(said.append, total=2)
    made.total += 6
    for _ in range(6):
        made.ended("finished", trained=False)
    clock.now += 30
    made.training("with")(10, [1.0])
    assert said[0].endswith("6/8 runs, none diverged; 30 s, about 30 s left")


@pytest.mark.parametrize(
    ("losses", "told"),
    [
        ([1.0, math.nan, 2.0], "loss 1.5000"),
        ([1.0, math.inf], "loss 1.0000"),
        ([math.nan, -math.inf], "no finite loss"),
    ],
)
def test_losses_that_are_not_finite_are_left_out(losses: list[float], told: str, clock: Clock, said: list[str]) -> None:
    made = cell(said.append)
    clock.now += 10
    made.training("with")(1, losses)
    assert f"step 1/10, {told}; " in said[0]


def test_diverged_runs_are_counted(clock: Clock, said: list[str]) -> None:
    made = cell(said.append)
    for state in ("diverged", "finished", "diverged"):
        made.ended(state, trained=state == "diverged")
    clock.now += 10
    made.training("with")(1, [1.0])
    assert "3/4 runs, 2 diverged" in said[0]


# --- a terminal ---


def test_a_terminal_rewrites_its_line_and_keeps_the_others(
    clock: Clock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    terminal = Terminal()
    report = cell(terminal).training("with")
    for step in (1, 2, 3):
        clock.now += BLINK / 2
        report(step, [1.0])
    terminal("a warning")
    clock.now += BLINK
    report(4, [1.0])
    terminal("the end")
    parts = capsys.readouterr().out.split(WIPE)
    assert parts[0] == ""
    assert [part.rpartition("; ")[0] or part for part in parts[1:]] == [
        "tiny base tuning: with, step 2/10, loss 1.0000; 0/4 runs, none diverged",
        "a warning\n",
        "tiny base tuning: with, step 4/10, loss 1.0000; 0/4 runs, none diverged",
        "the end\n",
    ]


def test_the_line_that_changes_fits_the_terminal(
    clock: Clock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that is broken leaves its beginning behind when it is written over."""
    monkeypatch.setenv("COLUMNS", "40")
    terminal, long = Terminal(), "x" * 100
    report = cell(terminal).training(long)
    clock.now += 1
    report(1, [1.0])
    terminal(long)
    changing, kept = capsys.readouterr().out.split(WIPE)[1:]
    assert len(changing) == 39
    assert kept == f"{long}\n"


# --- the command ---


class Screen(io.StringIO):
    """An output that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """The small study, every step of which takes a second."""
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)

    def pause() -> None:
        clock.now += 1

    monkeypatch.setattr(cellwork, "train", Engine(pause=pause))
    monkeypatch.setenv("ABLATLAS_ROOT", str(tmp_path))
    return make(tmp_path)


def tuned(study: Study, *words: str) -> None:
    assert main(["tune", "tiny", "base", "--scale", "smoke", "--out", str(study.root / "out.json.gz"), *words]) == 0


def test_a_pipe_gets_lines(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    tuned(study)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 3
    assert all(line.startswith("tiny base tuning: ") for line in lines)
    assert not any("\r" in line or "\033" in line for line in lines)
    assert lines[-1].endswith("picked up")


@pytest.mark.parametrize("words", [(), ("--lines",), ("--quiet",)])
def test_a_terminal_gets_what_it_asks_for(
    words: tuple[str, ...], study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    tuned(study, *words)
    out = screen.getvalue()
    match words:
        case ():
            assert out.count(WIPE) > 10
            assert out.count("\n") == 1, "the last line alone stays"
        case ("--lines",):
            assert WIPE not in out
            assert out.count("\n") > 3
        case _:
            assert out == ""


def test_quiet_tells_nothing_but_errors(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    tuned(study, "--quiet")
    assert capsys.readouterr() == ("", "")
    assert main(["tune", "tiny", "none", "--scale", "smoke", "--out", os.devnull, "--quiet"]) == 2
    out, err = capsys.readouterr()
    assert (out, err[:6]) == ("", "error:")


def test_quiet_lines_are_refused(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        tuned(study, "--quiet", "--lines")
    assert "not allowed with" in capsys.readouterr().err
