"""Ladders: a constraint's axis in a study, and the criterion by which a run on it counts as solved."""

import math
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from ablatlas.config import touches
from ablatlas.declaration.arms import Variant, apply
from ablatlas.declaration.where import Where, is_number
from ablatlas.errors import one_of
from ablatlas.tree import Tree, at, paths

CONSTRAINTS = ("data", "parameters", "optimization", "architecture", "compute", "efficiency", "energy")
MEASURES = ("resource", "threshold")
CRITERION = re.compile(r"\s*([a-z_]\w*)\s*(<=|>=|<|>)\s*(\S+)\s*")
DEFAULT_CRITERION = "loss < midpoint"  # the held-out loss, half-way between the floor and the better arm


@dataclass(frozen=True)
class Criterion:
    """When a run counts as solved: `metric` `op` `value`; `midpoint` is a value that tuning computes."""

    metric: str
    op: str
    value: float | Literal["midpoint"]

    def __str__(self) -> str:
        return f"{self.metric} {self.op} {self.value}"


@dataclass(frozen=True)
class Ladder:
    """One constraint's axis. `evaluated` ladders read all rungs from one training, so they have no path."""

    name: str
    constraint: str
    measure: str
    path: str | None
    levels: tuple[float, ...]
    reference: float
    evaluated: bool
    solved: Criterion | None

    def cell(self, level: float) -> str:
        """The name of the cell that trains this level."""
        return "base" if self.evaluated or level == self.reference else f"{self.name}={level}"

    @property
    def rungs(self) -> tuple[tuple[float, str], ...]:
        """(level, name of its cell), ascending."""
        return tuple((level, self.cell(level)) for level in self.levels)


def ladders(where: Where, config: Tree, run: Tree, made: dict[str, Variant]) -> dict[str, Ladder]:
    """The ladders, each of whose reference cell is the base configuration.

    Where one arm is asked for, the study is a single run with any override: ladders that the command line has
    moved away from the base are then left out.
    """
    found = {}
    for name, entry in where.named("ladders", config["ladders"]).items():
        ladder = _ladder(where, name, entry)
        if ladder.path and config["arm"] is not None and _moved(where, ladder, run):
            continue
        if ladder.path:
            _check_path(where, ladder, run, config["ablate"], made)
        found[name] = ladder
    return found


def _moved(where: Where, ladder: Ladder, run: Tree) -> bool:
    path = str(ladder.path)
    overridden = any(touches(override, path) for override, _ in where.overrides)
    return overridden and at(run, path) != ladder.reference


def _ladder(where: Where, name: str, entry: object) -> Ladder:
    label = f"ladders.{name}"
    optional = ("path", "reference", "evaluated", "solved")
    declared = where.mapping(label, entry, ("constraint", "measure", "levels"), optional)
    where.choose(f"{label}.constraint", declared["constraint"], CONSTRAINTS)
    where.choose(f"{label}.measure", measure := declared["measure"], MEASURES)
    levels = ascending(where, f"{label}.levels", declared["levels"], 2)
    evaluated = declared.get("evaluated", False)
    if not isinstance(evaluated, bool):
        where.fail(f"{label}.evaluated", evaluated, "true or false")
    if evaluated and measure != "threshold":
        where.fail(f"{label}.measure", measure, "threshold, since the ladder is evaluated")
    if evaluated == ("path" in declared):
        expected = "no path, since it is evaluated" if evaluated else "a path of the run's configuration"
        where.fail(f"{label}.path", declared.get("path"), expected)
    if measure == "resource" and "solved" in declared:
        where.fail(f"{label}.solved", declared["solved"], "a criterion on threshold ladders only")
    solved = criterion(where, f"{label}.solved", declared.get("solved", DEFAULT_CRITERION))
    return Ladder(
        name, declared["constraint"], measure, declared.get("path"), levels,
        _reference(where, label, declared, levels), evaluated, solved if measure == "threshold" else None,
    )  # fmt: skip


def _reference(where: Where, label: str, declared: Tree, levels: tuple[float, ...]) -> float:
    """The reference level: a threshold's easiest; a resource's is declared."""
    if declared["measure"] == "threshold":
        if declared.get("reference", levels[0]) != levels[0]:
            where.fail(f"{label}.reference", declared["reference"], f"{levels[0]}, the easiest level")
        return levels[0]
    if declared.get("reference") not in levels:
        where.fail(f"{label}.reference", declared.get("reference"), one_of(levels))
    return levels[levels.index(declared["reference"])]


def _check_path(where: Where, ladder: Ladder, run: Tree, ablate: str, made: dict[str, Variant]) -> None:
    label, path = f"ladders.{ladder.name}", str(ladder.path)
    where.path(f"{label}.path", path, run)
    if path == ablate or ablate.startswith(f"{path}."):
        where.fail(f"{label}.path", path, "another path than the ablated one")
    for name, variant in made.items():
        if path in variant.settings and path != ablate:
            where.fail(f"contrasts.{name}.set", path, f"a path that no ladder climbs ({ladder.name} does)")
        if path not in set(paths(apply(run, variant.settings))):
            where.fail(f"{label}.path", path, f"a path that the variant {name} has as well")
    base = at(run, path)
    if base != ladder.reference or not is_number(base):
        level = "reference" if ladder.measure == "resource" else "levels"
        expected = f"{path} of the base configuration, {base}, as the reference"
        where.fail(f"{label}.{level}", ladder.reference, expected)


def ascending(where: Where, path: str, values: object, at_least: int) -> tuple[float, ...]:
    """A list of numbers, each larger than the one before."""
    if not isinstance(values, list) or len(values) < at_least:
        where.fail(path, values, f"a list of at least {at_least} numbers")
    for value in values:
        if not is_number(value):
            where.fail(path, value, "a number")
    if any(a >= b for a, b in pairwise(values)):
        where.fail(path, values, "ascending numbers without repetition")
    return tuple(values)


def criterion(where: Where, path: str, text: object) -> Criterion:
    """`metric < value`, with <, <=, > or >=, and a number or `midpoint`."""
    match = CRITERION.fullmatch(text) if isinstance(text, str) else None
    expected = "a criterion such as train_loss < midpoint or recall >= 0.98"
    if match is None:
        where.fail(path, text, expected)
    if match[3] == "midpoint":
        return Criterion(match[1], match[2], "midpoint")
    try:
        value = float(match[3])
    except ValueError:
        where.fail(path, match[3], expected, ["midpoint"])
    if not math.isfinite(value):
        where.fail(path, match[3], expected)
    return Criterion(match[1], match[2], value)
