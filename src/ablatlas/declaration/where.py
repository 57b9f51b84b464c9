"""Where a declaration stands, and how it is refused."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ablatlas.config import origin, touches
from ablatlas.errors import StudyError, one_of
from ablatlas.tree import Tree, paths

NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Where:
    """The study's file, and the overrides, each with its origin, that may have set what stands there."""

    file: str
    overrides: tuple[tuple[str, str], ...] = field(default=())

    def fail(self, path: str, found: object, expected: str, options: Iterable[object] = ()) -> NoReturn:
        """Raise StudyError at `path`, or at the override that last set it."""
        raise StudyError(origin(self.file, self.overrides, path), path, found, expected, options)

    def deletes(self, path: str) -> bool:
        """Whether an override takes away what stands at `path`."""
        return any(item.startswith("~") and touches(item, path) for item, _ in self.overrides)

    def choose(self, path: str, found: object, options: Iterable[object]) -> None:
        """Raise StudyError unless `found` is one of `options`."""
        known = list(options)
        if found not in known:
            self.fail(path, found, one_of(known), known)

    def path(self, label: str, found: object, run: Tree) -> str:
        """`found`, once it is a path of the run's configuration."""
        known = list(paths(run))
        if not isinstance(found, str) or found not in known:
            self.fail(label, found, "a path of the run's configuration", known)
        return found

    def mapping(self, path: str, tree: object, required: Iterable[str], optional: Iterable[str] = ()) -> Tree:
        """`tree`, once it is a mapping with all required keys and no unknown one."""
        needed = list(required)
        if not isinstance(tree, dict):
            self.fail(path, tree, "a mapping" + (f" with {', '.join(needed)}" if needed else ""))
        for key in tree:
            self.choose(f"{path}.{key}".lstrip("."), key, [*needed, *optional])
        for key in needed:
            if key not in tree:
                self.fail(f"{path}.{key}".lstrip("."), None, f"the key {key}")
        return tree

    def named(self, path: str, tree: object) -> Tree:
        """`tree`, once it is a mapping from names fit for files and for the command line."""
        if not isinstance(tree, dict):
            self.fail(path, tree, "a mapping from names")
        for name in tree:
            if not NAME.fullmatch(name):
                self.fail(path, name, "a name of small letters, digits and _")
        return tree

    def listed(self, path: str, value: object, of: str) -> list[Any]:
        """`value`, once it is a list."""
        if not isinstance(value, list):
            self.fail(path, value, f"a list of {of}")
        return value

    def text(self, path: str, value: object) -> str:
        """`value`, once it is a word or a sentence."""
        if not isinstance(value, str) or not value.strip():
            self.fail(path, value, "text")
        return value


def is_number(value: object) -> bool:
    """Whether a value is a number, which a boolean is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def check_kind(where: Where, path: str, base: object, value: object, label: str = "") -> None:
    """Raise StudyError for a value of another kind than `base`: a word for a number, a boolean for a word.

    null and subtrees may stand anywhere. `label` is where the value was declared, `path` what it sets.
    """
    if base is None or value is None or isinstance(base, dict) or isinstance(value, dict):
        return
    kind = _kind(base)
    if _kind(value) == kind or (kind == "a word" and is_number(value)):
        return
    hint = " (YAML reads on, off, yes and no as booleans)" if isinstance(value, bool) else ""
    where.fail(label or path, value, f"{kind}, as {path} is{hint}")


def _kind(value: object) -> str:
    if isinstance(value, bool | list):
        return "true or false" if isinstance(value, bool) else "a list"
    return "a number" if is_number(value) else "a word"
