"""Where a declaration stands, and how it is refused."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ablatlas.config import StudyError, one_of, touches

Tree = dict[str, Any]

NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Where:
    """Where a declaration stands: the study's file, and the overrides (with their origin) that may have set it."""

    file: str
    overrides: tuple[tuple[str, str], ...] = field(default=())

    def fail(self, path: str, found: object, expected: str, options: Iterable[object] = ()) -> NoReturn:
        """Raise StudyError at `path`, or at the override that last set it."""
        origins = [origin for override, origin in self.overrides if touches(override, path)]
        raise StudyError(origins[-1] if origins else self.file, path, found, expected, options)

    def choose(self, path: str, found: object, options: Iterable[object]) -> None:
        """Raise StudyError unless `found` is one of `options`."""
        known = list(options)
        if found not in known:
            self.fail(path, found, one_of(known), known)

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

    def text(self, path: str, value: object) -> str:
        """`value`, once it is a word or a sentence."""
        if not isinstance(value, str) or not value.strip():
            self.fail(path, value, "text")
        return value


def is_number(value: object) -> bool:
    """Whether a value is a number, which a boolean is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def check_kind(where: Where, path: str, base: object, value: object, label: str = "") -> None:
    """A value of another kind than the one it replaces is a slip: a word for a number, a boolean for a word."""
    if base is None or value is None or isinstance(value, dict):
        return
    kinds = [("a boolean", lambda v: isinstance(v, bool)), ("a number", is_number), ("a list", _is_list)]
    for kind, holds in kinds:
        if holds(base) and not holds(value):
            where.fail(label or path, value, f"{kind}, as {path} is")
    if isinstance(value, bool) and not isinstance(base, bool):
        where.fail(label or path, value, f"a word or a number, as {path} is (YAML reads on, off, yes, no as booleans)")


def _is_list(value: object) -> bool:
    return isinstance(value, list)
