"""What a cell tells of itself while it trains: now and then a line, or in a terminal one line that changes."""

import math
import shutil
import sys
import time
from collections.abc import Callable, Sequence

from ablatlas.train.resume import Say

EVERY = 5.0  # seconds between two lines of a log
SPARSE = 0.01  # of the time spent, at least: a log that is shown when a job fails stays readable
BLINK = 0.5  # and between two states of a terminal's line


def line(text: str) -> None:
    """A line of a log."""
    print(text, flush=True)


def quiet(text: str) -> None:
    """Nothing."""


class Terminal:
    """Lines that stay, and below them one that is written over."""

    def __call__(self, text: str) -> None:
        self._write(f"{text}\n")

    def now(self, text: str) -> None:
        """Replace the line that changes; it is cut to the terminal's width, since a broken line cannot be replaced."""
        self._write(text[: shutil.get_terminal_size().columns - 1])

    def _write(self, text: str) -> None:
        sys.stdout.write(f"\r\033[K{text}")
        sys.stdout.flush()


class Progress:
    """How far a cell is: how many runs there are of all that are wanted so far, and of its trainings how many steps."""

    def __init__(self, name: str, steps: int, say: Say) -> None:
        self.name, self.steps, self.say = name, steps, say
        self.live = isinstance(say, Terminal)
        self.begin = self.told = time.monotonic()
        self.runs = self.total = self.trained = self.diverged = 0
        self.missing = 0  # runs under way or still to be trained

    def training(self, what: str) -> Callable[[int, Sequence[float]], None]:
        """What an engine reports to while it trains the runs told as `what`: a step, and losses."""

        def report(step: int, losses: Sequence[float]) -> None:
            if not self._due():
                return
            finite = list(filter(math.isfinite, losses))
            loss = f"loss {sum(finite) / len(finite):.4f}" if finite else "no finite loss"
            done = (self.trained + len(losses) * step / self.steps) / max(1, self.trained + self.missing)
            self._tell(f"{what}, step {step}/{self.steps}, {loss}", done)

        return report

    def ended(self, state: str, *, trained: bool) -> None:
        """One more run is there, trained or taken from elsewhere."""
        self.runs += 1
        self.diverged += state == "diverged"
        if trained:
            self.trained += 1
            self.missing -= 1

    def _due(self) -> bool:
        now = time.monotonic()
        return now - self.told >= (BLINK if self.live else max(EVERY, SPARSE * (now - self.begin)))

    def _tell(self, what: str, done: float) -> None:
        self.told = time.monotonic()
        spent = self.told - self.begin
        left = f", about {spent / done * (1 - done):.0f} s left" if done else ""
        ended = f"{self.diverged} diverged" if self.diverged else "none diverged"
        text = f"{self.name}: {what}; {self.runs}/{self.total} runs, {ended}; {spent:.0f} s{left}"
        (self.say.now if isinstance(self.say, Terminal) else self.say)(text)
