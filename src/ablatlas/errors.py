"""The one error of a study that cannot be run as declared, and the words that it is told in."""

import difflib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path


class StudyError(ValueError):
    """Where (`file`, `path` in it), what was `found`, what `expected`, and the `nearest` right name."""

    def __init__(
        self, file: str | Path, path: str, found: object, expected: str, options: Iterable[object] = ()
    ) -> None:
        self.file, self.path, self.found, self.expected = str(file), path, show(found), expected
        self.nearest = nearest(found, list(options))
        hint = f"; nearest: {self.nearest}" if self.nearest else ""
        super().__init__(f"{self.file}: {path}: found {self.found}, expected {expected}{hint}")


def show(value: object) -> str:
    """A value in a message: `nothing` for None, words as they are, the rest as JSON."""
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)


def one_of(options: Iterable[object]) -> str:
    """A list of what would have been right, in words."""
    return "one of " + (", ".join(str(option) for option in options) or "(there are none)")


def nearest(found: object, options: Sequence[object]) -> str | None:
    """The option most like `found`, among those with its last segment if any has it; None without options."""
    if found is None or not options:
        return None
    numbers = [option for option in options if isinstance(option, int | float)]
    if isinstance(found, int | float) and len(numbers) == len(options):
        return str(min(numbers, key=lambda number: abs(number - found)))
    word, names = str(found), [str(option) for option in options]
    segment = word.rsplit(".", 1)[-1]
    same = [name for name in names if name.rsplit(".", 1)[-1] == segment]
    return difflib.get_close_matches(word, same or names, n=1, cutoff=0.0)[0]
