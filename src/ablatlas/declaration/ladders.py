"""Ladders: a constraint's axis in a study, and the criterion by which a run on it counts as solved."""

import math
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from ablatlas.config import touches
from ablatlas.declaration.arms import Variant, apply
from ablatlas.declaration.where import Where, is_number
from ablatlas.tree import Tree, at, paths

CONSTRAINTS = ("data", "parameters", "optimization", "architecture", "compute", "efficiency", "energy")
TIME, COST = "time_to_target", "cost"
BUDGET, EVALUATIONS = "recipe.steps", "recipe.evaluations"
# What a ladder of each measure declares, besides its constraint and its measure: needed keys, then optional ones.
KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "resource": (("path", "levels", "reference"), ("variants",)),
    "threshold": (("levels",), ("path", "reference", "evaluated", "solved", "variants")),
    "edges": (("levels",), ("solved", "variants")),
    TIME: (("path", "levels"), ("variants",)),
    "frontier": (("over",), ()),
    COST: (("path", "levels", "reference"), ("variants",)),
}
COUNTED = ("compute", "efficiency", "energy")  # what a step costs: operations, their rate, the power
LIMIT = 4  # times the budget: as far as time to target is followed
SOLVABLE = ("threshold", "edges")
CRITERION = re.compile(r"\s*([a-z_]\w*)\s*(<=|>=|<|>)\s*(\S+)\s*")


@dataclass(frozen=True)
class Criterion:
    """When a run counts as solved: `metric` `op` `value`; `midpoint` is a value that tuning computes."""

    metric: str
    op: str
    value: float | Literal["midpoint"]

    def __str__(self) -> str:
        return f"{self.metric} {self.op} {self.value}"


DEFAULT = Criterion("loss", "<", "midpoint")  # the held-out loss, half-way between the floor and the better arm


@dataclass(frozen=True)
class Score:
    """What tuning compares everywhere in a study: the criterion of its first registered ladder.

    `metrics` are the outcome columns that it reads, a column a level where one training has all levels.
    """

    criterion: Criterion
    metrics: tuple[str, ...]


@dataclass(frozen=True)
class Ladder:
    """One constraint's axis. Its levels are values of `path`, of which the base configuration has `reference`.

    `evaluated` ladders read all rungs from one training, so they have no path. `variants` are those that its own
    cells train. Of the rates of `edges` none is the reference. A `frontier` has no cells of its own: it reads those
    of the ladder that it is `over`. `cost` asks what a step costs at every level.
    """

    name: str
    constraint: str
    measure: str
    path: str | None = None
    levels: tuple[float, ...] = ()
    reference: float | None = None
    evaluated: bool = False
    solved: Criterion | None = None
    variants: tuple[str, ...] = ()
    over: str | None = None

    @property
    def constraints(self) -> tuple[str, ...]:
        """What it may be registered for: along a ladder of costs every net term of a step is asked."""
        return COUNTED if self.measure == COST else (self.constraint,)

    def cell(self, level: float) -> str:
        """The name of the cell that trains this level."""
        return "base" if self.evaluated or level == self.reference else f"{self.name}={level}"

    def settings(self, level: float, run: Tree) -> Tree:
        """What a level sets on the base configuration `run`: a longer training is evaluated at the same spacing."""
        if self.measure != TIME:
            return {str(self.path): level}
        evaluations = math.ceil(at(run, EVALUATIONS) * level / self.levels[0])
        return {str(self.path): level, EVALUATIONS: evaluations}

    @property
    def rungs(self) -> tuple[tuple[float, str], ...]:
        """(level, name of its cell), ascending."""
        return tuple((level, self.cell(level)) for level in self.levels)


def ladders(where: Where, config: Tree, run: Tree, made: dict[str, Variant]) -> dict[str, Ladder]:
    """The ladders, each of whose reference cell is the base configuration.

    Where one arm is asked for, the study is a single run with any override: ladders that the command line has
    moved away from the base are then left out.
    """
    found, left = {}, set()
    for name, entry in where.named("ladders", config["ladders"]).items():
        ladder = _ladder(where, name, entry, config, made)
        if ladder.reference is not None and ladder.path:
            if config["arm"] is not None and _moved(where, ladder, run):
                left.add(name)
                continue
            _check_path(where, ladder, run, config["ablate"], made)
        found[name] = ladder
    resources = [ladder.name for ladder in found.values() if ladder.measure == "resource"]
    for ladder in found.values():
        if ladder.over is not None and ladder.over not in left:
            where.choose(f"ladders.{ladder.name}.over", ladder.over, resources)
    return {name: ladder for name, ladder in found.items() if ladder.over not in left}


def score(primary: Tree, found: dict[str, Ladder]) -> Score:
    """The study's score: of the first threshold ladder, registered ones first, else the held-out loss."""
    registered = [found[name] for name in primary.values() if name in found]
    ladder = next((ladder for ladder in [*registered, *found.values()] if ladder.measure == "threshold"), None)
    if ladder is None or ladder.solved is None:
        return Score(DEFAULT, (DEFAULT.metric,))
    metric = ladder.solved.metric
    return Score(ladder.solved, tuple(f"{metric}@{x}" for x in ladder.levels) if ladder.evaluated else (metric,))


def _moved(where: Where, ladder: Ladder, run: Tree) -> bool:
    path = str(ladder.path)
    overridden = any(touches(override, path) for override, _ in where.overrides)
    return overridden and (path not in paths(run) or at(run, path) != ladder.reference)


def _ladder(where: Where, name: str, entry: object, config: Tree, made: dict[str, Variant]) -> Ladder:
    label = f"ladders.{name}"
    known = {key for needed, optional in KEYS.values() for key in (*needed, *optional)}
    kinds = where.mapping(label, entry, ("constraint", "measure"), sorted(known))
    where.choose(f"{label}.constraint", kinds["constraint"], CONSTRAINTS)
    where.choose(f"{label}.measure", measure := kinds["measure"], KEYS)
    if measure == COST:
        where.choose(f"{label}.constraint", kinds["constraint"], COUNTED)
    needed, optional = KEYS[measure]
    declared = where.mapping(label, entry, ("constraint", "measure", *needed), optional)
    evaluated = _evaluated(where, label, declared)
    levels = ascending(where, f"{label}.levels", declared["levels"], 2) if "levels" in needed else ()
    text = declared.get("solved", str(DEFAULT))
    return Ladder(
        name=name,
        constraint=declared["constraint"],
        measure=measure,
        path=_rates(where, label, levels, config.get("tune")) if measure == "edges" else declared.get("path"),
        levels=levels,
        reference=_reference(where, label, declared, levels),
        evaluated=evaluated,
        solved=criterion(where, f"{label}.solved", text) if measure in SOLVABLE else None,
        variants=_variants(where, label, declared.get("variants"), made),
        over=declared.get("over"),
    )


def _rates(where: Where, label: str, levels: tuple[float, ...], tune: Any) -> str | None:
    """The path that rates are put at, once they are such: the tuned one, which is checked where it is declared."""
    if levels[0] <= 0:
        where.fail(f"{label}.levels", levels[0], "a positive number")
    return tune.get("path") if isinstance(tune, dict) else None


def _evaluated(where: Where, label: str, declared: Tree) -> bool:
    """Whether one training is read at every level; such a ladder has no path, and other thresholds need one."""
    evaluated = declared.get("evaluated", False)
    if not isinstance(evaluated, bool):
        where.fail(f"{label}.evaluated", evaluated, "true or false")
    if declared["measure"] == "threshold" and evaluated == ("path" in declared):
        expected = "no path, since it is evaluated" if evaluated else "a path of the run's configuration"
        where.fail(f"{label}.path", declared.get("path"), expected)
    return evaluated


def _reference(where: Where, label: str, declared: Tree, levels: tuple[float, ...]) -> float | None:
    """The reference level: a threshold's easiest, a time's budget; else it is declared; rates have none."""
    match declared["measure"]:
        case "resource" | "cost":
            where.choose(f"{label}.reference", declared["reference"], levels)
            return levels[levels.index(declared["reference"])]
        case "threshold":
            if declared.get("reference", levels[0]) != levels[0]:
                where.fail(f"{label}.reference", declared["reference"], f"{levels[0]}, the easiest level")
        case "time_to_target":
            if declared["path"] != BUDGET:
                where.fail(f"{label}.path", declared["path"], BUDGET)
            if len(levels) != 2 or levels[1] > LIMIT * levels[0]:
                where.fail(f"{label}.levels", list(levels), f"the budget and a limit of at most {LIMIT} times as much")
    return levels[0] if declared["measure"] in ("threshold", TIME) else None


def _variants(where: Where, label: str, listed: object, made: dict[str, Variant]) -> tuple[str, ...]:
    """The variants that a ladder's own cells train, in the study's order: all of them unless some are listed."""
    if listed is None:
        return tuple(made)
    names = where.listed(f"{label}.variants", listed, "arms and contrasts")
    for name in names:
        where.choose(f"{label}.variants", name, made)
    for name in ("with", "without"):
        if name not in names:
            where.fail(f"{label}.variants", names, f"{name} among them")
    return tuple(name for name in made if name in names)


def _check_path(where: Where, ladder: Ladder, run: Tree, ablate: str, made: dict[str, Variant]) -> None:
    label, path = f"ladders.{ladder.name}", str(ladder.path)
    where.path(f"{label}.path", path, run)
    if path == ablate or ablate.startswith(f"{path}."):
        where.fail(f"{label}.path", path, "another path than the ablated one")
    for name in ladder.variants:
        variant = made[name]
        if path in variant.settings and path != ablate:
            where.fail(f"contrasts.{name}.set", path, f"a path that no ladder climbs ({ladder.name} does)")
        if path not in set(paths(apply(run, variant.settings))):
            where.fail(f"{label}.path", path, f"a path that the variant {name} has as well")
    base = at(run, path)
    if base != ladder.reference or not is_number(base):
        level = "reference" if ladder.measure in ("resource", COST) else "levels"
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
